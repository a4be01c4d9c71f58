"""Storage servers of others take what the connector stores: the Rust tests of that, which are skipped where a server is
not installed, run here after install.sh."""

import os
import subprocess

import pytest
from conftest import ROOT


@pytest.mark.parametrize(
    "test", ["s3_by_moto", "azure_blob_storage_by_azurite", "google_cloud_storage_by_fake_gcs_server"]
)
def test_another_server_takes_rejected_records(test):
    name = f"storage_servers::{test}"
    command = ["cargo", "test", "--locked", "--test", "integration", "--", "--exact", "--nocapture", name]
    done = subprocess.run(command, cwd=ROOT, env=os.environ, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert "1 passed" in done.stdout, done.stdout[-2000:]
    if "skipped:" in done.stdout:
        pytest.skip(done.stdout.split("skipped:", 1)[1].splitlines()[0].strip())
