//! The demo's data through the real `write`: the numbers the demo shows are right.

use std::path::Path;

use serde_json::Value;

use crate::support::connector::Connector;
use crate::support::demo_account;

fn sample(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("integration_tests/sample").join(name);
    std::fs::read_to_string(path).expect("the sample data")
}

#[test]
fn every_sample_record_is_stored_or_rejected_with_its_reason() {
    let sandbox = demo_account::builder().start();
    let catalog: Value = serde_json::from_str(&sample("catalog.json")).expect("the sample catalog");
    let connector = Connector::new(&sandbox.url(), sandbox.default_token()).catalog(&catalog);
    let run = connector.write_text(&sample("messages.jsonl")).succeeded();

    let mut codes = run.codes();
    codes.sort_unstable();
    let expected = [
        "INVALID_EMAIL",
        "INVALID_INTEGER",
        "INVALID_INTEGER",
        "INVALID_OPTION",
        "MISSING_MATCHING_KEY",
        "MISSING_REQUIRED_PROPERTY",
    ];
    assert_eq!(codes, expected);
    let stored = ["companies", "contacts", "deals", "cars"].map(|object| sandbox.count(object));
    assert_eq!(stored, [80, 300, 120, 60]);
    let states = sample("messages.jsonl").lines().filter(|line| line.contains(r#""type":"STATE""#)).count();
    assert_eq!(run.states().len(), states);
    assert_eq!(run.stats(), (561.0, 6.0), "one contact came twice");

    let twice: Vec<_> = sandbox
        .records("contacts")
        .into_iter()
        .filter(|contact| contact.get("city") == Some("Lisbon"))
        .collect();
    assert_eq!(twice.len(), 1, "the later value won");
}
