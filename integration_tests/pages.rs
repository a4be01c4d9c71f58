//! Pages that do not end, of everything that HubSpot answers in pages: the reading ends, and what can do without goes on.

use hubspot_sandbox::{AssociationLabel, Endpoint, EventDef, Fault, ListDef, NextPage, Sandbox};
use serde_json::{Value, json};

use crate::support::delivery;
use crate::support::messages::{activation_stream, complete, elt_stream, record, stream_state};

/// A cursor that leads back, with what means something in a query.
fn same() -> NextPage {
    NextPage::Same("MTA=+/#&?x".to_owned())
}

fn account(endpoint: Endpoint, next: NextPage) -> Sandbox {
    delivery::account()
        .list(ListDef::manual("VIP", "contacts").id(77))
        .event_definition(EventDef::new("bought"))
        .association_label(AssociationLabel::new("contacts", "companies", "Boss"))
        .fault(Fault::on(endpoint).lead_on(next))
        .start()
}

fn calls(sandbox: &Sandbox, endpoint: Endpoint) -> usize {
    sandbox.requests().iter().filter(|request| request.endpoint == endpoint).count()
}

fn owned(owner: &str) -> Vec<Value> {
    let data = json!({"email": "a@example.com", "hubspot_owner_id": owner});
    vec![record("contacts", data), stream_state("contacts", 1)]
}

#[test]
fn owners_without_end_disturb_nobody_who_names_them_by_id() {
    for next in [same(), NextPage::Another] {
        let sandbox = account(Endpoint::OwnerList, next);
        let declared = elt_stream("contacts", &["email", "hubspot_owner_id"]);
        let run = delivery::for_streams(&sandbox, &[declared]).write(&owned("41629779")).succeeded();
        assert_eq!(run.stats(), (1.0, 0.0));
        assert!(run.logs().iter().any(|text| text.contains("read the owners")), "{:?}", run.logs());
        let run = delivery::for_contacts(&sandbox).write(&owned("ada@sandbox.example.com"));
        let run = run.failed_with("transient_error");
        assert!(run.states().is_empty() && run.codes().is_empty(), "no record is to blame: {run:#?}");
    }
}

#[test]
fn a_cursor_is_handed_back_as_it_came_and_followed_once() {
    let sandbox = account(Endpoint::OwnerList, same());
    let declared = elt_stream("contacts", &["email", "hubspot_owner_id"]);
    delivery::for_streams(&sandbox, &[declared]).write(&owned("41629779")).succeeded();
    let mut queries = sandbox.requests();
    queries.retain(|request| request.endpoint == Endpoint::OwnerList);
    let queries: Vec<&str> = queries.iter().filter_map(|request| request.query.as_deref()).collect();
    assert_eq!(queries, ["limit=500", "limit=500&after=MTA%3D%2B%2F%23%26%3Fx"]);
}

#[test]
fn owners_are_not_read_where_no_column_is_one() {
    let sandbox = account(Endpoint::OwnerList, same());
    let run = delivery::for_contacts(&sandbox).write(&[delivery::contact(1), stream_state("contacts", 1)]);
    assert_eq!((run.succeeded().stats(), calls(&sandbox, Endpoint::OwnerList)), ((1.0, 0.0), 0));
}

#[test]
fn event_definitions_without_end_end_a_stream_of_events_and_leave_the_rest_of_discover() {
    for (next, most) in [(same(), 2), (NextPage::Another, 50)] {
        let sandbox = account(Endpoint::EventDefinitionList, next);
        let stream = elt_stream("s", &["email"]);
        let settings = json!({"streams": [{"name": "s", "object": "EVENT:bought"}]});
        let connector = delivery::for_streams(&sandbox, &[stream]).with(&settings);
        connector.write(&[]).failed_with("transient_error");
        assert_eq!(calls(&sandbox, Endpoint::EventDefinitionList), most);
        let found = connector.discover().succeeded();
        assert!(
            found.lines.iter().any(|line| line.contains("CONTACT")) && !found.lines[0].contains("EVENT:")
        );
    }
}

#[test]
fn lists_without_end_are_offered_as_far_as_they_are_offered_anyway() {
    for next in [same(), NextPage::Another] {
        let sandbox = account(Endpoint::ListSearch, next);
        let found = delivery::for_contacts(&sandbox).discover().succeeded();
        assert!(found.lines.iter().any(|line| line.contains("CONTACT")));
        assert!(calls(&sandbox, Endpoint::ListSearch) <= 12);
    }
}

#[test]
fn nobody_leaves_a_list_whose_members_do_not_end() {
    let sandbox = account(Endpoint::MembersRead, same());
    let ids: Vec<String> =
        (0..3).map(|number| sandbox.insert("contacts", &[("email", &delivery::email(number))])).collect();
    let members: Vec<&str> = ids.iter().map(String::as_str).collect();
    sandbox.set_list_members("77", &members);
    let mut stream = activation_stream("s", "LIST:77", "hs_object_id", &["hs_object_id"]);
    stream["destination_sync_mode"] = json!("overwrite");
    stream["sync_mode"] = json!("full_refresh");
    let input = [record("s", json!({"hs_object_id": ids[0]})), stream_state("s", 1), complete("s")];
    let run = delivery::for_streams(&sandbox, &[stream]).write(&input).failed_with("transient_error");
    assert!(run.states().is_empty());
    assert_eq!(sandbox.list("77").expect("the list").members.len(), 3);
    assert_eq!(calls(&sandbox, Endpoint::MembersRead), 2);
}

#[test]
fn associations_without_end_end_the_stream_that_labels_them() {
    let sandbox = account(Endpoint::AssociationRead, same());
    let person = sandbox.insert("contacts", &[("email", "a@example.com")]);
    let company = sandbox.insert("companies", &[("name", "x")]);
    let other = sandbox.insert("companies", &[("name", "y")]);
    sandbox.associate(("contacts", &person), ("companies", &other), &[]);
    let columns = ["from_hs_object_id", "to_hs_object_id", "label"];
    let stream = activation_stream("s", "ASSOCIATION:CONTACT:COMPANY", "x", &columns);
    let row = json!({"from_hs_object_id": person, "to_hs_object_id": company, "label": "Boss"});
    let run = delivery::for_streams(&sandbox, &[stream]).write(&[record("s", row), stream_state("s", 1)]);
    let run = run.failed_with("transient_error");
    assert!(run.states().is_empty() && run.codes().is_empty());
    assert_eq!(calls(&sandbox, Endpoint::AssociationRead), 2);
}
