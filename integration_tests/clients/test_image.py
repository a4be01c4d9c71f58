"""The container image: built by the Dockerfile, run the way the Airbyte platform runs it.

Where no container engine runs, `buildah` builds and runs in a chroot, as root. Base images cannot be pulled there:
a busybox takes the place of the base under its name, and a program that was built outside that of the build stage.
What this leaves out is the build stage itself.
"""

import json
import os
import re
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest

from airbyte_messages import activation, complete, record, stream_state
from conftest import ROOT

MIB = 1 << 20
WANTED = "an image needs buildah and a static busybox, and root"
pytestmark = pytest.mark.skipif(
    os.geteuid() != 0 or not shutil.which("buildah") or not shutil.which("busybox"), reason=WANTED
)

# What the platform starts a connector with: a shell that runs the entrypoint with its files, waits for it, watches
# for the word to stop, and leaves the exit code in a file. Written after the description in Airbyte's
# `ContainerCommandFactory`.
WRAPPER = r"""
if [ -z "$AIRBYTE_ENTRYPOINT" ]; then echo "Entrypoint was not set!"; exit 127; fi
( eval "$AIRBYTE_ENTRYPOINT {arguments}" {redirections} ) &
CHILD_PID=$!
(while true; do if [ -f {files}/TERMINATED ]; then kill $CHILD_PID; exit 0; fi; sleep 1; done) &
WATCHER_PID=$!
wait $CHILD_PID
EXIT_CODE=$?
kill $WATCHER_PID
echo $EXIT_CODE > {files}/TEMP_EXIT_CODE.txt
mv {files}/TEMP_EXIT_CODE.txt {files}/exitCode.txt
exit $EXIT_CODE
"""


class Store:
    """buildah with a store of its own, below a temporary folder."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.options = ["--root", folder / "root", "--runroot", folder / "run", "--storage-driver", "vfs"]

    def __call__(self, command: str, *arguments) -> str:
        line = ["buildah", *self.options, command, *arguments]
        done = subprocess.run(line, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"buildah {command}: {done.stderr[-3000:]}"
        return done.stdout.strip()


def libraries(program: Path) -> list[Path]:
    """What a program that is not static asks for: none of it where the Dockerfile built it."""
    done = subprocess.run(["ldd", program], capture_output=True, text=True, check=False)
    return [Path(path) for path in re.findall(r"(/\S+) \(0x", done.stdout)]


def stand_in_base(folder: Path, program: Path) -> None:
    """A root file system with a busybox, and the libraries of a program that was not linked to do without."""
    for name in ("bin", "etc", "tmp"):
        (folder / name).mkdir(parents=True)
    (folder / "tmp").chmod(0o1777)
    shutil.copy(shutil.which("busybox"), folder / "bin/busybox")
    for name in ("sh", "sleep", "mv", "echo", "mkdir", "chown", "test", "id", "cat"):
        (folder / "bin" / name).symlink_to("busybox")
    (folder / "etc/passwd").write_text("root:x:0:0:root:/root:/bin/sh\n")
    (folder / "etc/group").write_text("root:x:0:\n")
    for library in libraries(program):
        copy = folder / library.relative_to("/")
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(library.resolve(), copy)


@pytest.fixture(scope="module")
def built(program, tmp_path_factory):
    """The store and the image in it."""
    folder = tmp_path_factory.mktemp("image")
    store = Store(folder / "store")
    stand_in_base(folder / "base", program)
    base = re.search(r"^ARG BASE_IMAGE=(.*)$", (ROOT / "Dockerfile").read_text(), re.M).group(1)
    (folder / "Dockerfile.base").write_text("FROM scratch\nCOPY base /\n")
    store("bud", "--timestamp", "0", "--tag", base, "--file", folder / "Dockerfile.base", folder)

    prebuilt = folder / "prebuilt"
    (prebuilt / "etc/ssl/certs").mkdir(parents=True)
    shutil.copy(program, prebuilt / "destination-hubspot")
    shutil.copy("/etc/ssl/certs/ca-certificates.crt", prebuilt / "etc/ssl/certs")
    (folder / "Dockerfile.prebuilt").write_text("FROM scratch\nCOPY prebuilt /\n")
    store("bud", "--timestamp", "0", "--tag", "localhost/prebuilt", "--file", folder / "Dockerfile.prebuilt", folder)
    return store, build(store, "localhost/destination-hubspot:test")


def build(store: Store, tag: str) -> str:
    arguments = ["--isolation", "chroot", "--pull-never", "--timestamp", "0", "--no-cache", "--tag", tag]
    arguments += ["--build-arg", "PROGRAM=localhost/prebuilt", "--file", ROOT / "Dockerfile"]
    store("bud", *arguments, ROOT)
    return tag


@pytest.fixture
def container(built):
    """A container of the image, and where its files are on this machine."""
    store, image = built
    name = store("from", "--pull-never", image)
    yield store, name, Path(store("mount", name))
    store("rm", name)


def in_container(store: Store, name: str, *arguments, **options) -> subprocess.CompletedProcess:
    """Runs a command as the image's user, without capabilities."""
    line = ["buildah", *store.options, "run", "--isolation", "chroot", "--cap-drop", "all", name, "--", *arguments]
    return subprocess.run(line, capture_output=True, text=True, check=False, timeout=120, **options)


def test_the_image_says_what_it_is(built, program):
    store, image = built
    described = json.loads(store("inspect", "--type", "image", image))["OCIv1"]
    version = subprocess.run([program, "--version"], capture_output=True, text=True).stdout.split()[1]
    assert described["config"]["Entrypoint"] == ["/airbyte/destination-hubspot"]
    assert "AIRBYTE_ENTRYPOINT=/airbyte/destination-hubspot" in described["config"]["Env"]
    assert described["config"]["User"] == "1000:1000"
    assert described["config"]["Labels"]["io.airbyte.name"] == "destination-hubspot/destination-hubspot"
    assert described["config"]["Labels"]["io.airbyte.version"] == version


def test_the_image_is_small(built, program, tmp_path):
    """Everything but the base, for which the stand-in tells nothing: an alpine takes under 4 MiB."""
    if "debug" in program.parts:
        pytest.skip("a debug build is large")
    packed = tmp_path / "added.tar.gz"
    with tarfile.open(packed, "w:gz") as archive:
        archive.add(program)
        archive.add("/etc/ssl/certs/ca-certificates.crt")
    assert packed.stat().st_size < (25 - 4) * MIB


def test_the_same_files_make_the_same_image(built):
    store, image = built
    again = build(store, "localhost/destination-hubspot:again")
    layers = [json.loads(store("inspect", "--type", "image", name))["OCIv1"]["rootfs"] for name in (image, again)]
    assert layers[0] == layers[1]


def test_a_version_that_is_not_the_programs_is_no_image(built):
    store, _ = built
    with pytest.raises(AssertionError):
        arguments = ["--isolation", "chroot", "--pull-never", "--build-arg", "PROGRAM=localhost/prebuilt"]
        store("bud", *arguments, "--build-arg", "VERSION=9.9.9", "--file", ROOT / "Dockerfile", ROOT)


def test_the_user_is_airbyte_and_owns_its_folder(container):
    store, name, root = container
    assert in_container(store, name, "id").stdout.startswith("uid=1000(airbyte) gid=1000(airbyte)")
    assert (root / "airbyte").stat().st_uid == 1000
    status = in_container(store, name, "cat", "/proc/self/status").stdout
    assert re.search(r"^CapEff:\s+0+$", status, re.M), status


def test_a_read_only_root_is_enough(container, sandbox):
    """No folder to write to, no capability: `--read-only --cap-drop all`, with the tools of util-linux."""
    _, _, root = container
    files = folder_for_platform(root)
    (files / "config.json").write_text(json.dumps(sandbox.config()))
    (files / "catalog.json").write_text(json.dumps(activation("people", "append_dedup", "email")))
    inside = "/airbyte/destination-hubspot write --config /dest/config.json --catalog /dest/catalog.json"
    script = f"""
        mount --bind {root} {root} && mount -o remount,bind,ro {root} || exit 99
        if touch {root}/tmp/probe 2> /dev/null; then exit 98; fi
        exec setpriv --no-new-privs --inh-caps=-all --bounding-set=-all,+sys_chroot,+setuid,+setgid \\
          chroot --userspec=1000:1000 {root} {inside}
    """
    messages = [record("people", email="ada@example.com"), record("people", email="?"), complete("people")]
    done = subprocess.run(
        ["unshare", "--mount", "sh", "-c", script],
        input="".join(json.dumps(message) + "\n" for message in messages),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert sandbox.records("contacts", "email") == [{"email": "ada@example.com"}]


def folder_for_platform(root: Path) -> Path:
    """/dest, where the platform's init container writes the files."""
    files = root / "dest"
    files.mkdir()
    os.chown(files, 1000, 1000)
    return files


@pytest.mark.parametrize(("operation", "said"), [("spec", "connectionSpecification"), ("check", "SUCCEEDED")])
def test_the_platform_runs_spec_and_check(container, sandbox, operation, said):
    store, name, root = container
    files = folder_for_platform(root)
    (files / "connectorConfig.json").write_text(json.dumps(sandbox.config()))
    arguments = operation if operation == "spec" else "check --config connectorConfig.json"
    script = WRAPPER.format(arguments=arguments, redirections="> /dest/jobOutput.json", files="/dest")
    # The platform sets the working directory: relative paths are its files.
    done = in_container(store, name, "sh", "-c", f"cd /dest\n{script}")
    assert done.returncode == 0, done.stderr
    assert (files / "exitCode.txt").read_text() == "0\n"
    [line] = [line for line in (files / "jobOutput.json").read_text().splitlines() if '"type":"LOG"' not in line]
    assert said in line


def test_the_platform_runs_a_write_over_fifos(container, sandbox):
    store, name, root = container
    files = folder_for_platform(root)
    for fifo in ("stdin", "stdout", "stderr"):
        os.mkfifo(files / fifo)
        os.chown(files / fifo, 1000, 1000)
    catalog = activation("people", "append_dedup", "email", "firstname")
    (files / "connectorConfig.json").write_text(json.dumps(sandbox.config()))
    (files / "catalog.json").write_text(json.dumps(catalog))
    arguments = "write --config /dest/connectorConfig.json --catalog /dest/catalog.json"
    script = WRAPPER.format(
        arguments=arguments, redirections="2> /dest/stderr > /dest/stdout < /dest/stdin", files="/dest"
    )
    line = ["buildah", *store.options, "run", "--isolation", "chroot", "--cap-drop", "all"]
    # The shell opens its ends of the fifos in the order of the redirections; `cat` is the platform's other end.
    stderr = subprocess.Popen(["cat", files / "stderr"], stdout=subprocess.PIPE, text=True)
    stdout = subprocess.Popen(["cat", files / "stdout"], stdout=subprocess.PIPE, text=True)
    environment = {"WORKER_JOB_ID": "7", "LOG_LEVEL": "info"}
    options = [f"--env={key}={value}" for key, value in environment.items()]
    wrapper = subprocess.Popen([*line, *options, name, "--", "sh", "-c", script])
    with (files / "stdin").open("w") as stdin:
        rows = [record("people", email=f"p{n}@example.com", firstname=f"P{n}") for n in range(150)]
        rows.insert(70, record("people", email="nobody", firstname="private"))
        for message in [*rows, stream_state("people", 1), complete("people")]:
            stdin.write(json.dumps(message) + "\n")
    printed = [json.loads(line) for line in stdout.communicate(timeout=60)[0].splitlines()]
    assert stderr.communicate(timeout=60)[0] == ""
    assert wrapper.wait(timeout=60) == 0
    assert (files / "exitCode.txt").read_text() == "0\n"

    [state] = [message["state"] for message in printed if message["type"] == "STATE"]
    assert state["destinationStats"] == {"recordCount": 150.0, "rejectedRecordCount": 1.0}
    [rejected] = [message["record"] for message in printed if message["type"] == "RECORD"]
    # On the platform a rejected record's values stay out of the log.
    assert rejected["data"] == {} and rejected["meta"]["rejection"]["code"] == "INVALID_EMAIL"
    assert len(sandbox.records("contacts", "email")) == 150
