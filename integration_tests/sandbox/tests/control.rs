//! The control over HTTP: everything it has, through what it says of itself.

use std::collections::BTreeSet;

use hubspot_sandbox::{
    AssociationLabel, Control, CustomObject, Endpoint, EventDef, Fault, InputMatch, ListDef, PropertyDef,
    RateLimit, Sandbox, Scopes, Seed, When, Writing, openapi,
};
use serde_json::{Value, json};

use crate::support::{Client, Reply, UPSERT, by_email, inputs};

/// A client of the control that holds every request and answer against the description.
struct Remote {
    client: Client,
    description: Value,
    called: BTreeSet<String>,
}

impl Remote {
    fn of(sandbox: &Sandbox) -> Self {
        let mut client = Client::new(sandbox);
        client.token = None;
        Self { client, description: openapi(), called: BTreeSet::new() }
    }

    /// The described operation and its path.
    fn operation(&self, method: &str, path: &str) -> (String, Value) {
        let path = path.split('?').next().unwrap();
        let fits = |known: &str| {
            let (known, asked): (Vec<&str>, Vec<&str>) =
                (known.split('/').collect(), path.split('/').collect());
            known.len() == asked.len()
                && known.iter().zip(asked).all(|(known, asked)| known.starts_with('{') || *known == asked)
        };
        let (known, operations) =
            self.description["paths"].as_object().unwrap().iter().find(|(known, _)| fits(known)).unwrap();
        let method = method.to_lowercase();
        (format!("{method} {known}"), operations[&method].clone())
    }

    fn check(&self, content: &Value, body: &Value) {
        let mut schema = content["application/json"]["schema"].clone();
        schema["components"] = self.description["components"].clone();
        let validator = jsonschema::validator_for(&schema).unwrap();
        let errors: Vec<String> = validator.iter_errors(body).map(|error| format!("{error}")).collect();
        assert!(errors.is_empty(), "{body:#}\n{errors:#?}");
    }

    fn call(&mut self, method: &str, path: &str, body: Option<&Value>) -> Reply {
        let (name, operation) = self.operation(method, path);
        let reply = match body {
            Some(body) => {
                self.check(&operation["requestBody"]["content"], body);
                self.client.call(method, path, body)
            }
            None => self.client.send(method, path, None, b"").unwrap(),
        };
        let described = &operation["responses"][reply.status.to_string()];
        assert!(described.is_object(), "{name} answered {}: {}", reply.status, reply.json());
        match described.get("content") {
            Some(content) => self.check(content, &reply.json()),
            None => assert!(reply.body.is_empty()),
        }
        self.called.insert(name);
        reply
    }

    fn get(&mut self, path: &str) -> Value {
        self.call("GET", path, None).json()
    }

    fn send(&mut self, method: &str, path: &str, body: &Value) -> Value {
        self.call(method, path, Some(body)).json()
    }

    fn act(&mut self, method: &str, path: &str) {
        assert_eq!(self.call(method, path, None).status, 204);
    }
}

fn controlled() -> Sandbox {
    Sandbox::builder().control(Control::On).start()
}

/// An account with something of everything.
fn full() -> Sandbox {
    let sandbox = Sandbox::builder()
        .control(Control::On)
        .portal_id(42)
        .rate_limit(RateLimit::per_ten_seconds(500))
        .token("pat-reader", Scopes::only(&["crm.objects.contacts.read"]))
        .oauth_app("app", "hush", "again", Scopes::all())
        .custom_object(CustomObject::new("car").type_number(77).property(PropertyDef::string("vin").unique()))
        .property("contacts", PropertyDef::select("tier", &["gold", "silver"]).label("Tier"))
        .association_label(AssociationLabel::new("contacts", "companies", "Works at").inverse("Employs"))
        .event_definition(EventDef::new("signed_up").property(PropertyDef::string("plan")))
        .record_limit("car", 10)
        .fault(Fault::on(Endpoint::Merge).nth(3).close(When::AfterEffect))
        .fault(
            Fault::on(Endpoint::Upsert).object("deals").unmention(InputMatch::id("5"), Writing::NotWritten),
        )
        .start();
    let ann = sandbox.insert("contacts", &[("email", "ann@b.io"), ("tier", "gold")]);
    let away = sandbox.insert("contacts", &[("email", "away@b.io")]);
    let gone = sandbox.insert("contacts", &[("email", "gone@b.io")]);
    let acme = sandbox.insert("companies", &[("name", "Acme")]);
    sandbox.insert("car", &[("vin", "W1")]);
    sandbox.merge("contacts", &ann, &away);
    sandbox.archive("contacts", &gone);
    sandbox.delete_property("companies", "about_us");
    sandbox.associate(("contacts", &ann), ("companies", &acme), &["Works at"]);
    sandbox.insert_list(&ListDef::manual("VIPs", "contacts").id(21).members(&[&ann]));
    let event =
        json!({ "eventName": "pe42_signed_up", "email": "ann@b.io", "properties": { "plan": "pro" } });
    assert_eq!(Client::new(&sandbox).post("/events/v3/send", &event).status, 204);
    sandbox
}

#[test]
fn it_is_off_unless_asked_for_but_for_its_health() {
    let sandbox = Sandbox::builder().start();
    let mut client = Client::new(&sandbox);
    for path in ["/_sandbox/seed", "/_sandbox/openapi.json", "/_sandbox"] {
        assert_eq!(client.get(path).status, 404, "{path}");
    }
    assert_eq!(client.post("/_sandbox/reset", &json!({})).status, 404);
    assert_eq!(client.get("/_sandbox/health").json()["status"], "ok");
}

#[test]
fn every_operation_does_and_answers_what_its_description_says() {
    let sandbox = full();
    let mut remote = Remote::of(&sandbox);
    let mut client = Client::new(&sandbox);
    assert_eq!(remote.get("/_sandbox/health")["status"], "ok");
    assert_eq!(remote.get("/_sandbox/openapi.json"), openapi());

    let seed = remote.get("/_sandbox/seed");
    assert_eq!(seed["records"]["contacts"].as_array().unwrap().len(), 3);
    remote.act("PUT", "/_sandbox/snapshots/before");
    remote.send(
        "POST",
        "/_sandbox/seed",
        &json!({ "records": { "deals": [{ "properties": { "amount": 5 } }] } }),
    );
    assert_eq!(sandbox.records("deals")[0].get("amount"), Some("5"));
    assert_eq!(remote.get("/_sandbox/snapshots")["snapshots"], json!(["before"]));
    remote.act("POST", "/_sandbox/snapshots/before/restore");
    assert_eq!(remote.get("/_sandbox/seed"), seed, "a snapshot holds all of it");
    remote.act("DELETE", "/_sandbox/snapshots/before");

    let fault = json!({ "on": { "endpoint": "ownerList" }, "calls": { "first": 1 }, "effect": { "hold": "beforeEffect" } });
    let id = remote.send("POST", "/_sandbox/faults", &fault)["id"].clone();
    let at = format!("/_sandbox/faults/{id}");
    std::thread::scope(|scope| {
        let held = scope.spawn(|| Client::new(&sandbox).get("/crm/v3/owners").status);
        assert!(sandbox.wait_until(std::time::Duration::from_secs(20), |totals| totals.in_flight == 1));
        remote.act("POST", &format!("{at}/release"));
        assert_eq!(held.join().unwrap(), 200);
    });
    assert_eq!(remote.get(&at)["fired"], 1);
    remote.act("DELETE", &at);
    assert_eq!(remote.get("/_sandbox/faults")["faults"].as_array().unwrap().len(), 2);
    remote.act("DELETE", "/_sandbox/faults");

    let limits =
        json!({ "calls": { "max": 3, "intervalMs": 60_000 }, "dailyUsed": 7, "associations": "shared" });
    assert_eq!(remote.send("PATCH", "/_sandbox/limits", &limits)["daily"], 1_000_000);
    assert_eq!(client.get("/crm/v3/owners").number("x-hubspot-ratelimit-max"), 3);
    assert_eq!(remote.get("/_sandbox/limits")["dailyUsed"], 8);
    remote.send("PATCH", "/_sandbox/delays", &json!({ "searchIndexMs": 5000, "latencyMs": 0 }));
    assert_eq!(remote.get("/_sandbox/delays")["searchIndexMs"], 5000);
    let readings = remote.send("PATCH", "/_sandbox/switches", &json!({ "echoTraceIds": "never" }));
    assert_eq!(
        (&readings["echoTraceIds"], &readings["eventUuids"]),
        (&json!("never"), &json!("deduplicate"))
    );
    assert_eq!(remote.get("/_sandbox/switches"), readings);

    let now = json!({ "now": "2030-01-01T00:00:00.000Z" });
    let set = remote.send("PUT", "/_sandbox/clock", &now)["now"].as_str().unwrap().to_owned();
    assert!(set.starts_with("2030-01-01T00:0"), "{set}");
    let advanced = remote.send("POST", "/_sandbox/clock/advance", &json!({ "byMs": 86_400_000 }));
    assert!(advanced["now"].as_str().unwrap().starts_with("2030-01-02T00:0"), "{advanced}");
    assert!(remote.get("/_sandbox/clock")["now"].as_str().unwrap().starts_with("2030-01-02"));

    remote.act("DELETE", "/_sandbox/requests");
    let body = inputs(vec![by_email(0, "ben@b.io", json!({ "city": "Bonn" }))]);
    assert_eq!(client.post(UPSERT, &body).status, 200);
    let log = remote.get("/_sandbox/requests?limit=5");
    assert_eq!(log["totals"]["arrived"], 1);
    let number = log["requests"][0]["arrival"].clone();
    let request = remote.get(&format!("/_sandbox/requests/{number}"));
    assert_eq!(request["body"], body);
    assert_eq!(request["answer"]["results"][0]["new"], true);
    let came = json!({ "calls": [{ "endpoint": "upsert", "object": "0-1", "status": 200, "inputs": 1 }] });
    assert_eq!(remote.call("POST", "/_sandbox/expectations", Some(&came)).status, 200);
    let other = json!({ "calls": [{ "endpoint": "create" }] });
    let verdict = remote.call("POST", "/_sandbox/expectations", Some(&other));
    assert_eq!((verdict.status, verdict.json()["difference"].as_array().unwrap().len()), (409, 2));

    remote.send("PUT", "/_sandbox/seed", &json!({ "account": { "portalId": 7 } }));
    assert_eq!(
        (sandbox.count("contacts"), &remote.get("/_sandbox/seed")["account"]["portalId"]),
        (0, &json!(7))
    );
    assert_eq!(client.get("/crm/v3/owners").status, 200, "the sandbox's own token stays");
    remote.act("POST", "/_sandbox/reset");
    assert_eq!((sandbox.count("contacts"), sandbox.count("car")), (0, 0), "what tests inserted is gone");
    assert_eq!(sandbox.object_type_id("car"), "2-77");

    let described: BTreeSet<String> = openapi()["paths"]
        .as_object()
        .unwrap()
        .iter()
        .flat_map(|(path, operations)| {
            operations.as_object().unwrap().keys().map(move |method| format!("{method} {path}"))
        })
        .collect();
    assert_eq!(described, remote.called, "every operation was called");
}

#[test]
fn an_export_makes_the_same_account_again() {
    let sandbox = full();
    let seed = sandbox.seed();
    let text = serde_json::to_string(&seed).unwrap();
    let read: Seed = serde_json::from_str(&text).unwrap();
    assert_eq!(read, seed);
    let again = Sandbox::builder().described(read).start();
    assert_eq!(again.seed(), seed);
    for object in ["contacts", "companies", "car"] {
        assert_eq!(again.records_with_archived(object), sandbox.records_with_archived(object), "{object}");
    }
    assert_eq!(again.associations("companies", "contacts"), sandbox.associations("companies", "contacts"));
    let away = &sandbox.records_with_archived("contacts")[1].id;
    assert_eq!(again.follow("contacts", away), sandbox.follow("contacts", away));
    assert!(again.follow("contacts", away).is_some());
    let mut client = Client::new(&again);
    let merged = by_email(0, "away@b.io", json!({ "city": "Rome" }));
    assert_eq!(client.post(UPSERT, &inputs(vec![merged])).json()["results"][0]["new"], false);
}

#[test]
fn what_cannot_be_is_refused_and_changes_nothing() {
    let sandbox = controlled();
    let mut client = Client::new(&sandbox);
    for (seed, word) in [
        (json!({ "records": { "deals": [{}], "nothing": [{}] } }), "nothing"),
        (json!({ "records": { "deals": [{ "properties": { "colour": "red" } }] } }), "colour"),
        (json!({ "records": { "deals": [{ "id": "x" }] } }), "record id"),
        (json!({ "recrods": {} }), "recrods"),
        (json!({ "switches": { "echoTraceIds": "sometimes" } }), "sometimes"),
        (json!({ "lists": [{ "name": "a", "object": "cats" }] }), "cats"),
    ] {
        let reply = client.post("/_sandbox/seed", &seed);
        let message = reply.json()["message"].as_str().unwrap_or_default().to_owned();
        assert!(reply.status == 400 && message.contains(word), "{seed}: {} {message}", reply.status);
    }
    assert_eq!(sandbox.count("deals"), 0);
    for (method, path, status) in [
        ("GET", "/_sandbox/nothing", 404),
        ("DELETE", "/_sandbox/seed", 405),
        ("GET", "/_sandbox/faults/9", 404),
        ("GET", "/_sandbox/faults/x", 400),
        ("GET", "/_sandbox/requests/9", 404),
        ("POST", "/_sandbox/snapshots/none/restore", 404),
        ("GET", "/_sandbox/requests?after=x", 400),
    ] {
        assert_eq!(client.send(method, path, None, b"").unwrap().status, status, "{method} {path}");
    }
    assert_eq!(client.send("POST", "/_sandbox/seed", Some("text/plain"), b"{}").unwrap().status, 415);
    client.more_headers = vec![("origin", "https://elsewhere.example")];
    assert_eq!(client.send("POST", "/_sandbox/reset", None, b"").unwrap().status, 403);
    assert_eq!(sandbox.totals().arrived, 0, "nothing of it is a request to HubSpot");
}

#[test]
fn seeds_may_be_yaml() {
    let sandbox = controlled();
    let mut client = Client::new(&sandbox);
    let seed = "
account: { portalId: 42, region: eu1 }
properties:
  contacts:
    - { name: score, type: number }
    - name: tier
      type: enumeration
      options: [{ label: Gold, value: gold }]
records:
  contacts:
    - { id: 101, properties: { email: ann@b.io, score: 7, tier: gold } }
lists:
  - { name: VIPs, object: contacts, members: ['101'] }
faults:
  - { on: { family: lists }, probability: 0.5, effect: { answer: { status: 503, when: afterEffect } } }
";
    // Record ids are texts; YAML makes a number of 101, which says so.
    let reply = client.send("POST", "/_sandbox/seed", Some("application/yaml"), seed.as_bytes()).unwrap();
    assert_eq!(reply.status, 400, "{}", reply.json());
    let seed = seed.replace("id: 101", "id: '101'");
    let reply = client.send("POST", "/_sandbox/seed", Some("application/yaml"), seed.as_bytes()).unwrap();
    assert_eq!(reply.status, 204, "{}", reply.json());
    assert_eq!(sandbox.record("contacts", "101").unwrap().get("score"), Some("7"));
    assert_eq!(sandbox.list("VIPs").unwrap().members, ["101"]);
}
