"""A bucket server, asked before anything is made that is to be pushed to it."""

import http.client
import json

from workshop import endpoints
from workshop.start.start_error import StartError

_ANSWER_S = 5.0


def check(url: str, endpoint: str) -> None:
    """A StartError where no server answers at ``endpoint``, or the bucket is not there."""
    bucket = url.partition("://")[2].partition("/")[0]
    where = endpoints.address(endpoint)
    https = endpoint.startswith("https://")
    make = http.client.HTTPSConnection if https else http.client.HTTPConnection
    connection = make(*where, timeout=_ANSWER_S)
    try:
        connection.request("GET", f"/storage/v1/b/{bucket}")
        answer = connection.getresponse()
        status, body = answer.status, answer.read(100_000)
    except (OSError, http.client.HTTPException, ValueError):
        if https and endpoints.speaks_plain_http(where, _ANSWER_S):
            plain = endpoint.replace("https://", "http://", 1)
            raise StartError(
                f"the server at {endpoint} speaks http, not https", f"--endpoint {plain}"
            ) from None
        raise StartError(
            f"no server answers at {endpoint}", endpoints.bucket_command(endpoint)
        ) from None
    finally:
        connection.close()
    if status == 404:
        raise StartError(
            f"the server at {endpoint} has no bucket {bucket}. {_words(body)}".strip(),
            "--remote gs://dvc-workshop/NAME   (NAME is your own)",
        )


def _words(body: bytes) -> str:
    """What a server says in Google's form."""
    try:
        return " ".join(str(json.loads(body)["error"]["message"]).split())[:200]
    except (ValueError, TypeError, KeyError, LookupError):
        return ""
