#!/usr/bin/env python3
"""A `docker` client that runs the program itself: for test suites that only know images.

`docker run [options] IMAGE arguments` runs $DESTINATION_HUBSPOT with these arguments, in an empty folder and an empty
environment, with the folders of `-v` found where they are on this machine.
"""

import os
import subprocess
import sys
import tempfile

WITH_VALUE = {"-v", "--volume", "-e", "--env", "--network", "--platform", "--entrypoint", "-w", "-u", "--user"}


def main() -> int:
    command, *arguments = sys.argv[1:] or [""]
    if command in ("version", "--version"):
        print("Docker version 0, stand-in")
        return 0
    if command != "run":
        print(f"the stand-in runs, and does nothing else: {command!r}", file=sys.stderr)
        return 125
    volumes, environment = [], {}
    while arguments and arguments[0].startswith("-"):
        option = arguments.pop(0)
        value = arguments.pop(0) if option in WITH_VALUE else ""
        if option in ("-v", "--volume"):
            here, there = value.split(":")[:2]
            volumes.append((there, here))
        elif option in ("-e", "--env"):
            name, _, text = value.partition("=")
            environment[name] = text
    for there, here in volumes:
        arguments = [here + a.removeprefix(there) if f"{a}/".startswith(f"{there}/") else a for a in arguments]
    with tempfile.TemporaryDirectory() as folder:
        program = [os.environ["DESTINATION_HUBSPOT"], *arguments[1:]]
        return subprocess.run(program, cwd=folder, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
