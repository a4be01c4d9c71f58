"""Stand-ins for the Rust image that the Dockerfile builds in, where images cannot be pulled.

`with_rust` holds the Rust toolchain of this machine, and an `apk` whose Alpine packages are made of Debian's
(`environment.sh`): the program is really built, with what the Dockerfile asks `apk` for and nothing else.
`with_program` has a `cargo` that hands out a program built already.
"""

import os
import platform
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from conftest import CLIENTS

PACKAGES = CLIENTS / "alpine"
CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")


@dataclass(frozen=True)
class StandIn:
    """What the image is built of, and what `buildah bud` is given where the Dockerfile builds in it."""

    dockerfile: Path
    options: list[str]
    environment: dict[str, str]
    builds: bool


# Installs `/packages/NAME` for each name. An archive and not `cp`: it replaces a library in use by a new file.
APK = """#!/bin/sh
[ "$1" = add ] || { echo "the stand-in adds, and does nothing else: $1" >&2; exit 1; }
shift
for name; do
  case $name in
    -*) ;;
    *)
      [ -d "/packages/$name" ] || { echo "unable to select packages: $name (no such package)" >&2; exit 1; }
      tar -c -C "/packages/$name" . | tar -x -C / || exit 1
      ;;
  esac
done
"""

# Hands out /program where the target's would be.
CARGO = """#!/bin/sh
until [ "$1" = --target ]; do shift || exit 1; done
mkdir -p "target/$2/release" && cp /program "target/$2/release/destination-hubspot"
"""


def toolchain() -> Path | None:
    """The Rust toolchain of this machine, if it builds static programs for it."""
    if not shutil.which("rustc"):
        return None
    done = subprocess.run(["rustc", "--print", "sysroot"], capture_output=True, text=True, check=False)
    root = Path(done.stdout.strip())
    target = f"{platform.machine()}-unknown-linux-musl"
    return root if (root / "lib/rustlib" / target / "lib").is_dir() else None


def possible() -> bool:
    """Whether `with_rust` can be made: what `run` installs for it is there."""
    return (PACKAGES / "pins.txt").exists() and CERTIFICATES.exists() and toolchain() is not None


def file(path: Path, text: str) -> None:
    path.write_text(text)
    path.chmod(0o755)


def tools(root: Path) -> None:
    """A busybox under all its names, and a folder for temporary files."""
    (root / "tmp").mkdir(parents=True)
    (root / "tmp").chmod(0o1777)
    folder = root / "usr/bin"
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(shutil.which("busybox"), folder)
    names = subprocess.run([folder / "busybox", "--list"], capture_output=True, text=True, check=True).stdout
    for name in set(names.split()) - {"busybox"}:
        (folder / name).symlink_to("busybox")
    if not (root / "bin").exists():
        (root / "bin").symlink_to("usr/bin")


def described(root: Path) -> Path:
    """The Dockerfile of an image of these files."""
    dockerfile = root.parent / f"Dockerfile.{root.name}"
    path = "/usr/local/rust/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    dockerfile.write_text(f"FROM scratch\nCOPY {root.name} /\nENV CARGO_HOME=/usr/local/cargo PATH={path}\n")
    return dockerfile


def with_rust(folder: Path) -> StandIn:
    """Builds what it is given. Its cache mounts last from run to run, below the target folder. Of what is mounted into
    it, empty folders stay behind in the image."""
    root = folder / "build-image"
    shutil.copytree(PACKAGES / "base", root, symlinks=True)
    tools(root)
    file(root / "usr/bin/apk", APK)
    certificates = PACKAGES / "ca-certificates" / CERTIFICATES.relative_to("/")
    certificates.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(CERTIFICATES, certificates)
    options = [f"--volume={toolchain()}:/usr/local/rust:ro", f"--volume={PACKAGES}:/packages:ro"]
    return StandIn(described(root), options, {**os.environ, "TMPDIR": str(cache(CLIENTS))}, builds=True)


def with_program(folder: Path, program: Path) -> StandIn:
    """Takes this program for what it is given."""
    root = folder / "build-image"
    tools(root)
    for name in ("apk", "readelf"):
        (root / "usr/bin" / name).symlink_to("true")
    file(root / "usr/bin/cargo", CARGO)
    shutil.copy(program, root / "program")
    certificates = root / CERTIFICATES.relative_to("/")
    certificates.parent.mkdir(parents=True)
    shutil.copy(CERTIFICATES, certificates)
    return StandIn(described(root), [], {**os.environ, "TMPDIR": str(cache(folder))}, builds=False)


def cache(folder: Path) -> Path:
    """Where buildah keeps what is mounted with `--mount=type=cache`."""
    (folder / "build-cache").mkdir(exist_ok=True)
    return folder / "build-cache"
