"""Lesson ``remote``: the address of each remote is whole, and a colleague's clone can reach it."""

import importlib.util
import os
import re
from collections.abc import Mapping
from pathlib import Path

from grader import fixes
from grader.checks.out_remotes import used_remotes
from grader.engine.registry import check
from grader.facts.remote import resolve_options
from grader.facts.repository import Repository
from grader.facts.snapshot import Snapshot
from grader.finding import BlockedError, Evidence, Finding, Source, UnknownError
from grader.fixes import remote_edits
from grader.fixes.remote_edits import CONFIG, LOCAL, modify, rewrite
from grader.remotes import addresses, attendee_place
from grader.remotes.config_file import read_config_file
from grader.step import Step
from workshop import endpoints, remote_addresses

_ASK_FOR_VERSIONS = ("version_aware", "worktree")
_KEEP_VERSIONS = ("s3", "gs", "azure")
"""The kinds of address that may keep every version of a file."""
_TRUE = ("true", "yes", "on", "1")


def default_url(snapshot: Snapshot) -> str:
    """The address of the default remote, as it is written; where that names another, of that."""
    options = resolve_options(snapshot.default_remote or "", snapshot.remotes)
    if options is None or "url" not in options:
        raise BlockedError("remote.default")
    return options["url"]


@check("remote.url", "remote-url-malformed", requires=("remote.default",), committed_only=True)
def remote_urls_are_addresses(repository: Repository, snapshot: Snapshot) -> Finding | None:
    """The address of every remote is whole.

    gs//bucket or gs:/bucket is a folder name to DVC: it makes that folder inside the repository
    and pushes into it, without a word. And gs://BUCKET/YOUR-NAME is nobody's place: your own names
    go there.
    """
    for name, options in snapshot.remotes.items():
        url = options.get("url", "")
        if addresses.is_address(name):
            return swapped_words(repository, snapshot, name, url, "HEAD")
        mended = _mend_address(repository, snapshot, name, url)
        if mended is None:
            finding = _half_endpoint(repository, snapshot, name, options) or _versions_finding(
                snapshot, name, options
            )
            if finding:
                return finding
            continue
        problem, wanted, more = mended
        push = [] if "://" in wanted else [fixes.command("dvc", "push", "-r", name)]
        # DVC would write the whole file, and leave it empty at the first letter beyond ASCII.
        change = modify(name, "url", wanted) if url.isascii() else rewrite(url, wanted)
        return Finding(
            "remote-url-malformed",
            f"{url} {problem}.",
            wanted,
            url,
            (
                change,
                *more,
                *fixes.commit([CONFIG], "Mend the remote's address"),
                *push,
            ),
            (_url_evidence(snapshot, name, url),),
        )
    return None


def _mend_address(
    repository: Repository, snapshot: Snapshot, name: str, url: str
) -> tuple[str, str, list[Step]] | None:
    """What is wrong with an address, what it is to be, and the options that go with that."""
    if left := remote_addresses.placeholders(url):
        problem = f"still has {fixes.join(left)} in it, where a name of yours belongs"
        wanted = attendee_place.url(repository)
        return problem, wanted, remote_edits.server_options(repository, snapshot, name, wanted)
    base = addresses.named_base(url)
    if addresses.is_malformed(url) or (base is not None and base not in snapshot.remotes):
        known = repository.settings.remote or addresses.correct_address(url)
        wanted = known or attendee_place.url(repository)
        more = [] if known else remote_edits.server_options(repository, snapshot, name, wanted)
        return addresses.harm(url), wanted, more
    if name in used_remotes(snapshot) and addresses.is_inside(repository, url):
        problem = "is a folder in the repository itself: no clone has it, and no clone reaches it"
        return problem, addresses.place(repository), []
    if not url.isascii():
        problem = "has letters that DVC cannot write: the next dvc remote or dvc config empties"
        return f"{problem} {CONFIG}", addresses.address_in_ascii(repository, url), []
    return None


def _half_endpoint(
    repository: Repository, snapshot: Snapshot, name: str, options: Mapping[str, str]
) -> Finding | None:
    """The finding on the address of a server, in either config, that lacks its beginning."""
    local = read_config_file(repository, LOCAL).remotes.get(name, {})
    for path, known in ((CONFIG, options), (LOCAL, local)):
        endpoint = known.get("endpointurl") or ""
        if not endpoint or endpoints.is_complete(endpoint):
            continue
        wanted, is_local = endpoints.complete_endpoint(endpoint), path == LOCAL
        source: Source = "worktree" if is_local else "HEAD"
        line = (repository.worktree if is_local else snapshot).line(path, endpoint)
        commit = () if is_local else fixes.commit([path], "Mend the server's address")
        return Finding(
            "remote-url-malformed",
            f"The endpointurl of {name} is {endpoint}, and no http:// is before it: DVC does not"
            " know how to reach the server there.",
            wanted,
            endpoint,
            (modify(name, "endpointurl", wanted, *["--local"] * is_local), *commit),
            (Evidence(source, path, line, f"endpointurl = {endpoint}"),),
        )
    return None


def _versions_finding(snapshot: Snapshot, name: str, options: Mapping[str, str]) -> Finding | None:
    """The finding on a remote that DVC is to ask for versions, at an address that keeps none."""
    asked = [key for key in _ASK_FOR_VERSIONS if options.get(key, "").lower() in _TRUE]
    url = (resolve_options(name, snapshot.remotes) or {}).get("url", "") if asked else ""
    if not url or url.partition("://")[0].lower() in _KEEP_VERSIONS:
        return None
    line = snapshot.line(CONFIG, f'"{name}"', asked[0])
    unset = [fixes.command("dvc", "remote", "modify", name, "--unset", key) for key in asked]
    return Finding(
        "remote-url-malformed",
        f"The remote {name} has {fixes.join(asked)} set, and {url} keeps no versions of a file:"
        " dvc pull gets nothing from there in a clone.",
        f"{name} without {fixes.join(asked)}",
        f"{asked[0]} = {options[asked[0]]}",
        (
            *unset,
            *fixes.commit([CONFIG], "Ask the remote for no versions"),
            fixes.command("dvc", "push", "-r", name),
        ),
        (Evidence("HEAD", CONFIG, line, f"{asked[0]} = {options[asked[0]]}"),),
    )


def _url_evidence(snapshot: Snapshot, name: str, url: str) -> Evidence:
    line = snapshot.line(CONFIG, f'"{name}"', "url")
    return Evidence("HEAD", CONFIG, line, f"url = {url}")


def swapped_words(
    repository: Repository, snapshot: Snapshot, name: str, url: str, source: Source
) -> Finding:
    """The finding on a remote whose name is an address: dvc remote add got its words swapped.

    DVC keeps the second, a name, as a folder beside .dvc/config.
    """
    last = url.replace("\\", "/").rpartition("/")[2]
    meant = last if re.fullmatch(r"\w[\w.-]*", last) else attendee_place.REMOTE
    default = read_config_file(repository, CONFIG).default or snapshot.default_remote or ""
    as_default = ["-d"] * (default.lower() == name)
    return Finding(
        "remote-url-malformed",
        f"A remote is called {name}, which is an address: its name comes first, the address then.",
        f"a remote called {meant} with the address {name}",
        f"a remote called {name} with the address {url}",
        (
            fixes.command("dvc", "remote", "remove", name),
            *remote_edits.add(repository, snapshot, meant, name, *as_default),
            *fixes.commit([CONFIG], "Give the remote its name and its address"),
        ),
        (Evidence(source, CONFIG, snapshot.line(CONFIG, name), f"url = {url}"),),
    )


@check("remote.own", "remote-not-yours", requires=("remote.url",), committed_only=True)
def default_remote_is_the_attendees_own(
    repository: Repository, snapshot: Snapshot
) -> Finding | None:
    """The default remote is your own place.

    The raw data's place is read-only for good reason, the root of a bucket belongs to everybody,
    and another attendee's place to them.
    """
    url, settings = default_url(snapshot).rstrip("/"), repository.settings
    if settings.problem:
        raise settings.problem
    whose = None
    if _is_below(url, settings.raw):
        whose = "the place of the raw data"
    elif settings.remote and "://" in url and "://" in settings.remote:
        # A folder in place of the agreed bucket is another way to work.
        whose = None if _is_below(url, settings.remote) else "not the place that was agreed for you"
    elif remote_addresses.is_root_of_bucket(url):
        whose = "the root of a bucket, which everybody shares"
    if whose is None:
        return None
    place = (
        attendee_place.beside(settings.raw)
        if settings.raw and _is_below(url, settings.raw)
        else url
    )
    wanted = settings.remote or f"{place}/{attendee_place.name(repository)}"
    name = snapshot.default_remote or attendee_place.REMOTE
    return Finding(
        "remote-not-yours",
        f"{url} is {whose}: what you push there mixes with the work of others.",
        wanted,
        url,
        (modify(name, "url", wanted), *fixes.commit([CONFIG], "Use my own place")),
        (_url_evidence(snapshot, name, url),),
    )


def _is_below(url: str, place: str | None) -> bool:
    if place is None:
        return False
    place = place.rstrip("/")
    return url == place or url.startswith(f"{place}/")


@check("remote.absolute", "remote-relative-path", requires=("remote.url",), committed_only=True)
def remotes_are_reached_from_anywhere(repository: Repository, snapshot: Snapshot) -> Finding | None:
    """The default remote, and each that an out names, is an address or an absolute path.

    A relative path leads somewhere else as soon as the repository is cloned to another folder.
    """
    default_url(snapshot)  # blocked where there is none
    for name in used_remotes(snapshot):
        url = (resolve_options(name, snapshot.remotes) or {}).get("url", "")
        if url and not _is_absolute(url):
            return _relative_finding(repository, snapshot, name, url)
    return None


def _is_absolute(url: str) -> bool:
    # \\server\share and C:\data are absolute on Windows.
    return (
        "://" in url or url.startswith(("/", "~", "\\\\")) or bool(re.match(r"[A-Za-z]:[\\/]", url))
    )


def _relative_finding(repository: Repository, snapshot: Snapshot, name: str, url: str) -> Finding:
    leads_to = os.path.abspath(repository.root / ".dvc" / url)  # noqa: PTH100 - links stay
    place = remote_addresses.written_address(Path(leads_to))
    if place is None or addresses.is_inside(repository, leads_to):
        place = addresses.place(repository)
    push = [] if "://" in place else [fixes.command("dvc", "push", "-r", name)]
    return Finding(
        "remote-relative-path",
        f"The remote {name} is a relative path: in a clone elsewhere it leads to another folder.",
        "an address, or an absolute path that others reach",
        f"{url}, from the folder .dvc",
        (
            modify(name, "url", place),
            *fixes.commit([CONFIG], "Name the remote by a path that does not move"),
            *push,
        ),
        (_url_evidence(snapshot, name, url),),
    )


@check("remote.plugin", "remote-plugin-missing", requires=("remote.url",), committed_only=True)
def plugin_is_installed(repository: Repository, snapshot: Snapshot) -> Finding | None:
    """The plugin for the remote's kind of address is installed.

    DVC talks to each cloud through a package of its own: dvc-gs for Google Cloud Storage.
    """
    scheme = default_url(snapshot).partition("://")[0]
    module = remote_addresses.PLUGINS.get(scheme)
    if module is None or _is_installed(module) or not _is_installed("dvc"):
        return None
    package = module.replace("_", "-")
    raise UnknownError(
        f"DVC needs {package} for {scheme}:// addresses, and it is not installed here.",
        fixes.command("pip", "install", package),
        code="remote-plugin-missing",
    )


def _is_installed(module: str) -> bool:
    return importlib.util.find_spec(module) is not None
