"""The standard tests of `airbyte-cdk`, with the files of this repository and the sandbox as HubSpot.

They ask for a folder called `destination-...` with metadata, a test configuration and a `docker` client. The folder
is laid out anew, the client is `docker_stand_in.py`, and HubSpot's address in the configuration is the sandbox's.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from conftest import ROOT

SUITE = '''
import pytest
from airbyte_cdk.test.standard_tests.docker_base import DockerConnectorTestSuite


class TestSuite(DockerConnectorTestSuite):
    """The suite is named: the one that is chosen by a metadata's language knows no Rust."""

    @pytest.mark.skip(reason="asks Airbyte's registry on the Internet")
    def test_docker_image_spec_backward_compatibility(self):
        """Not here."""
'''


def lay_out(folder: Path, url: str, token: str) -> None:
    for name in ("metadata.yaml", "acceptance-test-config.yml"):
        shutil.copy(ROOT / name, folder)
    shutil.copytree(ROOT / "integration_tests/configs", folder / "integration_tests/configs")
    stand_in = folder / "integration_tests/configs/hubspot_stand_in.json"
    config = json.loads(stand_in.read_text())
    config |= {"api_base_url": url, "credentials": {"type": "AccessToken", "access_token": token}}
    stand_in.write_text(json.dumps(config))
    (folder / "test_suite.py").write_text(SUITE)


def test_the_standard_tests_pass(program, sandbox, tmp_path):
    folder = tmp_path / "destination-hubspot"
    folder.mkdir()
    lay_out(folder, sandbox.url, sandbox.token)
    client = tmp_path / "bin" / "docker"
    client.parent.mkdir()
    shutil.copy(ROOT / "integration_tests/clients/docker_stand_in.py", client)
    client.chmod(0o755)

    environment = os.environ | {
        "PATH": f"{client.parent}:{os.environ['PATH']}",
        "DESTINATION_HUBSPOT": str(program),
    }
    plugins = ["-p", "no:cacheprovider", "-p", "airbyte_cdk.test.standard_tests.pytest_hooks"]
    command = [sys.executable, "-m", "pytest", *plugins, f"--rootdir={folder}", "-rA", "test_suite.py"]
    command += ["--connector-image", "destination-hubspot/destination-hubspot:dev"]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-4000:]
    passed = [line for line in done.stdout.splitlines() if line.startswith("PASSED")]
    # spec once, and three configurations each for its specification and for check.
    for kind, times in (("build_and_spec", 1), ("config_matches_spec", 3), ("build_and_check", 3)):
        assert sum(kind in line for line in passed) >= times, done.stdout[-4000:]
