"""A request in parts: the words of its path, its query and its preconditions."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs, unquote

from aiohttp.web import BaseRequest

from bucket.errors import ApiError
from bucket.preconditions import Preconditions, parse_preconditions

_HOST = re.compile(r"[A-Za-z0-9.\-_:\[\]]{1,300}")


@dataclass(frozen=True)
class ParsedRequest:
    """A request as aiohttp has it, and ``words``, the parts of its path, decoded."""

    http: BaseRequest
    words: list[str]
    query: Mapping[str, str]

    @property
    def base_url(self) -> str:
        """The server's address, as the client knows it."""
        host = self.http.headers.get("Host", "")
        return f"http://{host if _HOST.fullmatch(host) else 'localhost'}"

    @property
    def preconditions(self) -> Preconditions:
        """Those of the query; an ApiError where one is no number."""
        return parse_preconditions(self.query)

    def check_method(self, *methods: str) -> None:
        """An ApiError where the request's method is none of these."""
        if self.http.method not in methods:
            raise ApiError(405, f"The method {self.http.method[:20]} is not for this address.")


def parse_request(http: BaseRequest) -> ParsedRequest:
    """The request in parts; an ApiError where its address is malformed."""
    # raw_path, since aiohttp's own path has %2F decoded: a name's slash would split the path.
    path, _, query = http.raw_path.partition("?")
    if "://" in path:  # the absolute form, as to a proxy
        path = "/" + path.partition("://")[2].partition("/")[2]
    try:
        # An endpoint with a slash at its end makes gcsfs begin its paths with two.
        words = [unquote(word, errors="strict") for word in path.lstrip("/").split("/")]
        pairs = parse_qs(query, keep_blank_values=True, errors="strict", max_num_fields=100)
    except ValueError:
        raise ApiError(400, "Malformed address: it is not UTF-8, or too long.") from None
    return ParsedRequest(http, words, {key: values[-1] for key, values in pairs.items()})
