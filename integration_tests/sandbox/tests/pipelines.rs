//! Pipelines: their calls, and what records may hold of them.

use hubspot_sandbox::{ForeignStages, Pipeline, PipelineOptions, PropertyDef, Sandbox, Scopes, Stage};
use serde_json::{Value, json};

use crate::support::{Client, inputs};

fn with_renewals() -> Sandbox {
    let stage = |id: &str, label: &str| Stage::new(id, label).metadata("probability", "0.5");
    let renewals = Pipeline::new("75601243", "Renewals")
        .stage(stage("144891001", "Contacted"))
        .stage(stage("144891002", "Closed Won"));
    Sandbox::builder().pipeline("deals", renewals).start()
}

fn deal(client: &mut Client, pipeline: &str, stage: &str) -> (u16, Value) {
    let properties = json!({ "dealname": "D", "pipeline": pipeline, "dealstage": stage });
    let reply = client.post("/crm/v3/objects/deals", &json!({ "properties": properties }));
    (reply.status, reply.json())
}

#[test]
fn pipelines_are_at_their_own_endpoints_and_not_in_the_definitions() {
    let sandbox = with_renewals();
    let mut client = Client::new(&sandbox);
    for path in ["/crm/v3/pipelines/deals", "/crm/pipelines/2026-09/0-3"] {
        let all = client.get(path).json();
        assert_eq!(
            all["results"][0]["stages"][5]["metadata"],
            json!({ "isClosed": "true", "probability": "1.0" })
        );
        assert_eq!(all["results"][1]["stages"][1]["id"], "144891002");
    }
    let ticket = client.get("/crm/v3/pipelines/tickets/0/stages/4").json();
    assert_eq!(ticket["metadata"], json!({ "isClosed": "true", "ticketState": "CLOSED" }));
    let property = client.get("/crm/v3/properties/deals/dealstage").json();
    assert_eq!((&property["options"], &property["externalOptions"]), (&json!([]), &json!(true)));

    let inline = Sandbox::builder().pipeline_options(PipelineOptions::Inline).start();
    let property = Client::new(&inline).get("/crm/v3/properties/deals/dealstage").json();
    assert_eq!(
        (property["options"].as_array().unwrap().len(), &property["externalOptions"]),
        (7, &json!(false))
    );
}

#[test]
fn records_hold_ids_of_stages_of_their_pipeline() {
    let sandbox = with_renewals();
    let mut client = Client::new(&sandbox);
    assert_eq!(deal(&mut client, "75601243", "144891001").0, 201);
    for (pipeline, stage) in [
        ("Renewals", "144891001"),
        ("75601243", "Contacted"),
        ("75601243", "closedwon"),
        ("default", "144891001"),
        ("default", "ClosedWon"),
    ] {
        let (status, body) = deal(&mut client, pipeline, stage);
        assert_eq!(
            (status, &body["errors"][0]["code"]),
            (400, &json!("INVALID_OPTION")),
            "{pipeline} {stage}"
        );
    }
    // A stage alone stays in the pipeline that the record is in.
    let id = sandbox.records("deals")[0].id.clone();
    let path = format!("/crm/v3/objects/deals/{id}");
    let mut to =
        |stage: &str| client.call("PATCH", &path, &json!({ "properties": { "dealstage": stage } })).status;
    assert_eq!((to("144891002"), to("closedwon")), (200, 400));
    sandbox.set("deals", &id, &[("amount", "5")]);
    let lenient = Sandbox::builder().foreign_stages(ForeignStages::Accepted).start();
    lenient.put_pipeline("deals", Pipeline::new("7", "Other").stage(Stage::new("8", "Open")));
    assert_eq!(deal(&mut Client::new(&lenient), "default", "8").0, 201);
}

#[test]
fn pipelines_and_stages_are_made_changed_and_deleted() {
    let sandbox = Sandbox::builder().start();
    let mut client = Client::new(&sandbox);
    let stage = |label: &str| json!({ "label": label, "metadata": { "probability": 0.3 } });
    let new = json!({ "label": "Partners", "stages": [stage("In"), stage("Out")] });
    let made = client.post("/crm/v3/pipelines/deals", &new);
    assert_eq!(made.status, 201);
    let made = made.json();
    let (id, first) = (made["id"].as_str().unwrap(), made["stages"][0]["id"].as_str().unwrap());
    assert!(id.parse::<u64>().is_ok() && first != id, "{made}");
    assert_eq!(made["stages"][0]["metadata"], json!({ "isClosed": "false", "probability": "0.3" }));
    assert_eq!(deal(&mut client, id, first).0, 201);

    let path = format!("/crm/v3/pipelines/deals/{id}");
    assert_eq!(client.call("PATCH", &path, &json!({ "label": "Resellers" })).json()["label"], "Resellers");
    let chosen = json!({ "label": "Maybe", "stageId": "maybe", "metadata": { "probability": "0.4" } });
    assert_eq!(client.post(&format!("{path}/stages"), &chosen).json()["id"], "maybe");
    assert_eq!(deal(&mut client, id, "maybe").0, 201);
    let renamed = client.call("PATCH", &format!("{path}/stages/maybe"), &json!({ "label": "Perhaps" }));
    assert_eq!((renamed.status, &renamed.json()["label"]), (200, &json!("Perhaps")));
    assert_eq!(client.get(&format!("{path}/stages")).json()["results"].as_array().unwrap().len(), 3);
    let replaced = client.call("PUT", &path, &json!({ "label": "Last", "stages": [stage("Only")] })).json();
    assert_eq!((&replaced["label"], replaced["stages"].as_array().unwrap().len()), (&json!("Last"), 1));

    assert_eq!(client.send("DELETE", &path, None, b"").unwrap().status, 204);
    let gone = client.get(&path);
    assert_eq!((gone.status, gone.body.len()), (404, 0));
    assert_eq!(deal(&mut client, id, first).0, 400);
}

#[test]
fn refusals_are_those_that_accounts_gave() {
    let sandbox = Sandbox::builder().start();
    let mut client = Client::new(&sandbox);
    let sub = |reply: &crate::support::Reply| reply.json()["subCategory"].clone();
    let same = json!({ "label": " sales PIPELINE ", "stages": [] });
    let reply = client.post("/crm/v3/pipelines/deals", &same);
    assert!(reply.status == 400 && reply.json()["message"].as_str().unwrap().contains("already exists."));
    let reply =
        client.post("/crm/v3/pipelines/deals/default/stages", &json!({ "label": "X", "metadata": {} }));
    assert_eq!((reply.status, &reply.json()["category"]), (400, &Value::Null));
    let twice = json!({ "label": "closed won", "metadata": { "probability": "1" } });
    let reply = client.post("/crm/v3/pipelines/deals/default/stages", &twice);
    assert_eq!((reply.status, sub(&reply)), (400, json!("PipelineError.STAGE_LABEL_EXISTS")));
    let taken = json!({ "label": "New", "stages": [{ "label": "A", "stageId": "closedwon", "metadata": { "probability": "1" } }] });
    let reply = client.post("/crm/v3/pipelines/deals", &taken);
    assert_eq!(
        (reply.status, sub(&reply)),
        (409, json!("PipelineError.STAGE_ID_EXISTS_IN_ANOTHER_PIPELINE"))
    );
    let open =
        json!({ "label": "Open", "stages": [{ "label": "A", "metadata": { "ticketState": "OPEN" } }] });
    let reply = client.post("/crm/v3/pipelines/tickets", &open);
    assert_eq!((reply.status, sub(&reply)), (400, json!("PipelineError.MISSING_CLOSED_STAGE")));
    assert_eq!(client.send("DELETE", "/crm/v3/pipelines/deals/none", None, b"").unwrap().status, 404);
    assert_eq!(
        client.send("DELETE", "/crm/v3/pipelines/deals/default/stages/none", None, b"").unwrap().status,
        204
    );

    assert_eq!(deal(&mut client, "default", "closedwon").0, 201);
    let used = "/crm/v3/pipelines/deals/default/stages/closedwon";
    let reply =
        client.send("DELETE", &format!("{used}?validateReferencesBeforeDelete=true"), None, b"").unwrap();
    assert_eq!((reply.status, sub(&reply)), (400, json!("PipelineError.STAGE_ID_IN_USE")));
    assert_eq!(reply.json()["context"]["objectIds"], json!([sandbox.records("deals")[0].id]));
    assert_eq!(client.send("DELETE", used, None, b"").unwrap().status, 204);

    let narrow = Sandbox::builder().token("narrow", Scopes::only(&["crm.lists.read"])).start();
    assert_eq!(Client::with_token(&narrow, "narrow").get("/crm/v3/pipelines/deals").status, 403);
    let reader = Sandbox::builder().token("reader", Scopes::only(&["crm.objects.deals.read"])).start();
    assert_eq!(Client::with_token(&reader, "reader").get("/crm/v3/pipelines/deals").status, 200);
}

#[test]
fn other_types_get_the_properties_with_their_first_pipeline() {
    let sandbox = Sandbox::builder().start();
    sandbox.put_property("orders", PropertyDef::string("note"));
    sandbox.put_pipeline("orders", Pipeline::new("o", "Orders").stage(Stage::new("open", "Open")));
    let properties = json!({ "hs_order_name": "N", "hs_pipeline": "o", "hs_pipeline_stage": "open" });
    let body = inputs(vec![json!({ "properties": properties })]);
    assert_eq!(Client::new(&sandbox).post("/crm/v3/objects/orders/batch/create", &body).status, 201);
}
