"""A headless Chromium, driven over the pipe that it has for debuggers: no driver and no package of its own is needed."""

import json
import os
import shutil
import subprocess
import time
from base64 import b64decode
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome")


def found() -> str | None:
    """The browser of this machine, if it has one."""
    return next(filter(None, map(shutil.which, NAMES)), None)


class Browser:
    """One page of a browser, gone with its `with`."""

    def __init__(self, profile: Path) -> None:
        # The browser reads commands from its third descriptor and writes answers to its fourth.
        (commands, self.write), (self.read, answers) = os.pipe(), os.pipe()
        options = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-proxy-server"]
        options += ["--remote-debugging-pipe", f"--user-data-dir={profile}", "--window-size=1100,1000", "about:blank"]
        script = 'exec 3<&"$1" 4>&"$2"; shift 2; exec "$@"'
        self.process = subprocess.Popen(
            ["bash", "-c", script, "bash", str(commands), str(answers), found(), *options],
            pass_fds=(commands, answers),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(commands)
        os.close(answers)
        self.number, self.rest, self.session = 0, b"", None
        page = next(target for target in self("Target.getTargets")["targetInfos"] if target["type"] == "page")
        self.session = self("Target.attachToTarget", targetId=page["targetId"], flatten=True)["sessionId"]

    def __enter__(self) -> "Browser":
        return self

    def __exit__(self, *_) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self.write)
        os.close(self.read)

    def __call__(self, method: str, **params) -> dict:
        """A command of the DevTools protocol, and its result."""
        self.number += 1
        command = {"id": self.number, "method": method, "params": params}
        if self.session:
            command["sessionId"] = self.session
        os.write(self.write, json.dumps(command).encode() + b"\0")
        while True:
            message, found_end, rest = self.rest.partition(b"\0")
            if not found_end:
                more = os.read(self.read, 1 << 16)
                assert more, "the browser is gone"
                self.rest += more
                continue
            self.rest = rest
            answer = json.loads(message)
            if answer.get("id") == self.number:
                assert "error" not in answer, answer
                return answer["result"]

    def js(self, expression: str):
        """The value of an expression on the page."""
        result = self("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in result, result
        return result["result"].get("value")

    def until(self, expression: str, seconds: float = 30):
        """Waits for an expression to be true, and gives its value."""
        deadline = time.monotonic() + seconds
        while not (value := self.js(expression)):
            assert time.monotonic() < deadline, f"never: {expression}\n{self.js('document.body.innerText')}"
        return value

    def open(self, url: str) -> None:
        """Opens a page and waits until it is there."""
        self("Page.navigate", url=url)
        self.until(f"document.readyState === 'complete' && location.href === {json.dumps(url)}")

    def fill(self, selector: str, value: str) -> None:
        """Fills in a field, as a person would."""
        field = f"document.querySelector({json.dumps(selector)})"
        event = "field.dispatchEvent(new Event('change', { bubbles: true }))"
        self.js(f"{{ const field = {field}; field.value = {json.dumps(value)}; {event} }}")
        assert self.js(f"{field}.value") == value, f"{selector} takes no {value}"

    def click(self, selector: str) -> None:
        """Presses a button."""
        self.js(f"document.querySelector({json.dumps(selector)}).click()")

    def picture(self, path: Path) -> None:
        """Keeps what the page looks like."""
        path.write_bytes(b64decode(self("Page.captureScreenshot")["data"]))
