//! What may come on stdin: every kind of line, and what becomes of it.

use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::{Command, Stdio};

use hubspot_sandbox::{Endpoint, Sandbox};
use serde_json::{Value, json};

use crate::support::connector::{Finished, PATIENCE};
use crate::support::crm;
use crate::support::delivery;
use crate::support::messages::{complete, elt_stream, stream_state};
use crate::support::sent::properties;

fn contact(number: usize) -> String {
    delivery::contact(number).to_string()
}

fn state(number: u64) -> String {
    stream_state("contacts", number).to_string()
}

fn written(sandbox: &Sandbox, text: &str) -> Finished {
    delivery::for_contacts(sandbox).write_text(text)
}

fn lines(lines: &[&str]) -> String {
    lines.iter().map(|line| format!("{line}\n")).collect()
}

/// A contact whose data is this text, byte for byte.
fn raw(data: &str) -> String {
    format!(r#"{{"type":"RECORD","record":{{"stream":"contacts","emitted_at":17,"data":{data}}}}}"#)
}

#[test]
fn noise_is_ignored_with_a_warning_that_has_its_line_and_length_and_not_its_content() {
    let sandbox = crm::account().start();
    let noise = [
        "Starting the source, secret-phrase ...",
        "[\"secret-phrase\"]",
        "\"secret-phrase\"",
        "12345678",
        "null",
        r#"{"level":"INFO","text":"secret-phrase"}"#,
        r#"{"type":"NEWS","news":"secret-phrase"}"#,
        r#"{"type":7,"x":"secret-phrase"}"#,
    ];
    let mut input: Vec<String> = Vec::new();
    for (number, line) in noise.iter().enumerate() {
        input.extend([(*line).to_owned(), contact(number)]);
    }
    input.push(state(1));
    let run = written(&sandbox, &(input.join("\n") + "\n")).succeeded();
    assert_eq!(run.stats(), (8.0, 0.0));
    assert!(run.lines.iter().all(|line| !line.contains("secret-phrase")), "{run:#?}");
    for (number, line) in noise.iter().enumerate() {
        let (place, length) = ((2 * number + 1).to_string(), line.len().to_string());
        let words = |text: &str| {
            let mut words = text.split(|c: char| !c.is_ascii_alphanumeric());
            words.any(|word| word == place) && text.contains(&length)
        };
        let warned = run.of_type("LOG").into_iter().any(|message| {
            message["log"]["level"] == "WARN" && message["log"]["message"].as_str().is_some_and(words)
        });
        assert!(warned, "line {place} of {length} bytes: {:#?}", run.logs());
    }
}

#[test]
fn other_messages_and_blank_lines_mean_nothing_here() {
    let sandbox = crm::account().start();
    let input = lines(&[
        "",
        "   \t ",
        r#"{"type":"LOG","log":{"level":"INFO","message":"hello"}}"#,
        r#"{"type":"TRACE","trace":{"type":"ESTIMATE","emitted_at":1.0,"estimate":{"name":"contacts","type":"STREAM"}}}"#,
        r#"{"type":"TRACE","trace":{"type":"ERROR","emitted_at":1.0,"error":{"message":"of the source"}}}"#,
        r#"{"type":"CONTROL","control":{"type":"CONNECTOR_CONFIG","emitted_at":1.0,"connectorConfig":{"config":{}}}}"#,
        r#"{"type":"SPEC","spec":{"connectionSpecification":{}}}"#,
        r#"{"type":"CATALOG","catalog":{"streams":[]}}"#,
        &contact(1),
        "\r",
        &state(1),
    ]);
    let run = written(&sandbox, &input).succeeded();
    assert_eq!(run.stats(), (1.0, 0.0));
    let warned = run.of_type("LOG").iter().filter(|message| message["log"]["level"] == "WARN").count();
    assert_eq!(warned, 0, "{:#?}", run.logs());
}

#[test]
fn a_byte_order_mark_and_windows_line_ends_are_no_part_of_a_message() {
    let sandbox = crm::account().start();
    let text = format!("\u{feff}{}\r\n{}\r\n\r\n{}\r\n", contact(1), contact(2), state(1));
    let run = written(&sandbox, &text).succeeded();
    assert_eq!((run.states().len(), run.stats()), (1, (2.0, 0.0)));
}

#[test]
fn an_unterminated_last_line_counts_when_it_is_whole() {
    let sandbox = crm::account().start();
    let run = written(&sandbox, &format!("{}\n{}", contact(1), state(1))).succeeded();
    assert_eq!(run.stats(), (1.0, 0.0));
    let run = written(&sandbox, &contact(2)).succeeded();
    assert_eq!((run.states().len(), sandbox.count("contacts")), (0, 2));
}

#[test]
fn a_last_line_that_was_cut_is_a_transient_error_and_what_came_before_is_acknowledged() {
    let sandbox = crm::account().start();
    let cut = contact(2);
    for length in [1, cut.len() / 2, cut.len() - 1] {
        let run = written(&sandbox, &format!("{}\n{}\n{}", contact(1), state(1), &cut[..length]));
        let run = run.failed_with("transient_error");
        assert_eq!(run.states().len(), 1, "{length}: {run:#?}");
    }
    assert_eq!(sandbox.count("contacts"), 1);
}

#[test]
fn a_line_that_begins_like_a_message_and_cannot_be_read_stops_all_acknowledgement() {
    for broken in [
        "{oops",
        r#"{"type":"RECORD","record":{"stream":"contacts","data":{"email":"hidden@example.com""#,
        r#"{"type":"RECORD"}"#,
        r#"{"type":"RECORD","record":null}"#,
        r#"{"type":"RECORD","record":{"data":{"email":"hidden@example.com"}}}"#,
        r#"{"type":"RECORD","record":{"stream":"","data":{"email":"hidden@example.com"}}}"#,
        r#"{"type":"RECORD","record":{"stream":["contacts"],"data":{"email":"hidden@example.com"}}}"#,
    ] {
        let sandbox = crm::account().start();
        let input = lines(&[&contact(1), &state(1), broken, &contact(2), &state(2)]);
        let run = written(&sandbox, &input).failed_with("system_error");
        assert_eq!(run.states().iter().map(|state| &state["id"]).collect::<Vec<_>>(), [1], "{broken}");
        assert!(run.lines.iter().all(|line| !line.contains("hidden@example.com")), "{run:#?}");
        let message = run.error()["message"].as_str().expect("a message");
        assert!(message.contains('3'), "the line is named: {message}");
        assert_eq!(
            sandbox.find("contacts", "email", &delivery::email(1)).len(),
            1,
            "what settled stays settled"
        );
    }
}

#[test]
fn bytes_that_are_no_text_stop_all_acknowledgement() {
    let sandbox = crm::account().start();
    let connector = delivery::for_contacts(&sandbox);
    let mut running = connector.start_write();
    let mut input = running.take_input();
    let mut bytes = format!("{}\n{}\n", contact(1), state(1)).into_bytes();
    bytes.extend_from_slice(
        b"{\"type\":\"RECORD\",\"record\":{\"stream\":\"contacts\",\"data\":{\"email\":\"\xff\xfe\"}}}\n",
    );
    bytes.extend_from_slice(lines(&[&state(2)]).as_bytes());
    input.write_all(&bytes).expect("it reads");
    drop(input);
    let run = running.wait().failed_with("system_error");
    assert_eq!(run.states().len(), 1);
}

#[test]
fn a_record_of_a_stream_that_the_catalog_lacks_is_rejected() {
    let sandbox = crm::account().start();
    let mut stray = delivery::contact(2);
    stray["record"]["stream"] = json!("people");
    let run = delivery::for_contacts(&sandbox)
        .write(&[delivery::contact(1), stray, stream_state("people", 1), stream_state("contacts", 2)])
        .succeeded();
    assert_eq!(run.codes(), ["UNKNOWN_STREAM"]);
    assert_eq!(run.states().len(), 2, "a state of such a stream is echoed in its turn");
    assert_eq!(sandbox.count("contacts"), 1);
}

#[test]
fn an_input_and_an_output_that_do_not_block_are_waited_for() {
    let sandbox = crm::account().start();
    let connector = delivery::for_contacts(&sandbox);
    let (mut input, theirs) = UnixStream::pair().expect("a pair");
    let (mut output, theirs_too) = UnixStream::pair().expect("a pair");
    for end in [&theirs, &theirs_too] {
        end.set_nonblocking(true).expect("an end that does not block");
    }
    let mut child = {
        let mut command = Command::new(env!("CARGO_BIN_EXE_destination-hubspot"));
        command.arg("write").arg("--config").arg(connector.config_path());
        command.arg("--catalog").arg(connector.catalog_path());
        let ends = [theirs, theirs_too].map(|end| Stdio::from(OwnedFd::from(end)));
        let [stdin, stdout] = ends;
        command.stdin(stdin).stdout(stdout).stderr(Stdio::piped()).spawn().expect("the program starts")
    };
    // Nothing is there when it looks for the first time.
    assert!(sandbox.wait_until(PATIENCE, |totals| totals.arrived > 0));
    let arrived = |calls: u64| sandbox.wait_until(PATIENCE, |totals| totals.calls(Endpoint::Upsert) >= calls);
    writeln!(input, "{}", contact(1)).expect("it reads");
    assert!(arrived(1));
    // More than the socket holds is to be printed before anybody reads it.
    let filling = "x".repeat(1_000);
    for number in 0..500 {
        writeln!(input, "{}", raw(&format!(r#"{{"email":"{number}","city":"{filling}"}}"#)))
            .expect("it reads");
    }
    writeln!(input, "{}\n{}", contact(2), state(1)).expect("it reads");
    assert!(arrived(2));
    drop(input);
    let mut printed = String::new();
    output.read_to_string(&mut printed).expect("it prints");
    assert!(child.wait().expect("an end").success(), "{printed}");
    let states = printed.lines().filter(|line| line.contains(r#""type":"STATE""#)).count();
    let rejected = printed.lines().filter(|line| line.starts_with(r#"{"type":"RECORD""#)).count();
    assert_eq!((states, rejected), (1, 500));
}

#[test]
fn data_that_is_not_an_object_is_rejected_with_its_type() {
    let sandbox = crm::account().start();
    let values = [
        ("[1,2]", "array"),
        ("\"private\"", "string"),
        ("17", "number"),
        ("true", "boolean"),
        ("null", "null"),
    ];
    let mut input: Vec<String> = values.iter().map(|(data, _)| raw(data)).collect();
    input.push(r#"{"type":"RECORD","record":{"stream":"contacts","emitted_at":17}}"#.to_owned());
    input.push(state(1));
    let run = written(&sandbox, &(input.join("\n") + "\n")).succeeded();
    assert_eq!(run.codes(), ["INVALID_RECORD"; 6]);
    assert_eq!(run.stats(), (0.0, 6.0));
    for (record, (_, kind)) in run.rejected().iter().zip(values) {
        assert_eq!(record["data"], json!({}));
        let message = record["meta"]["rejection"]["message"].as_str().expect("a message");
        assert!(message.contains(kind), "{kind}: {message}");
    }
}

#[test]
fn numbers_reach_hubspot_with_every_digit() {
    let sandbox = crm::account().start();
    let number = "numemployees";
    let cases = [
        (number, "12345678901234567890123", "12345678901234567890123"),
        (number, "9007199254740993", "9007199254740993"),
        (number, "0.1000000000000000055511151231257827", "0.1000000000000000055511151231257827"),
        (number, "1.10", "1.10"),
        (number, "-0.5", "-0.5"),
        (number, "1.5e3", "1500"),
        (number, "\"12345678901234567890.123456789\"", "12345678901234567890.123456789"),
        ("city", "1.10", "1.10"),
        ("city", "12345678901234567890123", "12345678901234567890123"),
        ("city", "true", "true"),
    ];
    let input: Vec<String> = cases
        .iter()
        .enumerate()
        .map(|(place, (property, value, _))| {
            raw(&format!(r#"{{"email":"{}","{property}":{value}}}"#, delivery::email(place)))
        })
        .collect();
    let run = delivery::for_streams(&sandbox, &[elt_stream("contacts", &[])])
        .write_text(&(input.join("\n") + "\n"));
    assert_eq!(run.succeeded().codes(), Vec::<&str>::new());
    for (place, (property, value, stored)) in cases.iter().enumerate() {
        let found = sandbox.find("contacts", "email", &delivery::email(place));
        assert_eq!(found[0].get(property), Some(*stored), "{value}");
    }
}

#[test]
fn text_arrives_as_it_was_meant_however_it_was_escaped() {
    let sandbox = crm::account().start();
    let data = concat!(
        r#"{"email":"a@example.com","ci\u0074y":"Z\u00fcrich \ud83d\ude00 \"\\\/ \n\t\u0001","#,
        "\"firstname\":\"\u{2028}Zoë 李\u{200d}\",\"state\":\"\u{feff}x\"}"
    );
    let run = written(&sandbox, &lines(&[&raw(data), &state(1)])).succeeded();
    assert_eq!(run.stats(), (1.0, 0.0));
    let contact = &sandbox.records("contacts")[0];
    assert_eq!(contact.get("city"), Some("Zürich 😀 \"\\/ \n\t\u{1}"));
    assert_eq!(contact.get("firstname"), Some("\u{2028}Zoë 李\u{200d}"));
    assert_eq!(contact.get("state"), Some("\u{feff}x"));
}

#[test]
fn half_of_a_character_rejects_its_record_only() {
    let sandbox = crm::account().start();
    let broken = [
        r#"{"email":"a@example.com","city":"\ud800"}"#,
        r#"{"email":"b@example.com","city":"x\udc00y"}"#,
        r#"{"email":"\ud83d@example.com"}"#,
        r#"{"email":"c@example.com","\ud800":1}"#,
    ];
    let mut input: Vec<String> = broken.map(raw).to_vec();
    input.extend([contact(1), state(1)]);
    let run = written(&sandbox, &(input.join("\n") + "\n")).succeeded();
    assert_eq!((run.codes().len(), run.stats()), (4, (1.0, 4.0)));
    let printed: Vec<&String> = run.lines.iter().filter(|line| line.contains(r#""type":"RECORD""#)).collect();
    for (line, data) in printed.iter().zip(broken) {
        assert!(line.contains(&format!(r#""data":{data}"#)), "{line}");
    }
}

#[test]
fn a_long_line_is_read_and_one_over_64_mib_ends_the_sync() {
    let sandbox = crm::account().start();
    let long = raw(&format!(r#"{{"email":"{}","blob":"{}"}}"#, delivery::email(2), "x".repeat(21 << 20)));
    let run = written(&sandbox, &lines(&[&contact(1), &long, &state(1)])).succeeded();
    assert_eq!(run.stats(), (2.0, 0.0));

    let too_long = raw(&format!(r#"{{"email":"{}","blob":"{}"}}"#, delivery::email(3), "x".repeat(64 << 20)));
    let run = written(&sandbox, &lines(&[&contact(1), &state(1), &too_long, &contact(4), &state(2)]));
    let run = run.failed_with("system_error");
    assert_eq!(run.states().len(), 1);
    assert!(
        run.error()["message"]
            .as_str()
            .is_some_and(|message| message.contains("line 3") || message.contains("Line 3"))
    );
    assert!(sandbox.find("contacts", "email", &delivery::email(4)).is_empty());
}

#[test]
fn messages_with_every_optional_field_spelled_out_as_null_are_understood() {
    let sandbox = crm::account().start();
    let nulls = json!({"log": null, "spec": null, "connectionStatus": null, "catalog": null, "record": null,
        "state": null, "trace": null, "control": null});
    let spelled_out = |kind: &str, body: Value| {
        let mut message = nulls.clone();
        message["type"] = json!(kind);
        message[kind.to_lowercase()] = body;
        message
    };
    let record = spelled_out(
        "RECORD",
        json!({"namespace": null, "stream": "contacts", "emitted_at": 1_795_290_302_755.25,
        "data": {"email": "a@example.com", "city": "Oslo"}, "meta": null, "file_reference": null}),
    );
    let state = spelled_out(
        "STATE",
        json!({"type": "GLOBAL", "stream": null, "data": {"legacy": 1}, "sourceStats": null,
        "destinationStats": null, "global_": {"shared_state": {"at": 5}, "stream_states": []}}),
    );
    let end = complete("contacts");
    let end = spelled_out("TRACE", end["trace"].clone());
    let run = delivery::for_contacts(&sandbox).write(&[record, state, end]).succeeded();
    assert_eq!(run.stats(), (1.0, 0.0));
    assert_eq!(run.states()[0]["global_"], json!({"shared_state": {"at": 5}, "stream_states": []}));
    assert_eq!(run.states()[0]["data"], json!({"legacy": 1}));
    assert_eq!(properties(&sandbox), [json!({"city": "Oslo"})]);
}
