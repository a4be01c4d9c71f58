"""The container image: built by the Dockerfile, run the way the Airbyte platform runs it.

Where no container engine runs, `buildah` builds and runs in a chroot, as root. Images cannot be pulled there. A busybox
takes the place of the base under its name, and `stand_in_build_image` that of the image with Rust. Every line of the
Dockerfile runs, and the program is built by them; where it cannot be, or the program under test is no release build,
that program is taken for what they built.
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
import stand_in_build_image
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

    def __call__(self, command: str, *arguments, env: dict[str, str] | None = None) -> str:
        line = ["buildah", *self.options, command, *arguments]
        done = subprocess.run(line, capture_output=True, text=True, check=False, env=env)
        assert done.returncode == 0, f"buildah {command}: {done.stderr[-3000:]}"
        return done.stdout.strip()


def libraries(program: Path) -> list[Path]:
    """What a program that is not static asks for: none of it where the Dockerfile built it."""
    done = subprocess.run(["ldd", program], capture_output=True, text=True, check=False)
    return [Path(path) for path in re.findall(r"(/\S+) \(0x", done.stdout)]


def stand_in_base(folder: Path, wanted: list[Path]) -> None:
    """A root file system with a busybox, and these libraries of this machine."""
    for name in ("bin", "etc", "tmp"):
        (folder / name).mkdir(parents=True)
    (folder / "tmp").chmod(0o1777)
    shutil.copy(shutil.which("busybox"), folder / "bin/busybox")
    for name in ("sh", "sleep", "mv", "echo", "mkdir", "chown", "test", "id", "cat"):
        (folder / "bin" / name).symlink_to("busybox")
    (folder / "etc/passwd").write_text("root:x:0:0:root:/root:/bin/sh\n")
    (folder / "etc/group").write_text("root:x:0:\n")
    for library in wanted:
        copy = folder / library.relative_to("/")
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(library.resolve(), copy)


# What takes the places of the Dockerfile's images, which are named by digest.
STAND_INS = {"BUILD_IMAGE": "localhost/build:stand-in", "BASE_IMAGE": "localhost/base:stand-in"}


class Image:
    """The image that the Dockerfile makes, in a store of its own."""

    def __init__(self, folder: Path, program: Path) -> None:
        self.folder = folder
        self.store = Store(folder / "store")
        if "debug" not in program.parts and stand_in_build_image.possible():
            self.stand_in = stand_in_build_image.with_rust(folder)
        else:
            self.stand_in = stand_in_build_image.with_program(folder, program)
        self.layer(STAND_INS["BUILD_IMAGE"], self.stand_in.dockerfile)
        stand_in_base(folder / "base", [] if self.stand_in.builds else libraries(program))
        (folder / "Dockerfile.base").write_text("FROM scratch\nCOPY base /\n")
        self.layer(STAND_INS["BASE_IMAGE"], folder / "Dockerfile.base")
        self.name = self.build("localhost/destination-hubspot:test")

    def layer(self, tag: str, dockerfile: Path) -> None:
        self.store("bud", "--timestamp", "0", "--tag", tag, "--file", dockerfile, self.folder)

    def build(self, tag: str, *more: str) -> str:
        """Builds it from the sources of this repository, without anything of an earlier build but its caches."""
        arguments = ["--isolation", "chroot", "--pull-never", "--timestamp", "0", "--no-cache", "--tag", tag]
        for argument, image in STAND_INS.items():
            arguments += ["--build-arg", f"{argument}={image}"]
        arguments += [*self.stand_in.options, *more, "--file", ROOT / "Dockerfile"]
        self.store("bud", *arguments, ROOT, env=self.stand_in.environment)
        return tag


@pytest.fixture(scope="module")
def image(program, tmp_path_factory):
    return Image(tmp_path_factory.mktemp("image"), program)


@pytest.fixture
def container(image):
    """A container of the image, and where its files are on this machine."""
    store = image.store
    name = store("from", "--pull-never", image.name)
    yield store, name, Path(store("mount", name))
    store("rm", name)


def in_container(store: Store, name: str, *arguments, **options) -> subprocess.CompletedProcess:
    """Runs a command as the image's user, without capabilities."""
    line = ["buildah", *store.options, "run", "--isolation", "chroot", "--cap-drop", "all", name, "--", *arguments]
    return subprocess.run(line, capture_output=True, text=True, check=False, timeout=120, **options)


def described(image: Image, name: str) -> dict:
    return json.loads(image.store("inspect", "--type", "image", name))["OCIv1"]


def test_the_image_says_what_it_is(image, program):
    config = described(image, image.name)["config"]
    version = subprocess.run([program, "--version"], capture_output=True, text=True).stdout.split()[1]
    assert config["Entrypoint"] == ["/airbyte/destination-hubspot"]
    assert "AIRBYTE_ENTRYPOINT=/airbyte/destination-hubspot" in config["Env"]
    assert config["User"] == "1000:1000"
    assert config["Labels"]["io.airbyte.name"] == "destination-hubspot/destination-hubspot"
    assert config["Labels"]["io.airbyte.version"] == version


def test_the_program_is_static(image, container):
    if not image.stand_in.builds:
        pytest.skip("the program was not built by the Dockerfile")
    _, _, root = container
    done = subprocess.run(["ldd", root / "airbyte/destination-hubspot"], capture_output=True, text=True, check=False)
    assert "statically linked" in done.stdout or "not a dynamic executable" in done.stderr, done


def test_the_image_is_small(program, container, tmp_path):
    """Everything but the base, for which the stand-in tells nothing: an alpine takes under 4 MiB."""
    if "debug" in program.parts:
        pytest.skip("a debug build is large")
    _, _, root = container
    packed = tmp_path / "added.tar.gz"
    with tarfile.open(packed, "w:gz") as archive:
        archive.add(root / "airbyte")
        archive.add(root / "etc/ssl/certs/ca-certificates.crt")
    assert packed.stat().st_size < (25 - 4) * MIB


def test_the_same_files_make_the_same_image(image):
    again = image.build("localhost/destination-hubspot:again")
    assert described(image, image.name)["rootfs"] == described(image, again)["rootfs"]


def test_a_version_that_is_not_the_programs_is_no_image(image):
    with pytest.raises(AssertionError, match="VERSION"):
        image.build("localhost/destination-hubspot:wrong", "--build-arg", "VERSION=9.9.9")


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
