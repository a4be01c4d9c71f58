"""What the sandbox's README shows, run."""

import subprocess

from conftest import ROOT


def test_the_example_for_pytest_runs():
    """`examples/test_contacts.py` of the sandbox, as a reader would run it."""
    example = ROOT / "integration_tests/sandbox/examples/test_contacts.py"
    command = ["python", "-m", "pytest", "-q", "-p", "no:cacheprovider", example]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0 and "3 passed" in done.stdout, done.stdout + done.stderr
