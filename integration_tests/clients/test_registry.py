"""The registry entry as Airbyte's own model sees it, and the registry's files as a platform asks for them."""

import http.server
import json
import os
import re
import shutil
import subprocess
import threading
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import urljoin

import pytest
import yaml
from airbyte_connector_models.metadata.v0.connector_registry_v0 import ConnectorRegistryV0

from conftest import CLIENTS, ROOT

REPOSITORY, TAG = "ghcr.io/owner/destination-hubspot", "1.2.3"
#: What airbyte-ops puts into an entry beside ours: where its own files are and how its own checks go.
ONLY_OF_AIRBYTES_GENERATOR = {"ab_internal", "generated", "iconUrl", "packageInfo", "releases"}


@pytest.fixture
def entry(program) -> dict:
    command = [program, "registry", "entry", "--repository", REPOSITORY, "--tag", TAG]
    return json.loads(subprocess.check_output(command))


@pytest.fixture
def files(program, tmp_path) -> Path:
    folder = tmp_path / "files"
    subprocess.check_call([program, "registry", "files", folder, "--repository", REPOSITORY, "--tag", TAG])
    return folder


def test_airbytes_model_takes_the_registry(files):
    registry = json.loads((files / "registries/v0/oss_registry.json").read_text())
    parsed = ConnectorRegistryV0.model_validate(registry)
    assert len(parsed.destinations) == len(registry["destinations"]) == 1
    assert registry["destinations"][0]["supportsDataActivation"] is True


def test_what_airbytes_model_refuses_is_refused_before(entry):
    """The model knows what we check: else this test says nothing of ours."""
    for key, bad in [("releaseStage", "x"), ("supportLevel", "gold"), ("destinationDefinitionId", "hubspot")]:
        with pytest.raises(ValueError):
            ConnectorRegistryV0.model_validate({"sources": [], "destinations": [{**entry, key: bad}]})


#: Prints the entry that Airbyte's generator makes of metadata and specification; in an environment of its own, since it asks
#: for other versions than the clients do.
GENERATOR = """
import json, sys
from airbyte_ops_mcp.registry.generate import _build_registry_entry
data, spec = json.load(sys.stdin)
print(json.dumps(_build_registry_entry(data, "oss", spec, local_dependencies={"dependencies": []})))
"""


def test_an_entry_is_made_as_airbytes_generator_makes_it(entry):
    python = CLIENTS / "registry/bin/python"
    if not python.exists():
        pytest.skip("airbyte-internal-ops is not installed")
    data = yaml.safe_load((ROOT / "metadata.yaml").read_text())["data"]
    data |= {"dockerRepository": REPOSITORY, "dockerImageTag": TAG}
    made = subprocess.run(
        [python, "-c", GENERATOR], input=json.dumps([data, entry["spec"]]), capture_output=True, text=True
    )
    if made.returncode:
        pytest.skip(f"airbyte-internal-ops does not run here: {made.stderr[-300:]}")
    theirs = json.loads(made.stdout)
    # It leaves in what only its own tests read.
    assert set(theirs) - set(entry) == ONLY_OF_AIRBYTES_GENERATOR | {"connectorTestSuitesOptions"}
    assert set(entry) <= set(theirs)
    for key, value in entry.items():
        assert value == theirs[key], key


class PublicRegistry(http.server.BaseHTTPRequestHandler):
    """Airbyte's registry: says which path it was asked for, and 404 to what it does not have."""

    def do_GET(self):
        self.send_response(404 if "/nowhere/" in self.path else 200)
        self.end_headers()
        self.wfile.write(self.path.encode())

    def log_message(self, *_):
        pass


@pytest.fixture
def overlay(files, tmp_path):
    """deploy/overlay/nginx.conf in front of the files and of a stand-in for the public registry."""
    nginx = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
    if nginx is None:
        pytest.skip("nginx is not installed")
    public = http.server.ThreadingHTTPServer(("127.0.0.1", 0), PublicRegistry)
    threading.Thread(target=public.serve_forever, daemon=True).start()
    socket = http.server.HTTPServer(("127.0.0.1", 0), PublicRegistry)
    port = socket.server_address[1]
    socket.server_close()
    server = (ROOT / "deploy/overlay/nginx.conf").read_text()
    for ours, here in [
        ("listen 80;", f"listen 127.0.0.1:{port};"),
        ("root /files;", f"root {files};"),
        ("https://connectors.airbyte.com;", f"http://127.0.0.1:{public.server_address[1]};"),
    ]:
        assert server.count(ours) == 1, ours
        server = server.replace(ours, here)
    paths = "".join(f"{name}_temp_path {tmp_path}/{name};" for name in ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"])
    configuration = tmp_path / "nginx.conf"
    configuration.write_text(
        f"daemon off; pid {tmp_path}/pid; error_log stderr; events {{}} http {{ access_log off; {paths} {server} }}"
    )
    tmp_path.chmod(0o755)
    for folder in tmp_path.parents:
        if folder.owner() == tmp_path.owner() and folder != Path("/"):
            folder.chmod(folder.stat().st_mode | 0o011)
    process = subprocess.Popen([nginx, "-c", configuration], stderr=subprocess.PIPE, text=True)
    address = f"http://127.0.0.1:{port}/"
    for _ in range(1000):
        try:
            urllib.request.urlopen(address + "registries/v0/oss_registry.json").close()
            break
        except urllib.error.URLError:
            assert process.poll() is None, process.stderr.read()
    yield address
    process.terminate()
    process.wait()
    public.shutdown()


def asked(base: str, path: str) -> bytes:
    """As the platform's RemoteDefinitionsProvider does: `URI.resolve`, and 404 means "not there"."""
    with urllib.request.urlopen(urljoin(base, path)) as answer:
        return answer.read()


def test_the_overlay_serves_ours_first_and_passes_the_rest_through(overlay, entry):
    registry = json.loads(asked(overlay, "registries/v0/oss_registry.json"))
    assert [one["dockerRepository"] for one in registry["destinations"]] == [REPOSITORY]
    for version in [TAG, "latest"]:
        assert json.loads(asked(overlay, f"metadata/{REPOSITORY}/{version}/oss.json")) == entry
        assert asked(overlay, f"metadata/{REPOSITORY}/{version}/doc.md").startswith(b"# HubSpot")
    others = "metadata/airbyte/source-faker/latest/oss.json"
    assert asked(overlay, others) == f"/files/{others}".encode()
    with pytest.raises(urllib.error.HTTPError, match="404"):
        asked(overlay, "metadata/nowhere/1.0.0/oss.json")


def test_the_address_for_the_platform_ends_in_a_slash():
    """Without one `URI.resolve` drops the last part of the path."""
    values = yaml.safe_load((ROOT / "deploy/overlay/values.yaml").read_text())
    for pod in values.values():
        assert pod["env_vars"]["CONNECTOR_REGISTRY_BASE_URL"].endswith("/")
    recipe = (ROOT / "docs/airbyte.md").read_text()
    for address in re.findall(r"CONNECTOR_REGISTRY_BASE_URL=(\S+)", recipe):
        assert address.endswith("/"), address
