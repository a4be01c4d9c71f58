"""HubSpot's own client for Python reads what the connector wrote, and finds in the sandbox the HubSpot it knows."""

import json
import subprocess

import pytest
from hubspot.crm import contacts
from hubspot.crm.objects.exceptions import ApiException

from airbyte_messages import activation, complete, record


@pytest.fixture
def deliver(program, tmp_path):
    """Runs the program's `write`, as a shell would, and gives what it printed."""

    def run(config: dict, catalog: dict, messages: list[dict | str]) -> list[dict]:
        (tmp_path / "config.json").write_text(json.dumps(config))
        (tmp_path / "catalog.json").write_text(json.dumps(catalog))
        command = [program, "write", "--config", tmp_path / "config.json", "--catalog", tmp_path / "catalog.json"]
        lines = [message if isinstance(message, str) else json.dumps(message) for message in messages]
        text = "".join(f"{line}\n" for line in lines)
        done = subprocess.run(command, input=text, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout[-2000:]
        return [json.loads(line) for line in done.stdout.splitlines()]

    return run


def test_values_of_every_type_are_read_back(deliver, sandbox):
    sandbox.add_property("contacts", "visited", "date", "date")
    sandbox.add_property("contacts", "seen", "datetime", "date")
    sandbox.add_property("contacts", "score", "number", "number")
    topics = [{"label": name.title(), "value": name, "displayOrder": 0} for name in ("news", "offers", "events")]
    sandbox.add_property("contacts", "topics", "enumeration", "checkbox", options=topics)

    row = {
        "email": "Zoë.Ünal@Example.com",
        "firstname": "Zoë \U0001f98a\u2028",
        "visited": "2024-02-29",
        "seen": "2024-02-29T23:59:59.999+02:00",
        "score": "DIGITS",
        "topics": ["news", "Events"],
    }
    catalog = activation("people", "append_dedup", *row)
    # More digits than a floating-point number holds.
    line = json.dumps(record("people", **row)).replace('"DIGITS"', "12345678901234567890.5")
    deliver(sandbox.config(), catalog, [line, complete("people")])

    wanted = contacts.BatchReadInputSimplePublicObjectId(
        inputs=[contacts.SimplePublicObjectId(id="zoë.ünal@example.com")], id_property="email", properties=list(row)
    )
    answer = sandbox.client.crm.contacts.batch_api.read(wanted)
    [found] = answer.results
    assert found.properties["firstname"] == row["firstname"]
    assert found.properties["visited"] == "2024-02-29"
    assert found.properties["seen"] == "2024-02-29T21:59:59.999Z"
    assert found.properties["score"] == "12345678901234567890.5"
    assert sorted(found.properties["topics"].split(";")) == ["events", "news"]


def test_products_and_custom_objects_are_read_back(deliver, sandbox):
    price = [record("goods", hs_sku="A-1", name="Anvil", price="19.90"), complete("goods")]
    catalog = activation("goods", "append_dedup", "hs_sku", "name", "price", object_name="PRODUCT")
    deliver(sandbox.config(), catalog, price)
    assert sandbox.records("products", "hs_sku", "name", "price") == [
        {"hs_sku": "A-1", "name": "Anvil", "price": "19.90"}
    ]

    schema = sandbox.client.crm.schemas.core_api.create(
        object_schema_egg={
            "name": "cars",
            "labels": {"singular": "Car", "plural": "Cars"},
            "primaryDisplayProperty": "vin",
            "requiredProperties": ["vin"],
            "properties": [
                {"name": "vin", "label": "VIN", "type": "string", "fieldType": "text", "hasUniqueValue": True}
            ],
            "associatedObjects": ["CONTACT"],
        }
    )
    cars = [record("cars", vin=f"VIN{n:03}") for n in range(250)]
    deliver(sandbox.config(), activation("cars", "append_dedup", "vin", object_name="cars"), [*cars, complete("cars")])
    by_type = sandbox.client.crm.objects.get_all(schema.object_type_id, properties=["vin"])
    assert sorted(car.properties["vin"] for car in by_type) == [f"VIN{n:03}" for n in range(250)]


def test_a_rejected_record_is_not_there_and_the_reason_names_the_property(deliver, sandbox):
    rows = [record("people", email=f"p{n}@example.com", lifecyclestage="lead") for n in range(99)]
    rows.append(record("people", email="p99@example.com", lifecyclestage="no such stage"))
    catalog = activation("people", "append_dedup", "email", "lifecyclestage")
    printed = deliver(sandbox.config(), catalog, [*rows, complete("people")])
    [rejected] = [message["record"] for message in printed if message["type"] == "RECORD"]
    assert rejected["meta"]["rejection"]["property"] == "lifecyclestage"
    search = contacts.PublicObjectSearchRequest(
        filter_groups=[{"filters": [{"propertyName": "lifecyclestage", "operator": "EQ", "value": "lead"}]}],
        properties=["email"],
        sorts=[],
        limit=100,
    )
    found = sandbox.client.crm.contacts.search_api.do_search(search)
    assert found.total == 99
    assert "p99@example.com" not in {contact.properties["email"] for contact in found.results}


def test_the_sandbox_is_the_hubspot_its_client_knows(sandbox):
    """Models of the client are strict about names and types: what it reads here, HubSpot would have sent."""
    client = sandbox.client
    email = client.crm.properties.core_api.get_by_name("contacts", "email")
    assert (email.type, email.field_type, email.calculated) == ("string", "text", False)
    assert client.crm.owners.owners_api.get_page().results is not None

    upsert = contacts.BatchInputSimplePublicObjectBatchInputUpsert(
        inputs=[{"id": "new@example.com", "idProperty": "email", "properties": {"firstname": "New"}}]
    )
    first = client.crm.contacts.batch_api.upsert(upsert)
    again = client.crm.contacts.batch_api.upsert(upsert)
    assert [result.new for result in first.results + again.results] == [True, False]
    assert first.status == "COMPLETE"

    refused = contacts.BatchInputSimplePublicObjectBatchInputUpsert(
        inputs=[{"id": "new@example.com", "idProperty": "firstname", "properties": {}}]
    )
    with pytest.raises(contacts.ApiException) as error:
        client.crm.contacts.batch_api.upsert(refused)
    body = json.loads(error.value.body)
    assert error.value.status == 400
    assert body["category"] == "VALIDATION_ERROR" and body["correlationId"]

    with pytest.raises(ApiException) as missing:
        client.crm.objects.basic_api.get_by_id("contacts", "1")
    assert missing.value.status == 404
    client.crm.contacts.basic_api.archive(first.results[0].id)
    assert client.crm.contacts.get_all() == []
