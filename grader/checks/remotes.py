"""Lesson ``remote``: one default remote, committed, that a colleague's clone can reach."""

import dataclasses
import importlib.util
import os
import re
from collections.abc import Mapping

from dvcstate.config.dvc_config import sections_of
from grader import fixes
from grader.checks import addresses, agreed, servers
from grader.engine.finding import Evidence, Finding, NotThereYetError, Source, UnknownError
from grader.engine.registry import check
from grader.engine.step import Step
from grader.facts.remote import options_of
from grader.facts.repository import Repository
from grader.facts.snapshot import Snapshot
from workshop.start import remote_places

CONFIG, LOCAL = ".dvc/config", ".dvc/config.local"
_NAME = "dvc-workshop"
_PLACE = re.compile(r"\w+://|[/~]|\.\.|[A-Za-z]:[\\/]")
"""How an address begins, or the path of a folder, and no name of a remote."""


def default_url(snapshot: Snapshot) -> str:
    """The address of the default remote, as it is written; where that names another, of that."""
    options = options_of(snapshot.default_remote or "", snapshot.remotes)
    if options is None or "url" not in options:
        raise NotThereYetError("remote.default")
    return options["url"]


@check(
    "remote.default",
    "no-default-remote",
    "remote-only-local",
    "default-remote-unknown",
    requires=("init.config",),
    committed_only=True,
)
def default_remote_is_committed(repository: Repository, snapshot: Snapshot) -> Finding | None:
    """A default remote is set, and committed.

    dvc push and dvc pull without a name go to the default remote. A clone knows only what
    .dvc/config at HEAD says; .dvc/config.local stays on one laptop.
    """
    name = snapshot.default_remote
    if name and name.lower() in snapshot.remotes:
        return None
    local = _remotes_of(repository, LOCAL)
    if name and name.lower() not in local.remotes:
        return _unknown(repository, snapshot, name)
    if name or local.remotes or local.default:
        return _only_local(repository, snapshot, name, local)
    return _none(repository, snapshot)


class _Config:
    """What one config file says of remotes."""

    def __init__(self, sections: Mapping[str, Mapping[str, str]]) -> None:
        self.default = sections.get("core", {}).get("remote")
        self.remotes = {
            section.partition('"')[2].rstrip('"'): options
            for section, options in sections.items()
            if section.startswith("remote ")
        }


def _remotes_of(repository: Repository, path: str) -> _Config:
    root = repository.root
    return _Config(sections_of(root / path, root))


def _unknown(repository: Repository, snapshot: Snapshot, name: str) -> Finding:
    known = next(iter(snapshot.remotes), None)
    commit = fixes.commit([CONFIG], "Set the default remote")
    url = agreed.url(repository)
    mend: list[Step] = [fixes.command("dvc", "remote", "default", known or name)]
    if known is None:
        mend = [fixes.command("dvc", "remote", "add", name, url)]
        mend += agreed.server_options(repository, snapshot, name, url)
    return Finding(
        "default-remote-unknown",
        f"The default remote is called {name}, and no remote has that name: dvc push stops.",
        f"a remote called {name}, or the name of one that is there",
        f"remotes: {fixes.listed(snapshot.remotes) or 'none'}",
        (*mend, *commit),
        (Evidence("HEAD", CONFIG, snapshot.line(CONFIG, "[core]", "remote"), f"remote = {name}"),),
    )


def _only_local(
    repository: Repository, snapshot: Snapshot, name: str | None, local: _Config
) -> Finding:
    wanted = name or local.default or next(iter(local.remotes))
    url = local.remotes.get(wanted.lower(), {}).get("url") or agreed.url(repository)
    if wanted.lower() in snapshot.remotes:
        add: list[Step] = [fixes.command("dvc", "remote", "default", wanted)]
    else:
        add = [fixes.command("dvc", "remote", "add", "--force", "-d", wanted, url)]
        add += agreed.server_options(repository, snapshot, wanted, url)
    return Finding(
        "remote-only-local",
        f"The remote {wanted} is set with --local: a colleague's clone knows nothing of it.",
        f"{wanted} as the default remote in {CONFIG} at HEAD",
        f"it is in {LOCAL}, which git never takes",
        (*add, *fixes.commit([CONFIG], "Set the default remote")),
        (Evidence("worktree", LOCAL, repository.worktree.line(LOCAL, wanted)),),
    )


def _none(repository: Repository, snapshot: Snapshot) -> Finding:
    worktree = _remotes_of(repository, CONFIG)
    commit = fixes.commit([CONFIG], "Set the default remote")
    for name in worktree.remotes:
        if _PLACE.match(name):
            swapped = _swapped(
                repository, snapshot, name, worktree.remotes[name].get("url", ""), "worktree"
            )
            return dataclasses.replace(swapped, code="no-default-remote")
    if worktree.default and worktree.default.lower() in worktree.remotes:
        actual = f"{worktree.default} is set in your folder, and not committed"
        fix = commit
    elif snapshot.remotes:
        actual = f"remotes: {fixes.listed(snapshot.remotes)}; none of them is the default"
        known = next(iter(snapshot.remotes))
        fix = (fixes.command("dvc", "remote", "default", known), *commit)
    else:
        actual = "no remote at all"
        url = agreed.url(repository)
        add = fixes.command("dvc", "remote", "add", "-d", _NAME, url)
        options = agreed.server_options(repository, snapshot, _NAME, url)
        fix = (add, *options, *commit)
    return Finding(
        "no-default-remote",
        "No default remote is committed: after a clone, dvc pull does not know where to look.",
        "core.remote and the remote it names, at HEAD",
        actual,
        fix,
        (Evidence("HEAD", CONFIG, snapshot.line(CONFIG, "[core]")),),
    )


@check(
    "remote.url",
    "remote-url-malformed",
    requires=("remote.default",),
    committed_only=True,
)
def remote_urls_are_addresses(repository: Repository, snapshot: Snapshot) -> Finding | None:
    """The address of every remote is whole.

    gs//bucket or gs:/bucket is a folder name to DVC: it makes that folder inside the repository
    and pushes into it, without a word. And gs://BUCKET/YOUR-NAME is nobody's place: your own names
    go there.
    """
    for name, options in snapshot.remotes.items():
        url = options.get("url", "")
        more: list[Step] = []
        if _PLACE.match(name):
            return _swapped(repository, snapshot, name, url, "HEAD")
        if left := remote_places.placeholders(url):
            what = f"still has {fixes.listed(left)} in it, where a name of yours belongs"
            wanted = agreed.url(repository)
            more = agreed.server_options(repository, snapshot, name, wanted)
        elif addresses.is_malformed(url) or addresses.named_base(url) not in (
            None,
            *snapshot.remotes,
        ):
            what = addresses.harm(url)
            wanted = repository.settings.remote or addresses.mended(url)
        elif name == (snapshot.default_remote or "").lower() and addresses.is_inside(
            repository, url
        ):
            what = "is a folder in the repository itself: no clone has it, and no clone reaches it"
            wanted = addresses.place(repository)
        elif found := servers.half_address(
            repository,
            snapshot,
            name,
            {CONFIG: options, LOCAL: _remotes_of(repository, LOCAL).remotes.get(name, {})},
        ):
            return found
        else:
            continue
        is_folder = "://" not in wanted
        return Finding(
            "remote-url-malformed",
            f"{url} {what}.",
            wanted,
            url,
            (
                fixes.command("dvc", "remote", "modify", name, "url", wanted),
                *more,
                *fixes.commit([CONFIG], "Mend the remote's address"),
                *([fixes.command("dvc", "push", "-r", name)] if is_folder else []),
            ),
            (Evidence("HEAD", CONFIG, snapshot.line(CONFIG, f'"{name}"', "url"), f"url = {url}"),),
        )
    return None


def _swapped(
    repository: Repository, snapshot: Snapshot, name: str, url: str, source: Source
) -> Finding:
    """The name of a remote is an address: the two words of dvc remote add are in the wrong order.

    DVC keeps the second, a name, as a folder beside .dvc/config.
    """
    last = url.replace("\\", "/").rpartition("/")[2]
    meant = last if re.fullmatch(r"\w[\w.-]*", last) else _NAME
    default = _remotes_of(repository, CONFIG).default or snapshot.default_remote or ""
    flag = ["-d"] * (default.lower() == name)
    return Finding(
        "remote-url-malformed",
        f"A remote is called {name}, which is an address: its name comes first, the address then.",
        f"a remote called {meant} with the address {name}",
        f"a remote called {name} with the address {url}",
        (
            fixes.command("dvc", "remote", "remove", name),
            fixes.command("dvc", "remote", "add", *flag, meant, name),
            *agreed.server_options(repository, snapshot, meant, name),
            *fixes.commit([CONFIG], "Give the remote its name and its address"),
        ),
        (Evidence(source, CONFIG, snapshot.line(CONFIG, name), f"url = {url}"),),
    )


@check(
    "remote.own",
    "remote-not-yours",
    requires=("remote.url",),
    committed_only=True,
)
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
    elif settings.remote and _same_kind(url, settings.remote):
        whose = None if _is_below(url, settings.remote) else "not the place that was agreed for you"
    elif "://" in url and "/" not in url.partition("://")[2]:
        whose = "the root of a bucket, which everybody shares"
    if whose is None:
        return None
    place = agreed.beside(settings.raw) if settings.raw and _is_below(url, settings.raw) else url
    wanted = settings.remote or f"{place}/{agreed.name(repository)}"
    name = snapshot.default_remote or _NAME
    return Finding(
        "remote-not-yours",
        f"{url} is {whose}: what you push there mixes with the work of others.",
        wanted,
        url,
        (
            fixes.command("dvc", "remote", "modify", name, "url", wanted),
            *fixes.commit([CONFIG], "Use my own place"),
        ),
        (Evidence("HEAD", CONFIG, snapshot.line(CONFIG, f'"{name}"', "url"), f"url = {url}"),),
    )


def _is_below(url: str, place: str | None) -> bool:
    if place is None:
        return False
    place = place.rstrip("/")
    return url == place or url.startswith(f"{place}/")


def _same_kind(url: str, agreed: str) -> bool:
    """Both in a cloud: a folder in place of the agreed bucket is another way to work."""
    return "://" in url and "://" in agreed


@check(
    "remote.absolute",
    "remote-relative-path",
    requires=("remote.url",),
    committed_only=True,
)
def default_remote_is_reached_from_anywhere(
    repository: Repository, snapshot: Snapshot
) -> Finding | None:
    """The default remote is an address or an absolute path.

    A relative path leads somewhere else as soon as the repository is cloned to another folder.
    """
    url = default_url(snapshot)
    if "://" in url or url.startswith(("/", "~", "\\\\")) or re.match(r"^[A-Za-z]:[\\/]", url):
        return None
    name = snapshot.default_remote or _NAME
    place = os.path.abspath(repository.root / ".dvc" / url)  # noqa: PTH100 - links stay
    if addresses.is_inside(repository, place):
        place = addresses.place(repository)
    push = [] if "://" in place else [fixes.command("dvc", "push", "-r", name)]
    return Finding(
        "remote-relative-path",
        f"The remote {name} is a relative path: in a clone elsewhere it leads to another folder.",
        "an address, or an absolute path that others reach",
        f"{url}, from the folder .dvc",
        (
            fixes.command("dvc", "remote", "modify", name, "url", place),
            *fixes.commit([CONFIG], "Name the remote by a path that does not move"),
            *push,
        ),
        (Evidence("HEAD", CONFIG, snapshot.line(CONFIG, f'"{name}"', "url"), f"url = {url}"),),
    )


@check(
    "remote.plugin",
    "remote-plugin-missing",
    requires=("remote.url",),
    committed_only=True,
)
def plugin_is_installed(repository: Repository, snapshot: Snapshot) -> Finding | None:
    """The plugin for the remote's kind of address is installed.

    DVC talks to each cloud through a package of its own: dvc-gs for Google Cloud Storage.
    """
    scheme = default_url(snapshot).partition("://")[0]
    module = remote_places.PLUGINS.get(scheme)
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
