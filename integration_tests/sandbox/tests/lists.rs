//! Lists and their members.

use hubspot_sandbox::{
    AddedSpelling, EmptyArrays, Endpoint, EndpointFamily, Fault, InputMatch, ListDef, ListNames, Membership,
    Oversize, ProcessingType, Sandbox, Scopes, Writing,
};
use serde_json::{Value, json};

use crate::support::{Client, Reply};

fn change(client: &mut Client, list: &str, add: &[&str], remove: &[&str]) -> Reply {
    let body = json!({ "recordIdsToAdd": add, "recordIdsToRemove": remove });
    client.call("PUT", &format!("/crm/v3/lists/{list}/memberships/add-and-remove"), &body)
}

fn contacts(sandbox: &Sandbox, count: usize) -> Vec<String> {
    (0..count).map(|number| sandbox.insert("contacts", &[("email", &format!("c{number}@b.io"))])).collect()
}

#[test]
fn lists_are_made_found_renamed_deleted_and_restored() {
    let sandbox = Sandbox::builder().start();
    let mut client = Client::new(&sandbox);
    let new = json!({ "name": "VIPs of 2026", "objectTypeId": "0-1", "processingType": "MANUAL" });
    let made = client.post("/crm/v3/lists/", &new);
    assert_eq!(made.status, 200);
    let list = made.json()["list"].clone();
    let id = list["listId"].as_str().unwrap().to_owned();
    assert_eq!((&list["size"], &list["processingStatus"]), (&json!(0), &json!("COMPLETE")));
    let again = client.post("/crm/lists/2026-03", &new);
    assert_eq!((again.status, &again.json()["subCategory"]), (400, &json!("ILS.DUPLICATE_LIST_NAMES")));
    for path in [
        format!("/crm/v3/lists/{id}"),
        format!("/crm/lists/2026-09/{id}"),
        "/crm/v3/lists/object-type-id/0-1/name/VIPs%20of%202026".to_owned(),
        "/crm/lists/2026-03/object-type-id/contacts/name/vips%20of%202026".to_owned(),
    ] {
        assert_eq!(client.get(&path).json()["list"]["listId"], json!(id), "{path}");
    }
    let other = sandbox.insert_list(&ListDef::dynamic("Others", "companies"));
    let many = client.get(&format!("/crm/v3/lists?listIds={id}&listIds={other}&listIds=99")).json();
    assert_eq!(many["lists"].as_array().unwrap().len(), 2);
    let found = client.post("/crm/v3/lists/search", &json!({ "query": "vip" })).json();
    assert_eq!((&found["total"], &found["hasMore"], &found["offset"]), (&json!(1), &json!(false), &json!(1)));
    assert_eq!(found["lists"][0]["additionalProperties"]["hs_list_size"], "0");
    let dynamic = client.post("/crm/v3/lists/search", &json!({ "processingTypes": ["DYNAMIC"] })).json();
    assert_eq!(dynamic["lists"][0]["listId"], json!(other));

    let renamed =
        client.call("PUT", &format!("/crm/v3/lists/{id}/update-list-name?listName=Best"), &json!({}));
    assert_eq!(renamed.json()["updatedList"]["name"], "Best");
    assert_eq!(client.call("DELETE", &format!("/crm/v3/lists/{id}"), &json!({})).status, 204);
    assert!(sandbox.list(&id).unwrap().deleted && sandbox.list("Best").is_none());
    assert!(client.get(&format!("/crm/v3/lists/{id}")).json()["list"]["deletedAt"].is_string());
    assert_eq!(change(&mut client, &id, &[], &[]).status, 404);
    assert_eq!(client.call("PUT", &format!("/crm/v3/lists/{id}/restore"), &json!({})).status, 204);
    assert_eq!(sandbox.lists().len(), 2);
}

#[test]
fn what_does_not_exist_is_said_so() {
    let sandbox = Sandbox::builder().start();
    let mut client = Client::new(&sandbox);
    let missing = client.get("/crm/v3/lists/77");
    assert_eq!(
        (missing.status, &missing.json()["message"]),
        (404, &json!("List does not exist with ID 77."))
    );
    assert_eq!(change(&mut client, "77", &["1"], &[]).status, 404);
    let by_name = client.get("/crm/v3/lists/object-type-id/0-1/name/nobody");
    assert_eq!((by_name.status, by_name.json().get("category")), (400, None));
    let message = "List does not exist with name nobody and object type ID 0-1.";
    assert_eq!(by_name.json()["message"], message);
    let wrong = json!({ "name": "x", "objectTypeId": "0-530", "processingType": "MANUAL" });
    let wrong = client.post("/crm/v3/lists", &wrong);
    assert_eq!(wrong.json()["subCategory"], "ListError.INVALID_OBJECT_TYPE_FOR_LIST");
    assert_eq!(client.get("/crm/v3/lists/abc").status, 400);
    let bare = json!({ "name": "x", "objectTypeId": "0-1" });
    let bare = client.post("/crm/v3/lists", &bare);
    assert!(bare.json()["message"].as_str().unwrap().contains("[processingType]"));
}

#[test]
fn members_come_and_go_and_only_changes_are_told() {
    let sandbox = Sandbox::builder().list(ListDef::manual("m", "contacts").id(21)).start();
    let ids = contacts(&sandbox, 3);
    let company = sandbox.insert("companies", &[("name", "x")]);
    let mut client = Client::new(&sandbox);
    let reply = change(&mut client, "21", &[&ids[0], &ids[1], "999", &company, &ids[0]], &[]).json();
    let wanted = json!({ "recordsIdsAdded": [ids[0], ids[1]], "recordIdsRemoved": [], "recordIdsMissing": ["999", company] });
    assert_eq!(reply, wanted);
    let reply = change(&mut client, "21", &[&ids[1], &ids[2]], &[&ids[0]]).json();
    assert_eq!((&reply["recordsIdsAdded"], &reply["recordIdsRemoved"]), (&json!([ids[2]]), &json!([ids[0]])));
    assert_eq!(sandbox.list("21").unwrap().members, ids[1..]);
    let add = client.call("PUT", "/crm/lists/2026-03/21/memberships/add", &json!([ids[0]])).json();
    assert_eq!(add["recordsIdsAdded"], json!([ids[0]]));
    let remove = client.call("PUT", "/crm/v3/lists/21/memberships/remove", &json!([ids[1], ids[1]])).json();
    assert_eq!(remove["recordIdsRemoved"], json!([ids[1]]));
    let changes = sandbox.member_changes("21");
    let of = |number: usize| -> Vec<Membership> {
        changes.iter().filter(|change| change.record == ids[number]).map(|change| change.membership).collect()
    };
    assert_eq!(of(0), [Membership::Joined, Membership::Left, Membership::Joined]);
    assert_eq!(of(1), [Membership::Joined, Membership::Left]);
    assert_eq!(changes.last().unwrap().request, 4);
    sandbox.archive("contacts", &ids[0]);
    assert_eq!(sandbox.list("m").unwrap().members, [ids[2].clone()], "an archived record is no member");
    let totals = sandbox.totals();
    assert_eq!(
        (totals.calls(Endpoint::MembersAddAndRemove), totals.inputs[&Endpoint::MembersAddAndRemove]),
        (2, 8)
    );
    let wrong = client.call("PUT", "/crm/v3/lists/21/memberships/add", &json!({ "recordIdsToAdd": [] }));
    assert!(wrong.json()["message"].as_str().unwrap().contains("java.util.ArrayList"));
    let partial =
        client.call("PUT", "/crm/v3/lists/21/memberships/add-and-remove", &json!({ "recordIdsToAdd": [] }));
    assert_eq!(partial.status, 400, "both arrays are required");
}

#[test]
fn members_are_read_in_pages() {
    let sandbox = Sandbox::builder().start();
    let ids = contacts(&sandbox, 25);
    let mut newest_first: Vec<&str> = ids.iter().map(String::as_str).collect();
    newest_first.reverse();
    let list = sandbox.insert_list(&ListDef::manual("m", "contacts"));
    let mut client = Client::new(&sandbox);
    for id in &newest_first {
        sandbox.advance_clock(std::time::Duration::from_secs(1));
        assert_eq!(change(&mut client, &list, &[id], &[]).status, 200);
    }
    let mut read = |order: &str| {
        let (mut after, mut seen, mut pages) = (String::new(), Vec::new(), 0);
        loop {
            let path = format!("/crm/v3/lists/{list}/memberships{order}?limit=10&after={after}");
            let body = client.get(&path).json();
            pages += 1;
            let results = body["results"].as_array().unwrap();
            seen.extend(results.iter().map(|member| member["recordId"].as_str().unwrap().to_owned()));
            assert!(results.iter().all(|member| member["membershipTimestamp"].is_string()));
            match body["paging"]["next"]["after"].as_str() {
                Some(next) => next.clone_into(&mut after),
                None => return (seen, pages),
            }
        }
    };
    assert_eq!(read(""), (ids.clone(), 3));
    assert_eq!(read("/join-order"), (newest_first.iter().map(|id| (*id).to_owned()).collect(), 3));
    assert_eq!(client.get(&format!("/crm/v3/lists/{list}/memberships?limit=251")).status, 400);
    let of_record = client.get(&format!("/crm/v3/lists/records/0-1/{}/memberships", ids[0])).json();
    assert_eq!(of_record["results"][0]["listId"], json!(list));
}

#[test]
fn lists_are_copied_and_emptied() {
    let sandbox = Sandbox::builder().start();
    let ids = contacts(&sandbox, 3);
    let id = |number: usize| ids[number].as_str();
    let source = sandbox.insert_list(&ListDef::dynamic("d", "contacts").members(&[id(0), id(1)]));
    let list =
        sandbox.insert_list(&ListDef::new("s", "contacts", ProcessingType::Snapshot).members(&[id(2)]));
    let mut client = Client::new(&sandbox);
    let path = format!("/crm/v3/lists/{list}/memberships");
    assert_eq!(client.call("PUT", &format!("{path}/add-from/{source}"), &json!({})).status, 204);
    assert_eq!(sandbox.list(&list).unwrap().members, ids);
    assert_eq!(client.call("DELETE", &path, &json!({})).status, 204);
    assert!(sandbox.list(&list).unwrap().members.is_empty());
    let itself = client.call("PUT", &format!("{path}/add-from/{list}"), &json!({}));
    assert_eq!(itself.status, 400);
}

#[test]
fn dynamic_lists_are_not_changed_by_hand() {
    let sandbox = Sandbox::builder().list(ListDef::dynamic("d", "contacts").id(5)).start();
    let ids = contacts(&sandbox, 2);
    sandbox.set_list_members("5", &[&ids[0]]);
    let mut client = Client::new(&sandbox);
    let reply = change(&mut client, "5", &[&ids[1]], &[]);
    assert_eq!((reply.status, &reply.json()["category"]), (400, &json!("VALIDATION_ERROR")));
    assert_eq!(client.call("DELETE", "/crm/v3/lists/5/memberships", &json!({})).status, 400);
    assert_eq!(sandbox.list("d").unwrap().members, [ids[0].clone()]);
}

#[test]
fn answers_can_be_spelled_and_shortened_as_seen_elsewhere() {
    let sandbox = Sandbox::builder()
        .list(ListDef::manual("m", "contacts").id(1))
        .added_spelling(AddedSpelling::RecordIdsAdded)
        .empty_arrays(EmptyArrays::LeftOut)
        .list_ids_per_call(2, Oversize::TooLarge)
        .start();
    let ids = contacts(&sandbox, 3);
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let mut client = Client::new(&sandbox);
    assert_eq!(change(&mut client, "1", &ids[..2], &[]).json(), json!({ "recordIdsAdded": ids[..2] }));
    assert_eq!(change(&mut client, "1", &ids[..2], &[]).json(), json!({}), "members already");
    assert_eq!(change(&mut client, "1", &ids, &[]).status, 413);
    let sandbox = Sandbox::builder()
        .list(ListDef::manual("m", "contacts").id(1))
        .list_ids_per_call(2, Oversize::BadRequest)
        .start();
    assert_eq!(change(&mut Client::new(&sandbox), "1", &ids, &[]).status, 400);
}

#[test]
fn changes_need_both_scopes() {
    let sandbox = Sandbox::builder()
        .list(ListDef::manual("m", "contacts").id(1))
        .token("reader", Scopes::only(&["crm.lists.read"]))
        .token("writer", Scopes::only(&["crm.lists.write"]))
        .token("newer", Scopes::only(&["crm.segments.read", "crm.segments.write"]))
        .start();
    let statuses = |token: &str| {
        let mut client = Client::with_token(&sandbox, token);
        let new = json!({ "name": token, "objectTypeId": "0-1", "processingType": "MANUAL" });
        let made = client.post("/crm/v3/lists", &new).status;
        (client.get("/crm/v3/lists/1").status, change(&mut client, "1", &[], &[]).status, made)
    };
    assert_eq!(statuses("reader"), (200, 403, 403));
    assert_eq!(statuses("writer"), (403, 403, 200));
    assert_eq!(statuses("newer"), (200, 200, 200));
}

#[test]
fn faults_find_list_calls_and_members() {
    let sandbox = Sandbox::builder().list(ListDef::manual("m", "contacts").id(1)).start();
    let ids = contacts(&sandbox, 2);
    let mut client = Client::new(&sandbox);
    let struck =
        sandbox.add_fault(Fault::on(EndpointFamily::Lists).containing(InputMatch::id(&ids[1])).status(503));
    assert_eq!(change(&mut client, "1", &[&ids[0]], &[]).status, 200);
    assert_eq!(change(&mut client, "1", &[], &[&ids[1]]).status, 503);
    assert_eq!(sandbox.fault_fired(struck), 1);
    sandbox.clear_faults();
    sandbox.add_fault(
        Fault::on(Endpoint::MembersAddAndRemove).unmention(InputMatch::id(&ids[1]), Writing::NotWritten),
    );
    let reply = change(&mut client, "1", &[&ids[1]], &[&ids[0]]).json();
    assert_eq!((&reply["recordsIdsAdded"], &reply["recordIdsRemoved"]), (&json!([]), &json!([ids[0]])));
    assert_eq!(sandbox.list("1").unwrap().members, Vec::<String>::new());
    let none: Value = client.get("/crm/v3/lists/1/memberships").json();
    assert_eq!((&none["results"], none.get("paging")), (&json!([]), None));
}

#[test]
fn the_call_by_name_may_mind_letter_case_and_new_lists_never_do() {
    let sandbox = Sandbox::builder().list_names(ListNames::Exact).start();
    sandbox.insert_list(&ListDef::manual("VIPs", "contacts"));
    let mut client = Client::new(&sandbox);
    assert_eq!(client.get("/crm/v3/lists/object-type-id/0-1/name/VIPs").status, 200);
    assert_eq!(client.get("/crm/v3/lists/object-type-id/0-1/name/vips").status, 400);
    let new = json!({ "name": "vips", "objectTypeId": "0-1", "processingType": "MANUAL" });
    assert_eq!(client.post("/crm/v3/lists/", &new).json()["subCategory"], "ILS.DUPLICATE_LIST_NAMES");
}

#[test]
fn a_search_of_a_dated_version_has_its_required_members() {
    let sandbox = Sandbox::builder().start();
    let mut client = Client::new(&sandbox);
    let whole = json!({ "listIds": [], "offset": 0, "processingTypes": [], "query": "x" });
    for member in ["listIds", "offset", "processingTypes"] {
        let mut body = whole.clone();
        body.as_object_mut().unwrap().remove(member);
        let reply = client.post("/crm/lists/2026-03/search", &body);
        assert_eq!(reply.status, 400, "{member}");
        assert!(reply.json()["message"].as_str().unwrap().contains(member));
        assert_eq!(client.post("/crm/v3/lists/search", &body).status, 200, "{member}");
    }
    assert_eq!(client.post("/crm/lists/2026-03/search", &whole).status, 200);
}
