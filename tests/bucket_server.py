"""A real bucket server, in a process of its own on a free port, and plain requests to it."""

import http.client
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from tests.repositories import ROOT, run

BUCKET, RAW_BUCKET = "dvc-workshop", "dvc-workshop-raw"
VARIABLE = "GCSFS_EXPERIMENTAL_ZB_HNS_SUPPORT"
_START_S = 30.0


@dataclass(frozen=True)
class BucketResponse:
    """What the server says."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class BucketProcess:
    """A server that listens; ``folder`` is where its objects are."""

    process: "subprocess.Popen[bytes]"
    port: int
    folder: Path
    log_path: Path

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def ask(
        self, method: str, path: str, body: bytes | None = None, **headers: str
    ) -> BucketResponse:
        """One request; ``_`` in a header's name stands for ``-``."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        try:
            connection.request(method, path, body, names)
            response = connection.getresponse()
            return BucketResponse(response.status, dict(response.headers), response.read())
        finally:
            connection.close()

    def put(self, name: str, content: bytes, bucket: str = BUCKET) -> BucketResponse:
        """Upload an object in the shortest way."""
        path = f"/upload/storage/v1/b/{bucket}/o?uploadType=media&name={quote(name, safe='')}"
        return self.ask("POST", path, content)

    def get(self, name: str, bucket: str = BUCKET, **headers: str) -> BucketResponse:
        """Download an object."""
        path = f"/download/storage/v1/b/{bucket}/o/{quote(name, safe='')}?alt=media"
        return self.ask("GET", path, None, **headers)

    def names(self, query: str = "", bucket: str = BUCKET) -> list[str]:
        """The objects of one page of a listing."""
        page = self.ask("GET", f"/storage/v1/b/{bucket}/o?{query}").json()
        return [item["name"] for item in page.get("items", [])]

    def log(self) -> str:
        return self.log_path.read_text("utf-8")

    def stop(self) -> int:
        """As Ctrl-C in its terminal does (on Windows: Ctrl-Break); its exit code."""
        number = getattr(signal, "CTRL_BREAK_EVENT", signal.SIGINT)
        self.process.send_signal(number)
        return self.process.wait(30)


@contextmanager
def serving(folder: Path, *options: str, cwd: Path | None = None) -> Iterator[BucketProcess]:
    """The server of ``folder``/bucket, from when it listens until the block ends."""
    folder.mkdir(parents=True, exist_ok=True)
    log_path = folder / "bucket.log"
    objects = folder / "bucket"
    port = [] if "--port" in options else ["--port", "0"]
    command = [sys.executable, "-m", "workshop", "bucket", *port, "--dir", str(objects)]
    flags = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)  # Windows
    with log_path.open("wb") as log:
        process = subprocess.Popen(
            [*command, *options],
            cwd=cwd or folder,
            env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"},
            stdout=log,
            stderr=subprocess.STDOUT,
            creationflags=flags,
        )
    try:
        yield BucketProcess(process, _port(process, log_path), objects, log_path)
    finally:
        process.kill()
        process.wait(30)


def _port(process: "subprocess.Popen[bytes]", log_path: Path) -> int:
    until = time.monotonic() + _START_S
    while time.monotonic() < until and process.poll() is None:
        text = log_path.read_text("utf-8")
        if (found := re.search(r"at http://\S+:(\d+)", text)) and "Ctrl-C" in text:
            return int(found[1])
        time.sleep(0.02)
    raise AssertionError(log_path.read_text("utf-8"))


def use(repo: Path, endpoint: str, prefix: str = "ada", name: str = "dvc-workshop") -> None:
    """What an attendee types to push to the bucket, but for the commit."""
    run(repo, "dvc", "remote", "add", "--force", "-d", name, f"gs://{BUCKET}/{prefix}")
    run(repo, "dvc", "remote", "modify", name, "endpointurl", endpoint)
    run(repo, "dvc", "remote", "modify", name, "allow_anonymous_login", "true")
