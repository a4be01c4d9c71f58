//! The kinds of calls the sandbox answers, as faults match them and counters count them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::limits::Meter;

/// A kind of call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum Endpoint {
    /// `POST .../batch/upsert`
    Upsert,
    /// `POST .../batch/create`
    Create,
    /// `POST .../batch/update`
    Update,
    /// `POST .../batch/read`
    Read,
    /// `POST .../batch/archive`
    Archive,
    /// `POST /crm/v3/objects/{objectType}`
    CreateOne,
    /// `GET /crm/v3/objects/{objectType}/{id}`
    ReadOne,
    /// `PATCH /crm/v3/objects/{objectType}/{id}`
    UpdateOne,
    /// `DELETE /crm/v3/objects/{objectType}/{id}`
    ArchiveOne,
    /// `GET /crm/v3/objects/{objectType}`
    List,
    /// `POST .../search`
    Search,
    /// `POST .../merge`
    Merge,
    /// `POST .../gdpr-delete`
    GdprDelete,
    /// `GET /crm/v3/properties/{objectType}`
    PropertyList,
    /// `GET /crm/v3/properties/{objectType}/{name}`
    PropertyRead,
    /// `POST /crm/v3/properties/{objectType}`
    PropertyCreate,
    /// `PATCH /crm/v3/properties/{objectType}/{name}`
    PropertyUpdate,
    /// `DELETE /crm/v3/properties/{objectType}/{name}`
    PropertyArchive,
    /// `POST /crm/v3/properties/{objectType}/batch/create`
    PropertyBatchCreate,
    /// `POST /crm/v3/properties/{objectType}/batch/read`
    PropertyBatchRead,
    /// `POST /crm/v3/properties/{objectType}/batch/archive`
    PropertyBatchArchive,
    /// `GET /crm/v3/properties/{objectType}/groups`
    GroupList,
    /// `GET /crm/v3/properties/{objectType}/groups/{name}`
    GroupRead,
    /// `POST /crm/v3/properties/{objectType}/groups`
    GroupCreate,
    /// `GET /crm/v3/pipelines/{objectType}`
    PipelineList,
    /// `POST /crm/v3/pipelines/{objectType}`
    PipelineCreate,
    /// `GET /crm/v3/pipelines/{objectType}/{pipelineId}`
    PipelineRead,
    /// `PUT /crm/v3/pipelines/{objectType}/{pipelineId}`
    PipelineReplace,
    /// `PATCH /crm/v3/pipelines/{objectType}/{pipelineId}`
    PipelineUpdate,
    /// `DELETE /crm/v3/pipelines/{objectType}/{pipelineId}`
    PipelineDelete,
    /// `GET /crm/v3/pipelines/{objectType}/{pipelineId}/stages`
    StageList,
    /// `POST /crm/v3/pipelines/{objectType}/{pipelineId}/stages`
    StageCreate,
    /// `GET .../stages/{stageId}`
    StageRead,
    /// `PUT .../stages/{stageId}`
    StageReplace,
    /// `PATCH .../stages/{stageId}`
    StageUpdate,
    /// `DELETE .../stages/{stageId}`
    StageDelete,
    /// `GET /crm-object-schemas/v3/schemas`
    SchemaList,
    /// `GET /crm-object-schemas/v3/schemas/{objectType}`
    SchemaRead,
    /// `POST /crm-object-schemas/v3/schemas`
    SchemaCreate,
    /// `GET /crm/v3/owners`
    OwnerList,
    /// `GET /crm/v3/owners/{id}`
    OwnerRead,
    /// `GET /account-info/v3/details`
    AccountDetails,
    /// `GET /account-info/{version}/api-usage/daily/private-apps`
    AccountUsage,
    /// `GET /crm/v3/limits/records`
    LimitRecords,
    /// `GET /crm/v3/limits/custom-properties`
    LimitProperties,
    /// `GET /crm/v3/limits/custom-object-types`
    LimitObjectTypes,
    /// `POST /oauth/{version}/token`
    #[serde(rename = "oauthToken")]
    OAuthToken,
    /// `POST /oauth/{version}/token/introspect`
    #[serde(rename = "oauthIntrospect")]
    OAuthIntrospect,
    /// `POST /oauth/{version}/token/revoke`
    #[serde(rename = "oauthRevoke")]
    OAuthRevoke,
    /// `GET /oauth/v1/access-tokens/{token}`
    #[serde(rename = "oauthAccessTokenInfo")]
    OAuthAccessTokenInfo,
    /// `GET /oauth/v1/refresh-tokens/{token}`
    #[serde(rename = "oauthRefreshTokenInfo")]
    OAuthRefreshTokenInfo,
    /// `DELETE /oauth/v1/refresh-tokens/{token}`
    #[serde(rename = "oauthRefreshTokenDelete")]
    OAuthRefreshTokenDelete,
    /// `POST /oauth/v2/private-apps/get/access-token-info`
    PrivateTokenInfo,
    /// `POST /crm/v3/lists`
    ListCreate,
    /// `GET /crm/v3/lists/{listId}`
    ListRead,
    /// `GET /crm/v3/lists/object-type-id/{objectTypeId}/name/{listName}`
    ListByName,
    /// `GET /crm/v3/lists?listIds=`
    ListMany,
    /// `POST /crm/v3/lists/search`
    ListSearch,
    /// `PUT /crm/v3/lists/{listId}/update-list-name`
    ListRename,
    /// `DELETE /crm/v3/lists/{listId}`
    ListDelete,
    /// `PUT /crm/v3/lists/{listId}/restore`
    ListRestore,
    /// `PUT .../memberships/add`
    MembersAdd,
    /// `PUT .../memberships/remove`
    MembersRemove,
    /// `PUT .../memberships/add-and-remove`
    MembersAddAndRemove,
    /// `PUT .../memberships/add-from/{sourceListId}`
    MembersAddFrom,
    /// `GET .../memberships`
    MembersRead,
    /// `GET .../memberships/join-order`
    MembersByJoining,
    /// `DELETE .../memberships`
    MembersClear,
    /// `GET /crm/v3/lists/records/{objectTypeId}/{recordId}/memberships`
    RecordLists,
    /// `POST .../batch/associate/default`
    AssociateDefault,
    /// `POST /crm/v4/associations/{from}/{to}/batch/create`
    AssociationCreate,
    /// `POST /crm/v4/associations/{from}/{to}/batch/read`
    AssociationRead,
    /// `POST /crm/v4/associations/{from}/{to}/batch/archive`
    AssociationArchive,
    /// `POST .../batch/labels/archive`
    AssociationUnlabel,
    /// `PUT .../associations/default/{to}/{id}`
    AssociateDefaultOne,
    /// `PUT .../associations/{to}/{id}`
    AssociateOne,
    /// `DELETE .../associations/{to}/{id}`
    DissociateOne,
    /// `GET .../associations/{to}`
    AssociationList,
    /// `GET /crm/v4/associations/{from}/{to}/labels`
    LabelList,
    /// `POST /crm/v4/associations/{from}/{to}/labels`
    LabelCreate,
    /// `PUT /crm/v4/associations/{from}/{to}/labels`
    LabelUpdate,
    /// `DELETE /crm/v4/associations/{from}/{to}/labels/{id}`
    LabelDelete,
    /// `POST /events/v3/send`
    EventSend,
    /// `POST /events/v3/send/batch`
    EventSendBatch,
    /// `GET /events/v3/event-definitions`
    EventDefinitionList,
    /// `POST /events/v3/event-definitions`
    EventDefinitionCreate,
    /// `GET /events/v3/event-definitions/{eventName}`
    EventDefinitionRead,
    /// `PATCH /events/v3/event-definitions/{eventName}`
    EventDefinitionUpdate,
    /// `DELETE /events/v3/event-definitions/{eventName}`
    EventDefinitionDelete,
    /// `POST /events/v3/event-definitions/{eventName}/property`
    EventPropertyCreate,
    /// `PATCH /events/v3/event-definitions/{eventName}/property/{propertyName}`
    EventPropertyUpdate,
    /// `DELETE /events/v3/event-definitions/{eventName}/property/{propertyName}`
    EventPropertyDelete,
    /// `GET /communication-preferences/v4/definitions`
    SubscriptionList,
    /// `GET /communication-preferences/v4/statuses/{address}`
    StatusRead,
    /// `POST /communication-preferences/v4/statuses/{address}`
    StatusWrite,
    /// `POST .../statuses/batch/read`
    StatusBatchRead,
    /// `POST .../statuses/batch/write`
    StatusBatchWrite,
    /// `POST .../statuses/{address}/unsubscribe-all`
    OptOut,
    /// `GET .../statuses/{address}/unsubscribe-all`
    OptOutRead,
    /// `POST .../statuses/batch/unsubscribe-all`
    OptOutBatch,
    /// `POST .../statuses/batch/unsubscribe-all/read`
    OptOutBatchRead,
    /// Anything that is no call of the API: an unknown path or a wrong method.
    Unknown,
}

/// Calls that belong together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum EndpointFamily {
    /// Records.
    Objects,
    /// Property definitions and groups.
    Properties,
    /// Pipelines and their stages.
    Pipelines,
    /// Schemas of custom objects.
    Schemas,
    /// Owners.
    Owners,
    /// Lists (segments) and their members.
    Lists,
    /// Associations between records, and their labels.
    Associations,
    /// Occurrences of custom events.
    Events,
    /// Definitions of custom events.
    EventDefinitions,
    /// Subscription types and who wants which mails.
    Consent,
    /// Account details, usage and limits.
    Account,
    /// Tokens; these calls need none and have no request budget.
    #[serde(rename = "oauth")]
    OAuth,
    /// Everything else.
    Unknown,
}

impl Endpoint {
    /// The family it belongs to.
    #[must_use]
    pub fn family(self) -> EndpointFamily {
        match self {
            Self::Upsert
            | Self::Create
            | Self::Update
            | Self::Read
            | Self::Archive
            | Self::CreateOne
            | Self::ReadOne
            | Self::UpdateOne
            | Self::ArchiveOne
            | Self::List
            | Self::Search
            | Self::Merge
            | Self::GdprDelete => EndpointFamily::Objects,
            Self::PropertyList
            | Self::PropertyRead
            | Self::PropertyCreate
            | Self::PropertyUpdate
            | Self::PropertyArchive
            | Self::PropertyBatchCreate
            | Self::PropertyBatchRead
            | Self::PropertyBatchArchive
            | Self::GroupList
            | Self::GroupRead
            | Self::GroupCreate => EndpointFamily::Properties,
            Self::PipelineList
            | Self::PipelineCreate
            | Self::PipelineRead
            | Self::PipelineReplace
            | Self::PipelineUpdate
            | Self::PipelineDelete
            | Self::StageList
            | Self::StageCreate
            | Self::StageRead
            | Self::StageReplace
            | Self::StageUpdate
            | Self::StageDelete => EndpointFamily::Pipelines,
            Self::SchemaList | Self::SchemaRead | Self::SchemaCreate => EndpointFamily::Schemas,
            Self::OwnerList | Self::OwnerRead => EndpointFamily::Owners,
            Self::ListCreate
            | Self::ListRead
            | Self::ListByName
            | Self::ListMany
            | Self::ListSearch
            | Self::ListRename
            | Self::ListDelete
            | Self::ListRestore
            | Self::MembersAdd
            | Self::MembersRemove
            | Self::MembersAddAndRemove
            | Self::MembersAddFrom
            | Self::MembersRead
            | Self::MembersByJoining
            | Self::MembersClear
            | Self::RecordLists => EndpointFamily::Lists,
            Self::AssociateDefault
            | Self::AssociationCreate
            | Self::AssociationRead
            | Self::AssociationArchive
            | Self::AssociationUnlabel
            | Self::AssociateDefaultOne
            | Self::AssociateOne
            | Self::DissociateOne
            | Self::AssociationList
            | Self::LabelList
            | Self::LabelCreate
            | Self::LabelUpdate
            | Self::LabelDelete => EndpointFamily::Associations,
            Self::EventSend | Self::EventSendBatch => EndpointFamily::Events,
            Self::EventDefinitionList
            | Self::EventDefinitionCreate
            | Self::EventDefinitionRead
            | Self::EventDefinitionUpdate
            | Self::EventDefinitionDelete
            | Self::EventPropertyCreate
            | Self::EventPropertyUpdate
            | Self::EventPropertyDelete => EndpointFamily::EventDefinitions,
            Self::SubscriptionList
            | Self::StatusRead
            | Self::StatusWrite
            | Self::StatusBatchRead
            | Self::StatusBatchWrite
            | Self::OptOut
            | Self::OptOutRead
            | Self::OptOutBatch
            | Self::OptOutBatchRead => EndpointFamily::Consent,
            Self::AccountDetails
            | Self::AccountUsage
            | Self::LimitRecords
            | Self::LimitProperties
            | Self::LimitObjectTypes => EndpointFamily::Account,
            Self::OAuthToken
            | Self::OAuthIntrospect
            | Self::OAuthRevoke
            | Self::OAuthAccessTokenInfo
            | Self::OAuthRefreshTokenInfo
            | Self::OAuthRefreshTokenDelete
            | Self::PrivateTokenInfo => EndpointFamily::OAuth,
            Self::Unknown => EndpointFamily::Unknown,
        }
    }

    /// The limits it is under.
    pub(crate) fn meter(self) -> Meter {
        match self {
            Self::Search => Meter::Search,
            Self::EventSend | Self::EventSendBatch => Meter::Events,
            _ if self.family() == EndpointFamily::Associations => Meter::Associations,
            _ => Meter::Calls,
        }
    }

    /// Whether the answer is a batch envelope with `results`.
    pub(crate) fn answers_a_batch(self) -> bool {
        matches!(
            self,
            Self::Upsert
                | Self::Create
                | Self::Update
                | Self::Read
                | Self::PropertyBatchCreate
                | Self::PropertyBatchRead
                | Self::AssociateDefault
                | Self::AssociationCreate
                | Self::AssociationRead
        )
    }
}
