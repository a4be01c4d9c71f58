"""A client's retries, tried against a HubSpot that fails on purpose: pytest, and HubSpot's own client for Python.

    pip install pytest hubspot-api-client
    HUBSPOT_SANDBOX=path/to/hubspot-sandbox pytest test_contacts.py
"""

import json
import os
import subprocess
import urllib.error
import urllib.request

import pytest
from hubspot import HubSpot
from hubspot.crm.contacts import ApiException, BatchInputSimplePublicObjectBatchInputUpsert


class Sandbox:
    """A HubSpot on loopback, and the control over it."""

    def __init__(self):
        command = [os.environ.get("HUBSPOT_SANDBOX", "hubspot-sandbox"), "--control"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        # "hubspot-sandbox <url> token <token>"
        _, self.url, _, self.token = self.process.stdout.readline().split()

    def control(self, method, path, body=None):
        """Calls the control and gives its status and answer; `/_sandbox/openapi.json` describes it."""
        data = None if body is None else json.dumps(body).encode()
        headers = {"content-type": "application/json"}
        request = urllib.request.Request(f"{self.url}/_sandbox{path}", data, headers, method=method)
        try:
            with urllib.request.urlopen(request) as answer:
                text = answer.read()
                return answer.status, json.loads(text or "null")
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read())

    def expect(self, calls, order="exactly"):
        """Fails with the difference unless these calls came."""
        status, verdict = self.control("POST", "/expectations", {"calls": calls, "order": order})
        assert status == 200, "\n".join(verdict.get("difference", [str(verdict)]))


@pytest.fixture(scope="session")
def started():
    sandbox = Sandbox()
    yield sandbox
    sandbox.process.kill()
    sandbox.process.wait()


@pytest.fixture
def sandbox(started):
    """The same account at the start of every test."""
    seed = {"records": {"contacts": [{"id": "101", "properties": {"email": "ann@example.com"}}]}}
    assert started.control("PUT", "/seed", seed)[0] == 204
    return started


@pytest.fixture
def client(sandbox):
    return HubSpot(access_token=sandbox.token, host=sandbox.url)


def save(client, email, **properties):
    """The code under test: tries again when HubSpot fails."""
    wanted = {"id": email, "idProperty": "email", "properties": properties}
    for last in (False, False, True):
        try:
            batch = BatchInputSimplePublicObjectBatchInputUpsert(inputs=[wanted])
            return client.crm.contacts.batch_api.upsert(batch).results[0]
        except ApiException as error:
            if last or error.status < 500:
                raise


def test_a_known_contact_is_changed(client, sandbox):
    assert save(client, "ann@example.com", firstname="Ann").id == "101"
    sandbox.expect([{"endpoint": "upsert", "object": "contacts", "status": 200}])


def test_a_lost_answer_makes_no_second_contact(client, sandbox):
    lost = {"on": {"endpoint": "upsert"}, "calls": {"nth": 1}}
    effect = {"answer": {"status": 502, "when": "afterEffect"}}
    assert sandbox.control("POST", "/faults", {**lost, "effect": effect})[0] == 201
    assert save(client, "new@example.com").new is False
    sandbox.expect([{"status": 502}, {"status": 200}])
    _, seed = sandbox.control("GET", "/seed")
    assert len(seed["records"]["contacts"]) == 2


def test_what_came_instead_is_shown(client, sandbox):
    save(client, "ann@example.com", firstname="Ann")
    with pytest.raises(AssertionError, match="(?s)- .*create.*\\+ #"):
        sandbox.expect([{"endpoint": "create"}])
