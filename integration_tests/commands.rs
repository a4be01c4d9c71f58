//! `spec`, the command line, and files that cannot be used.

use std::process::{Command, Output};

use hubspot_sandbox::Sandbox;
use serde_json::{Value, json};

use crate::support::connector::{Connector, Finished};
use crate::support::delivery;
use crate::support::messages::stream_state;
use crate::support::sent::assert_nothing_written;

/// For configurations that are refused before anything is asked of the API.
fn offline() -> Connector {
    Connector::new("http://127.0.0.1:9", "pat-na1-unused")
}

fn program(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_destination-hubspot"))
        .args(arguments)
        .output()
        .expect("the program runs")
}

fn check_message(run: &Finished, status: &str) -> String {
    assert!(run.status.success() && run.stderr.is_empty(), "{run:#?}");
    let statuses = run.of_type("CONNECTION_STATUS");
    assert_eq!(statuses.len(), 1, "{run:#?}");
    let told = &statuses[0]["connectionStatus"];
    assert_eq!(told["status"], status, "{run:#?}");
    told["message"].as_str().expect("a message").to_owned()
}

#[test]
fn spec_prints_one_line_and_nothing_else() {
    let run = offline().spec().succeeded();
    assert_eq!((run.messages.len(), run.stderr.as_str()), (1, ""));
    let spec = &run.of_type("SPEC")[0]["spec"];
    assert_eq!(spec["supported_destination_sync_modes"], json!(["append", "append_dedup", "overwrite"]));
}

#[test]
fn the_specification_is_draft_07_and_takes_what_the_reference_takes() {
    let run = offline().spec();
    let schema = &run.of_type("SPEC")[0]["spec"]["connectionSpecification"];
    jsonschema::draft7::meta::validate(schema).expect("draft-07");
    assert_eq!(schema["additionalProperties"], true);
    assert_eq!(schema["required"], json!(["credentials"]));
    let validator = jsonschema::draft7::new(schema).expect("a schema");
    let oauth = json!({"type": "OAuth", "client_id": "i", "client_secret": "s", "refresh_token": "r"});
    let s3 = json!({"storage_type": "S3", "s3_bucket_name": "b", "s3_bucket_region": "eu-west-1", "bucket_path": "p",
        "access_key_id": "a", "secret_access_key": "k", "format": {"format_type": "JSONL"}});
    for accepted in [
        json!({"credentials": {"type": "AccessToken", "access_token": "pat-na1-x"}, "anything": [1]}),
        json!({"credentials": oauth, "object_storage_config": {"storage_type": "None"}}),
        json!({"credentials": oauth, "object_storage_config": s3}),
        json!({"credentials": oauth, "streams": [{"name": "a", "operation": "mirror", "match": "search"}]}),
    ] {
        assert!(validator.is_valid(&accepted), "{accepted}");
    }
    for refused in [
        json!({}),
        json!({"credentials": {"type": "ApiKey", "api_key": "x"}}),
        json!({"credentials": oauth, "api_version": "v2"}),
        json!({"credentials": oauth, "rate_limit_share": 0}),
        json!({"credentials": oauth, "streams": [{"object": "CONTACT"}]}),
    ] {
        assert!(!validator.is_valid(&refused), "{refused}");
    }
}

#[test]
fn completions_name_the_commands_and_their_flags() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let output = program(&["completions", shell]);
        assert!(output.status.success() && output.stderr.is_empty());
        let script = String::from_utf8(output.stdout).expect("text");
        for word in ["spec", "check", "discover", "write", "config"] {
            assert!(script.contains(word), "{shell}: {word}");
        }
    }
    assert_eq!(program(&["completions", "cobol"]).status.code(), Some(2));
}

#[test]
fn help_says_what_each_command_prints_and_how_to_call_it() {
    for (command, printed) in [
        ("spec", "SPEC"),
        ("check", "CONNECTION_STATUS"),
        ("discover", "DESTINATION_CATALOG"),
        ("write", "STATE"),
    ] {
        let help = String::from_utf8(program(&[command, "--help"]).stdout).expect("text");
        assert!(help.contains(printed), "{help}");
        assert_eq!(help.contains("--config config.json"), command != "spec", "{help}");
    }
}

#[test]
fn help_names_the_four_commands() {
    let output = program(&["--help"]);
    assert!(output.status.success() && output.stderr.is_empty());
    let help = String::from_utf8(output.stdout).expect("text");
    for command in ["spec", "check", "discover", "write"] {
        assert!(help.contains(command), "{help}");
    }
}

#[test]
fn wrong_usage_is_told_on_stderr_only_with_exit_code_2() {
    for arguments in [
        &["--unknown"][..],
        &[],
        &["read", "--config", "c"],
        &["check"],
        &["check", "--config", "c", "--verbose"],
        &["write", "--config", "c"],
        &["discover", "c"],
    ] {
        let output = program(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(output.stdout.is_empty() && !output.stderr.is_empty(), "{arguments:?}: {output:?}");
    }
}

#[test]
fn flags_come_in_any_order_and_form() {
    let sandbox = Sandbox::builder().start();
    let connector = delivery::for_contacts(&sandbox);
    let (config, catalog) = (connector.config_path(), connector.catalog_path());
    let (config, catalog) = (config.to_string_lossy(), catalog.to_string_lossy());
    connector.run(&["write", "--catalog", &catalog, "--config", &config]).succeeded();
    let joined = [format!("--catalog={catalog}"), format!("--config={config}")];
    connector.run(&["write", &joined[0], &joined[1]]).succeeded();
    check_message(&connector.run(&["check", "--catalog", "", "--config", &config]), "SUCCEEDED");
    check_message(&connector.run(&["check", "--config", &config, "--catalog", ""]), "SUCCEEDED");
}

/// Configurations that are refused, with what the message has to name.
fn bad_configurations() -> Vec<(Value, &'static str)> {
    let with = |more: Value| {
        let mut config = json!({"credentials": {"type": "AccessToken", "access_token": "t"}});
        for (key, value) in more.as_object().expect("an object") {
            config[key] = value.clone();
        }
        config
    };
    vec![
        (json!({}), "credentials"),
        (json!({"credentials": null}), "credentials"),
        (json!({"credentials": {"type": "AccessToken"}}), "credentials.access_token"),
        (
            json!({"credentials": {"type": "OAuth", "client_id": "a", "refresh_token": "b"}}),
            "credentials.client_secret",
        ),
        (with(json!({"api_version": "v9"})), "api_version"),
        (with(json!({"unknown_properties": "keep"})), "unknown_properties"),
        (with(json!({"rate_limit_share": 101})), "rate_limit_share"),
        (with(json!({"daily_reserve_percent": -1})), "daily_reserve_percent"),
        (with(json!({"streams": [{"name": "a"}, {"operation": "upsert"}]})), "streams[1].name"),
        (with(json!({"streams": [{"name": "a", "operation": "replace"}]})), "streams[0].operation"),
        (
            with(json!({"streams": [{"name": "a", "property_mapping": {"b": 1}}]})),
            "streams[0].property_mapping.b",
        ),
        (with(json!({"object_storage_config": {"storage_type": "Local"}})), "object_storage_config.path"),
        (with(json!({"api_base_url": "localhost"})), "api_base_url"),
    ]
}

#[test]
fn check_names_the_path_of_a_bad_field() {
    for (config, path) in bad_configurations() {
        let message = check_message(&offline().config(&config).check(), "FAILED");
        assert!(message.contains(path), "{path}: {message}");
    }
}

#[test]
fn discover_and_write_refuse_a_bad_configuration_as_config_error_naming_the_path() {
    for (config, path) in bad_configurations().into_iter().step_by(4) {
        let connector = offline().config(&config).catalog(&json!({"streams": [delivery::contacts()]}));
        for run in [connector.discover(), connector.write(&[stream_state("contacts", 1)])] {
            let run = run.failed_with("config_error");
            assert!(run.error()["message"].as_str().is_some_and(|text| text.contains(path)), "{run:#?}");
            assert!(run.states().is_empty() && run.of_type("DESTINATION_CATALOG").is_empty());
        }
    }
}

#[test]
fn a_configuration_that_is_missing_or_no_json_is_told_without_its_content() {
    let connector = offline();
    let absent = connector.config_path().with_file_name("absent.json");
    let absent = absent.to_string_lossy();
    let message = check_message(&connector.run(&["check", "--config", &absent]), "FAILED");
    assert!(message.contains("absent.json"), "{message}");
    connector.run(&["discover", "--config", &absent]).failed_with("config_error");
    for broken in ["", "{\"credentials\": {\"access_token\": \"hush-hush", "[]", "hush-hush"] {
        std::fs::write(connector.config_path(), broken).expect("the configuration file");
        let run = connector.check();
        check_message(&run, "FAILED");
        assert!(run.lines.iter().all(|line| !line.contains("hush-hush")), "{run:#?}");
        connector.discover().failed_with("config_error");
    }
}

#[test]
fn a_null_in_the_configuration_counts_as_absent() {
    let sandbox = Sandbox::builder().start();
    let nulls = json!({"streams": null, "unknown_properties": null, "object_storage_config": null, "api_version": null,
        "retry_budget_seconds": null, "rate_limit_share": null});
    let connector = Connector::new(&sandbox.url(), sandbox.default_token()).with(&nulls);
    check_message(&connector.check(), "SUCCEEDED");
}

#[test]
fn a_catalog_that_is_missing_or_no_json_or_empty_is_a_config_error() {
    let sandbox = Sandbox::builder().start();
    let connector = Connector::new(&sandbox.url(), sandbox.default_token());
    connector.write(&[]).failed_with("config_error");
    for broken in
        ["", "{", "[]", "{}", r#"{"streams":null}"#, r#"{"streams":[]}"#, r#"{"streams":[{"stream":{}}]}"#]
    {
        std::fs::write(connector.catalog_path(), broken).expect("the catalog file");
        let run =
            connector.write(&[delivery::contact(1), stream_state("contacts", 1)]).failed_with("config_error");
        assert!(run.states().is_empty(), "{broken}: {run:#?}");
    }
    assert_nothing_written(&sandbox);
}

#[test]
fn a_byte_order_mark_before_a_file_is_no_part_of_it() {
    let sandbox = delivery::account().start();
    let connector = delivery::for_contacts(&sandbox);
    for path in [connector.config_path(), connector.catalog_path()] {
        let text = std::fs::read_to_string(&path).expect("a file");
        std::fs::write(&path, format!("\u{feff}{text}")).expect("a file");
    }
    let run = connector.write(&[delivery::contact(1), stream_state("contacts", 1)]).succeeded();
    assert_eq!(run.stats(), (1.0, 0.0));
    check_message(&connector.check(), "SUCCEEDED");
}
