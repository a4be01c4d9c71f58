//! OAuth: tokens are fetched, renewed, handed back when HubSpot changes them, and refused ones reported.

use std::time::Duration;

use hubspot_sandbox::{Builder, Endpoint, Fault, RefreshTokens, Sandbox, Scopes};
use serde_json::{Value, json};

use crate::support::connector::{Connector, Finished, Running};
use crate::support::crm;
use crate::support::delivery;
use crate::support::messages::{catalog, elt_stream, stream_state};
use crate::support::sent::assert_nothing_written;

const APP: (&str, &str, &str) = ("app-id", "app-secret", "na1-refresh");

fn account() -> Builder {
    crm::account().oauth_app(APP.0, APP.1, APP.2, Scopes::all())
}

fn config(sandbox: &Sandbox) -> Value {
    json!({
        "credentials": {"type": "OAuth", "client_id": APP.0, "client_secret": APP.1, "refresh_token": APP.2},
        "api_base_url": sandbox.url(),
        "flush_interval_seconds": 0.1,
    })
}

fn connector(sandbox: &Sandbox) -> Connector {
    Connector::new("", "").config(&config(sandbox)).catalog(&catalog(&[delivery::contacts()]))
}

fn refreshes(sandbox: &Sandbox) -> u64 {
    sandbox.totals().calls(Endpoint::OAuthToken)
}

/// Sends one record with its state, and waits until the state is out.
fn step(running: &mut Running, number: u64) {
    let record = delivery::contact(usize::try_from(number).expect("small"));
    running.send(&[record, stream_state("contacts", number)]);
    running.wait_for("the state", |message| delivery::is_state(message, "contacts", number));
}

/// The configurations handed back.
fn handed_back(run: &Finished) -> Vec<&Value> {
    let controls = run.of_type("CONTROL");
    controls.iter().for_each(|message| assert_eq!(message["control"]["type"], "CONNECTOR_CONFIG"));
    controls.into_iter().map(|message| &message["control"]["connectorConfig"]["config"]).collect()
}

#[test]
fn a_sync_refreshes_once_at_its_start() {
    let sandbox = account().start();
    let mut input = delivery::people(0..250);
    input.push(stream_state("contacts", 1));
    let run = connector(&sandbox).write(&input).succeeded();
    assert_eq!((run.stats(), refreshes(&sandbox)), ((250.0, 0.0), 1));
    assert_eq!(sandbox.totals().with_status(401), 0);
    assert!(handed_back(&run).is_empty(), "the refresh token did not change");
    assert_eq!(sandbox.requests()[0].endpoint, Endpoint::OAuthToken);
}

#[test]
fn check_and_discover_work_with_oauth() {
    let sandbox = account().start();
    let run = connector(&sandbox).check();
    assert_eq!(run.of_type("CONNECTION_STATUS")[0]["connectionStatus"]["status"], "SUCCEEDED", "{run:#?}");
    assert_eq!(connector(&sandbox).discover().succeeded().of_type("DESTINATION_CATALOG").len(), 1);
    assert_eq!(refreshes(&sandbox), 2);
}

#[test]
fn tokens_that_live_a_second_do_not_disturb_a_longer_sync() {
    let sandbox = account().access_token_lifetime(Duration::from_secs(1)).start();
    let connector = connector(&sandbox);
    let mut running = connector.start_write();
    // Each step takes a flush interval, so the sync outlives several tokens.
    for number in 1..=14 {
        step(&mut running, number);
    }
    let run = running.finish().succeeded();
    assert_eq!((run.stats(), sandbox.count("contacts")), ((14.0, 0.0), 14));
    assert!(run.codes().is_empty() && refreshes(&sandbox) >= 2, "{}", refreshes(&sandbox));
}

#[test]
fn a_401_in_the_middle_is_refreshed_once_however_many_calls_meet_it() {
    let sandbox = account().start();
    let connector = connector(&sandbox);
    let mut running = connector.start_write();
    step(&mut running, 1);
    sandbox.expire_access_tokens();
    running.send(&delivery::people(100..700));
    running.send(&[stream_state("contacts", 2)]);
    let run = running.finish().succeeded();
    assert_eq!((run.stats(), sandbox.count("contacts")), ((601.0, 0.0), 601));
    assert!(run.codes().is_empty() && sandbox.totals().with_status(401) >= 1);
    assert_eq!(refreshes(&sandbox), 2);
}

#[test]
fn a_401_that_survives_a_refresh_is_a_config_error_and_what_settled_is_acknowledged() {
    let sandbox = account().start();
    let connector = connector(&sandbox);
    let mut running = connector.start_write();
    step(&mut running, 1);
    sandbox.add_fault(Fault::on(Endpoint::Upsert).status(401));
    running.send(&[delivery::contact(2), stream_state("contacts", 2)]);
    let run = running.finish().failed_with("config_error");
    assert_eq!((run.states().len(), refreshes(&sandbox)), (1, 2));
}

#[test]
fn a_rotated_refresh_token_is_handed_back_once_with_the_whole_configuration() {
    let sandbox = account().refresh_tokens(RefreshTokens::Rotate).start();
    let text = format!(
        concat!(
            "{{ \"zeta\": 1.50, \"credentials\": {{\"type\": \"OAuth\", \"client_id\": \"app-id\",\n",
            "  \"client_secret\": \"app-secret\", \"refresh_token\": \"na1-refresh\", \"note\": [1, null]}},\n",
            "  \"api_base_url\": \"{}\", \"unknown\": {{\"big\": 12345678901234567890123}} }}"
        ),
        sandbox.url()
    );
    let connector = connector(&sandbox);
    std::fs::write(connector.config_path(), &text).expect("the configuration file");
    let mut input = delivery::people(0..150);
    input.push(stream_state("contacts", 1));
    let run = connector.write(&input).succeeded();
    let new = sandbox.refresh_token(APP.0).expect("the app");
    assert_ne!(new, APP.2);
    let configs = handed_back(&run);
    assert_eq!(configs.len(), 1, "{run:#?}");
    let mut expected: Value = serde_json::from_str(&text).expect("JSON");
    expected["credentials"]["refresh_token"] = json!(new);
    assert_eq!(configs[0], &expected);
    let line = run.lines.iter().find(|line| line.contains("CONNECTOR_CONFIG")).expect("the line");
    assert!(line.contains(r#""zeta":1.50"#) && line.contains(r#""big":12345678901234567890123"#), "{line}");
    let first_state = run.lines.iter().position(|line| line.contains(r#""type":"STATE""#)).expect("a state");
    let control = run.lines.iter().position(|line| line.contains("CONNECTOR_CONFIG")).expect("the line");
    assert!(control < first_state, "it is handed back at once: the old token works no more");
}

#[test]
fn every_rotation_in_a_sync_is_handed_back_and_the_next_run_works_with_the_last() {
    let sandbox = account().refresh_tokens(RefreshTokens::Rotate).start();
    let connector = connector(&sandbox);
    let mut running = connector.start_write();
    step(&mut running, 1);
    sandbox.expire_access_tokens();
    step(&mut running, 2);
    let run = running.finish().succeeded();
    let configs = handed_back(&run);
    assert_eq!(configs.len(), 2);
    assert_eq!(configs[1]["credentials"]["refresh_token"], json!(sandbox.refresh_token(APP.0)));
    let run = connector.config(configs[1]).check();
    assert_eq!(run.of_type("CONNECTION_STATUS")[0]["connectionStatus"]["status"], "SUCCEEDED", "{run:#?}");
}

#[test]
fn a_rotation_is_handed_back_by_every_command_failures_included() {
    let sandbox = account().refresh_tokens(RefreshTokens::Rotate).start();
    let runs: [fn(&Connector) -> Finished; 3] = [Connector::check, Connector::discover, |connector| {
        connector.write(&[delivery::contact(1)]).failed_with("config_error")
    }];
    // No object is called like this: write fails before its first record.
    let nobody = catalog(&[elt_stream("nobody", &["email"])]);
    let mut config = config(&sandbox);
    for run in runs {
        let finished = run(&connector(&sandbox).config(&config).catalog(&nobody));
        let configs = handed_back(&finished);
        assert_eq!(configs.len(), 1, "{finished:#?}");
        assert_eq!(configs[0]["credentials"]["refresh_token"], json!(sandbox.refresh_token(APP.0)));
        config = configs[0].clone();
    }
}

#[test]
fn a_refused_refresh_token_or_app_is_a_config_error() {
    for field in ["refresh_token", "client_id", "client_secret"] {
        let sandbox = account().start();
        let mut wrong = config(&sandbox);
        wrong["credentials"][field] = json!("wrong");
        let connector = connector(&sandbox).config(&wrong);
        let run =
            connector.write(&[delivery::contact(1), stream_state("contacts", 1)]).failed_with("config_error");
        assert!(run.states().is_empty());
        assert_nothing_written(&sandbox);
        assert_eq!(sandbox.totals().arrived, 1, "a refused grant is not tried again");
        let run = connector.check();
        assert_eq!(run.of_type("CONNECTION_STATUS")[0]["connectionStatus"]["status"], "FAILED");
        connector.discover().failed_with("config_error");
    }
}

#[test]
fn a_refresh_token_that_is_revoked_in_the_middle_ends_the_sync_after_what_settled() {
    let sandbox = account().start();
    let connector = connector(&sandbox);
    let mut running = connector.start_write();
    step(&mut running, 1);
    sandbox.revoke_refresh_token(APP.0);
    sandbox.expire_access_tokens();
    running.send(&[delivery::contact(2), stream_state("contacts", 2)]);
    let run = running.finish().failed_with("config_error");
    assert_eq!(run.states().len(), 1);
}

#[test]
fn trouble_of_the_token_endpoint_that_passes_is_waited_out() {
    let sandbox = account().fault(Fault::on(Endpoint::OAuthToken).first(1).status(503)).start();
    let connector = connector(&sandbox);
    let mut running = connector.start_write();
    step(&mut running, 1);
    sandbox.add_fault(Fault::on(Endpoint::OAuthToken).first(1).status(503));
    sandbox.expire_access_tokens();
    step(&mut running, 2);
    let run = running.finish().succeeded();
    assert_eq!((run.stats(), run.codes().len()), ((2.0, 0.0), 0));
    assert_eq!(refreshes(&sandbox), 4);
}

#[test]
fn a_token_endpoint_that_stays_down_is_a_transient_error() {
    let sandbox = account().fault(Fault::on(Endpoint::OAuthToken).status(503)).start();
    let connector = connector(&sandbox).with(&json!({"retry_budget_seconds": 0.5}));
    connector.write(&[delivery::contact(1)]).failed_with("transient_error");
    assert_nothing_written(&sandbox);
}
