"""One file from an address, whole or not at all.

By hand and not with pooch: see ``archives``.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
from tqdm import tqdm

from pipeline.shared.errors import DatasetError

ATTEMPTS = 4
PAUSE_SECONDS = 1.0
"""Before the second attempt; it doubles before each further one."""
TIMEOUT = httpx.Timeout(30, connect=10)
"""Seconds without a single byte; the whole may take as long as the network needs."""
TRANSIENT = {408, 425, 429, 500, 502, 503, 504}
CHUNK_BYTES = 1 << 20


_LASTING = (
    httpx.InvalidURL,
    httpx.TooManyRedirects,
    httpx.DecodingError,
    httpx.UnsupportedProtocol,  # of a redirect
)
"""What another attempt would not change."""


class _BrokenOffError(Exception):
    """An attempt failed in a way that may pass."""


@contextmanager
def download_file(address: str, path: Path, max_bytes: int) -> Iterator[Path]:
    """Yield ``path`` with the whole of what lies at ``address``; it is deleted after the block.

    An attempt that breaks off starts anew, at most ATTEMPTS times in all. Raises DatasetError.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        _attempt_until_whole(address, path, max_bytes)
        yield path
    finally:
        path.unlink(missing_ok=True)


def _attempt_until_whole(address: str, path: Path, max_bytes: int) -> None:
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return _attempt(address, path, max_bytes)
        except _LASTING as error:
            raise DatasetError(f"{address}: {error}", "check the address") from None
        except (_BrokenOffError, httpx.TransportError) as error:
            reason = str(error) or type(error).__name__
        if attempt < ATTEMPTS:
            time.sleep(PAUSE_SECONDS * 2 ** (attempt - 1))
    raise DatasetError(
        f"{address}: {reason} ({ATTEMPTS} attempts)",
        "run it again later, or fetch the file with a browser and give its path",
    )


def _attempt(address: str, path: Path, max_bytes: int) -> None:
    """Write what the server sends to ``path``, from the first byte on."""
    # Some servers call a .tar.gz a gzipped .tar, and httpx would then unpack it.
    plain = {"Accept-Encoding": "identity"}
    with (
        _client(address) as client,
        client.stream("GET", address, headers=plain) as response,
        path.open("wb") as file,
    ):
        _check_status(address, response)
        expected = _expected_bytes(response)
        _check_bytes(address, expected or 0, max_bytes)
        bar = tqdm(desc="Downloading", total=expected, unit="B", unit_scale=True, disable=None)
        with bar:
            for chunk in response.iter_raw(CHUNK_BYTES):
                file.write(chunk)
                bar.update(len(chunk))
                _check_bytes(address, file.tell(), max_bytes)
        if expected is not None and file.tell() != expected:
            raise _BrokenOffError(f"{file.tell():,} of {expected:,} bytes came")


def _client(address: str) -> httpx.Client:
    try:
        return httpx.Client(timeout=TIMEOUT, follow_redirects=True)
    except (ImportError, ValueError, httpx.InvalidURL) as error:
        raise DatasetError(
            f"{address}: the proxy that HTTP_PROXY, HTTPS_PROXY or ALL_PROXY name cannot be used:"
            f" {error}",
            "name another or none, or fetch the file with a browser and give its path",
        ) from None


def _check_status(address: str, response: httpx.Response) -> None:
    problem = f"the server answered {response.status_code} {response.reason_phrase}".rstrip()
    if response.status_code in TRANSIENT:
        raise _BrokenOffError(problem)
    if response.status_code != httpx.codes.OK:
        raise DatasetError(f"{address}: {problem}", "check the address")


def _expected_bytes(response: httpx.Response) -> int | None:
    length = response.headers.get("Content-Length", "")
    return int(length) if length.isdecimal() else None


def _check_bytes(address: str, count: int, max_bytes: int) -> None:
    if count > max_bytes:
        raise DatasetError(
            f"{address}: more than {max_bytes:,} bytes, which is more than any poster set has",
            "check the address",
        )
