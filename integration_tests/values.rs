//! Nothing that a record holds can end a sync: whatever HubSpot says of a call is about one of its records until each
//! was sent alone, in every kind of call.

use hubspot_sandbox::{
    AssociationLabel, Builder, Endpoint, EventDef, Fault, FaultAnswer, FaultBody, InputMatch, ListDef,
    PropertyDef, RateLimit, Sandbox, SearchQuotes, When,
};
use serde_json::{Value, json};

use crate::support::connector::Finished;
use crate::support::delivery;
use crate::support::messages::{activation_stream, complete, elt_stream, record, stream_state};

/// Texts of a 400 that say nothing of a record; the first is HubSpot's for JSON that it cannot read.
const TEXTS: [&str; 3] = [
    "Invalid input JSON on line 1, column 9: The filter value has mismatched quotation marks",
    "Upserts in a single batch must specify its unique property using idProperty",
    "There was a problem with the request.",
];

fn account() -> Builder {
    let wide = RateLimit { max: 1_000, interval: std::time::Duration::from_millis(100), enforced: false };
    delivery::account()
        .search_limit(wide)
        .list(ListDef::manual("VIP", "contacts").id(77))
        .property("companies", PropertyDef::string("account_no").unique())
        .association_label(AssociationLabel::new("contacts", "companies", "Boss"))
        .portal_id(77)
        .event_definition(EventDef::new("bought").property(PropertyDef::string("plan")))
}

fn stream(object: &str, mode: &str, key: &str, columns: &[&str]) -> Value {
    let mut stream = activation_stream("s", object, key, columns);
    stream["destination_sync_mode"] = json!(mode);
    stream
}

fn write(sandbox: &Sandbox, stream: Value, settings: Value, rows: &[Value]) -> Finished {
    let mut messages: Vec<Value> = rows.iter().map(|row| record("s", row.clone())).collect();
    messages.extend([stream_state("s", 1), complete("s")]);
    let connector = delivery::for_streams(sandbox, &[stream]).with(&json!({"streams": settings}));
    connector.write(&messages).succeeded()
}

/// A call that a sync makes, what a record of it is named by there, and the sync.
struct Case {
    endpoint: Endpoint,
    bad: String,
    stream: Value,
    settings: Value,
    rows: Vec<Value>,
}

/// One case for each kind of call that carries what records hold; row 3 of 7 is the bad one.
fn cases(sandbox: &Sandbox) -> Vec<Case> {
    const BAD: usize = 3;
    let email = delivery::email;
    let people: Vec<String> =
        (0..7).map(|number| sandbox.insert("contacts", &[("email", &email(number))])).collect();
    let companies: Vec<String> = (0..7)
        .map(|number| {
            sandbox.insert(
                "companies",
                &[("account_no", &format!("A{number}")), ("name", &format!("n{number}"))],
            )
        })
        .collect();
    let rows = |row: &dyn Fn(usize) -> Value| (0..7).map(row).collect::<Vec<_>>();
    let case = |endpoint, bad: String, stream: Value, rows| Case {
        endpoint,
        bad,
        stream,
        settings: json!([]),
        rows,
    };
    let by_email = rows(&|number| json!({"email": email(number), "city": "x"}));
    let by_id = rows(&|number| json!({"hs_object_id": people[number], "city": "x"}));
    let of_email = ["email", "city"];
    let pair = ["from_hs_object_id", "to_hs_object_id"];
    let pairs =
        rows(&|number| json!({"from_hs_object_id": people[number], "to_hs_object_id": companies[number]}));
    let labelled = rows(
        &|number| json!({"from_hs_object_id": people[number], "to_hs_object_id": companies[number], "label": "Boss"}),
    );
    let by_key = rows(&|number| json!({"from_email": email(number), "to_account_no": format!("A{number}")}));
    let keys = ["from_email", "to_account_no"];
    const PAIRS: &str = "ASSOCIATION:CONTACT:COMPANY";
    vec![
        case(
            Endpoint::Upsert,
            email(BAD),
            stream("CONTACT", "append_dedup", "email", &of_email),
            by_email.clone(),
        ),
        case(Endpoint::Read, email(BAD), stream("CONTACT", "update", "email", &of_email), by_email.clone()),
        case(
            Endpoint::Update,
            people[BAD].clone(),
            stream("CONTACT", "update", "email", &of_email),
            by_email.clone(),
        ),
        case(
            Endpoint::Update,
            people[BAD].clone(),
            stream("CONTACT", "update", "hs_object_id", &["hs_object_id", "city"]),
            by_id,
        ),
        case(Endpoint::Read, email(BAD), stream("LIST:77", "append", "email", &["email"]), by_email.clone()),
        case(
            Endpoint::MembersAddAndRemove,
            people[BAD].clone(),
            stream("LIST:77", "append", "email", &["email"]),
            by_email.clone(),
        ),
        case(
            Endpoint::AssociateDefault,
            people[BAD].clone(),
            stream(PAIRS, "append", "x", &pair),
            pairs.clone(),
        ),
        case(
            Endpoint::AssociationRead,
            people[BAD].clone(),
            stream(PAIRS, "append", "x", &[&pair[..], &["label"]].concat()),
            labelled.clone(),
        ),
        case(
            Endpoint::AssociationCreate,
            people[BAD].clone(),
            stream(PAIRS, "append", "x", &[&pair[..], &["label"]].concat()),
            labelled,
        ),
        case(Endpoint::Read, "A3".to_owned(), stream(PAIRS, "append", "x", &keys), by_key.clone()),
        case(Endpoint::Read, email(BAD), stream(PAIRS, "append", "x", &keys), by_key),
        case(
            Endpoint::AssociationArchive,
            people[BAD].clone(),
            stream(PAIRS, "soft_delete", "x", &pair),
            pairs,
        ),
        case(
            Endpoint::EventSendBatch,
            email(BAD),
            stream("EVENT:bought", "append", "x", &["email"]),
            rows(&|number| json!({"email": email(number)})),
        ),
        Case {
            settings: json!([{"name": "s", "operation": "insert"}]),
            ..case(
                Endpoint::Create,
                "bad".to_owned(),
                stream("COMPANY", "append", "x", &["name"]),
                rows(
                    &|number| json!({"name": if number == BAD { "bad".to_owned() } else { format!("new {number}") }}),
                ),
            )
        },
        // Last of all: what is archived is gone.
        case(
            Endpoint::Archive,
            people[BAD].clone(),
            stream("CONTACT", "soft_delete", "email", &["email"]),
            by_email,
        ),
    ]
}

#[test]
fn one_bad_value_costs_one_record_in_every_kind_of_call() {
    let sandbox = account().start();
    for (number, case) in cases(&sandbox).into_iter().enumerate() {
        let Case { endpoint, bad, stream, settings, rows } = case;
        let name = format!("{number} {endpoint:?}");
        let text = TEXTS[number % TEXTS.len()];
        let holding = match endpoint {
            Endpoint::Create => InputMatch::property("name", &bad),
            _ => InputMatch::id(&bad),
        };
        let answer = FaultAnswer::new(400).body(FaultBody::Json(json!({"status": "error", "message": text})));
        let fault =
            sandbox.add_fault(Fault::on(endpoint).containing(holding).answer(answer, When::BeforeEffect));
        let before = sandbox.requests().len();
        let run = write(&sandbox, stream, settings, &rows);
        assert!(sandbox.fault_fired(fault) > 0, "{name}: the call was not made");
        assert_eq!(run.stats(), (6.0, 1.0), "{name}: {:#?}", run.messages);
        let rejected = run.rejected();
        assert_eq!(rejected[0]["data"], rows[3], "{name}");
        assert_eq!(rejected[0]["meta"]["rejection"]["origin"], "hubspot", "{name}");
        let calls =
            sandbox.requests()[before..].iter().filter(|request| request.endpoint == endpoint).count();
        assert!(calls <= 10, "{name}: {calls} calls");
        sandbox.remove_fault(fault);
    }
}

#[test]
fn a_value_that_search_cannot_take_costs_its_record_only() {
    let sandbox = account().search_quotes(SearchQuotes::Refused).start();
    let names = ["Plain", "Two \"quotes\"", "A \"single one", "Other", "Comma, too"];
    let rows = names.map(|name| json!({"name": name, "city": "Ulm"}));
    for operation in ["upsert", "update"] {
        let settings =
            json!([{"name": "s", "operation": operation, "matching_key": "name", "match": "search"}]);
        let mut stream = elt_stream("s", &["name", "city"]);
        stream["destination_object_name"] = json!("COMPANY");
        stream["generation_id"] = json!(1);
        let run = write(&sandbox, stream, settings, &rows);
        assert_eq!(run.stats(), (4.0, 1.0), "{operation}: {run:#?}");
        assert_eq!(run.rejected()[0]["data"]["name"], names[2]);
        assert_eq!(sandbox.count("companies"), 4);
    }
}

#[test]
fn the_same_holds_for_what_a_record_is_associated_with() {
    let sandbox = account().search_quotes(SearchQuotes::Refused).start();
    for name in ["Plain", "Other"] {
        sandbox.insert("companies", &[("name", name)]);
    }
    let settings = json!([{"name": "s", "associations": [
        {"column": "employer", "object": "COMPANY", "key": "name"}]}]);
    let rows = ["Plain", "A \"single one", "Other"]
        .iter()
        .enumerate()
        .map(|(number, employer)| json!({"email": delivery::email(number), "employer": employer}));
    let rows: Vec<Value> = rows.collect();
    let run =
        write(&sandbox, stream("CONTACT", "append_dedup", "email", &["email", "employer"]), settings, &rows);
    assert_eq!(run.stats(), (2.0, 1.0), "{run:#?}");
    let rejection = &run.rejected()[0]["meta"]["rejection"];
    assert_eq!((&rejection["property"], &rejection["origin"]), (&json!("employer"), &json!("hubspot")));
    assert_eq!((sandbox.count("contacts"), sandbox.associations("contacts", "companies").len()), (3, 2));
}

#[test]
fn a_property_that_hubspot_refuses_to_make_ends_no_sync() {
    let sandbox = account().fault(Fault::on(Endpoint::PropertyCreate).status(400)).start();
    let rows = [
        json!({"email": delivery::email(0), "city": "x"}),
        json!({"email": delivery::email(1), "Odd column": "y"}),
        json!({"email": delivery::email(2), "Odd column": null}),
        json!({"email": delivery::email(3), "Odd column": "z"}),
    ];
    let settings = json!([{"name": "s", "unknown_properties": "create"}]);
    let run =
        write(&sandbox, stream("CONTACT", "append_dedup", "email", &["email", "city"]), settings, &rows);
    assert_eq!(run.stats(), (4.0, 0.0), "the column is left out");
    assert_eq!(sandbox.totals().calls(Endpoint::PropertyCreate), 1, "it is asked for once");

    let audience = |number: usize, name: &str| json!({"email": delivery::email(number), "audience": name, "status": true});
    let rows = [audience(0, "VIP"), audience(1, "VIP")];
    let columns = ["email", "audience", "status"];
    let run = write(&sandbox, stream("AUDIENCE", "append_dedup", "email", &columns), json!([]), &rows);
    assert_eq!((run.stats(), run.codes()), ((0.0, 2.0), vec!["INVALID_RECORD"; 2]));
}
