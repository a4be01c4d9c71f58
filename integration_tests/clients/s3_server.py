"""An S3 server of somebody else's (moto) on loopback, with the bucket "rejects".

Prints its port, then for every line it reads a JSON object of what is stored: keys and texts. Ends with its input.
"""

import json
import sys

from moto.server import ThreadedMotoServer

server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
host, port = server.get_host_and_port()

import boto3  # noqa: E402  moto wants to come first

client = boto3.client(
    "s3",
    endpoint_url=f"http://{host}:{port}",
    region_name="eu-west-1",
    aws_access_key_id="AKIAEXAMPLE",
    aws_secret_access_key="zq-secret-key",
)
client.create_bucket(Bucket="rejects", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
print(port, flush=True)
for _ in sys.stdin:
    stored = {}
    for found in client.list_objects_v2(Bucket="rejects").get("Contents", []):
        stored[found["Key"]] = client.get_object(Bucket="rejects", Key=found["Key"])["Body"].read().decode()
    print(json.dumps(stored), flush=True)
server.stop()
