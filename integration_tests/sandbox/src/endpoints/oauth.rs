//! `/oauth/{version}/...`: making, describing and revoking tokens.
//!
//! Source: <https://developers.hubspot.com/docs/api-reference/legacy/authentication/manage-oauth-tokens>.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use super::Call;
use crate::auth::{Bearer, Grant, GrantError, Scopes, TokenKind};
use crate::error::Refusal;
use crate::http::{Answer, Endpoint, Known, documented, parse_form};
use crate::switches::RefreshTokens;
use crate::world::World;

/// The user who installed the apps, and the app's own number.
const USER: (u64, &str) = (1_000_000, "admin@sandbox.example.com");
const APP_ID: u64 = 1_149_586;

/// The calls of the family.
pub(super) const CALLS: &[Known] = &[
    documented("POST", "/oauth/v1/token", Endpoint::OAuthToken),
    documented("GET", "/oauth/v1/access-tokens/{item}", Endpoint::OAuthAccessTokenInfo),
    documented("GET", "/oauth/v1/refresh-tokens/{item}", Endpoint::OAuthRefreshTokenInfo),
    documented("DELETE", "/oauth/v1/refresh-tokens/{item}", Endpoint::OAuthRefreshTokenDelete),
    documented("POST", "/oauth/v2/private-apps/get/access-token-info", Endpoint::PrivateTokenInfo),
    documented("POST", "/oauth/v3/token", Endpoint::OAuthToken),
    documented("POST", "/oauth/v3/token/introspect", Endpoint::OAuthIntrospect),
    documented("POST", "/oauth/v3/token/revoke", Endpoint::OAuthRevoke),
];

/// Answers a call of the family.
pub(super) fn answer(world: &mut World, call: &Call<'_>) -> Result<Answer, Refusal> {
    let item = call.route.item.as_deref().unwrap_or_default();
    // Only the body counts; fields in the query string are not read.
    let form = parse_form(&String::from_utf8_lossy(call.body));
    match call.route.endpoint {
        Endpoint::OAuthToken => Ok(token(world, &form, call.route.path)),
        Endpoint::OAuthIntrospect => Ok(introspect(world, &form)),
        Endpoint::OAuthRevoke => {
            let text = form.get("token").map(String::as_str).unwrap_or_default();
            world.tokens.revoke(text);
            world.apps.revoke_refresh_token(text);
            Ok(Answer::empty(204))
        }
        Endpoint::OAuthAccessTokenInfo => access_token_info(world, item),
        Endpoint::OAuthRefreshTokenInfo => refresh_token_info(world, item),
        Endpoint::OAuthRefreshTokenDelete => {
            if world.apps.revoke_refresh_token(item) {
                Ok(Answer::empty(204))
            } else {
                Err(Refusal::not_found())
            }
        }
        _ => private_token_info(world, call),
    }
}

fn token(world: &mut World, form: &BTreeMap<String, String>, path: &str) -> Answer {
    let region = world.account.region.clone();
    let fresh = format!("{region}-{}", world.random.uuid());
    let fresh = (world.switches.refresh_tokens == RefreshTokens::Rotate).then_some(fresh);
    let granted = world.apps.grant(form, fresh);
    let correlation_id = world.random.uuid();
    let Grant { client_id, refresh_token, scopes, budget } = match granted {
        Ok(grant) => grant,
        Err(error) => return refused(error, correlation_id),
    };
    let lifetime = world.apps.access_token_lifetime;
    let expires = Some(world.clock.now().plus(lifetime));
    let access_token = format!("CL{}{}", world.random.uuid(), world.random.uuid()).replace('-', "");
    let told = world.apps.told_lifetime.clone().unwrap_or_else(|| json!(lifetime.as_secs()));
    let mut body = json!({
        "token_type": "bearer",
        "access_token": access_token,
        "refresh_token": refresh_token,
        "expires_in": told,
    });
    if path != "/oauth/v1/token" {
        body["hub_id"] = json!(world.account.portal_id);
        body["scopes"] = names(&scopes);
        body["user_id"] = json!(USER.0);
        body["token_use"] = json!("access_token");
    }
    let kind = TokenKind::OAuth { client_id };
    world.tokens.insert(&access_token, Bearer { kind, scopes, budget, expires });
    Answer::json(200, &body)
}

fn refused(error: GrantError, correlation_id: String) -> Answer {
    let message = error.to_string();
    let body = json!({
        "error": error.code(),
        "error_description": message,
        "status": error.status(),
        "message": message,
        "correlationId": correlation_id,
    });
    Answer { correlation_id: Some(correlation_id), ..Answer::json(400, &body) }
}

fn introspect(world: &mut World, form: &BTreeMap<String, String>) -> Answer {
    let field = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
    let known = world.apps.find(field("client_id"));
    let correlation_id = world.random.uuid();
    match known {
        None => return refused(GrantError::ClientId, correlation_id),
        Some(app) if app.client_secret != field("client_secret") => {
            return refused(GrantError::ClientSecret, correlation_id);
        }
        Some(_) => {}
    }
    let now = world.clock.now();
    let token = field("token");
    let live = world.tokens.get(token).filter(|bearer| bearer.expires.is_some_and(|end| end > now));
    let refresh = world.apps.by_refresh_token(token);
    let (client_id, scopes, expires_in, token_use) = match (live, refresh) {
        (Some(Bearer { kind: TokenKind::OAuth { client_id }, scopes, expires, .. }), _) => {
            (client_id, scopes, expires.map(|end| (end.0 - now.0) / 1000), "access_token")
        }
        (_, Some(app)) => (&app.client_id, &app.scopes, None, "refresh_token"),
        _ => return Answer::json(200, &json!({ "active": false })),
    };
    let mut body = json!({
        "active": true,
        "hub_id": world.account.portal_id,
        "user_id": USER.0,
        "user": USER.1,
        "client_id": client_id,
        "app_id": APP_ID,
        "hub_domain": hub_domain(world),
        "scopes": names(scopes),
        "token_use": token_use,
    });
    if let Some(expires_in) = expires_in {
        body["expires_in"] = json!(expires_in);
    }
    Answer::json(200, &body)
}

fn access_token_info(world: &World, token: &str) -> Result<Answer, Refusal> {
    let now = world.clock.now();
    let bearer = world.tokens.get(token).filter(|bearer| bearer.expires.is_none_or(|end| end > now));
    let bearer = bearer.ok_or_else(Refusal::not_found)?;
    let expires_in = bearer.expires.map_or(0, |end| (end.0 - now.0) / 1000);
    Ok(Answer::json(
        200,
        &json!({
            "token": token,
            "user": USER.1,
            "hub_domain": hub_domain(world),
            "scopes": names(&bearer.scopes),
            "scope_to_scope_group_pks": [],
            "trial_scopes": [],
            "trial_scope_to_scope_group_pks": [],
            "hub_id": world.account.portal_id,
            "app_id": APP_ID,
            "expires_in": expires_in,
            "user_id": USER.0,
            "token_type": "access",
        }),
    ))
}

fn refresh_token_info(world: &World, token: &str) -> Result<Answer, Refusal> {
    let app = world.apps.by_refresh_token(token).ok_or_else(Refusal::not_found)?;
    Ok(Answer::json(
        200,
        &json!({
            "token": token,
            "user": USER.1,
            "hub_domain": hub_domain(world),
            "scopes": names(&app.scopes),
            "hub_id": world.account.portal_id,
            "client_id": app.client_id,
            "user_id": USER.0,
            "token_type": "refresh",
        }),
    ))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TokenKey {
    token_key: String,
}

fn private_token_info(world: &World, call: &Call<'_>) -> Result<Answer, Refusal> {
    let body: TokenKey = serde_json::from_slice(call.body).map_err(|error| Refusal::bad_json(&error))?;
    let bearer = world.tokens.get(&body.token_key).filter(|bearer| bearer.kind == TokenKind::Private);
    let bearer = bearer.ok_or_else(Refusal::not_found)?;
    Ok(Answer::json(
        200,
        &json!({
            "userId": USER.0,
            "hubId": world.account.portal_id,
            "appId": APP_ID,
            "scopes": names(&bearer.scopes),
        }),
    ))
}

fn names(scopes: &Scopes) -> Value {
    scopes.names().collect()
}

fn hub_domain(world: &World) -> String {
    format!("sandbox-{}.example.com", world.account.portal_id)
}
