//! The switches: which reading the account follows where HubSpot's texts and answers contradict each other.
//!
//! A new switch is one entry of the table below and the line that reads it from `world.switches`. The table makes its
//! type, its method of [`Builder`](crate::Builder), its place in a [`Seed`](crate::Seed), in the control over HTTP and on
//! the page of switches. The first reading is the one that holds unless another is chosen.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::builder::Builder;

/// A switch as the page of switches describes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SwitchInfo {
    /// The method of [`Builder`].
    pub name: &'static str,
    /// The type that the method takes.
    pub type_name: &'static str,
    /// What it is about.
    pub about: &'static str,
    /// What the readings rest on.
    pub source: &'static str,
    /// The name of each reading as the type has it, and what it means; the first is the default.
    pub readings: &'static [(&'static str, &'static str)],
}

impl SwitchInfo {
    /// Its name in JSON.
    #[must_use]
    pub fn json_name(&self) -> String {
        let mut words = self.name.split('_');
        let first = words.next().unwrap_or_default().to_owned();
        words.fold(first, |mut whole, word| {
            let mut letters = word.chars();
            whole.extend(letters.next().map(|letter| letter.to_ascii_uppercase()));
            whole.push_str(letters.as_str());
            whole
        })
    }

    /// The name of each reading in JSON, and what it means.
    pub fn json_readings(&self) -> impl Iterator<Item = (String, &'static str)> {
        self.readings.iter().map(|(reading, meaning)| {
            let mut name = (*reading).to_owned();
            if let Some(first) = name.get_mut(0..1) {
                first.make_ascii_lowercase();
            }
            (name, meaning.trim())
        })
    }
}

macro_rules! switches {
    ($(
        $(#[doc = $about:literal])+
        source $source:literal
        $name:ident: $kind:ident {
            $(#[doc = $meaning:literal])+ $usual:ident,
            $($(#[doc = $other_meaning:literal])+ $other:ident,)+
        }
    )+) => {
        $(
            $(#[doc = $about])+
            #[doc = ""]
            #[doc = concat!("Source: ", $source)]
            #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
            #[serde(rename_all = "camelCase")]
            pub enum $kind {
                $(#[doc = $meaning])+
                #[default]
                $usual,
                $($(#[doc = $other_meaning])+ $other,)+
            }
        )+

        /// The reading of every switch.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub(crate) struct Switches {
            $(pub(crate) $name: $kind,)+
        }

        /// The readings that are to be followed; what is left out stays as it is.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
        #[serde(rename_all = "camelCase", default, deny_unknown_fields)]
        pub struct Readings {
            $(
                $(#[doc = $about])+
                #[serde(skip_serializing_if = "Option::is_none")]
                pub $name: Option<$kind>,
            )+
        }

        impl Switches {
            /// Follows these readings from now on.
            pub(crate) fn follow(&mut self, readings: Readings) {
                $(self.$name = readings.$name.unwrap_or(self.$name);)+
            }

            /// The readings followed, all of them named.
            pub(crate) fn readings(self) -> Readings {
                Readings { $($name: Some(self.$name),)+ }
            }
        }

        impl Builder {
            $(
                $(#[doc = $about])+
                #[must_use]
                pub fn $name(mut self, reading: $kind) -> Self {
                    self.seed.switches.$name = Some(reading);
                    self
                }
            )+
        }

        /// Every switch, in the order of the table.
        #[must_use]
        pub fn switches() -> &'static [SwitchInfo] {
            &[$(SwitchInfo {
                name: stringify!($name),
                type_name: stringify!($kind),
                about: concat!($($about),+),
                source: $source,
                readings: &[
                    (stringify!($usual), concat!($($meaning),+)),
                    $((stringify!($other), concat!($($other_meaning),+)),)+
                ],
            },)+]
        }
    };
}

switches! {
    /// Whether results of batch writes repeat the `objectWriteTraceId` of their input. HubSpot's specification makes it
    /// optional, so a client must live with both.
    source "recorded answers of batch/upsert; <https://developers.hubspot.com/docs/api-reference/latest/crm/using-object-apis>"
    echo_trace_ids: EchoTraceIds {
        /// They do, as recorded from HubSpot.
        Always,
        /// They do not, as the specification allows.
        Never,
    }

    /// Whether batch/update takes a contact's `email` as `idProperty`. HubSpot's guide says that it does not, and so does
    /// the one report there is; other pages can be read otherwise.
    source "<https://developers.hubspot.com/docs/api-reference/latest/crm/objects/contacts/guide>"
    update_by_email: UpdateByEmail {
        /// 400, as reported.
        Refused,
        /// It works like any unique property.
        Accepted,
    }

    /// What answers to changes of a list's members call the records added. HubSpot's pages disagree.
    source "<https://developers.hubspot.com/docs/api-reference/latest/crm/lists/guide>"
    added_spelling: AddedSpelling {
        /// `recordsIdsAdded`, as in HubSpot's specification.
        RecordsIdsAdded,
        /// `recordIdsAdded`, as on one reference page.
        RecordIdsAdded,
    }

    /// Whether answers to changes of a list's members show arrays that are empty. The specification says that all are
    /// there; absent ones were seen.
    source "<https://developers.hubspot.com/docs/api-reference/latest/crm/lists/guide>"
    empty_arrays: EmptyArrays {
        /// As `[]`.
        Shown,
        /// Not at all.
        LeftOut,
    }

    /// How batches about associations tell of inputs they refuse.
    source "<https://developers.hubspot.com/docs/api-reference/latest/crm/associations/associate-records/guide>"
    association_errors: AssociationErrors {
        /// 207, with a `context` that names the record, except for an association of a record with itself.
        Usual,
        /// 207, and only the text names the record.
        WithoutContext,
        /// The status of success, with the same errors.
        AmongSuccess,
    }

    /// How a second occurrence of an event with the same `uuid` is rejected. HubSpot's OpenAPI files for sending events (v3
    /// and 2026-03) say that it is, within a year, and that the first one counts; not how that shows.
    source "<https://developers.hubspot.com/docs/api-reference/latest/events/send-event-data/guide>"
    event_uuids: EventUuids {
        /// Without a word.
        Deduplicate,
        /// With a 400 that names the id, and keeps the whole batch out.
        Refuse,
    }

    /// What a refresh of an OAuth access token does to the refresh token.
    source "<https://developers.hubspot.com/docs/api-reference/legacy/authentication/manage-oauth-tokens>"
    refresh_tokens: RefreshTokens {
        /// It stays, as HubSpot's do.
        Stay,
        /// Every refresh gives another one and makes the old one invalid.
        Rotate,
    }

    /// Where the options of the properties are that hold a record's pipeline and stage: `pipeline` and `dealstage` of deals,
    /// `hs_pipeline` and `hs_pipeline_stage` of other types.
    source "reports of deal properties without options; <https://developers.hubspot.com/docs/api-reference/latest/crm/pipelines/guide>"
    pipeline_options: PipelineOptions {
        /// At the pipelines' own endpoints: the definitions have `externalOptions` and no options.
        Elsewhere,
        /// In the definitions, as older answers had them.
        Inline,
    }

    /// What becomes of a stage that is not one of its record's pipeline. HubSpot's guide says that the two have to fit.
    source "<https://developers.hubspot.com/docs/api-reference/latest/crm/pipelines/guide>; no answer is known"
    foreign_stages: ForeignStages {
        /// 400 `INVALID_OPTION`, as for a stage that no pipeline has.
        Refused,
        /// It is stored.
        Accepted,
    }

    /// What becomes of an address on HubSpot's blocklist that a call gives to a contact. HubSpot's help says that contacts
    /// who were erased can be added back through the API, and its interface knows a refusal.
    source "<https://knowledge.hubspot.com/records/perform-a-gdpr-delete-in-hubspot>"
    erased_addresses: ErasedAddresses {
        /// It is stored like any other.
        Accepted,
        /// 400 `INVALID_EMAIL`.
        Refused,
    }

    /// Under which id the result of a merge is known.
    source "HubSpot's changelog says that it is a new one, its products guide that the primary id survives in accounts that chose so"
    merge_ids: MergeIds {
        /// Under the primary record's.
        Primary,
        /// Under a new one; both old ids lead to it.
        Fresh,
    }

    /// Whether a status needs a legal basis and its explanation: in accounts with data privacy settings it does.
    source "<https://developers.hubspot.com/docs/api-reference/latest/communication-preferences/guide>"
    legal_bases: LegalBases {
        /// It does not.
        Optional,
        /// It does.
        Required,
    }

    /// What becomes of a wish to subscribe an address that opted out of everything. HubSpot's pages do not say.
    source "<https://developers.hubspot.com/docs/api-reference/latest/communication-preferences/guide>"
    opt_outs: OptOuts {
        /// The subscription is set; the address stays opted out of everything.
        Apart,
        /// It is refused.
        Final,
    }

    /// What becomes of a call whose token has not the shape of any that HubSpot gives out (`pat-<region>-<uuid>` of private
    /// apps and service keys; longer ones of OAuth apps). 530 is a code of Cloudflare's, which stands before HubSpot, and in
    /// none of HubSpot's tables; tokens that were not copied whole have been answered with it.
    source "<https://developers.hubspot.com/docs/api-reference/error-handling>"
    malformed_tokens: MalformedTokens {
        /// 401, as documented for every token that is not good.
        Unauthorised,
        /// 530 and a page, before anything looks at the call.
        FailAtTheEdge,
    }

    /// Whether the call that finds a list by its name minds letter case. That names are unique without regard to it is told by
    /// refusals of new lists; of the call nobody tells.
    source "<https://developers.hubspot.com/docs/api-reference/latest/crm/lists/guide>"
    list_names: ListNames {
        /// It does not.
        InAnyCase,
        /// It does.
        Exact,
    }

    /// How the list of labels shows the types that HubSpot defines as primary. Recorded answers label them "Primary"; that
    /// both directions do, in every language, is told nowhere.
    source "recorded answers; <https://developers.hubspot.com/docs/api-reference/latest/crm/associations/associations-schema/guide>"
    primary_labels: PrimaryLabels {
        /// As "Primary".
        Named,
        /// Without a label.
        Unnamed,
        /// Not at all.
        Unlisted,
    }

    /// Whether HubSpot's table of required properties holds. An older page says that a deal's stage is not required, and
    /// people report deals made without one.
    source "<https://developers.hubspot.com/docs/api-reference/latest/crm/using-object-apis>, <https://legacydocs.hubspot.com/docs/methods/deals/create_deal>, HubSpot/hubspot-api-php#74"
    required: Required {
        /// As it stands.
        Strict,
        /// For custom objects only, whose schemas say so.
        Lenient,
    }

    /// How values of identifying properties are compared, where they are written or asked for from then on. HubSpot does not
    /// say, but for e-mail addresses.
    source "nothing official, and no test on an account that is known"
    unique_values: UniqueValues {
        /// Letter by letter.
        Exact,
        /// Capitals are small letters.
        Caseless,
    }

    /// What search does with a value that has a quotation mark without its fellow. Reported is that a filter's value was
    /// refused so; whether the values of an `IN` list are checked the same way is not.
    source "HubSpot/hubspot-api-nodejs#555"
    search_quotes: SearchQuotes {
        /// It looks for it.
        Taken,
        /// It refuses the whole request as JSON that cannot be read.
        Refused,
    }
}
