"""Nothing secret in git, now or in an older commit."""

import re
from collections.abc import Iterator, Mapping
from functools import partial
from typing import NamedTuple

from dvcstate.errors import ConfigError
from grader import fixes
from grader.engine.registry import check
from grader.facts import history
from grader.facts.git import Git
from grader.facts.repository import Repository
from grader.facts.snapshot import Snapshot
from grader.finding import BlockedError, Evidence, Finding
from grader.fixes.remote_edits import CONFIG, LOCAL, modify
from grader.step import Step

_SECRET_KEY = re.compile(
    r"^\s*['\"]?(password|passphrase|access_key_id|secret_access_key|session_token"
    r"|connection_string|sas_token|account_key|client_secret|gdrive_client_secret|oss_key_secret"
    r"|sse_customer_key|token)['\"]?\s*=\s*\S"
    r"|^\s*['\"]?(url)['\"]?\s*=\s*['\"]?\w+://[^\s/@:]*:[^\s/@]+@",
    re.MULTILINE | re.IGNORECASE,
)
"""A secret option, or a password in an address."""
_KEY_NAME = re.compile(
    r"\.(?:json|pem|key|p8|ppk|env|ini|cfg|conf|ya?ml|toml)$"
    r"|(?:^|/)(?:\.env[^/]*|\.netrc|\.boto|\.s3cfg|credentials[^/]*|id_(?:rsa|dsa|ecdsa|ed25519))$"
    r"|key[^/]*\.csv$",
    re.IGNORECASE,
)
_PLACEHOLDER = (
    rb"(?!\s*[\"']?(?:$|[<${*#%]|\.\.\.|xxx|your|my[_-]|change|replace|example|insert|todo))"
)
_KEY_CONTENT = re.compile(
    rb"-----BEGIN [A-Z ]*PRIVATE KEY-----|^PuTTY-User-Key-File"
    rb"|\"private_key\"\s*:\s*\""
    rb"|\"refresh_token\"\s*:\s*\"" + _PLACEHOLDER + rb"[^\"\s]{4}"
    rb"|aws_secret_access_key[\"']?[ \t]*[=:]" + _PLACEHOLDER + rb"[ \t]*[\"']?[^\s\"']{4}"
    rb"|^\W*Access key ID,\s*Secret access key",
    re.IGNORECASE | re.MULTILINE,
)
"""A service account of Google, the credentials of ``gcloud auth application-default login``, a key
in PEM or of PuTTY, and the two files in which AWS gives out its keys. An example's place to put a
key in is none."""
_LARGEST_KEY = 64 * 1024
"""In bytes: a service account's key has about 2,400, a PEM file of RSA 4096 about 3,300."""
_VERSION = "1"
"""Higher whenever more is taken for a secret: older commits are searched again then."""


class _Secret(NamedTuple):
    """What git has, and where; ``option`` is the one of a remote that holds it."""

    evidence: Evidence
    option: str = ""


@check("remote.no_secret", "secret-in-config", requires=("init.dvc",), committed_only=True)
def no_secret_is_in_git(repository: Repository, snapshot: Snapshot) -> Finding | None:
    """No key and no password is in git.

    Whoever clones has it, and taking it out of the newest commit leaves it in the older ones:
    what was exposed once has to be replaced.
    """
    exposed = [*_in_config(repository, snapshot), *_key_files(repository, snapshot)]
    if exposed:
        return _exposed_finding(repository, snapshot, exposed)
    older = history.recall(repository, "secrets", partial(_in_older_commits, repository), _VERSION)
    if older:
        return _older_finding(*older)
    if not snapshot.remotes:
        raise BlockedError("remote.default")
    return None


def has_secret(repository: Repository, snapshot: Snapshot, config: str) -> bool:
    """Whether a config file at HEAD holds a secret, which is then what is reported of it."""
    return any(secret.evidence.path == config for secret in _in_config(repository, snapshot))


def _in_config(repository: Repository, snapshot: Snapshot) -> Iterator[_Secret]:
    for path in (CONFIG, LOCAL):
        text = _config(repository, snapshot, path)
        for match in _SECRET_KEY.finditer(text):
            line = text.count("\n", 0, match.start(match.lastindex or 0)) + 1
            option = _option(match)
            yield _Secret(Evidence("HEAD", path, line, f"{option} = ..."), option)


def _config(repository: Repository, snapshot: Snapshot, path: str) -> str:
    """A config file at HEAD, where config.local has no business."""
    if path == CONFIG:
        return snapshot.text(path) or ""
    blob = repository.committed_files.get(path)
    if blob is None or repository.git is None or blob.size > _LARGEST_KEY:
        return ""
    return repository.git.contents([blob.oid]).get(blob.oid, b"").decode("utf-8", "replace")


def _option(match: re.Match[str]) -> str:
    return match[match.lastindex or 0]


def _key_files(repository: Repository, snapshot: Snapshot) -> Iterator[_Secret]:
    small = {
        path: blob.oid
        for path, blob in repository.committed_files.items()
        if _KEY_NAME.search(path) and blob.size <= _LARGEST_KEY
    }
    known = {path: snapshot.content(path) for path in small}
    others = {path: oid for path, oid in small.items() if known[path] is None}
    contents = repository.git.contents(others.values()) if repository.git else {}
    for path, oid in small.items():
        if _KEY_CONTENT.search(known[path] or contents.get(oid, b"")):
            yield _Secret(Evidence("HEAD", path, value="a key"))


def _exposed_finding(repository: Repository, snapshot: Snapshot, exposed: list[_Secret]) -> Finding:
    first, option = exposed[0].evidence, exposed[0].option
    if first.path == CONFIG:
        steps = _move_to_config_local(snapshot, option)
    else:
        steps = _out_of_git(repository, first.path)
    return Finding(
        "secret-in-config",
        f"{first.path} holds a secret, and it is committed: everybody who clones can use it."
        " Replace it where it was issued, then:",
        "secrets in .dvc/config.local alone, which git never takes",
        f"{first.value} in {first.path}",
        steps,
        tuple(secret.evidence for secret in exposed),
    )


def _move_to_config_local(snapshot: Snapshot, key: str) -> tuple[Step, ...]:
    """The remote that has the option keeps its place, and the secret goes to config.local."""
    name = next((name for name, own in snapshot.remotes.items() if _has(own, key)), "NAME")
    moved = [
        fixes.command("dvc", "remote", "modify", "--unset", name, key),
        modify(name, key, "NEW-VALUE", "--local"),
    ]
    if key == "url":
        scheme, _, rest = snapshot.remotes[name]["url"].partition("://")
        user, _, place = rest.rpartition("@")
        moved = [
            modify(name, "url", f"{scheme}://{place}"),
            modify(name, "user", user.partition(":")[0], "--local"),
            modify(name, "password", "NEW-VALUE", "--local"),
        ]
    return *moved, *fixes.commit([CONFIG], "Take the secret out")


def _has(options: Mapping[str, str], key: str) -> bool:
    return key in options and bool(key != "url" or _SECRET_KEY.match(f"url={options['url']}"))


def _out_of_git(repository: Repository, path: str) -> tuple[Step, ...]:
    """The file stays in the folder, and git takes it in no more."""
    try:
        ignored = repository.ignores(path)
    except ConfigError:  # what is wrong with the config, its own checks report
        ignored = path == LOCAL
    line = fixes.literal(f"\n/{path}")
    ignore = fixes.python(f"print({line}, file=open('.gitignore', 'a', encoding='utf-8'))")
    return (
        fixes.command("git", "rm", "--cached", path),
        *(() if ignored else (ignore, fixes.command("git", "add", ".gitignore"))),
        fixes.commit_staged("Take the key out of git"),
    )


def _in_older_commits(repository: Repository, git: Git) -> list[str]:
    """Path and kind of the first secret in the newest commits; empty where there is none."""
    configs = (f"{repository.prefix}{CONFIG}", f"{repository.prefix}{LOCAL}")
    older = {
        oid: file.path
        for oid, file in history.older_files(repository).items()
        if file.size <= _LARGEST_KEY and (file.path in configs or _KEY_NAME.search(file.path))
    }
    for oid, content in git.contents(older).items():
        path = older[oid]
        if path not in configs:
            if _KEY_CONTENT.search(content):
                return [path, "a key"]
        elif match := _SECRET_KEY.search(content.decode("utf-8", "replace")):
            return [path, f"a value of {_option(match)}"]
    return []


def _older_finding(path: str, what: str) -> Finding:
    return Finding(
        "secret-in-config",
        f"An older commit has {what} in {path}: everybody who clones can read it. Replace it where"
        " it was issued.",
        "no secret in any commit",
        f"{what} in the history of {path}",
        # Without --full-history git leaves out the side of a merge on which a file came and went,
        # and a name such as key[1].json is a pattern.
        (
            fixes.command(
                "git", "log", "--oneline", "--full-history", "--", f":(top,literal){path}"
            ),
        ),
        (Evidence("HEAD", path, value=what),),
        severity="advice",
    )
