//! Answers that HubSpot gave to others. Refusals are given to a sync: who is rejected, what ends, what is waited out.
//! Definitions are read.
//!
//! The recordings live beside the repository, not in it; without them this says so and passes.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use destination_hubspot::crm::object::ObjectSchema;
use destination_hubspot::crm::property::{Property, PropertyType};
use hubspot_sandbox::{Endpoint, Fault, FaultAnswer, FaultBody, InputMatch, When};
use serde_json::Value;

use crate::support::delivery::{account, contact, email, for_contacts};
use crate::support::messages::stream_state;

/// What becomes of a batch of two of which HubSpot refuses one with a recorded answer.
#[derive(Clone, Copy, Debug)]
enum Fate {
    /// That one is rejected with this code.
    Rejected(&'static str),
    /// The sync ends with this `failure_type`, and nobody is rejected.
    Ends(&'static str),
    /// It is waited out, and nobody is rejected.
    Passes,
}

use Fate::{Ends, Passes, Rejected};

const FATES: [(&str, Fate); 29] = [
    ("grouparoo-search-429-custom-object", Passes),
    ("grouparoo-search-429-secondly", Passes),
    ("grouparoo-v1-400-invalid-email", Rejected("INVALID_EMAIL")),
    ("grouparoo-v1-400-invalid-long", Rejected("INVALID_LONG")),
    ("hotglue-create-400-association-target-missing", Rejected("INVALID_FROM_OBJECT")),
    ("hotglue-create-400-invalid-email", Rejected("INVALID_EMAIL")),
    ("hotglue-create-400-invalid-number-and-date", Rejected("INVALID_INTEGER")),
    ("hotglue-create-400-invalid-option", Rejected("INVALID_OPTION")),
    ("hotglue-create-400-malformed-json-type", Rejected("INVALID_RECORD")),
    ("hotglue-upsert-400-non-unique-idproperty", Ends("config_error")),
    ("public-401-expired-token", Ends("config_error")),
    ("public-403-missing-scopes", Ends("config_error")),
    ("public-429-daily", Ends("transient_error")),
    ("public-429-secondly", Passes),
    ("public-429-ten-secondly-rolling", Passes),
    ("public-batch-create-409-first-only", Rejected("CONFLICT")),
    ("public-batch-update-idproperty-non-unique", Ends("config_error")),
    ("public-create-409-contact-exists", Rejected("CONFLICT")),
    ("public-create-409-object-already-exists", Rejected("CONFLICT")),
    ("public-lists-error-shape", Rejected("VALIDATION_ERROR")),
    ("public-upsert-409-whole-batch", Rejected("CONFLICT")),
    // A 404 of the whole address, not of a record in the batch: the object is not there.
    ("segment-association-404-to-object-not-found", Ends("config_error")),
    ("segment-create-400-property-doesnt-exist", Rejected("PROPERTY_DOESNT_EXIST")),
    ("segment-event-definition-400-missing", Ends("config_error")),
    ("segment-list-get-400-not-found", Rejected("NOT_FOUND")),
    ("segment-patch-400-no-properties", Rejected("VALIDATION_ERROR")),
    ("segment-patch-404-resource-not-found", Ends("config_error")),
    ("segment-patch-500", Passes),
    ("segment-search-400-unknown-property", Rejected("INVALID_RECORD")),
];

/// Status and body of every recorded answer, by name; `None`, with a word, where there are none.
fn answers() -> Option<BTreeMap<String, (u16, Value)>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/fixtures");
    let Ok(entries) = std::fs::read_dir(folder) else {
        println!("skipped: there are no recordings beside the repository");
        return None;
    };
    let files = entries.map(|entry| entry.expect("a readable folder").path());
    let json = files.filter(|file| file.extension().is_some_and(|extension| extension == "json"));
    let answer = |file: PathBuf| {
        let text = std::fs::read(&file).expect("a recording");
        let recording: Value = serde_json::from_slice(&text).expect("JSON");
        let status = recording["response"]["status"].as_u64().and_then(|status| u16::try_from(status).ok());
        let name = file.file_stem().expect("a name").to_string_lossy().into_owned();
        (name, (status.expect("a status"), recording["response"]["body"].clone()))
    };
    Some(json.map(answer).collect())
}

fn befalls(name: &str, fate: Fate, status: u16, body: &Value) {
    let answer = FaultAnswer::new(status).body(FaultBody::Json(body.clone()));
    let fault = Fault::on(Endpoint::Upsert).answer(answer, When::BeforeEffect);
    let fault = match fate {
        Passes => fault.first(1),
        Rejected(_) | Ends(_) => fault.containing(InputMatch::id(&email(2))),
    };
    let sandbox = account().fault(fault).start();
    let run = for_contacts(&sandbox).write(&[contact(1), contact(2), stream_state("contacts", 1)]);
    let codes = run.codes().join(" ");
    match fate {
        Rejected(code) => {
            let run = run.succeeded();
            assert_eq!(codes, code, "{name}");
            let rejected = run.rejected()[0];
            assert_eq!(rejected["data"]["email"], email(2), "{name}");
            let rejection = &rejected["meta"]["rejection"];
            assert_eq!(rejection["origin"], "hubspot", "{name}");
            if body["correlationId"].is_string() {
                assert_eq!(rejection["correlation_id"], body["correlationId"], "{name}");
            }
            assert_eq!((run.stats(), sandbox.count("contacts")), ((1.0, 1.0), 1), "{name}");
        }
        Ends(failure_type) => {
            let run = run.failed_with(failure_type);
            assert_eq!((codes.as_str(), run.states().len()), ("", 0), "{name}");
        }
        Passes => {
            let run = run.succeeded();
            assert_eq!(
                (codes.as_str(), run.stats(), sandbox.count("contacts")),
                ("", (2.0, 0.0), 2),
                "{name}"
            );
        }
    }
}

#[test]
fn every_recorded_refusal_rejects_one_record_or_ends_the_sync_or_passes() {
    let Some(mut refusals) = answers() else { return };
    refusals.retain(|_, (status, _)| *status >= 400);
    let listed: BTreeSet<&str> = FATES.iter().map(|(name, _)| *name).collect();
    let recorded: BTreeSet<&str> = refusals.keys().map(String::as_str).collect();
    assert_eq!(listed, recorded);
    // Side by side, since what passes is waited for.
    std::thread::scope(|scope| {
        for lane in 0..4 {
            let refusals = &refusals;
            scope.spawn(move || {
                for (name, fate) in FATES.iter().skip(lane).step_by(4) {
                    let (status, body) = &refusals[*name];
                    befalls(name, *fate, *status, body);
                }
            });
        }
    });
}

/// The definitions in a recording, and as many as there are.
fn definitions(name: &str, body: &Value) -> Vec<Property> {
    let listed = body["results"].as_array().or(body["properties"].as_array()).expect("a list");
    let read: Vec<Property> =
        listed.iter().map(|definition| serde_json::from_value(definition.clone()).expect(name)).collect();
    assert!(!read.is_empty(), "{name}");
    read
}

#[test]
fn recorded_definitions_are_read_as_what_they_are() {
    let Some(answers) = answers() else { return };
    let body = |name: &str| &answers[name].1;
    for name in ["segment-properties-list-200", "segment-properties-sensitive-list-200"] {
        assert_eq!(definitions(name, body(name)).len(), 9, "{name}");
    }
    let contact = definitions("contact", body("grouparoo-schema-contact-200"));
    let names = |fits: fn(&Property) -> bool| -> Vec<&str> {
        contact.iter().filter(|property| fits(property)).map(|property| property.name.as_str()).collect()
    };
    assert!(names(Property::is_owner).contains(&"hubspot_owner_id"), "{:?}", names(Property::is_owner));
    assert!(names(|property| !property.is_writable()).contains(&"hs_object_id"));
    assert!(names(|property| property.kind == PropertyType::Other).is_empty(), "every kind is known");
    let schemas: Vec<ObjectSchema> =
        serde_json::from_value(body("grouparoo-schemas-list-200")["results"].clone()).expect("schemas");
    assert_eq!(schemas.len(), 2);
    assert!(schemas.iter().all(|schema| schema.object_type_id.starts_with("2-")));
}
