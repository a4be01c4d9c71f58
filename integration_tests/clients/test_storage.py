"""An S3 server of somebody else's (moto) takes what the connector stores: the Rust test of that, which is skipped
where moto is not installed, runs here with the clients' environment."""

import os
import subprocess

from conftest import ROOT


def test_another_s3_server_takes_rejected_records():
    name = "storage::another_s3_server_takes_lists_and_gives_back_what_is_stored"
    command = ["cargo", "test", "--locked", "--test", "integration", "--", "--exact", "--nocapture", name]
    done = subprocess.run(command, cwd=ROOT, env=os.environ, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert "1 passed" in done.stdout and "skipped:" not in done.stdout, done.stdout[-2000:]
