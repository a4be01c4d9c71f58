//! Associations and their labels.

use hubspot_sandbox::{
    AssociationBudget, AssociationErrors, AssociationLabel, CustomObject, Endpoint, Fault, InputMatch,
    Oversize, PrimaryLabels, RateLimit, Sandbox, Scopes, StoredAssociation, Writing,
};
use serde_json::{Value, json};

use crate::support::{Client, inputs};

const BATCH: &str = "/crm/v4/associations/contacts/companies/batch";

struct Scene {
    sandbox: Sandbox,
    client: Client,
    contacts: Vec<String>,
    companies: Vec<String>,
}

/// Three contacts, two companies, two labels.
fn scene(sandbox: Sandbox) -> Scene {
    let contacts =
        (0..3).map(|number| sandbox.insert("contacts", &[("email", &format!("c{number}@b.io"))])).collect();
    let companies =
        (0..2).map(|number| sandbox.insert("companies", &[("name", &format!("x{number}"))])).collect();
    for label in [
        AssociationLabel::new("contacts", "companies", "Billing").inverse("Billed").type_ids(31, 32),
        AssociationLabel::new("contacts", "companies", "Technical").type_ids(33, 34),
    ] {
        sandbox.add_association_label(&label);
    }
    let client = Client::new(&sandbox);
    Scene { sandbox, client, contacts, companies }
}

fn link(from: &str, to: &str) -> Value {
    json!({ "from": { "id": from }, "to": { "id": to } })
}

fn typed(from: &str, to: &str, types: &[u32]) -> Value {
    let types: Vec<Value> = types
        .iter()
        .map(|id| {
            let category = if *id < 30 || *id > 200 { "HUBSPOT_DEFINED" } else { "USER_DEFINED" };
            json!({ "associationCategory": category, "associationTypeId": id })
        })
        .collect();
    json!({ "from": { "id": from }, "to": { "id": to }, "types": types })
}

fn stored(from: &str, to: &str, labels: &[&str]) -> StoredAssociation {
    let labels = labels.iter().map(|label| (*label).to_owned()).collect();
    StoredAssociation { from: from.to_owned(), to: to.to_owned(), labels }
}

#[test]
fn records_are_associated_without_a_label_in_both_directions() {
    let Scene { sandbox, mut client, contacts, companies } = scene(Sandbox::builder().start());
    let batch = inputs(vec![link(&contacts[0], &companies[0]), link(&contacts[1], &companies[0])]);
    let reply = client.post(&format!("{BATCH}/associate/default"), &batch);
    assert_eq!((reply.status, &reply.json()["status"]), (200, &json!("COMPLETE")));
    let results = reply.json()["results"].as_array().unwrap().clone();
    assert_eq!(results.len(), 4, "both directions of both");
    let there = results.iter().find(|result| result["from"]["id"] == json!(contacts[0])).unwrap();
    assert_eq!(
        there["associationSpec"],
        json!({ "associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 279 })
    );
    let path = format!("/crm/objects/2026-03/0-2/{}/associations/default/0-1/{}", companies[1], contacts[2]);
    assert_eq!(client.call("PUT", &path, &json!({})).status, 200);
    let wanted = [
        stored(&contacts[0], &companies[0], &[]),
        stored(&contacts[1], &companies[0], &[]),
        stored(&contacts[2], &companies[1], &[]),
    ];
    assert_eq!(sandbox.associations("contacts", "companies"), wanted);
    sandbox.archive("contacts", &contacts[0]);
    let back = sandbox.associations("companies", "contacts");
    assert_eq!(back, [stored(&companies[0], &contacts[1], &[]), stored(&companies[1], &contacts[2], &[])]);
}

#[test]
fn labels_replace_each_other_and_fall_with_the_unlabelled_type() {
    let Scene { sandbox, mut client, contacts, companies } = scene(Sandbox::builder().start());
    let (from, to) = (contacts[0].as_str(), companies[0].as_str());
    let mut create = |types: &[u32]| {
        let reply = client.post(&format!("{BATCH}/create"), &inputs(vec![typed(from, to, types)]));
        assert_eq!(reply.status, 201);
        reply.json()["results"][0].clone()
    };
    let labels = || sandbox.associations("contacts", "companies")[0].labels.clone();
    let result = create(&[31]);
    assert_eq!((&result["labels"], &result["fromObjectTypeId"]), (&json!(["Billing"]), &json!("0-1")));
    assert_eq!(result["toObjectId"].to_string(), to, "v4 writes numbers");
    create(&[33]);
    assert_eq!(labels(), ["Technical"]);
    create(&[279]);
    assert_eq!(labels(), ["Technical"], "nothing was said of labels");
    create(&[33, 31, 1]);
    assert_eq!(labels(), ["Billing", "Primary", "Technical"]);
    let back = sandbox.associations("companies", "contacts");
    assert_eq!(back[0].labels, ["Billed", "Primary", "Technical"]);
    let unlabel = format!("{BATCH}/labels/archive");
    assert_eq!(client.post(&unlabel, &inputs(vec![typed(from, to, &[31, 1])])).status, 204);
    assert_eq!(labels(), ["Technical"]);
    assert_eq!(client.post(&unlabel, &inputs(vec![typed(from, to, &[279])])).status, 204);
    assert!(sandbox.associations("contacts", "companies").is_empty());
    let text = json!({ "from": { "id": from }, "to": { "id": to }, "types": [{ "associationCategory": "USER_DEFINED", "associationTypeId": "31" }] });
    let reply = client.post("/crm/associations/2026-03/0-1/0-2/batch/create", &inputs(vec![text]));
    assert_eq!((reply.status, &reply.json()["results"][0]["toObjectId"]), (200, &json!(to)), "texts there");
    assert_eq!(labels(), ["Billing"]);
}

#[test]
fn each_bad_input_is_an_error_of_its_own() {
    let Scene { sandbox, mut client, contacts, companies } = scene(Sandbox::builder().start());
    let batch = inputs(vec![
        typed("unknown_id", &companies[0], &[31]),
        typed("999", &companies[0], &[31]),
        typed(&contacts[0], "888", &[31]),
        typed(&contacts[0], &companies[0], &[77]),
        typed(&contacts[0], &companies[1], &[31]),
    ]);
    let reply = client.post(&format!("{BATCH}/create"), &batch);
    let body = reply.json();
    assert_eq!(
        (reply.status, &body["numErrors"], body["results"].as_array().unwrap().len()),
        (207, &json!(4), 1)
    );
    let told: Vec<(&str, &str)> = body["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| (error["subCategory"].as_str().unwrap(), error["message"].as_str().unwrap()))
        .collect();
    let wanted = [
        ("crm.associations.INVALID_IDENTIFIER", "unknown_id is not a valid ID"),
        ("crm.associations.FROM_OBJECT_NOT_FOUND", "No contact with ID 999 exists"),
        ("crm.associations.TO_OBJECT_NOT_FOUND", "No company with ID 888 exists"),
        (
            "crm.associations.INVALID_ASSOCIATION_TYPE",
            "1-77 is not a valid association type between CONTACT and COMPANY",
        ),
    ];
    assert_eq!(told, wanted);
    assert_eq!(body["errors"][1]["context"], json!({ "objectType": ["contact"], "id": ["999"] }));
    assert_eq!(sandbox.associations("contacts", "companies").len(), 1);

    let itself = inputs(vec![link(&contacts[0], &contacts[0])]);
    let reply = client.post("/crm/v4/associations/0-1/0-1/batch/associate/default", &itself).json();
    assert_eq!(reply["errors"][0].get("context"), None, "only the text names the record");
    assert!(reply["errors"][0]["message"].as_str().unwrap().contains(&contacts[0]));

    let path = format!("/crm/v4/objects/contacts/{}/associations/companies/888", contacts[0]);
    let one = json!([{ "associationCategory": "USER_DEFINED", "associationTypeId": 31 }]);
    let missing = client.call("PUT", &path, &one);
    assert_eq!((missing.status, &missing.json()["category"]), (404, &json!("OBJECT_NOT_FOUND")));
    assert_eq!(missing.json()["context"], json!({ "objectType": ["company"], "id": ["888"] }));
    let wrong = client.call("PUT", &path, &one[0]);
    assert!(wrong.json()["message"].as_str().unwrap().contains("java.util.HashSet"));
}

#[test]
fn errors_can_come_bare_or_among_success() {
    for (errors, status, context) in
        [(AssociationErrors::WithoutContext, 207, false), (AssociationErrors::AmongSuccess, 201, true)]
    {
        let Scene { sandbox: _sandbox, mut client, companies, .. } =
            scene(Sandbox::builder().association_errors(errors).start());
        let reply =
            client.post(&format!("{BATCH}/create"), &inputs(vec![typed("999", &companies[0], &[31])]));
        assert_eq!((reply.status, &reply.json()["numErrors"]), (status, &json!(1)));
        assert_eq!(reply.json()["errors"][0].get("context").is_some(), context);
    }
}

#[test]
fn associations_are_read_and_removed() {
    let Scene { sandbox, mut client, contacts, companies } = scene(Sandbox::builder().start());
    let (from, to) = (("contacts", contacts[0].as_str()), ("companies", companies[0].as_str()));
    sandbox.associate(from, to, &["Billing"]);
    sandbox.associate(from, ("companies", &companies[1]), &[]);
    let ids: Vec<Value> = [&contacts[0], &contacts[1]].iter().map(|id| json!({ "id": id })).collect();
    let reply = client.post(&format!("{BATCH}/read"), &inputs(ids));
    let body = reply.json();
    assert_eq!((reply.status, &body["results"][0]["from"]["id"]), (207, &json!(contacts[0])));
    let types = &body["results"][0]["to"][0]["associationTypes"];
    let plain = json!({ "category": "HUBSPOT_DEFINED", "typeId": 279, "label": null });
    let billing = json!({ "category": "USER_DEFINED", "typeId": 31, "label": "Billing" });
    assert_eq!(types, &json!([plain, billing]));
    assert_eq!(body["errors"][0]["subCategory"], "crm.associations.NO_ASSOCIATIONS_FOUND");
    let path = format!("/crm/v4/objects/contacts/{}/associations/companies", contacts[0]);
    let page = client.get(&format!("{path}?limit=1")).json();
    let next = page["paging"]["next"]["after"].as_str().unwrap();
    assert_eq!(page["results"][0]["toObjectId"].to_string(), companies[0]);
    let page = client.get(&format!("{path}?limit=1&after={next}")).json();
    assert_eq!((page["results"].as_array().unwrap().len(), page.get("paging")), (1, None));

    assert_eq!(client.call("DELETE", &format!("{path}/{}", companies[0]), &json!({})).status, 204);
    let gone = json!({ "from": { "id": contacts[0] }, "to": [{ "id": companies[1] }, { "id": "5" }] });
    assert_eq!(client.post(&format!("{BATCH}/archive"), &inputs(vec![gone])).status, 204);
    assert!(sandbox.associations("companies", "contacts").is_empty());
    assert_eq!(client.get(&path).json()["results"], json!([]));
}

#[test]
fn labels_are_listed_made_changed_and_taken_away() {
    let Scene { sandbox, mut client, contacts, companies } = scene(Sandbox::builder().start());
    let path = "/crm/v4/associations/contacts/companies/labels";
    let listed = |client: &mut Client, path: &str| -> Vec<Value> {
        let results = client.get(path).json()["results"].as_array().unwrap().clone();
        results.into_iter().map(|known| known["label"].clone()).collect()
    };
    assert_eq!(
        listed(&mut client, path),
        [Value::Null, json!("Primary"), json!("Billing"), json!("Technical")]
    );
    let new = json!({ "name": "champion", "label": "Champion", "inverseLabel": "Championed" });
    let made = client.post("/crm/associations/2026-03/0-1/0-2/labels", &new).json();
    assert_eq!(
        (&made["results"][0]["label"], &made["results"][1]["label"]),
        (&json!("Champion"), &json!("Championed"))
    );
    assert_eq!(client.post(path, &new).status, 400, "it exists");
    let id = made["results"][0]["typeId"].as_u64().unwrap();
    sandbox.associate(("contacts", &contacts[0]), ("companies", &companies[0]), &["Champion"]);
    let change = json!({ "associationTypeId": id, "label": "Ally" });
    assert_eq!(client.call("PUT", path, &change).status, 204);
    assert_eq!(sandbox.associations("contacts", "companies")[0].labels, ["Ally"]);
    assert_eq!(client.call("DELETE", &format!("{path}/{id}"), &json!({})).status, 204);
    assert_eq!(sandbox.associations("companies", "contacts")[0].labels, Vec::<String>::new());
    assert_eq!(client.call("DELETE", &format!("{path}/279"), &json!({})).status, 404);
    for number in 0..8 {
        let new = json!({ "name": format!("n{number}"), "label": format!("L{number}") });
        assert_eq!(client.post(path, &new).status, 200, "{number}");
    }
    assert_eq!(client.post(path, &json!({ "name": "n", "label": "one more" })).status, 400, "ten are enough");
}

#[test]
fn custom_objects_are_associated_like_others() {
    let sandbox = Sandbox::builder().custom_object(CustomObject::new("pet").type_number(7)).start();
    let (pet, contact) = (sandbox.insert("pet", &[]), sandbox.insert("contacts", &[]));
    let mut client = Client::new(&sandbox);
    let labels = client.get("/crm/v4/associations/2-7/0-1/labels").json();
    assert_eq!(
        (&labels["results"][0]["category"], &labels["results"][0]["label"]),
        (&json!("USER_DEFINED"), &Value::Null)
    );
    let id = labels["results"][0]["typeId"].clone();
    let types = json!([{ "associationCategory": "USER_DEFINED", "associationTypeId": id }]);
    let path = format!("/crm/v4/objects/pet/{pet}/associations/contacts/{contact}");
    assert_eq!(client.call("PUT", &path, &types).status, 201);
    assert_eq!(sandbox.associations("contacts", "pet"), [stored(&contact, &pet, &[])]);
}

#[test]
fn records_made_and_merged_take_their_associations_along() {
    let Scene { sandbox, mut client, contacts, companies } = scene(Sandbox::builder().start());
    let types = json!([{ "associationCategory": "USER_DEFINED", "associationTypeId": 33 }]);
    let new = json!({ "properties": { "email": "n@b.io" }, "associations": [{ "to": { "id": companies[0] }, "types": types }] });
    let made = client.post("/crm/v3/objects/contacts", &new).json();
    let id = made["id"].as_str().unwrap().to_owned();
    assert_eq!(sandbox.associations("contacts", "companies"), [stored(&id, &companies[0], &["Technical"])]);
    sandbox.merge("contacts", &contacts[0], &id);
    assert_eq!(
        sandbox.associations("contacts", "companies"),
        [stored(&contacts[0], &companies[0], &["Technical"])]
    );
}

#[test]
fn associations_have_limits_of_their_own() {
    let own = AssociationBudget::Own(RateLimit::per_ten_seconds(2));
    let Scene { sandbox, mut client, contacts, companies } =
        scene(Sandbox::builder().association_budget(own).start());
    let batch = inputs(vec![link(&contacts[0], &companies[0])]);
    let path = format!("{BATCH}/associate/default");
    for left in [1, 0] {
        let reply = client.post(&path, &batch);
        assert_eq!((reply.status, reply.number("x-hubspot-ratelimit-remaining")), (200, left));
        assert_eq!(reply.number("x-hubspot-ratelimit-max"), 2);
        assert_eq!(reply.number("x-hubspot-ratelimit-daily"), 500_000);
    }
    let reply = client.post(&path, &batch);
    assert_eq!((reply.status, &reply.json()["policyName"]), (429, &json!("TEN_SECONDLY_ROLLING")));
    assert_eq!(client.get("/crm/v3/owners").number("x-hubspot-ratelimit-remaining"), 189);
    assert_eq!(sandbox.daily_usage(), 1);
    sandbox.set_association_budget(AssociationBudget::Shared);
    assert_eq!(client.post(&path, &batch).number("x-hubspot-ratelimit-remaining"), 188);
    let many = inputs(vec![link(&contacts[0], &companies[0]); 2001]);
    assert_eq!(client.post(&path, &many).status, 400);
    let many = inputs(vec![json!({ "id": contacts[0] }); 1001]);
    assert_eq!(client.post(&format!("{BATCH}/read"), &many).status, 400);
    let many = inputs(vec![link(&contacts[0], &companies[0]); 2000]);
    assert_eq!(client.post(&path, &many).status, 200);
}

#[test]
fn both_ends_need_their_scope_and_faults_find_both() {
    let narrow = Scopes::only(&["crm.objects.contacts.write", "crm.objects.companies.read"]);
    let Scene { sandbox, mut client, contacts, companies } =
        scene(Sandbox::builder().token("narrow", narrow).start());
    let batch = inputs(vec![link(&contacts[0], &companies[0]), link(&contacts[1], &companies[1])]);
    let path = format!("{BATCH}/associate/default");
    let refused = Client::with_token(&sandbox, "narrow").post(&path, &batch);
    let wanted = json!(["crm.objects.companies.write"]);
    assert_eq!(refused.json()["errors"][0]["context"]["requiredGranularScopes"], wanted);
    sandbox.add_fault(
        Fault::on(Endpoint::AssociateDefault).unmention(InputMatch::id(&companies[1]), Writing::NotWritten),
    );
    assert_eq!(client.post(&path, &batch).json()["results"].as_array().unwrap().len(), 2);
    assert_eq!(sandbox.associations("contacts", "companies").len(), 1);
    sandbox.clear_faults();
    sandbox.add_fault(Fault::on(Endpoint::AssociateDefault).empty_results());
    let reply = client.post(&path, &batch);
    assert_eq!((reply.status, &reply.json()["results"]), (200, &json!([])));
}

#[test]
fn the_list_of_labels_shows_primary_types_as_it_was_told_to() {
    for (shown, expected) in [
        (PrimaryLabels::Named, vec![(279, json!(null)), (1, json!("Primary"))]),
        (PrimaryLabels::Unnamed, vec![(279, json!(null)), (1, json!(null))]),
        (PrimaryLabels::Unlisted, vec![(279, json!(null))]),
    ] {
        let sandbox = Sandbox::builder().primary_labels(shown).start();
        let listed = Client::new(&sandbox).get("/crm/v4/associations/contacts/companies/labels").json();
        let expected: Vec<Value> = expected
            .into_iter()
            .map(|(id, label)| json!({"category": "HUBSPOT_DEFINED", "typeId": id, "label": label}))
            .collect();
        assert_eq!(listed["results"], json!(expected), "{shown:?}");
    }
}

#[test]
fn calls_without_a_published_size_refuse_more_than_the_test_allows() {
    for (refusal, status) in [(Oversize::BadRequest, 400), (Oversize::TooLarge, 413)] {
        // Bound by name, so that it lives as long as the calls.
        let Scene { sandbox: _sandbox, mut client, contacts, companies, .. } =
            scene(Sandbox::builder().pairs_per_call(2, refusal).start());
        let plain: Vec<Value> = contacts.iter().map(|contact| link(contact, &companies[0])).collect();
        let labelled: Vec<Value> =
            contacts.iter().map(|contact| typed(contact, &companies[0], &[31])).collect();
        let gone = json!({"inputs": contacts.iter().map(|contact| {
            json!({"from": {"id": contact}, "to": [{"id": companies[0]}]})
        }).collect::<Vec<_>>()});
        let default = format!("{BATCH}/associate/default");
        assert_eq!(client.post(&default, &inputs(plain.clone())).status, status);
        assert_eq!(client.post(&default, &inputs(plain[..2].to_vec())).status, 200);
        assert_eq!(client.post(&format!("{BATCH}/archive"), &gone).status, status);
        assert_eq!(client.post(&format!("{BATCH}/labels/archive"), &inputs(labelled.clone())).status, status);
        assert_eq!(
            client.post(&format!("{BATCH}/create"), &inputs(labelled)).status,
            201,
            "its size is known"
        );
    }
}
