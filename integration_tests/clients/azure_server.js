// An Azure Blob Storage of somebody else's (Azurite) on loopback, with the container "rejects".
//
// Prints its port, then for every line it reads a JSON object of what is stored: names and texts. Ends with its input.

const { spawn } = require("node:child_process");
const path = require("node:path");
const readline = require("node:readline");
const { BlobServiceClient, StorageSharedKeyCredential } = require("@azure/storage-blob");

// Azurite's own account, which every installation has: https://learn.microsoft.com/azure/storage/common/storage-connect-azurite
const ACCOUNT = "devstoreaccount1";
const KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

const program = path.join(path.dirname(require.resolve("azurite/package.json")), "dist/src/blob/main.js");
const options = ["--inMemoryPersistence", "--blobHost", "127.0.0.1", "--blobPort", "0", "--disableTelemetry", "--skipApiVersionCheck"];
const server = spawn(process.execPath, [program, ...options], { stdio: ["ignore", "pipe", "inherit"] });
process.on("exit", () => server.kill());

async function stored(container) {
  const found = {};
  for await (const blob of container.listBlobsFlat()) {
    found[blob.name] = (await container.getBlobClient(blob.name).downloadToBuffer()).toString();
  }
  return found;
}

async function serve(port) {
  const credential = new StorageSharedKeyCredential(ACCOUNT, KEY);
  const service = new BlobServiceClient(`http://127.0.0.1:${port}/${ACCOUNT}`, credential);
  const container = service.getContainerClient("rejects");
  await container.create();
  console.log(port);
  for await (const _ of readline.createInterface({ input: process.stdin })) {
    console.log(JSON.stringify(await stored(container)));
  }
  process.exit(0);
}

readline.createInterface({ input: server.stdout }).on("line", (line) => {
  const started = line.match(/successfully listens on http:\/\/127\.0\.0\.1:(\d+)/);
  if (started) {
    serve(started[1]).catch((error) => {
      console.error(error);
      process.exit(1);
    });
  }
});
