//! Secrets are in no output, and record values in no log line and no error.

use hubspot_sandbox::{
    BatchRefusal, Builder, Endpoint, Fault, FaultAnswer, FaultBody, InputMatch, RefreshTokens, Sandbox,
    Scopes, When,
};
use serde_json::{Value, json};

use crate::support::connector::{Connector, Finished};
use crate::support::crm;
use crate::support::delivery;
use crate::support::messages::{catalog, elt_stream, record, stream_state};

/// Texts that look different in JSON and in a URL.
const CLIENT_SECRET: &str = "s3cr\"et/\\ +&=%é";
const REFRESH_TOKEN: &str = "na1-re\"fresh/\\ +&=%ü";
const ACCESS_TOKEN: &str = "pat-na1-0a1b2c3d/4e+5f=6";

fn account() -> Builder {
    crm::account()
        .oauth_app("app-id", CLIENT_SECRET, REFRESH_TOKEN, Scopes::all())
        .token(ACCESS_TOKEN, Scopes::all())
}

fn oauth(secret: &str, refresh_token: &str) -> Value {
    json!({"type": "OAuth", "client_id": "app-id", "client_secret": secret, "refresh_token": refresh_token})
}

fn access_token(token: &str) -> Value {
    json!({"type": "AccessToken", "access_token": token})
}

fn impatient() -> Value {
    json!({"retry_budget_seconds": 0.3})
}

fn connector(url: &str, credentials: &Value) -> Connector {
    let config = json!({"credentials": credentials, "api_base_url": url, "flush_interval_seconds": 0.1});
    Connector::new("", "")
        .config(&config)
        .catalog(&catalog(&[delivery::contacts()]))
        .env("LOG_LEVEL", "trace")
}

/// Every way a secret could be written.
fn forms(secret: &str) -> Vec<String> {
    let json = serde_json::to_string(secret).expect("text");
    let percent = |plain: &dyn Fn(u8) -> bool, space: &str| -> String {
        let encode = |byte: u8| match byte {
            b' ' => space.to_owned(),
            byte if plain(byte) => char::from(byte).to_string(),
            byte => format!("%{byte:02X}"),
        };
        secret.bytes().map(encode).collect()
    };
    let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let form = |byte: u8| byte.is_ascii_alphanumeric() || b"-._*".contains(&byte);
    let path = |byte: u8| byte.is_ascii_graphic() && !b"\"<>`#?{}%\\".contains(&byte);
    let mut forms = vec![
        secret.to_owned(),
        json.trim_matches('"').to_owned(),
        percent(&unreserved, "%20"),
        percent(&form, "+"),
        percent(&path, "%20"),
    ];
    forms.extend(forms.clone().into_iter().map(|form| form.to_lowercase()));
    // What is printed inside a message is escaped once more.
    forms.extend(forms.clone().into_iter().map(|form| {
        let again = serde_json::to_string(&form).unwrap_or_default();
        again.trim_matches('"').to_owned()
    }));
    forms.sort();
    forms.dedup();
    forms
}

fn assert_hidden(run: &Finished, secrets: &[&str]) {
    assert!(!run.lines.is_empty(), "{run:#?}");
    for secret in secrets.iter().flat_map(|secret| forms(secret)) {
        for line in run.lines.iter().map(String::as_str).chain([run.stderr.as_str()]) {
            assert!(!line.contains(&secret), "{secret}: {line}");
        }
    }
}

fn some_contacts() -> Vec<Value> {
    vec![delivery::contact(1), record("contacts", json!({"email": "nobody"})), stream_state("contacts", 1)]
}

#[test]
fn the_forms_of_a_secret_are_found_where_they_are() {
    let found = forms("a\"b +c");
    for form in ["a\"b +c", "a\\\"b +c", "a%22b%20%2Bc", "a%22b+%2Bc", "a%22b+%2bc"] {
        assert!(found.iter().any(|known| known == form), "{form}: {found:?}");
    }
}

#[test]
fn successful_runs_show_no_secret() {
    let sandbox = account().start();
    for credentials in [oauth(CLIENT_SECRET, REFRESH_TOKEN), access_token(ACCESS_TOKEN)] {
        let connector = connector(&sandbox.url(), &credentials);
        let runs = [
            connector.check(),
            connector.discover().succeeded(),
            connector.write(&some_contacts()).succeeded(),
        ];
        assert_eq!(runs[2].stats(), (1.0, 1.0));
        runs.iter().for_each(|run| assert_hidden(run, &[CLIENT_SECRET, REFRESH_TOKEN, ACCESS_TOKEN]));
    }
}

/// Troubles of every kind; some of HubSpot's answers hold the token itself.
fn troubles() -> Vec<Fault> {
    let telling = |status: u16| {
        let text = format!("the token {ACCESS_TOKEN} of {CLIENT_SECRET} and {REFRESH_TOKEN} is no good");
        let body = FaultBody::Json(
            json!({"status": "error", "message": text, "category": text, "error": text,
            "error_description": text, "context": {"token": [text]}, "errors": [{"message": text, "code": text}]}),
        );
        FaultAnswer::new(status).body(body)
    };
    let mut troubles: Vec<Fault> = [400, 401, 403, 404, 429, 500]
        .map(|status| Fault::anywhere().answer(telling(status), When::BeforeEffect))
        .into();
    troubles.push(Fault::on(Endpoint::Upsert).answer(telling(403), When::BeforeEffect));
    troubles.push(Fault::anywhere().close(When::BeforeEffect));
    troubles.push(Fault::anywhere().answer(FaultAnswer::new(502).body(FaultBody::Html), When::BeforeEffect));
    troubles
}

#[test]
fn failing_runs_show_no_secret() {
    // Side by side: most of their time they wait before they try again.
    std::thread::scope(|scope| {
        for trouble in troubles() {
            scope.spawn(|| {
                let sandbox = account().fault(trouble).start();
                for credentials in [oauth(CLIENT_SECRET, REFRESH_TOKEN), access_token(ACCESS_TOKEN)] {
                    let connector = connector(&sandbox.url(), &credentials).with(&impatient());
                    for run in [connector.check(), connector.write(&some_contacts())] {
                        assert_hidden(&run, &[CLIENT_SECRET, REFRESH_TOKEN, ACCESS_TOKEN]);
                    }
                }
            });
        }
    });
}

#[test]
fn refused_and_misplaced_credentials_are_not_repeated() {
    let sandbox = account().start();
    let wrong = "wr\"ong/ +secret";
    let with_userinfo = format!("http://user:{wrong}@localhost");
    let configs = [
        json!({"credentials": oauth(wrong, REFRESH_TOKEN), "api_base_url": sandbox.url()}),
        json!({"credentials": oauth(CLIENT_SECRET, wrong), "api_base_url": sandbox.url()}),
        json!({"credentials": access_token(wrong), "api_base_url": sandbox.url()}),
        json!({"credentials": {"type": wrong, "access_token": wrong}}),
        json!({"credentials": wrong}),
        json!({"credentials": {"type": "AccessToken", "access_token": [wrong]}}),
        json!({"credentials": {"type": "AccessToken", "access_token": {"token": wrong}}}),
        json!({"credentials": access_token(ACCESS_TOKEN), "api_base_url": with_userinfo}),
        json!({"credentials": access_token(ACCESS_TOKEN), "api_version": wrong, "rate_limit_share": wrong}),
        json!({"credentials": access_token("to\nken\u{7f}"), "api_base_url": sandbox.url()}),
    ];
    for config in configs {
        let connector = connector("", &Value::Null).config(&config);
        for run in [connector.check(), connector.discover(), connector.write(&[])] {
            assert_hidden(&run, &[wrong, ACCESS_TOKEN, REFRESH_TOKEN, CLIENT_SECRET, "to\nken\u{7f}"]);
        }
    }
}

#[test]
fn a_rotated_token_is_in_its_one_line_and_nowhere_else() {
    let sandbox = account().refresh_tokens(RefreshTokens::Rotate).start();
    let mut run =
        connector(&sandbox.url(), &oauth(CLIENT_SECRET, REFRESH_TOKEN)).write(&some_contacts()).succeeded();
    let all = run.lines.len();
    run.lines.retain(|line| !line.contains(r#""type":"CONTROL""#));
    assert_eq!(all - run.lines.len(), 1);
    let new = sandbox.refresh_token("app-id").expect("the app");
    assert_hidden(&run, &[CLIENT_SECRET, REFRESH_TOKEN, &new]);
}

fn text_of(path: &std::path::Path) -> String {
    let entries = std::fs::read_dir(path).expect("a folder").map(|entry| entry.expect("an entry").path());
    entries
        .map(
            |path| {
                if path.is_dir() { text_of(&path) } else { std::fs::read_to_string(&path).expect("a file") }
            },
        )
        .collect()
}

#[test]
fn what_records_and_hubspot_repeat_is_masked_where_it_is_printed_and_kept_where_it_is_stored() {
    let folder = tempfile::tempdir().expect("a folder");
    let repeated: Vec<String> =
        [CLIENT_SECRET, REFRESH_TOKEN, ACCESS_TOKEN].iter().flat_map(|s| forms(s)).collect();
    let mut rows: Vec<Value> = repeated
        .iter()
        .map(|form| record("contacts", json!({"email": "nobody", "city": format!("<{form}>"), "n": form})))
        .collect();
    let words = format!("{ACCESS_TOKEN} is no city, says {CLIENT_SECRET}, {REFRESH_TOKEN}");
    let body = FaultBody::Json(json!({"status": "error", "message": words, "category": "VALIDATION_ERROR"}));
    let refusal = FaultAnswer::new(400).body(body);
    let fault = Fault::on(Endpoint::Upsert).answer(refusal, When::BeforeEffect);
    let sandbox = account().fault(fault).start();
    rows.push(delivery::contact(1));
    let state = json!({"type": "STATE", "state": {"type": "STREAM", "stream": {"stream_descriptor": {"name": "contacts"},
        "stream_state": {"cursor": ACCESS_TOKEN, "more": [CLIENT_SECRET]}}}});
    rows.push(state.clone());
    for credentials in [oauth(CLIENT_SECRET, REFRESH_TOKEN), access_token(ACCESS_TOKEN)] {
        let known: &[&str] = match credentials["type"].as_str() {
            Some("OAuth") => &[CLIENT_SECRET, REFRESH_TOKEN],
            _ => &[ACCESS_TOKEN],
        };
        let storage =
            json!({"storage_type": "Local", "path": folder.path(), "format": {"format_type": "JSONL"}});
        let mut run = connector(&sandbox.url(), &credentials)
            .with(&json!({"object_storage_config": storage}))
            .write(&rows)
            .succeeded();
        assert_eq!(run.rejected().len(), repeated.len() + 1);
        assert_eq!(run.states()[0]["stream"], state["state"]["stream"], "a state is the source's");
        run.lines.retain(|line| !line.contains(r#""type":"STATE""#));
        assert_hidden(&run, known);
        assert!(run.lines.iter().any(|line| line.contains("<***>")), "the rest of a text stays");
    }
    let stored = text_of(folder.path());
    for secret in [CLIENT_SECRET, REFRESH_TOKEN, ACCESS_TOKEN] {
        let escaped = json!(secret).to_string();
        assert!(stored.contains(escaped.trim_matches('"')), "records are stored as they came");
    }
}

/// Values of records in these tests all hold this word.
const PRIVATE: &str = "zanzibar";

fn private_rows() -> Vec<Value> {
    let row = |data: Value| record("contacts", data);
    let address = |number: usize| format!("{PRIVATE}{number}@example.com");
    vec![
        row(
            json!({"email": address(1), "city": PRIVATE, "unknown_column": PRIVATE, "hubspotscore": PRIVATE}),
        ),
        row(json!({"email": PRIVATE, "city": PRIVATE})),
        row(json!({"email": address(2), "numemployees": PRIVATE, "closedate": PRIVATE})),
        row(json!({"email": address(3), "hs_lead_status": PRIVATE})),
        row(json!({"email": "zanzibar@under_score.example", "city": PRIVATE})),
        row(json!({"email": null, "city": PRIVATE})),
        row(json!([PRIVATE])),
        row(json!({"email": {"nested": PRIVATE}})),
        record("unknown_stream", json!({"email": address(4)})),
        stream_state("contacts", 1),
    ]
}

fn assert_private(run: &Finished) {
    for message in run.messages.iter().filter(|message| message["type"] != "RECORD") {
        assert!(!message.to_string().to_lowercase().contains(PRIVATE), "{message}");
    }
    assert!(!run.stderr.to_lowercase().contains(PRIVATE), "{run:#?}");
}

fn private_run(sandbox: &Sandbox, rows: &[Value]) -> Finished {
    connector(&sandbox.url(), &access_token(ACCESS_TOKEN))
        .catalog(&catalog(&[elt_stream("contacts", &[])]))
        .with(&impatient())
        .write(rows)
}

#[test]
fn record_values_are_in_no_log_line_and_no_error() {
    let sandbox = account().start();
    let run = private_run(&sandbox, &private_rows()).succeeded();
    assert_eq!(run.rejected().len(), 8, "{:?}", run.codes());
    assert!(run.lines.iter().any(|line| line.contains(PRIVATE)), "full output shows the rejected records");
    assert_private(&run);

    let text = format!(
        "{{\"type\":\"RECORD\",\"record\":{{\"stream\":\"contacts\",\"data\":{{\"email\":\"{PRIVATE}\n"
    );
    let run =
        connector(&sandbox.url(), &access_token(ACCESS_TOKEN)).write_text(&text).failed_with("system_error");
    assert_private(&run);
    assert_private(
        &connector(&sandbox.url(), &access_token(ACCESS_TOKEN)).write_text(&format!("{PRIVATE}\n")),
    );
}

#[test]
fn hubspots_own_words_about_values_are_in_no_log_line_and_no_error() {
    let telling = |status: u16| {
        let text =
            format!("Invalid input for {PRIVATE}1@example.com: {PRIVATE} was not one of the allowed options");
        let body =
            FaultBody::Json(json!({"status": "error", "message": text, "category": "VALIDATION_ERROR",
            "context": {"email": [text]}, "errors": [{"message": text, "code": "INVALID_OPTION"}]}));
        FaultAnswer::new(status).body(body)
    };
    let row = [
        record("contacts", json!({"email": format!("{PRIVATE}1@example.com"), "city": PRIVATE})),
        stream_state("contacts", 1),
    ];
    let mut troubles: Vec<Fault> = [400, 401, 403, 404, 409, 413, 415, 429, 500]
        .map(|status| Fault::on(Endpoint::Upsert).answer(telling(status), When::BeforeEffect))
        .into();
    troubles
        .push(Fault::on(Endpoint::Upsert).containing(InputMatch::All).refuse_batch(BatchRefusal::Conflict));
    troubles.push(Fault::on(Endpoint::Upsert).truncate());
    troubles.push(Fault::on(Endpoint::Upsert).empty_results());
    for trouble in troubles {
        let shown = format!("{trouble:?}");
        let sandbox = account().fault(trouble).start();
        let run = private_run(&sandbox, &row);
        assert!(run.stats() != (1.0, 0.0), "{shown}: {run:#?}");
        assert_private(&run);
    }
}
