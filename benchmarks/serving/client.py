"""A lean client in a process of its own: so many connections, each with one request at a time.

Raw sockets and asyncio, because a whole HTTP client costs more processor time than the servers that
it measures. Prints one JSON object.
"""

import argparse
import asyncio
import json
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

BOUNDARY = b"----------------8c1f0d2e5b7a"


def main() -> None:
    """Send ``--requests`` posters over ``--connections`` connections and print what happened."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--posters", type=Path, required=True)
    parser.add_argument("--connections", type=int, default=8)
    parser.add_argument("--requests", type=int, default=1000)
    parser.add_argument("--files", type=int, default=1, help="in one request")
    options = parser.parse_args()
    paths = sorted(path for path in options.posters.iterdir() if path.is_file())
    groups = [
        [paths[(start + number) % len(paths)] for number in range(options.files)]
        for start in range(0, max(len(paths), 1), options.files)
    ]
    requests = [request([path.read_bytes() for path in group]) for group in groups]
    print(json.dumps(asyncio.run(send_all(requests, options))))


def request(posters: list[bytes]) -> bytes:
    """The bytes of one ``POST /predict`` with these files in a form."""
    parts = [
        b'--%b\r\nContent-Disposition: form-data; name="file"; filename="poster.jpg"\r\n'
        b"Content-Type: image/jpeg\r\n\r\n%b\r\n" % (BOUNDARY, poster)
        for poster in posters
    ]
    body = b"".join(parts) + b"--%b--\r\n" % BOUNDARY
    head = (
        b"POST /predict HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: */*\r\nContent-Length: %d\r\n"
        b"Content-Type: multipart/form-data; boundary=%b\r\n\r\n" % (len(body), BOUNDARY)
    )
    return head + body


async def send_all(requests: list[bytes], options: argparse.Namespace) -> dict[str, object]:
    """What came back for ``options.requests`` of them."""
    loop = asyncio.get_running_loop()
    turns = iter(range(options.requests))
    sessions = []
    for _ in range(options.connections):
        _, session = await loop.create_connection(
            lambda: _Session(requests, turns), "127.0.0.1", options.port
        )
        sessions.append(session)
    start = time.perf_counter()
    for session in sessions:
        session.send_next()
    await asyncio.gather(*(session.done for session in sessions))
    wall = time.perf_counter() - start
    seconds = sorted(each for session in sessions for each in session.seconds)
    statuses = Counter(each for session in sessions for each in session.statuses)
    return {
        "wall": wall,
        "statuses": statuses,
        "p50": seconds[len(seconds) // 2],
        "p99": seconds[len(seconds) * 99 // 100],
    }


class _Session(asyncio.Protocol):
    """One connection; answers have a Content-Length."""

    def __init__(self, requests: list[bytes], turns: Iterator[int]) -> None:
        self._requests = requests
        self._turns = turns
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.seconds: list[float] = []
        self.statuses: list[int] = []
        self._answer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def send_next(self) -> None:
        """Send the next request, or end."""
        turn = next(self._turns, None)
        if turn is None:
            self._transport.close()
            self.done.set_result(None)
            return
        self._began = time.perf_counter()
        self._transport.write(self._requests[turn % len(self._requests)])

    def data_received(self, data: bytes) -> None:
        self._answer += data
        head, blank, body = self._answer.partition(b"\r\n\r\n")
        if blank and len(body) >= _content_length(head):
            self.seconds.append(time.perf_counter() - self._began)
            self.statuses.append(int(head[9:12]))
            self._answer = b""
            self.send_next()

    def connection_lost(self, error: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(error or ConnectionError("the server closed the connection"))


def _content_length(head: bytes) -> int:
    return int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])


if __name__ == "__main__":
    main()
