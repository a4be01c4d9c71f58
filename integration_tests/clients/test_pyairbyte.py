"""PyAirbyte drives the program: spec, check, discover, and writes from messages and from real sources.

What arrived is read back with HubSpot's own client.
"""

import json
import subprocess

import airbyte as ab
import pytest
from airbyte import exceptions
from airbyte._util.temp_files import as_temp_files

from airbyte_messages import activation, complete, global_state, record, stream_state, write

USERS = 25


@pytest.fixture
def connect(program):
    """Makes a destination of a configuration."""
    return lambda config: ab.get_destination("destination-hubspot", config=config, local_executable=program)


def test_the_specification_describes_its_own_configuration(connect, sandbox):
    destination = connect(sandbox.config(unknown_properties="reject"))
    assert "credentials" in destination.config_spec["required"]
    destination.validate_config()
    with pytest.raises(exceptions.AirbyteConnectorValidationFailedError):
        connect(sandbox.config(unknown_properties="guess")).validate_config()


def test_check_finds_the_account_and_says_why_it_does_not(connect, sandbox):
    connect(sandbox.config()).check()
    wrong = sandbox.config(credentials={"type": "AccessToken", "access_token": "pat-na1-nobody-knows"})
    with pytest.raises(exceptions.AirbyteConnectorCheckFailedError) as failed:
        connect(wrong).check()
    reason = failed.value.context["failure_reason"]
    assert "token" in reason
    assert "nobody-knows" not in reason


def test_discover_offers_operations_with_their_keys(connect, sandbox):
    config = sandbox.config()
    with as_temp_files([config]) as [file]:
        messages = list(connect(config)._execute(["discover", "--config", file]))
    [catalog] = [message.destination_catalog for message in messages if message.destination_catalog]
    offered = {(o.object_name, o.sync_mode.value): o for o in catalog.operations}
    upsert = offered["CONTACT", "append_dedup"]
    assert ["email"] in upsert.matching_keys
    assert upsert.json_schema["properties"]["firstname"]["type"] == "string"


@pytest.mark.parametrize("state", [stream_state, global_state])
def test_data_activation_writes_what_it_acknowledges(connect, sandbox, state):
    destination = connect(sandbox.config())
    messages = [
        record("people", email="Ada@Example.com", firstname="Ada", lifecyclestage="customer"),
        record("people", email="bob@example.com", firstname="Bob", lifecyclestage="nobody-has-this-stage"),
        state("people", 1),
        record("people", email="cy@example.com", firstname="Cy", lifecyclestage=None),
        record("people", email=None, firstname="Nobody", lifecyclestage=None),
        record("people", email="ada@example.com", firstname="Ada Augusta", lifecyclestage=None),
        state("people", 2),
        complete("people"),
    ]
    catalog = activation("people", "append_dedup", "email", "firstname", "lifecyclestage")
    states = write(destination, catalog, messages)

    assert [state["id"] for state in states] == [1, 2]
    counts = [(s["destinationStats"]["recordCount"], s["destinationStats"]["rejectedRecordCount"]) for s in states]
    assert counts == [(1.0, 1.0), (2.0, 1.0)]
    assert sandbox.records("contacts", "email", "firstname", "lifecyclestage") == [
        {"email": "ada@example.com", "firstname": "Ada Augusta", "lifecyclestage": "customer"},
        # HubSpot's own choice for a new contact without a stage.
        {"email": "cy@example.com", "firstname": "Cy", "lifecyclestage": "lead"},
    ]


def test_data_activation_updates_and_archives(connect, sandbox):
    destination = connect(sandbox.config())
    first = [record("people", email=f"{name}@example.com", firstname="Before") for name in ("ada", "bob", "cy")]
    catalog = activation("people", "append_dedup", "email", "firstname")
    write(destination, catalog, [*first, complete("people")])

    changes = [
        record("people", email="ada@example.com", firstname="After"),
        record("people", email="nobody@example.com", firstname="After"),
        stream_state("people", 1),
        complete("people"),
    ]
    [state] = write(destination, activation("people", "update", "email", "firstname"), changes)
    assert state["destinationStats"] == {"recordCount": 1.0, "rejectedRecordCount": 1.0}

    leavers = [record("people", email="bob@example.com"), complete("people")]
    write(destination, activation("people", "soft_delete", "email"), leavers)
    assert sandbox.records("contacts", "email", "firstname") == [
        {"email": "ada@example.com", "firstname": "After"},
        {"email": "cy@example.com", "firstname": "Before"},
    ]


def test_a_source_that_breaks_off_fails_the_sync_and_keeps_what_came(connect, sandbox):
    messages = [record("people", email="ada@example.com", firstname="Ada"), stream_state("people", 1)]
    with pytest.raises(exceptions.AirbyteConnectorWriteError):
        write(connect(sandbox.config()), activation("people", "append_dedup", "email", "firstname"), messages)
    assert sandbox.records("contacts", "email") == [{"email": "ada@example.com"}]


def faker(source, tmp_path):
    """The same fake people and products, every time; and what the source prints of them, by stream."""
    config = {"count": USERS, "seed": 7, "records_per_slice": 10, "always_updated": False, "parallelism": 1}
    program = source("source-faker")
    names = ["users", "products"]
    connected = ab.get_source("source-faker", config=config, streams=names, local_executable=program)

    settings, catalog = tmp_path / "config.json", tmp_path / "catalog.json"
    settings.write_text(json.dumps(config))
    streams = [{"name": name, "json_schema": {}, "supported_sync_modes": ["full_refresh"]} for name in names]
    modes = {"sync_mode": "full_refresh", "destination_sync_mode": "append"}
    catalog.write_text(json.dumps({"streams": [{"stream": stream, **modes} for stream in streams]}))
    command = [program, "read", "--config", settings, "--catalog", catalog]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    records = [message["record"] for line in lines if (message := json.loads(line))["type"] == "RECORD"]
    printed = {name: [record["data"] for record in records if record["stream"] == name] for name in names}
    assert [len(printed[name]) for name in names] == [USERS, USERS]
    return connected, printed


FAKER_STREAMS = [
    {
        "name": "users",
        "object": "CONTACT",
        "matching_key": "email",
        "property_mapping": {"name": "firstname", "telephone": "phone", "occupation": "jobtitle"},
        # Or `title`, Mr. and Mrs. here, would be taken for the job title too.
        "name_aliases": False,
    },
    {
        "name": "products",
        "object": "PRODUCT",
        "matching_key": "hs_sku",
        "property_mapping": {"id": "hs_sku", "model": "name"},
    },
]


@pytest.mark.parametrize("through", ["nothing", "duckdb"])
def test_a_real_source_arrives_the_same_through_a_cache_and_without(connect, sandbox, source, tmp_path, through):
    destination = connect(sandbox.config(streams=FAKER_STREAMS))
    people, printed = faker(source, tmp_path)
    if through == "duckdb":
        cache = ab.caches.DuckDBCache(db_path=tmp_path / "cache.duckdb")
        result = destination.write(people, cache=cache)
    else:
        result = destination.write(people, cache=False, state_cache=False)
    assert result.processed_records == USERS + USERS

    expected = [
        {
            "email": row["email"].lower(),
            "firstname": row["name"],
            "phone": row["telephone"],
            "jobtitle": row["occupation"],
        }
        for row in printed["users"]
    ]
    arrived = sandbox.records("contacts", "email", "firstname", "phone", "jobtitle")
    assert arrived == sorted(expected, key=lambda row: row["email"])
    products = sandbox.records("products", "hs_sku", "name", "price")
    # Through the cache PyAirbyte sends `15001` as "15001.000000000".
    arrived = sorted((row["hs_sku"], row["name"], float(row["price"])) for row in products)
    assert arrived == sorted((str(row["id"]), row["model"], float(row["price"])) for row in printed["products"])


def test_hard_coded_records_of_one_key_become_one_record(connect, sandbox, source):
    records = ab.get_source(
        "source-hardcoded-records",
        config={"count": 250},
        streams=["products"],
        local_executable=source("source-hardcoded-records"),
    )
    # The stream's name is HubSpot's, so no object has to be named.
    stream = {"name": "products", "matching_key": "hs_sku", "property_mapping": {"id": "hs_sku", "make": "name"}}
    result = connect(sandbox.config(streams=[stream])).write(records, cache=False, state_cache=False)
    assert result.processed_records == 250
    assert sandbox.records("products", "hs_sku", "name") == [{"hs_sku": "1", "name": "Mazda"}]
