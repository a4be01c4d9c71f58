"""metadata.yaml against Airbyte's schema and model."""

import copy
import json
import re
from pathlib import Path

import jsonschema
import pytest
import yaml
from airbyte_connector_models.metadata.v0 import connector_metadata_definition_v0 as model
from referencing.exceptions import Unresolvable

from conftest import ROOT

METADATA = yaml.safe_load((ROOT / "metadata.yaml").read_text())
SCHEMA = json.loads(Path(model.__file__).with_name("ConnectorMetadataDefinitionV0.json").read_text())


def validate(metadata: dict, schema: dict) -> None:
    checker = jsonschema.FormatChecker()
    jsonschema.Draft7Validator(schema, format_checker=checker).validate(metadata)
    model.ConnectorMetadataDefinitionV0.model_validate(metadata)


def without_nested_ids(schema, inner: bool = False):
    """The schema as it was meant: its parts were put into one document with their own `$id`s, so that every `#/...`
    in them leads nowhere."""
    if isinstance(schema, dict):
        parts = schema.items()
        return {k: without_nested_ids(v, True) for k, v in parts if not (inner and k == "$id" and isinstance(v, str))}
    if isinstance(schema, list):
        return [without_nested_ids(part, True) for part in schema]
    return schema


def test_the_metadata_is_valid():
    validate(METADATA, SCHEMA)


def test_the_metadata_says_what_the_platform_has_to_know():
    data = METADATA["data"]
    assert data["supportsDataActivation"] is True
    assert data["supportsRefreshes"] is True
    assert data["allowedHosts"]["hosts"] == ["api.hubapi.com"]
    assert data["definitionId"] != "c8ccd253-8525-4bbd-801c-f0b84ac71f61", "that is airbyte/destination-hubspot"
    assert [tag for tag in data["tags"] if tag.startswith("language:")] == ["language:rust"]
    assert (ROOT / data["icon"]).read_text().lstrip().startswith("<svg")


def metadata_with_resources() -> dict:
    """The metadata with the block of the documentation."""
    [block] = re.findall(r"```yaml\n(resourceRequirements:.*?)```", (ROOT / "docs/limits.md").read_text(), re.S)
    metadata = copy.deepcopy(METADATA)
    metadata["data"] |= yaml.safe_load(block)
    return metadata


def test_the_resources_of_the_documentation_are_valid_metadata():
    """By Airbyte's model, which is all that its registry asks, and by the schema as it was meant."""
    validate(metadata_with_resources(), without_nested_ids(SCHEMA))


def test_the_schema_as_published_takes_no_resources():
    """Why they are not in the file. When this fails, the schema has been mended, and they belong into it."""
    with pytest.raises(Unresolvable):
        validate(metadata_with_resources(), SCHEMA)
