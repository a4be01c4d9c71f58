//! Rate limits and what is no call at all.

use std::io::{Read, Write};
use std::time::Duration;

use hubspot_sandbox::{Endpoint, Gzip, Millis, RateLimit, Sandbox};
use serde_json::json;

use crate::support::Client;

const LIST: &str = "/crm/v3/objects/contacts";

#[test]
fn the_window_is_announced_enforced_and_rolls_on() {
    let sandbox = Sandbox::builder().rate_limit(RateLimit::per_ten_seconds(3)).start();
    let mut client = Client::new(&sandbox);
    for left in [2, 1, 0] {
        let reply = client.get(LIST);
        assert_eq!((reply.status, reply.number("x-hubspot-ratelimit-remaining")), (200, left));
        assert_eq!(reply.number("x-hubspot-ratelimit-max"), 3);
        assert_eq!(reply.number("x-hubspot-ratelimit-interval-milliseconds"), 10_000);
    }
    let reply = client.get(LIST);
    assert_eq!((reply.status, &reply.json()["policyName"]), (429, &json!("TEN_SECONDLY_ROLLING")));
    assert_eq!((&reply.json()["errorType"], reply.header("retry-after")), (&json!("RATE_LIMIT"), None));
    assert_eq!(reply.number("x-hubspot-ratelimit-remaining"), 0);
    sandbox.advance_clock(Duration::from_secs(10));
    assert_eq!(client.get(LIST).status, 200);
    assert_eq!(sandbox.totals().answers[&(Endpoint::List, 429)], 1);
    sandbox.set_rate_limit(RateLimit::per_ten_seconds(50));
    assert_eq!(client.get(LIST).number("x-hubspot-ratelimit-remaining"), 48);
}

#[test]
fn tokens_have_windows_of_their_own_and_share_the_day() {
    let sandbox = Sandbox::builder()
        .rate_limit(RateLimit::per_ten_seconds(1))
        .token("second", hubspot_sandbox::Scopes::all())
        .daily_limit(2)
        .start();
    // Noon in UTC: no day ends while this runs.
    sandbox.set_clock(Millis(1_782_302_400_000));
    assert_eq!(Client::new(&sandbox).get(LIST).number("x-hubspot-ratelimit-daily-remaining"), 1);
    let mut second = Client::with_token(&sandbox, "second");
    assert_eq!(second.get(LIST).number("x-hubspot-ratelimit-daily-remaining"), 0);
    sandbox.advance_clock(Duration::from_secs(10));
    let reply = second.get(LIST);
    assert_eq!((reply.status, &reply.json()["policyName"]), (429, &json!("DAILY")));
    assert_eq!(reply.json()["message"], "You have reached your daily limit.");
    assert_eq!(sandbox.daily_usage(), 2);
    sandbox.advance_clock(Duration::from_secs(86_400));
    assert_eq!(second.get(LIST).status, 200);
}

#[test]
fn search_has_a_limit_of_its_own_and_no_headers() {
    let sandbox = Sandbox::builder().rate_limit(RateLimit::per_ten_seconds(2)).start();
    let mut client = Client::new(&sandbox);
    let path = "/crm/v3/objects/contacts/search";
    for _ in 0..5 {
        let reply = client.post(path, &json!({}));
        assert_eq!((reply.status, reply.header("x-hubspot-ratelimit-max")), (200, None));
    }
    let reply = client.post(path, &json!({}));
    assert_eq!((reply.status, &reply.json()["category"]), (429, &json!("RATE_LIMITS")));
    assert!(
        reply.header("x-hubspot-ratelimit-daily").is_some()
            && reply.header("x-hubspot-ratelimit-max").is_none()
    );
    assert_eq!(client.get(LIST).number("x-hubspot-ratelimit-remaining"), 1, "searches took no room");
}

#[test]
fn without_a_limit_plenty_is_announced() {
    let sandbox = Sandbox::builder().no_rate_limit().start();
    let mut client = Client::new(&sandbox);
    for _ in 0..300 {
        assert_eq!(client.get("/crm/v3/owners").status, 200);
    }
    assert_eq!(client.get(LIST).number("x-hubspot-ratelimit-max"), 1_000_000);
}

#[test]
fn what_is_no_call_is_answered_as_hubspots_edge_does() {
    let sandbox = Sandbox::builder().body_limit(1000).start();
    let mut client = Client::new(&sandbox);
    let reply = client.get("/crm/v3/owner");
    assert_eq!((reply.status, reply.header("content-type")), (404, Some("text/html;charset=utf-8")));
    let hint = reply.header("x-hubspot-sandbox").unwrap().to_owned();
    assert_eq!(hint, "hubspot-sandbox has no GET /crm/v3/owner. Nearest: GET /crm/v3/owners");
    assert!(String::from_utf8(reply.body).unwrap().contains(&hint));
    let reply = client.call("PUT", LIST, &json!({}));
    assert!(
        reply.status == 405 && reply.header("x-hubspot-sandbox").unwrap().contains("with GET, POST only")
    );
    assert_eq!(client.send("POST", LIST, Some("text/plain"), b"{}").unwrap().status, 415);
    assert_eq!(client.send("POST", LIST, None, b"{}").unwrap().status, 415);
    let long = json!({ "properties": { "firstname": "x".repeat(1000) } });
    assert_eq!(client.post(LIST, &long).status, 413);
    let longer = json!({ "properties": { "firstname": "x".repeat(3_000_000) } });
    assert_eq!(client.post(LIST, &longer).status, 413, "the answer comes after all of it was sent");
    let reply =
        client.send("POST", LIST, Some("application/json; charset=utf-8"), b"{\"properties\":").unwrap();
    assert_eq!(reply.status, 400);
    assert!(reply.json()["message"].as_str().unwrap().starts_with("Invalid input JSON on line 1, column"));
}

#[test]
fn bodies_may_be_compressed_both_ways() {
    let sandbox = Sandbox::builder().gzip(Gzip::WhenAccepted).body_limit(10_000).start();
    let mut client = Client::new(&sandbox);
    assert_eq!(client.get("/crm/v3/properties/contacts").header("content-encoding"), None, "it did not ask");
    client.more_headers = vec![("accept-encoding", "gzip"), ("content-encoding", "gzip")];
    let body = json!({ "properties": { "email": "a@b.io", "firstname": "x".repeat(5_000) } });
    let reply = client.send("POST", LIST, Some("application/json"), &zipped(&body)).unwrap();
    assert_eq!((reply.status, reply.header("content-encoding")), (201, Some("gzip")));
    let mut text = String::new();
    flate2::read::GzDecoder::new(reply.body.as_slice()).read_to_string(&mut text).unwrap();
    assert!(text.contains("a@b.io"));
    let bomb = json!({ "properties": { "firstname": "x".repeat(1_000_000) } });
    assert_eq!(client.send("POST", LIST, Some("application/json"), &zipped(&bomb)).unwrap().status, 413);
    assert_eq!(client.send("POST", LIST, Some("application/json"), b"no gzip").unwrap().status, 400);
}

fn zipped(body: &serde_json::Value) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(body.to_string().as_bytes()).unwrap();
    encoder.finish().unwrap()
}
