//! Signing in to HubSpot with a button: the OAuth part of the specification.
//!
//! The button works where an Airbyte instance has been given the client ID and secret of a HubSpot app; the
//! fields can be filled in by hand everywhere. Sources:
//! <https://docs.airbyte.com/platform/connector-development/config-based/advanced-features/oauth> and
//! <https://developers.hubspot.com/docs/api-reference/legacy/authentication/manage-oauth-tokens>.

use serde_json::{Value, json};

/// HubSpot's consent page. The names in braces are Airbyte's.
const CONSENT_URL: &str = "https://app.hubspot.com/oauth/authorize\
    ?{{ client_id_key }}={{ client_id_value }}\
    &{{ redirect_uri_key }}={{ redirect_uri_value | urlencode }}\
    &{{ scope_key }}={{ scope_value | urlencode }}\
    &optional_scope={{ optional_scope | urlencode }}\
    &{{ state_key }}={{ state_value }}";

/// The first version stops in February 2027 (HubSpot changelog `v1-oauth-api-deprecation`).
const TOKEN_URL: &str = "https://api.hubapi.com/oauth/v3/token";

/// What every account has and most syncs need. An account that lacks one of these cannot be connected at all.
const REQUIRED_SCOPES: &[&str] =
    &["oauth", "crm.objects.contacts.read", "crm.objects.contacts.write", "crm.schemas.contacts.read"];

/// What is granted where the account's plan has it, and asked for only when a stream needs it.
/// Source: the `security` entries of HubSpot's published API descriptions.
const OPTIONAL_SCOPES: &[&str] = &[
    "analytics.behavioral_events.send",
    "behavioral_events.event_definitions.read_write",
    "crm.lists.read",
    "crm.lists.write",
    "crm.objects.appointments.read",
    "crm.objects.appointments.write",
    "crm.objects.carts.read",
    "crm.objects.carts.write",
    "crm.objects.companies.read",
    "crm.objects.companies.write",
    "crm.objects.courses.read",
    "crm.objects.courses.write",
    "crm.objects.custom.read",
    "crm.objects.custom.write",
    "crm.objects.deals.read",
    "crm.objects.deals.write",
    "crm.objects.invoices.read",
    "crm.objects.invoices.write",
    "crm.objects.leads.read",
    "crm.objects.leads.write",
    "crm.objects.line_items.read",
    "crm.objects.line_items.write",
    "crm.objects.listings.read",
    "crm.objects.listings.write",
    "crm.objects.orders.read",
    "crm.objects.orders.write",
    "crm.objects.owners.read",
    "crm.objects.products.read",
    "crm.objects.products.write",
    "crm.objects.quotes.read",
    "crm.objects.quotes.write",
    "crm.objects.services.read",
    "crm.objects.services.write",
    "crm.objects.subscriptions.read",
    "crm.objects.subscriptions.write",
    "crm.schemas.companies.read",
    "crm.schemas.companies.write",
    "crm.schemas.contacts.write",
    "crm.schemas.custom.read",
    "crm.schemas.deals.read",
    "crm.schemas.deals.write",
    "e-commerce",
    "tickets",
];

/// The `advanced_auth` object of the SPEC message.
pub(super) fn advanced_auth() -> Value {
    json!({
        "auth_flow_type": "oauth2.0",
        "predicate_key": ["credentials", "type"],
        "predicate_value": "OAuth",
        "oauth_config_specification": {
            "oauth_connector_input_specification": {
                "consent_url": CONSENT_URL,
                "scope": REQUIRED_SCOPES.join(" "),
                "optional_scope": OPTIONAL_SCOPES.join(" "),
                "access_token_url": TOKEN_URL,
                "extract_output": ["access_token", "refresh_token", "expires_in"],
                "access_token_headers": { "Content-Type": "application/x-www-form-urlencoded" },
                "access_token_params": {
                    "client_id": "{{ client_id_value }}",
                    "client_secret": "{{ client_secret_value }}",
                    "code": "{{ auth_code_value }}",
                    "grant_type": "authorization_code",
                    "redirect_uri": "{{ redirect_uri_value }}",
                },
            },
            "complete_oauth_output_specification": {
                "type": "object",
                "additionalProperties": false,
                "properties": {
                    "refresh_token": {
                        "type": "string",
                        "path_in_connector_config": ["credentials", "refresh_token"],
                        "path_in_oauth_response": ["refresh_token"],
                    },
                },
            },
            "complete_oauth_server_input_specification": {
                "type": "object",
                "additionalProperties": false,
                "properties": { "client_id": { "type": "string" }, "client_secret": { "type": "string" } },
            },
            "complete_oauth_server_output_specification": {
                "type": "object",
                "additionalProperties": false,
                "properties": {
                    "client_id": {
                        "type": "string",
                        "path_in_connector_config": ["credentials", "client_id"],
                    },
                    "client_secret": {
                        "type": "string",
                        "path_in_connector_config": ["credentials", "client_secret"],
                    },
                },
            },
        },
    })
}
