//! Tokens and scopes.

use std::time::Duration;

use hubspot_sandbox::{Builder, CustomObject, PropertyDef, RefreshTokens, Sandbox, Scopes, Sensitivity};
use serde_json::{Value, json};

use crate::support::{Client, Reply, UPSERT, by_email, inputs};

const LIST: &str = "/crm/v3/objects/contacts";

fn with_app() -> Builder {
    Sandbox::builder().oauth_app("app", "hush&shy", "again", Scopes::all())
}

fn refresh(client: &mut Client, path: &str, token: &str) -> Reply {
    let fields = [
        ("grant_type", "refresh_token"),
        ("client_id", "app"),
        ("client_secret", "hush%26shy"),
        ("refresh_token", token),
    ];
    client.form(path, &fields)
}

#[test]
fn requests_need_a_token_that_is_known() {
    let sandbox = Sandbox::builder().start();
    let mut client = Client::new(&sandbox);
    assert_eq!(client.get(LIST).status, 200);
    client.token = None;
    let reply = client.get(LIST);
    assert_eq!((reply.status, &reply.json()["category"]), (401, &json!("INVALID_AUTHENTICATION")));
    client.token = Some("nonsense".to_owned());
    let reply = client.get(LIST);
    assert_eq!((reply.status, &reply.json()["category"]), (401, &json!("EXPIRED_AUTHENTICATION")));
    assert_eq!(reply.json()["context"]["expire time"], json!(["1970-01-01T00:00:00.000Z"]));
    assert!(reply.json()["message"].as_str().unwrap().contains("day(s) ago"));
    assert!(reply.header("x-hubspot-ratelimit-max").is_none());
    sandbox.revoke_token(sandbox.default_token());
    client.token = Some(sandbox.default_token().to_owned());
    assert_eq!(client.get(LIST).status, 401);
}

#[test]
fn access_tokens_expire_and_are_renewed() {
    let sandbox = with_app().access_token_lifetime(Duration::from_secs(60)).start();
    let mut client = Client::new(&sandbox);
    client.token = None;
    for (path, has_hub) in [
        ("/oauth/v1/token", false),
        ("/oauth/v3/token", true),
        ("/oauth/2026-03/token", true),
        ("/oauth/2026-09/token", true),
    ] {
        client.token = None;
        let reply = refresh(&mut client, path, "again").json();
        assert_eq!(
            (&reply["expires_in"], &reply["refresh_token"], reply.get("hub_id").is_some()),
            (&json!(60), &json!("again"), has_hub)
        );
        client.token = Some(reply["access_token"].as_str().unwrap().to_owned());
        let reply = client.get(LIST);
        assert_eq!((reply.status, reply.header("x-hubspot-ratelimit-max")), (200, Some("110")));
        assert!(reply.header("x-hubspot-ratelimit-daily").is_none());
    }
    sandbox.advance_clock(Duration::from_secs(67));
    let reply = client.get(LIST);
    assert_eq!((reply.status, &reply.json()["category"]), (401, &json!("EXPIRED_AUTHENTICATION")));
    assert!(reply.json()["message"].as_str().unwrap().ends_with("second(s) ago."));
}

#[test]
fn a_refused_grant_says_which_field_is_wrong() {
    let sandbox = with_app().start();
    let mut client = Client::new(&sandbox);
    let reply = refresh(&mut client, "/oauth/v1/token", "wrong");
    assert_eq!(reply.status, 400);
    assert_eq!(
        (&reply.json()["status"], &reply.json()["error"]),
        (&json!("BAD_REFRESH_TOKEN"), &json!("invalid_grant"))
    );
    let secret = [
        ("grant_type", "refresh_token"),
        ("client_id", "app"),
        ("client_secret", "x"),
        ("refresh_token", "again"),
    ];
    assert_eq!(client.form("/oauth/v1/token", &secret).json()["status"], "BAD_CLIENT_SECRET");
    let query =
        "/oauth/v1/token?grant_type=refresh_token&client_id=app&client_secret=hush%26shy&refresh_token=again";
    assert_eq!(client.form(query, &[]).json()["status"], "BAD_GRANT_TYPE", "the query is not read");
    assert_eq!(client.post("/oauth/v1/token", &json!({ "grant_type": "refresh_token" })).status, 415);
}

#[test]
fn refresh_tokens_can_rotate_and_be_revoked() {
    let sandbox = with_app().refresh_tokens(RefreshTokens::Rotate).start();
    let mut client = Client::new(&sandbox);
    let reply = refresh(&mut client, "/oauth/v3/token", "again").json();
    let next = reply["refresh_token"].as_str().unwrap().to_owned();
    assert_ne!(next, "again");
    assert_eq!(sandbox.refresh_token("app"), Some(next.clone()));
    assert_eq!(refresh(&mut client, "/oauth/v3/token", "again").status, 400);
    assert_eq!(refresh(&mut client, "/oauth/v3/token", &next).status, 200);
    sandbox.revoke_refresh_token("app");
    assert_eq!(refresh(&mut client, "/oauth/v3/token", "").status, 400);
}

#[test]
fn tokens_can_be_described() {
    let sandbox = with_app().start();
    let mut client = Client::new(&sandbox);
    let access =
        refresh(&mut client, "/oauth/v3/token", "again").json()["access_token"].as_str().unwrap().to_owned();
    let fields = [("client_id", "app"), ("client_secret", "hush%26shy"), ("token", access.as_str())];
    let introspected = client.form("/oauth/2026-03/token/introspect", &fields).json();
    assert_eq!((&introspected["active"], &introspected["token_use"]), (&json!(true), &json!("access_token")));
    assert_eq!(client.get(&format!("/oauth/v1/access-tokens/{access}")).json()["token"], json!(access));
    assert_eq!(client.get("/oauth/v1/refresh-tokens/again").json()["client_id"], "app");
    let info = client.post(
        "/oauth/v2/private-apps/get/access-token-info",
        &json!({ "tokenKey": sandbox.default_token() }),
    );
    assert!(info.json()["scopes"].as_array().unwrap().contains(&json!("crm.objects.contacts.write")));
    let revoked = client.form("/oauth/2026-03/token/revoke", &[("token", access.as_str())]);
    assert_eq!(revoked.status, 204);
    assert_eq!(client.form("/oauth/v3/token/introspect", &fields).json()["active"], false);
}

#[test]
fn calls_need_their_scopes() {
    let sandbox = Sandbox::builder()
        .custom_object(CustomObject::new("pet"))
        .token("narrow", Scopes::only(&["crm.objects.contacts.read", "tickets"]))
        .start();
    let mut client = Client::with_token(&sandbox, "narrow");
    let missing = |reply: &Reply| -> Value {
        assert_eq!((reply.status, &reply.json()["category"]), (403, &json!("MISSING_SCOPES")));
        reply.json()["errors"][0]["context"]["requiredGranularScopes"].clone()
    };
    assert_eq!(client.get(LIST).status, 200);
    assert_eq!(client.get("/crm/v3/properties/contacts").status, 200);
    assert_eq!(client.get("/crm/v3/properties/tickets").status, 200);
    assert_eq!(client.get("/account-info/v3/details").status, 200);
    let reply = client.post(UPSERT, &inputs(vec![by_email(0, "a@b.io", json!({}))]));
    assert_eq!(missing(&reply), json!(["crm.objects.contacts.write"]));
    assert_eq!(missing(&client.get("/crm/v3/objects/pet")), json!(["crm.objects.custom.read"]));
    assert_eq!(
        missing(&client.get("/crm/v3/schemas")),
        json!(["crm.schemas.custom.read", "crm.objects.custom.read"])
    );
    assert_eq!(missing(&client.get("/crm/v3/owners")), json!(["crm.objects.owners.read"]));
    missing(&client.post("/crm/v3/properties/contacts", &json!({})));
    sandbox.set_scopes("narrow", Scopes::all());
    assert_eq!(client.get("/crm/v3/schemas").status, 200);
}

#[test]
fn sensitive_values_need_scopes_of_their_own() {
    let property = PropertyDef::string("diagnosis").sensitivity(Sensitivity::Sensitive);
    let scopes = Scopes::only(&["crm.objects.contacts.read", "crm.objects.contacts.write"]);
    let sandbox = Sandbox::builder().property("contacts", property).token("plain", scopes).start();
    let body = inputs(vec![by_email(0, "a@b.io", json!({ "diagnosis": "x" }))]);
    let mut client = Client::with_token(&sandbox, "plain");
    assert_eq!(client.post(UPSERT, &body).status, 403);
    assert_eq!(client.post(UPSERT, &inputs(vec![by_email(0, "a@b.io", json!({}))])).status, 200);
    assert_eq!(Client::new(&sandbox).post(UPSERT, &body).status, 200);
    let listed = |reply: Reply| reply.json()["results"].to_string().contains("\"diagnosis\"");
    assert!(!listed(client.get("/crm/v3/properties/contacts")));
    assert!(listed(client.get("/crm/v3/properties/contacts?dataSensitivity=sensitive")));
}
