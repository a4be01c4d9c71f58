"""What the clients' tests share: the program, a sandbox that plays HubSpot, HubSpot's own client to look at it."""

import os
import subprocess
from pathlib import Path

# Before PyAirbyte is imported: it reads these once.
CLIENTS = Path(os.environ.get("CLIENTS", "."))
os.environ.setdefault("AIRBYTE_OFFLINE_MODE", "1")
os.environ.setdefault("DO_NOT_TRACK", "1")
os.environ.setdefault("AIRBYTE_LOGGING_ROOT", str(CLIENTS / "logs"))
os.environ.setdefault("AIRBYTE_PROJECT_DIR", str(CLIENTS / "project"))

import pytest  # noqa: E402
from hubspot import HubSpot  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]


class Sandbox:
    """A HubSpot stand-in on loopback, gone with the test."""

    def __init__(self, *more: str) -> None:
        command = [os.environ["HUBSPOT_SANDBOX"], "--rate-limit", "0", *more]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        words = self.process.stdout.readline().split()
        assert len(words) == 4, f"the sandbox announced {words}"
        self.url, self.token = words[1], words[3]
        self.client = HubSpot(access_token=self.token, host=self.url)

    def config(self, **settings) -> dict:
        """A configuration of the connector that leads to this sandbox."""
        credentials = {"type": "AccessToken", "access_token": self.token}
        return {"credentials": credentials, "api_base_url": self.url, **settings}

    def add_property(self, object_type: str, name: str, kind: str = "string", field: str = "text", **more) -> None:
        """Creates a property as a person would in HubSpot's settings."""
        core = self.client.crm.properties.core_api
        group = core.get_all(object_type).results[0].group_name
        definition = {"name": name, "label": name, "type": kind, "fieldType": field, "groupName": group, **more}
        core.create(object_type, property_create=definition)

    def records(self, object_type: str, *properties: str) -> list[dict]:
        """Every record of a type, read with HubSpot's client: the properties asked for, in order of the first."""
        found = self.client.crm.objects.get_all(object_type, properties=list(properties))
        rows = [{name: record.properties.get(name) for name in properties} for record in found]
        return sorted(rows, key=lambda row: str(row[properties[0]]))


@pytest.fixture
def sandbox():
    sandbox = Sandbox()
    yield sandbox
    sandbox.process.kill()
    sandbox.process.wait()


@pytest.fixture(scope="session")
def program() -> Path:
    """The program under test."""
    return Path(os.environ["DESTINATION_HUBSPOT"])


@pytest.fixture(scope="session")
def source():
    """Where a real source's program is; skips the test where it could not be installed."""

    def find(name: str) -> Path:
        found = CLIENTS / "sources" / "bin" / name
        if not found.exists():
            pytest.skip(f"{name} is not installed")
        return found

    return find
