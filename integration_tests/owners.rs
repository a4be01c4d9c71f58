//! Owner properties: by id, by e-mail address, and what becomes of an address nobody has.

use hubspot_sandbox::{Endpoint, Owner, Sandbox};
use serde_json::{Value, json};

use crate::support::delivery;
use crate::support::messages::{elt_stream, record, stream_state};

fn account() -> hubspot_sandbox::Builder {
    Sandbox::builder().owner(Owner {
        id: 77,
        user_id: 9001,
        email: "Ann.Seller@example.com".into(),
        first_name: "Ann".into(),
        last_name: "Seller".into(),
    })
}

fn rows() -> Vec<Value> {
    let owned = |number: u32, owner: &str| {
        record("contacts", json!({"email": format!("c{number}@example.com"), "hubspot_owner_id": owner}))
    };
    vec![
        owned(1, "77"),
        owned(2, "ann.seller@EXAMPLE.com"),
        owned(3, "nobody@example.com"),
        stream_state("contacts", 1),
    ]
}

fn owner_of(sandbox: &Sandbox, email: &str) -> Option<String> {
    sandbox
        .find("contacts", "email", email)
        .first()
        .and_then(|contact| contact.get("hubspot_owner_id").map(str::to_owned))
}

#[test]
fn owners_are_found_by_id_and_by_address() {
    let sandbox = account().start();
    let stream = elt_stream("contacts", &["email", "hubspot_owner_id"]);
    let run = delivery::for_streams(&sandbox, &[stream]).write(&rows()).succeeded();
    assert_eq!(run.codes(), ["INVALID_OPTION"]);
    for email in ["c1@example.com", "c2@example.com"] {
        assert_eq!(owner_of(&sandbox, email).as_deref(), Some("77"), "{email}");
    }
}

#[test]
fn owners_are_read_only_where_a_stream_names_an_owner_property() {
    let sandbox = account().start();
    let stream = elt_stream("contacts", &["email", "city"]);
    let row = record("contacts", json!({"email": "a@example.com", "city": "Oslo"}));
    delivery::for_streams(&sandbox, &[stream]).write(&[row]).succeeded();
    assert!(sandbox.requests().iter().all(|request| request.endpoint != Endpoint::OwnerList));
}
