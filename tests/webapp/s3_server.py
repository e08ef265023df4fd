"""An S3 server on loopback for tests: its objects are real, its disk is memory."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import boto3
from moto.server import ThreadedMotoServer

from webapp.stores.s3 import Bucket


@contextmanager
def serving(name: str = "media") -> Iterator[Bucket]:
    """Yields an empty bucket."""
    logging.getLogger("werkzeug").setLevel(logging.WARNING)  # it tells of each request
    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        bucket = Bucket(name, f"http://{host}:{port}", "us-east-1", "key", "secret")
        connection = boto3.client(
            "s3",
            endpoint_url=bucket.url,
            region_name=bucket.region,
            aws_access_key_id=bucket.key_id,
            aws_secret_access_key=bucket.secret,
        )
        connection.create_bucket(Bucket=name)
        yield bucket
    finally:
        server.stop()
