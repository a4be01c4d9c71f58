//! Consent, erasure, and the ids of merged records.

use hubspot_sandbox::{
    ConsentSeed, ErasedAddresses, LegalBases, MergeIds, OptOuts, Sandbox, Scopes, Subscription, WriteKind,
};
use serde_json::{Value, json};

use crate::support::{Client, UPSERT, by_email, inputs};

const ANN: &str = "/communication-preferences/v4/statuses/ann%40b.io";

fn consent() -> ConsentSeed {
    let subscription = |id, name: &str| Subscription {
        id,
        name: name.to_owned(),
        description: String::new(),
        business_unit_id: 0,
        active: true,
    };
    ConsentSeed {
        subscriptions: vec![subscription(5, "News"), subscription(6, "Offers")],
        ..ConsentSeed::default()
    }
}

fn wanted(subscription: u64, status: &str) -> Value {
    json!({ "subscriptionId": subscription, "statusState": status, "channel": "EMAIL" })
}

#[test]
fn statuses_are_set_and_read_one_by_one() {
    let sandbox = Sandbox::builder().consent(consent()).start();
    let mut client = Client::new(&sandbox);
    let definitions = client.get("/communication-preferences/2026-09/definitions").json();
    assert_eq!(
        (&definitions["results"][0]["id"], &definitions["results"][1]["name"]),
        (&json!("5"), &json!("Offers"))
    );
    for (status, reason) in [
        ("UNSUBSCRIBED", "REQUESTED_CHANGE_OCCURRED"),
        ("UNSUBSCRIBED", "NO_STATUS_CHANGE"),
        ("SUBSCRIBED", "RESUBSCRIBE_OCCURRED"),
    ] {
        let set = client.post(ANN, &wanted(5, status));
        assert_eq!((set.status, &set.json()["results"][0]["setStatusSuccessReason"]), (200, &json!(reason)));
    }
    let read = client.get(&format!("{}?channel=EMAIL", ANN.replace("ann", "ANN"))).json();
    let statuses: Vec<&Value> =
        read["results"].as_array().unwrap().iter().map(|known| &known["status"]).collect();
    assert_eq!(statuses, ["SUBSCRIBED", "NOT_SPECIFIED"]);
    assert_eq!(client.get(ANN).status, 400, "the channel has to be named");
    assert_eq!(client.post(ANN, &wanted(7, "SUBSCRIBED")).status, 400);
    assert_eq!(sandbox.count("contacts"), 0, "an address needs no contact, and makes none");
}

#[test]
fn batches_tell_of_errors_within_success_and_need_scopes_of_their_own() {
    let scopes = ["communication_preferences.read_write"];
    let sandbox = Sandbox::builder().consent(consent()).token("starter", Scopes::only(&scopes)).start();
    let mut client = Client::new(&sandbox);
    let input = |email: &str, subscription| {
        let mut input = wanted(subscription, "SUBSCRIBED");
        input["subscriberIdString"] = json!(email);
        input
    };
    let batch = json!({ "inputs": [input("ann@b.io", 5), input("ben@b.io", 9)] });
    let path = "/communication-preferences/v4/statuses/batch";
    let written = client.post(&format!("{path}/write"), &batch);
    assert_eq!(written.status, 200);
    let written = written.json();
    assert_eq!((written["results"].as_array().unwrap().len(), &written["numErrors"]), (1, &json!(1)));
    assert_eq!(written["errors"][0]["context"]["subscriberIdString"], json!(["ben@b.io"]));
    let read = client.post(&format!("{path}/read?channel=EMAIL"), &json!({ "inputs": ["ann@b.io"] })).json();
    assert_eq!(read["results"][0]["statuses"][0]["status"], "SUBSCRIBED");
    let mut starter = Client::with_token(&sandbox, "starter");
    assert_eq!(starter.post(&format!("{path}/write"), &batch).status, 403);
    assert_eq!(starter.post(ANN, &wanted(5, "SUBSCRIBED")).status, 200);
}

#[test]
fn who_opts_out_of_everything_is_unsubscribed_from_all() {
    for (reading, status) in [(OptOuts::Apart, 200), (OptOuts::Final, 400)] {
        let sandbox = Sandbox::builder().consent(consent()).opt_outs(reading).start();
        let mut client = Client::new(&sandbox);
        let all = format!("{ANN}/unsubscribe-all?channel=EMAIL");
        assert_eq!(client.get(&all).json()["results"], json!([]));
        assert_eq!(client.send("POST", &all, None, b"").unwrap().json()["results"], json!([]));
        assert_eq!(client.get(&all).json()["results"][0]["wideStatusType"], "PORTAL_WIDE");
        assert_eq!(
            client.get(&format!("{ANN}?channel=EMAIL")).json()["results"][1]["status"],
            "UNSUBSCRIBED"
        );
        let both = json!({ "inputs": ["ann@b.io", "ben@b.io"] });
        let path = "/communication-preferences/v4/statuses/batch/unsubscribe-all/read?channel=EMAIL";
        let read = client.post(path, &both).json();
        let wide = |index: usize| read["results"][index]["wideStatuses"].as_array().unwrap().len();
        assert_eq!((wide(0), wide(1)), (1, 0));
        assert_eq!(client.post(ANN, &wanted(5, "SUBSCRIBED")).status, status);
    }
}

#[test]
fn legal_bases_are_asked_for_where_they_are_required() {
    let sandbox = Sandbox::builder().consent(consent()).legal_bases(LegalBases::Required).start();
    let mut client = Client::new(&sandbox);
    assert_eq!(client.post(ANN, &wanted(5, "SUBSCRIBED")).status, 400);
    let mut with = wanted(5, "SUBSCRIBED");
    with["legalBasis"] = json!("CONSENT_WITH_NOTICE");
    with["legalBasisExplanation"] = json!("asked at the fair");
    assert_eq!(client.post(ANN, &with).json()["results"][0]["legalBasis"], "CONSENT_WITH_NOTICE");
    with["legalBasis"] = json!("BECAUSE");
    assert_eq!(client.post(ANN, &with).status, 400);
}

#[test]
fn what_is_erased_is_gone_and_its_address_may_be_refused() {
    for (reading, status) in [(ErasedAddresses::Accepted, 200), (ErasedAddresses::Refused, 400)] {
        let sandbox = Sandbox::builder().erased_addresses(reading).start();
        let mut client = Client::new(&sandbox);
        let id = sandbox.insert("contacts", &[("email", "ann@b.io")]);
        let company = sandbox.insert("companies", &[("name", "Acme")]);
        sandbox.associate(("contacts", &id), ("companies", &company), &[]);
        let path = "/crm/v3/objects/contacts/gdpr-delete";
        assert_eq!(client.post(path, &json!({ "objectId": id })).status, 204);
        assert_eq!(sandbox.history().last().unwrap().kind, WriteKind::Erased);
        assert!(
            sandbox.record("contacts", &id).is_none()
                && sandbox.associations("companies", "contacts").is_empty()
        );
        assert_eq!(client.post(path, &json!({ "objectId": id })).status, 404);
        let by_address = json!({ "objectId": "Nobody@b.io", "idProperty": "email" });
        assert_eq!(client.post(path, &by_address).status, 204, "an unknown address is blocked all the same");
        for email in ["ann@b.io", "nobody@b.io"] {
            let again = inputs(vec![by_email(0, email, json!({ "city": "Rome" }))]);
            let reply = client.post(UPSERT, &again);
            let refused = reply.status != 200 || !reply.json()["errors"].is_null();
            assert_eq!(refused, status == 400, "{email}: {}", reply.json());
        }
    }
}

#[test]
fn a_merge_keeps_the_primary_id_or_makes_a_new_one() {
    for reading in [MergeIds::Primary, MergeIds::Fresh] {
        let sandbox = Sandbox::builder().merge_ids(reading).start();
        let mut client = Client::new(&sandbox);
        let primary = sandbox.insert("contacts", &[("email", "a@b.io"), ("city", "Bonn")]);
        let away = sandbox.insert("contacts", &[("email", "c@d.io"), ("company", "Acme")]);
        let body = json!({ "primaryObjectId": primary, "objectIdToMerge": away });
        let merged = client.post("/crm/v3/objects/contacts/merge", &body).json();
        let id = merged["id"].as_str().unwrap();
        assert_eq!(id == primary, reading == MergeIds::Primary);
        for old in [&primary, &away] {
            assert_eq!(sandbox.follow("contacts", old).as_deref(), Some(id));
        }
        let record = sandbox.record("contacts", id).unwrap();
        assert_eq!((record.get("city"), record.get("company")), (Some("Bonn"), Some("Acme")));
        let by_old = inputs(vec![by_email(0, "c@d.io", json!({ "city": "Rome" }))]);
        assert_eq!(client.post(UPSERT, &by_old).json()["results"][0]["id"], id);
    }
}
