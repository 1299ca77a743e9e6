"""A request in parts, and the bucket that it is about."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs, unquote

from aiohttp.web import BaseRequest

from bucket import conditions, names
from bucket.errors import RefusedError
from bucket.store import Held, Store

_HOST = re.compile(r"[A-Za-z0-9.\-_:\[\]]{1,300}")


@dataclass(frozen=True)
class Bucket:
    """A bucket: its objects, and whether clients may change them."""

    name: str
    store: Store
    is_read_only: bool = False

    def held(self, asked: "Asked", name: str) -> Held:
        """The object that is asked for; a RefusedError where there is none."""
        held = self.store.look(names.checked(name))
        generation = asked.query.get("generation")
        if held is None or (generation and generation != str(held.generation)):
            raise self.no_object(name)
        conditions.of(asked.query).check(held)
        return held

    def no_object(self, name: str) -> RefusedError:
        """What says that there is no object of that name."""
        return RefusedError(404, f"No such object: {self.name}/{name}")

    def check_writable(self) -> None:
        """A RefusedError where clients may change nothing."""
        if self.is_read_only:
            raise RefusedError(
                403, f"The bucket {self.name} holds the raw data of all, and is read-only."
            )


@dataclass(frozen=True)
class Asked:
    """A request: ``words`` are the parts of its path, decoded."""

    request: BaseRequest
    words: list[str]
    query: Mapping[str, str]

    @property
    def base(self) -> str:
        """The server's address, as the client knows it."""
        host = self.request.headers.get("Host", "")
        return f"http://{host if _HOST.fullmatch(host) else 'localhost'}"

    def check_method(self, *methods: str) -> None:
        """A RefusedError where the request's method is none of these."""
        if self.request.method not in methods:
            shown = self.request.method[:20]
            raise RefusedError(405, f"The method {shown} is not for this address.")


def parts_of(request: BaseRequest) -> Asked:
    """The request in parts; a RefusedError where its address is malformed."""
    raw, _, query = request.raw_path.partition("?")
    if "://" in raw:  # the absolute form, as to a proxy
        raw = "/" + raw.partition("://")[2].partition("/")[2]
    try:
        # An endpoint with a slash at its end makes gcsfs begin its paths with two.
        words = [unquote(word, errors="strict") for word in raw.lstrip("/").split("/")]
        pairs = parse_qs(query, keep_blank_values=True, errors="strict", max_num_fields=100)
    except ValueError:
        raise RefusedError(400, "Malformed address: it is not UTF-8, or too long.") from None
    return Asked(request, words, {key: values[-1] for key, values in pairs.items()})
