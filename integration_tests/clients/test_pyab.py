"""PyAirbyte's command line: `pyab validate`, and `pyab destination-smoke-test` with its twenty odd streams."""

import json
import subprocess

import pytest
from airbyte.cli.smoke_test_source._scenarios import PREDEFINED_SCENARIOS

# What the plain columns of `basic_types` are in HubSpot.
BASICS = {
    "name": ("string", "text"),
    "amount": ("number", "number"),
    "is_active": ("enumeration", "booleancheckbox"),
    "smoke_key": ("string", "text"),
}


@pytest.fixture
def smoke(sandbox):
    """An account with one custom object for `basic_types` and one for everything else, and the way there."""
    for name in ("basic", "other"):
        properties = [
            {
                "name": column,
                "label": column,
                "type": kind,
                "fieldType": field,
                "hasUniqueValue": column == "smoke_key",
                **({"options": BOTH} if field == "booleancheckbox" else {}),
            }
            for column, (kind, field) in BASICS.items()
        ]
        sandbox.client.crm.schemas.core_api.create(
            object_schema_egg={
                "name": name,
                "labels": {"singular": name, "plural": name},
                "primaryDisplayProperty": "smoke_key",
                "requiredProperties": ["smoke_key"],
                "properties": properties,
                "associatedObjects": [],
            }
        )
    objects = {scenario["name"]: "other" for scenario in PREDEFINED_SCENARIOS}
    objects |= {"basic_types": "basic", "_preflight_basic_types": "basic"}
    streams = [
        {
            "name": name,
            "object": object_name,
            "matching_key": "smoke_key",
            "property_mapping": {column_of_key(name): "smoke_key"},
        }
        for name, object_name in objects.items()
    ]
    return sandbox.config(streams=streams)


BOTH = [{"label": "Yes", "value": "true"}, {"label": "No", "value": "false"}]


def column_of_key(stream: str) -> str:
    """The first column of a scenario's primary key, or its first column."""
    for scenario in PREDEFINED_SCENARIOS:
        if scenario["name"] == stream:
            key = scenario.get("primary_key") or []
            return key[0][0] if key else next(iter(scenario["json_schema"]["properties"]))
    return "id"


def pyab(tmp_path, config: dict, *arguments) -> str:
    file = tmp_path / "config.json"
    file.write_text(json.dumps(config))
    command = ["pyab", *arguments, f"--config={file}"]
    done = subprocess.run(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert done.returncode == 0, done.stdout[-3000:]
    return done.stdout


def test_validate_runs_spec_and_check(program, sandbox, tmp_path):
    said = pyab(tmp_path, sandbox.config(), "validate", f"--connector={program}")
    assert "Connection check succeeded" in said


def test_the_smoke_test_delivers_every_scenario(program, sandbox, smoke, tmp_path):
    said = pyab(tmp_path, smoke, "destination-smoke-test", f"--destination={program}", "--scenarios=all")
    report = json.loads(said[said.index("{\n") :])
    assert report["success"], report
    assert report["preflight_passed"], report
    assert report["records_delivered"] > 1000, report
    assert sandbox.records("basic", "smoke_key", "name", "amount", "is_active") == [
        {"smoke_key": "1", "name": "Alice", "amount": "100.5", "is_active": "true"},
        {"smoke_key": "2", "name": "Bob", "amount": "0", "is_active": "false"},
        {"smoke_key": "3", "name": None, "amount": "-99.99", "is_active": "true"},
    ]
    # The thousand of `large_batch_stream`, with all the others among them.
    assert len(sandbox.records("other", "smoke_key")) >= 1000
