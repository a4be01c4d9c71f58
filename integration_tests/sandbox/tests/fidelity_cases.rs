//! How the situation of each recording is made, from the recording itself.

use hubspot_sandbox::{
    AssociationBudget, Builder, CustomObject, Endpoint, Fault, FaultAnswer, FaultBody, FieldType, ListDef,
    PropertyDef, PropertyType, RateLimit, Sandbox, Scopes, Sensitivity, When,
};
use serde_json::{Value, json};

use crate::support::{Client, Reply};

/// Recordings of what the sandbox does not serve, or not in that shape.
pub(crate) const NOT_SERVED: &[(&str, &str)] = &[
    ("grouparoo-v1-400-invalid-email", "the legacy contacts v1 calls are gone from HubSpot's future"),
    ("grouparoo-v1-400-invalid-long", "the legacy contacts v1 calls are gone from HubSpot's future"),
    (
        "public-create-409-object-already-exists",
        "the other of two shapes of one answer; CONFLICT is the one given",
    ),
    (
        "segment-association-404-to-object-not-found",
        "a call of v3 that takes the type's name; the calls of v4 give the same body, which the tests of associations see",
    ),
    (
        "segment-batch-read-207-error-without-context",
        "written by hand, and nothing real is known to cause it",
    ),
    (
        "segment-event-definition-400-missing",
        "wrapped by the library its engineers mock with; the tests of events see the text inside",
    ),
    (
        "segment-association-batch-create-user-defined",
        "a mock of the status 200, which newer specifications have; calls of v4 are answered 201 as documented",
    ),
    (
        "segment-association-batch-labels-archive",
        "a mock of the status 200, which newer specifications have; calls of v4 are answered 204 as documented",
    ),
    ("segment-search-200-ambiguous-two", "written by hand with ids as numbers; recorded answers have texts"),
];

/// Id of a record that only has to exist.
const SOME_ID: u64 = 5_000_001;

/// Sends the recording's request to a sandbox in which its situation holds; none for an unknown recording.
pub(crate) fn replay(name: &str, fixture: &Value) -> Option<Reply> {
    let mut body = fixture["request"]["body"].clone();
    let builder = builder(fixture);
    let sandbox = match name {
        "public-403-missing-scopes" => {
            let sandbox = builder.token("narrow", Scopes::only(&["oauth"])).start();
            let mut reply = send(&sandbox, &mut Client::with_token(&sandbox, "narrow"), fixture, &body);
            // The key was renamed since the report was made.
            reply.body =
                String::from_utf8(reply.body).unwrap().replace("requiredGranular", "required").into_bytes();
            return Some(reply);
        }
        "public-401-expired-token" => {
            let sandbox = builder.start();
            let token = access_token(&sandbox);
            sandbox.expire_access_tokens();
            body = json!({ "properties": { "firstname": "x" } });
            return Some(send(&sandbox, &mut Client::with_token(&sandbox, &token), fixture, &body));
        }
        "public-429-daily" => builder.daily_limit(0).start(),
        "public-429-secondly" => {
            builder.rate_limit(RateLimit::new(0, std::time::Duration::from_secs(1))).start()
        }
        "public-429-ten-secondly-rolling" => builder.rate_limit(RateLimit::per_ten_seconds(0)).start(),
        "grouparoo-search-429-custom-object" | "grouparoo-search-429-secondly" => {
            builder.search_limit(RateLimit::new(0, std::time::Duration::from_secs(1))).start()
        }
        "segment-patch-500" => {
            let wrong = FaultAnswer::new(500).body(FaultBody::Json(fixture["response"]["body"].clone()));
            builder.fault(Fault::on(Endpoint::UpdateOne).answer(wrong, When::BeforeEffect)).start()
        }
        "segment-property-create-201" | "grouparoo-schema-contact-200" => builder.start(),
        _ => prepare(name, builder, fixture, &mut body)?,
    };
    let token = if is_private(fixture) { sandbox.default_token().to_owned() } else { access_token(&sandbox) };
    Some(send(&sandbox, &mut Client::with_token(&sandbox, &token), fixture, &body))
}

/// The recordings with daily headers were made with a private key, those with other limits by an OAuth app.
fn is_private(fixture: &Value) -> bool {
    let headers = &fixture["response"]["headers"];
    headers["x-hubspot-ratelimit-max"].is_null() || !headers["x-hubspot-ratelimit-daily"].is_null()
}

fn access_token(sandbox: &Sandbox) -> String {
    let fields = [
        ("grant_type", "refresh_token"),
        ("client_id", "app"),
        ("client_secret", "hush"),
        ("refresh_token", "again"),
    ];
    let reply = Client::new(sandbox).form("/oauth/v1/token", &fields);
    reply.json()["access_token"].as_str().unwrap().to_owned()
}

fn send(_: &Sandbox, client: &mut Client, fixture: &Value, body: &Value) -> Reply {
    let request = &fixture["request"];
    let (method, path) = (request["method"].as_str().unwrap(), request["path"].as_str().unwrap());
    if method == "GET" { client.get(path) } else { client.call(method, path, body) }
}

/// A builder with the account, limits, object types and properties that the recording shows.
fn builder(fixture: &Value) -> Builder {
    let mut builder = Sandbox::builder().oauth_app("app", "hush", "again", Scopes::all());
    let text = fixture["response"]["body"].to_string();
    for mark in ["hubspot.com/contacts/", "portal ID ", "portalId\\\":"] {
        let digits: String = text
            .split_once(mark)
            .map(|(_, rest)| rest.chars().take_while(char::is_ascii_digit).collect())
            .unwrap_or_default();
        if let Ok(portal) = digits.parse() {
            builder = builder.portal_id(portal);
        }
    }
    let max = &fixture["response"]["headers"]["x-hubspot-ratelimit-max"];
    if let Some(max) = max.as_str().and_then(|text| text.parse().ok()) {
        builder = builder.rate_limit(RateLimit::per_ten_seconds(max));
    }
    let object = object(fixture);
    if object.starts_with("2-") || text.contains("PORTAL_SPECIFIC") {
        return builder.custom_object(custom_object(fixture));
    }
    for property in missing_properties(fixture, &object) {
        builder = builder.property(&object, property);
    }
    builder
}

/// The object type in the recording's path.
fn object(fixture: &Value) -> String {
    let path = fixture["request"]["path"].as_str().unwrap();
    path.split(['/', '?']).nth(4).unwrap_or_default().to_owned()
}

fn custom_object(fixture: &Value) -> CustomObject {
    let body = &fixture["response"]["body"];
    let schema = if body["results"][0]["objectTypeId"].is_string() { &body["results"][0] } else { body };
    let number = schema["id"].as_str().unwrap_or("3604285").parse().unwrap();
    let name = schema["name"].as_str().unwrap_or("grouparoo_object");
    let mut object = CustomObject::new(name)
        .type_number(number)
        .property(PropertyDef::string("grouparoo_object_property"))
        .required("grouparoo_object_property");
    for name in ["first_name", "last_name", "text_field", "date_field"] {
        object = object.property(PropertyDef::string(name));
    }
    object.property(PropertyDef::number("number_field"))
}

/// Properties of the recording that HubSpot accounts do not start with.
fn missing_properties(fixture: &Value, object: &str) -> Vec<PropertyDef> {
    let known: Vec<String> = {
        let sandbox = Sandbox::builder().start();
        if !["contact", "contacts", "CONTACT", "company", "companies"].contains(&object) {
            return Vec::new();
        }
        sandbox.properties(object).into_iter().map(|property| property.name).collect()
    };
    let mut names: Vec<String> = Vec::new();
    let mut note = |properties: &Value| {
        names.extend(properties.as_object().into_iter().flatten().map(|(name, _)| name.clone()));
    };
    fixture["request"]["body"]["inputs"]
        .as_array()
        .into_iter()
        .flatten()
        .for_each(|input| note(&input["properties"]));
    fixture["response"]["body"]["results"]
        .as_array()
        .into_iter()
        .flatten()
        .for_each(|result| note(&result["properties"]));
    for result in fixture["response"]["body"]["results"].as_array().into_iter().flatten() {
        names.extend(result["name"].as_str().map(str::to_owned));
    }
    if fixture["request"]["path"].as_str().unwrap().contains("segment_group_id") {
        names.push("segment_group_id".to_owned());
    }
    names.sort();
    names.dedup();
    names.into_iter().filter(|name| !known.contains(name)).map(|name| property_named(&name)).collect()
}

/// The recordings' own properties tell their type by their name.
fn property_named(name: &str) -> PropertyDef {
    let property = if name.starts_with("num_") || name == "number_field" {
        PropertyDef::number(name)
    } else if name.starts_with("bool_") || name.starts_with("boolish_") {
        PropertyDef::new(name, PropertyType::Enumeration, FieldType::Booleancheckbox)
            .options(&["true", "false"])
    } else if name.starts_with("datetime_") {
        PropertyDef::datetime(name)
    } else if name.starts_with("date_") {
        PropertyDef::date(name)
    } else if name == "segment_group_id" {
        PropertyDef::string(name).unique()
    } else {
        PropertyDef::string(name)
    };
    if name.ends_with("_sprop") { property.sensitivity(Sensitivity::Sensitive) } else { property }
}

/// Starts the sandbox, makes the records the recording needs, and fills in requests the source does not give.
fn prepare(name: &str, builder: Builder, fixture: &Value, body: &mut Value) -> Option<Sandbox> {
    let sandbox = builder.start();
    let object = object(fixture);
    let insert =
        |id: &str, values: &[(&str, &str)]| sandbox.insert_with_id(&object, id.parse().unwrap(), values);
    let inputs = body["inputs"].as_array().cloned().unwrap_or_default();
    match name {
        // Nothing has to be there before.
        "grouparoo-contact-batch-create-201"
        | "grouparoo-custom-object-batch-create-201"
        | "grouparoo-schema-custom-object-200"
        | "grouparoo-schemas-list-200"
        | "hotglue-create-201-contact-without-email"
        | "hotglue-create-201"
        | "hotglue-create-207-invalid-option"
        | "hotglue-create-400-association-target-missing"
        | "hotglue-create-400-invalid-email"
        | "hotglue-create-400-invalid-number-and-date"
        | "hotglue-create-400-invalid-option"
        | "hotglue-create-400-malformed-json-type"
        | "hotglue-search-200-empty"
        | "hotglue-upsert-400-non-unique-idproperty"
        | "segment-batch-read-207-object-not-found"
        | "segment-association-labels-200"
        | "segment-list-create-200"
        | "segment-list-get-400-not-found"
        | "segment-properties-list-200"
        | "segment-properties-sensitive-list-200"
        | "segment-upsert-coerced-values" => {}
        // The records named by id.
        "grouparoo-batch-archive-204"
        | "grouparoo-batch-archive-204-custom-object"
        | "grouparoo-clear-property-with-empty-string"
        | "grouparoo-contact-batch-update-200"
        | "grouparoo-custom-object-batch-update-200"
        | "hotglue-update-200-by-record-id"
        | "segment-read-by-hs-object-id"
        | "segment-update-by-hs-object-id-omits-idproperty" => {
            for input in &inputs {
                let stage = [("lifecyclestage", "lead")];
                let has_stage = object == "companies";
                insert(input["id"].as_str()?, if has_stage { &stage } else { &[] });
            }
        }
        // The contacts named by address.
        "hotglue-upsert-200-existing"
        | "hotglue-upsert-207-invalid-email"
        | "public-batch-create-409-first-only" => {
            for (number, input) in inputs.iter().enumerate() {
                let email = input["properties"]["email"].as_str()?;
                if email.contains('@') {
                    insert(
                        &(SOME_ID + number as u64).to_string(),
                        &[("email", email), ("lifecyclestage", "lead")],
                    );
                }
            }
        }
        "hotglue-upsert-200-noop" => {
            let sent: Vec<(&str, &str)> = inputs[0]["properties"]
                .as_object()?
                .iter()
                .filter_map(|(name, value)| Some((name.as_str(), value.as_str()?)))
                .collect();
            insert("230896942496", &[&sent[..], &[("lifecyclestage", "lead")]].concat());
        }
        "hotglue-search-200-one" => {
            insert("198835114517", &[("email", "invalid@example.com"), ("firstname", "Invalid")])
        }
        "hotglue-update-200-missing-result" | "hotglue-patch-merged-id" => {
            for id in ["56503292710", "56514030382", "56515959971"] {
                insert(id, &[("lifecyclestage", "lead")]);
            }
            sandbox.merge(&object, "56514030382", "56503292710");
        }
        "public-batch-update-idproperty-non-unique" => {
            *body = json!({ "inputs": [{ "id": "a@b.io", "idProperty": "email", "properties": { "firstname": "x" } }] });
        }
        "public-create-409-contact-exists" => {
            insert("37765128953", &[("email", "a@b.io")]);
            *body = json!({ "properties": { "email": "a@b.io" } });
        }
        "public-upsert-409-whole-batch" => {
            insert("37765128953", &[("email", "a@b.io")]);
            sandbox.add_secondary_email("37765128953", "c@d.io");
            let input = |email: &str| json!({ "id": email, "idProperty": "email", "properties": { "firstname": "x" } });
            *body = json!({ "inputs": [input("a@b.io"), input("c@d.io")] });
        }
        "segment-create-400-property-doesnt-exist" => {
            *body = json!({ "properties": { "name": "x", "segment_group_id": "y" } });
        }
        "hotglue-association-put-201-default-279" => {
            sandbox.set_association_budget(AssociationBudget::Shared);
            sandbox.insert_with_id("contacts", 230_896_942_496, &[]);
            sandbox.insert_with_id("companies", 50_349_449_041, &[]);
        }
        // The list with the number and the name of the recording; the account's first object type is as good as any.
        "public-lists-error-shape" => {
            sandbox.insert_list(&ListDef::dynamic("d", "contacts").id(21));
            *body = json!({ "recordIdsToAdd": ["1"], "recordIdsToRemove": [] });
        }
        "segment-list-add-and-remove-request" => {
            sandbox.insert_list(&ListDef::manual("m", "contacts").id(21));
            sandbox.insert_with_id("contacts", 62_102_303_560, &[]);
        }
        "segment-list-get-200-manual" => {
            sandbox.insert_list(&ListDef::manual("contact_list_2", "contacts").id(21));
        }
        "segment-patch-400-no-properties" => {
            insert("7", &[("email", "vep@beri.dz")]);
            *body = json!({ "properties": {} });
        }
        "segment-patch-404-resource-not-found" => *body = json!({ "properties": { "name": "x" } }),
        "segment-search-400-unknown-property" => {
            let filter = json!({ "propertyName": "segment_group_id", "operator": "EQ", "value": "x" });
            *body = json!({ "filterGroups": [{ "filters": [filter] }] });
        }
        _ => return None,
    }
    Some(sandbox)
}
