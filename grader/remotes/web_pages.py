"""Addresses of web pages, of web APIs and of git repositories, in place of that of a remote."""

import re
from typing import NamedTuple
from urllib.parse import unquote


class WebPage(NamedTuple):
    """What an address is, as a sentence goes on, and the one that DVC takes; empty if unknown."""

    what: str
    meant: str


# "https://", what `dvc remote add` makes of an address that it takes for a path, and a login.
_BEGIN = re.compile(r"^(?:\.\./|\./)*(?:(?:https?|ssh|git):/{1,2})?(?:[\w.-]+@)?", re.IGNORECASE)
_GIT = re.compile(
    r"(?:www\.)?(?:github|gitlab|bitbucket)\.\w+[:/].+|[\w.-]+[:/].+\.git/?", re.IGNORECASE
)
_PAGES = {
    "gs": (
        r"(?:storage|console)\.cloud\.google\.com/(?:storage/browser/)?(?P<place>[^?;]+).*",
        r"storage\.googleapis\.com/(?:storage/v1/b/)?(?P<place>[^?]+).*",
        r"(?P<bucket>[\w.-]+)\.storage\.googleapis\.com/?(?P<place>[^?]*).*",
    ),
    "s3": (
        r"arn:aws:s3:::(?P<place>.+)",
        r"(?:[\w-]+\.)*console\.aws\.amazon\.com/s3/(?:buckets|home)/"
        r"(?P<bucket>[^/?]+)/?(?:\?(?:.*&)?prefix=(?P<place>[^&]*).*)?",
        r"s3[\w.-]*\.amazonaws\.com/(?P<place>[^?]+).*",
        r"(?P<bucket>[\w.-]+)\.s3[\w.-]*\.amazonaws\.com/?(?P<place>[^?]*).*",
    ),
    "gdrive": (r"drive\.google\.com/drive/(?:u/\d+/)?folders/(?P<place>[\w-]+).*",),
    "azure": (r"\w+\.blob\.core\.windows\.net/(?P<place>[^?]+).*",),
}
"""By the scheme of the address that is meant: the page of a bucket or folder in a browser, the
console, and the API, as the three clouds and Google Drive write them."""


def web_page(url: str) -> WebPage | None:
    """What kind of page ``url`` leads to; None for the address of a remote, or of a folder."""
    begin = _BEGIN.match(url)
    rest = url[begin.end() :] if begin else url
    if url.startswith(("/", "~")) or "://" in rest:
        return None
    for scheme, patterns in _PAGES.items():
        for pattern in patterns:
            if match := re.fullmatch(pattern, rest, re.IGNORECASE):
                parts = [match.groupdict().get("bucket"), match.groupdict().get("place")]
                place = "/".join(unquote(part).strip("/") for part in parts if part)
                return WebPage(
                    "is for a browser, and no dvc push goes there", f"{scheme}://{place}"
                )
    if _GIT.fullmatch(rest) and not re.match(r"[A-Za-z]:[\\/]", rest):
        return WebPage("is the address of a git repository, which takes no data of DVC's", "")
    return None
