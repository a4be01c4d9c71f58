"""The sandbox's page in a real browser: what it shows of a running client, and what is set by hand on it."""

import json
import urllib.error
import urllib.request

import pytest

import browser
from conftest import Sandbox

pytestmark = pytest.mark.skipif(browser.found() is None, reason="the page needs chromium, or root and apt-get to install it")


@pytest.fixture
def sandbox():
    sandbox = Sandbox("--control")
    yield sandbox
    sandbox.process.kill()
    sandbox.process.wait()


@pytest.fixture
def page(tmp_path):
    with browser.Browser(tmp_path / "profile") as page:
        yield page


def owners(sandbox) -> int:
    """The status of a call."""
    headers = {"authorization": f"Bearer {sandbox.token}"}
    try:
        with urllib.request.urlopen(urllib.request.Request(f"{sandbox.url}/crm/v3/owners", headers=headers)) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


def press(page, selector: str, answer: str = "Done.") -> None:
    """Presses a button, and waits until the page says what came of it."""
    page.js("document.getElementById('said').innerText = ''")
    page.click(selector)
    page.until(f"document.getElementById('said').innerText.includes({json.dumps(answer)})")


def test_records_lists_requests_and_the_window_are_shown_as_they_come(sandbox, page, tmp_path):
    page.open(f"{sandbox.url}/")
    # The page is open: what happens from now on appears by itself.
    contact = {"properties": {"email": "ann@example.com", "firstname": "<b>Ann</b>"}}
    made = sandbox.client.crm.contacts.basic_api.create(contact)
    page.until("document.querySelector('main').innerText.includes('/crm/v3/objects/contacts')")
    assert page.js("document.querySelectorAll('svg rect').length") >= 1

    page.open(f"{sandbox.url}/objects/contacts/{made.id}")
    assert page.js("document.querySelector('main').innerText.includes('<b>Ann</b>')"), "a value is no markup"
    page.open(f"{sandbox.url}/requests/1")
    bodies = page.js("[...document.querySelectorAll('pre')].map(pre => pre.innerText)")
    assert json.loads(bodies[0]) == contact
    assert json.loads(bodies[1])["id"] == made.id
    page.picture(tmp_path / "page.png")
    assert (tmp_path / "page.png").stat().st_size > 5_000


def test_faults_limits_and_switches_are_set_by_hand(sandbox, page):
    page.open(f"{sandbox.url}/control")
    page.fill("#fault [name=endpoint]", "ownerList")
    page.fill("#fault [name=calls]", "first")
    page.fill("#fault [name=count]", "1")
    page.fill("#fault [name=value]", "503")
    press(page, "#fault button")
    assert [owners(sandbox), owners(sandbox)] == [503, 200]
    page.until("document.querySelector('main td:nth-child(8)')?.innerText === '1'")
    press(page, "main [data-act^=DELETE]")
    page.until("document.querySelector('main').innerText.includes('None yet.')")

    page.fill("#limits [name=calls]", "1")
    page.fill("#limits [name=callsMs]", "600000")
    press(page, "#limits button")
    assert [owners(sandbox), owners(sandbox)] == [200, 429]
    page.fill("#limits [name=calls]", "0")
    press(page, "#limits button")
    assert owners(sandbox) == 200
    page.fill("#switches [name=echoTraceIds]", "never")
    press(page, "#switches button")
    assert page.js("fetch('/_sandbox/switches').then(answer => answer.json()).then(all => all.echoTraceIds)") == "never"
    page.fill("#fault [name=probability]", "")
    page.fill("#fault [name=calls]", "nth")
    page.fill("#fault [name=count]", "-1")
    page.js("document.querySelector('#fault [name=count]').removeAttribute('min')")
    press(page, "#fault button", "invalid value")
