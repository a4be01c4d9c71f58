"""HubSpot's own client for Node reads what the connector wrote (`node/read_back.test.cjs`)."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from airbyte_messages import activation, complete, record
from conftest import CLIENTS
from test_hubspot_python import deliver  # noqa: F401  a fixture

MODULES = CLIENTS / "node" / "node_modules"


@pytest.mark.skipif(not shutil.which("node") or not MODULES.exists(), reason="HubSpot's client for Node is missing")
def test_the_node_client_reads_what_was_written(deliver, sandbox, tmp_path):  # noqa: F811
    rows = [
        {"email": f"n{n:02}@example.com", "firstname": f"N\u00fa\u2028{n}", "phone": f"+49 30 {n}"} for n in range(70)
    ]
    catalog = activation("people", "append_dedup", *rows[0])
    deliver(sandbox.config(), catalog, [*(record("people", **row) for row in rows), complete("people")])

    expected = tmp_path / "expected.json"
    expected.write_text(json.dumps(rows))
    # Modules are looked for beside the script, which so has to stand beside them.
    script = tmp_path / "read_back.test.cjs"
    shutil.copy(Path(__file__).parent / "node" / script.name, script)
    (tmp_path / "node_modules").symlink_to(MODULES)
    environment = os.environ | {
        "HUBSPOT_URL": sandbox.url,
        "HUBSPOT_TOKEN": sandbox.token,
        "EXPECTED": str(expected),
    }
    done = subprocess.run(["node", "--test", script], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-4000:]
    assert "# pass 4" in done.stdout and "# skipped 0" in done.stdout, done.stdout[-2000:]
