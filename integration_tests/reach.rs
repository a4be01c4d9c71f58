//! Why HubSpot is not reached: who is told what, and whose fault it is taken for.
//!
//! How long each reason is waited for is tested in virtual time (`src/hubspot/patient.rs`); here nobody has patience.

use std::io::{Read, Write};
use std::net::TcpListener;

use hubspot_sandbox::{Endpoint, Fault, FaultAnswer, FaultBody, MalformedTokens, Sandbox, Scopes, When};
use serde_json::{Value, json};

use crate::support::certificate::certificate;
use crate::support::connector::{Connector, Finished};
use crate::support::delivery;
use crate::support::messages::{catalog, stream_state};

const TOKEN: &str = "pat-na1-01234567-89ab-cdef-0123-456789abcdef";

fn at(url: &str) -> Connector {
    Connector::new(url, TOKEN)
        .with(&json!({"retry_budget_seconds": 2, "flush_interval_seconds": 0.1}))
        .catalog(&catalog(&[delivery::contacts()]))
}

fn rows() -> Vec<Value> {
    vec![delivery::contact(1), stream_state("contacts", 1)]
}

fn refusal(run: &Finished) -> String {
    let status = &run.of_type("CONNECTION_STATUS")[0]["connectionStatus"];
    assert_eq!(status["status"], "FAILED", "{run:#?}");
    status["message"].as_str().expect("a message").to_owned()
}

/// All three commands fail in the same words; nothing is acknowledged.
fn all_say(connector: &Connector, failure_type: &str, words: &[&str]) {
    // Side by side: most of their time they wait before they try again.
    let (check, runs) = std::thread::scope(|scope| {
        let check = scope.spawn(|| refusal(&connector.check()));
        let discover = scope.spawn(|| connector.discover());
        let runs = [connector.write(&rows()), discover.join().expect("discover")];
        (check.join().expect("check"), runs.map(|run| run.failed_with(failure_type)))
    });
    let messages = runs.iter().map(|run| run.error()["message"].as_str().unwrap_or_default());
    for message in messages.chain([check.as_str()]) {
        for word in words {
            assert!(message.contains(word), "{word}: {message}");
        }
    }
    assert!(runs[0].states().is_empty());
    let is_logged =
        |run: &Finished| run.logs().iter().any(|text| words.iter().all(|word| text.contains(word)));
    assert!(
        failure_type == "config_error" || is_logged(&runs[0]),
        "said while it is waited for: {:?}",
        runs[0].logs()
    );
}

/// A server that answers every connection with these bytes and hangs up.
fn answering(text: &'static str) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("its address").port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { break };
            let _whatever = stream.read(&mut [0; 4096]);
            let _gone = stream.write_all(text.as_bytes());
        }
    });
    port
}

#[test]
fn a_refused_connection_is_named() {
    let port =
        TcpListener::bind("127.0.0.1:0").and_then(|closed| closed.local_addr()).expect("a port").port();
    let words = [&*format!("127.0.0.1:{port}: the connection was refused")];
    // No proxy is asked for this machine.
    let connector = at(&format!("http://127.0.0.1:{port}")).env("HTTP_PROXY", "http://127.0.0.1:9");
    all_say(&connector, "transient_error", &words);
}

#[test]
fn a_certificate_that_is_not_trusted_is_a_setting() {
    let sandbox = Sandbox::builder().tls(certificate()).token(TOKEN, Scopes::all()).start();
    // It is not asked for half an hour.
    let connector = at(&sandbox.url()).with(&json!({"retry_budget_seconds": 1800}));
    all_say(&connector, "config_error", &["unknown issuer", "SSL_CERT_FILE"]);
    assert!(sandbox.requests().is_empty(), "the token was shown to nobody");
}

#[test]
fn certificates_that_cannot_be_read_are_named() {
    let connector = at("https://localhost:1").env("SSL_CERT_FILE", "/no/such/file.pem");
    all_say(&connector, "config_error", &["SSL_CERT_FILE", "/no/such/file.pem"]);
}

#[test]
fn https_to_a_plain_port_is_named() {
    let port = answering("HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n");
    all_say(&at(&format!("https://localhost:{port}")), "transient_error", &["does not speak TLS"]);
}

#[test]
fn a_proxy_is_named_and_what_it_wants() {
    let port = answering("HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n");
    let connector = at("https://hubspot.example")
        .env("HTTPS_PROXY", &format!("http://me:s3cret-word@127.0.0.1:{port}"))
        .env("NO_PROXY", "");
    let through = format!("hubspot.example through the proxy 127.0.0.1:{port}");
    all_say(&connector, "transient_error", &[&through, "407"]);
    let shown = connector.check().lines.join("");
    assert!(!shown.contains("s3cret-word"), "{shown}");
}

#[test]
fn a_page_of_somebody_else_is_named() {
    for status in [200, 403] {
        let page = FaultAnswer::new(status).body(FaultBody::Html);
        let fault = Fault::anywhere().answer(page, When::BeforeEffect);
        let sandbox = Sandbox::builder().token(TOKEN, Scopes::all()).fault(fault).start();
        all_say(&at(&sandbox.url()), "transient_error", &["a page of HTML", "proxy"]);
    }
}

#[test]
fn a_token_that_was_not_copied_whole_is_a_setting_with_two_readings() {
    let account = || Sandbox::builder().malformed_tokens(MalformedTokens::FailAtTheEdge);
    let sandbox = account().start();
    let cut = at(&sandbox.url())
        .with(&json!({"credentials": {"type": "AccessToken", "access_token": "pat-na1-01"}}));
    all_say(&cut, "config_error", &["530", "the whole of it", "out of reach"]);
    // One that is whole and not known is told by HubSpot itself.
    all_say(&at(&sandbox.url()), "config_error", &["does not accept the access token"]);
    let sandbox = account().token(TOKEN, Scopes::all()).start();
    assert_eq!(at(&sandbox.url()).write(&rows()).succeeded().stats(), (1.0, 0.0));
}

#[test]
fn an_edge_that_fails_for_a_moment_is_waited_for() {
    let fault = Fault::anywhere().first(3).status(530);
    let sandbox = Sandbox::builder().token(TOKEN, Scopes::all()).fault(fault).start();
    let patient = at(&sandbox.url()).with(&json!({"retry_budget_seconds": 30}));
    assert_eq!(patient.write(&rows()).succeeded().stats(), (1.0, 0.0));
}

#[test]
fn a_token_with_something_beside_it_is_refused_in_clear_words() {
    let sandbox = Sandbox::builder().start();
    for (token, words) in [
        (format!("Bearer {TOKEN}"), "without the word \"Bearer\""),
        (format!("{}\n{}", &TOKEN[..20], &TOKEN[20..]), "on one line"),
        (format!("\"{TOKEN}\""), "without quotation marks"),
        (format!("{TOKEN}\u{200b}"), "characters that no token has"),
    ] {
        let connector = at(&sandbox.url());
        let connector =
            connector.with(&json!({"credentials": {"type": "AccessToken", "access_token": token}}));
        all_say(&connector, "config_error", &["redentials.access_token", words]);
    }
    assert!(sandbox.requests().is_empty());
}

#[test]
fn a_token_in_the_clear_is_warned_of_where_another_machine_gets_it() {
    let sandbox = Sandbox::builder().token(TOKEN, Scopes::all()).start();
    let is_warned = |run: &Finished| run.logs().iter().any(|text| text.contains("plain http"));
    // The proxy is what makes a name lead here.
    let far = at("http://hubspot.example").env("HTTP_PROXY", &sandbox.url()).env("NO_PROXY", "");
    let run = far.write(&rows()).succeeded();
    assert!(is_warned(&run) && run.stats() == (1.0, 0.0), "{run:#?}");
    assert!(!is_warned(&at(&sandbox.url()).write(&rows()).succeeded()));
}

fn with_app(sandbox: &Sandbox) -> Connector {
    let credentials = json!({"type": "OAuth", "client_id": "app-id", "client_secret": "app-secret", "refresh_token": "na1-refresh"});
    at(&sandbox.url()).with(&json!({"credentials": credentials}))
}

fn account_with_app() -> hubspot_sandbox::Builder {
    Sandbox::builder().oauth_app("app-id", "app-secret", "na1-refresh", Scopes::all())
}

#[test]
fn only_hubspot_says_that_a_grant_is_no_good() {
    let html = |status| FaultAnswer::new(status).body(FaultBody::Html);
    let elsewhere =
        FaultAnswer::new(307).body(FaultBody::Empty).header("location", "https://elsewhere.example/");
    for answer in [elsewhere, html(400), html(403), html(401), FaultAnswer::new(404).body(FaultBody::Empty)] {
        let fault = Fault::on(Endpoint::OAuthToken).answer(answer, When::BeforeEffect);
        let sandbox = account_with_app().fault(fault).start();
        let connector = with_app(&sandbox);
        let status = refusal(&connector.check());
        assert!(!status.contains("Sign in"), "{status}");
        connector.discover().failed_with("transient_error");
    }
    let sandbox = Sandbox::builder().start();
    assert!(refusal(&with_app(&sandbox).check()).contains("Sign in"));
}

#[test]
fn an_expiry_that_no_token_has_is_not_believed() {
    for told in [json!(1e19), json!("1e300"), json!(0), json!(-1), json!(null), json!({})] {
        let sandbox = account_with_app().told_lifetime(told.clone()).start();
        let run = with_app(&sandbox).write(&rows()).succeeded();
        assert_eq!((run.stats(), sandbox.totals().calls(Endpoint::OAuthToken)), ((1.0, 0.0), 1), "{told}");
        let run = with_app(&sandbox).check();
        assert_eq!(run.of_type("CONNECTION_STATUS")[0]["connectionStatus"]["status"], "SUCCEEDED", "{told}");
    }
}

#[test]
fn the_reason_is_told_of_what_breaks_off_in_the_middle_too() {
    let sandbox = Sandbox::builder().token(TOKEN, Scopes::all()).start();
    sandbox.add_fault(Fault::on(Endpoint::Upsert).close(When::BeforeEffect));
    let run = at(&sandbox.url()).write(&rows()).failed_with("transient_error");
    let message = run.error()["message"].as_str().expect("a message");
    assert!(message.contains("the connection broke before the answer was complete"), "{message}");
}

#[test]
fn storage_that_is_not_reached_is_named_with_its_reason() {
    let sandbox = Sandbox::builder().token(TOKEN, Scopes::all()).start();
    let port =
        TcpListener::bind("127.0.0.1:0").and_then(|closed| closed.local_addr()).expect("a port").port();
    let storage = |endpoint: String| {
        json!({"object_storage_config": {"storage_type": "S3", "s3_bucket_name": "b", "s3_bucket_region": "us-east-1",
            "bucket_path": "p", "format": {"format_type": "JSONL"}, "access_key_id": "key-of-nobody",
            "secret_access_key": "secret-of-nobody", "s3_endpoint": endpoint}})
    };
    let untrusted = Sandbox::builder().tls(certificate()).start();
    for (endpoint, words) in [
        (format!("http://127.0.0.1:{port}"), "the connection was refused"),
        (untrusted.url(), "unknown issuer"),
    ] {
        let status = refusal(&at(&sandbox.url()).with(&storage(endpoint)).check());
        assert!(status.contains("object_storage_config") && status.contains(words), "{status}");
    }
}
