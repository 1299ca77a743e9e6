"""Nothing secret in git, now or in an older commit."""

import re
from collections.abc import Iterator

from grader.checks import fixes
from grader.facts.view import View
from grader.finding import Evidence, Finding, NotThereYetError
from grader.registry import check

CONFIG = ".dvc/config"
_SECRET_KEY = re.compile(
    r"^\s*(password|access_key_id|secret_access_key|session_token|connection_string|sas_token"
    r"|account_key|client_secret|gdrive_client_secret|oss_key_secret|token)\s*=\s*\S",
    re.MULTILINE | re.IGNORECASE,
)
_KEY_NAME = re.compile(
    r"\.(?:json|pem|key|env|ini)$|(?:^|/)(?:\.env|credentials[^/]*|id_(?:rsa|dsa|ecdsa|ed25519))$"
    r"|key[^/]*\.csv$",
    re.IGNORECASE,
)
_KEY_CONTENT = re.compile(
    rb"-----BEGIN [A-Z ]*PRIVATE KEY-----|\"private_key\"\s*:"
    rb"|aws_secret_access_key\s*[=:]\s*\S|^\W*Access key ID,\s*Secret access key",
    re.IGNORECASE,
)
"""A service account of Google, a key in PEM, and the two files in which AWS gives out its keys."""
_LARGEST_KEY = 64 * 1024
_COMMITS = 2000


@check(
    "remote.no_secret",
    "secret-in-config",
    requires=("init.dvc",),
    committed_only=True,
)
def no_secret_is_in_git(view: View) -> Finding | None:
    """No key and no password is in git.

    Whoever clones has it, and taking it out of the newest commit leaves it in the older ones:
    what was exposed once has to be replaced.
    """
    exposed = [*_in_config(view), *_key_files(view)]
    if exposed:
        return _exposed(view, exposed)
    older = next(_in_older_commits(view), None)
    if older is None and not view.remotes:
        raise NotThereYetError("remote.default")
    return older


def _in_config(view: View) -> Iterator[Evidence]:
    text = view.text(CONFIG) or ""
    for match in _SECRET_KEY.finditer(text):
        line = text.count("\n", 0, match.start(1)) + 1
        yield Evidence("HEAD", CONFIG, line, f"{match[1]} = ...")


def _key_files(view: View) -> Iterator[Evidence]:
    facts = view.facts
    small = {
        path: blob.oid
        for path, blob in facts.committed.items()
        if _KEY_NAME.search(path) and blob.size <= _LARGEST_KEY
    }
    known = {path: view.content(path) for path in small}
    others = {path: oid for path, oid in small.items() if known[path] is None}
    contents = facts.git.contents(others.values()) if facts.git else {}
    for path, oid in small.items():
        if _KEY_CONTENT.search(known[path] or contents.get(oid, b"")):
            yield Evidence("HEAD", path, value="a key")


def _exposed(view: View, exposed: list[Evidence]) -> Finding:
    first = exposed[0]
    if first.path == CONFIG:
        key = (first.value or "").partition(" ")[0]
        remote = next((name for name, options in view.remotes.items() if key in options), "NAME")
        name = fixes.quoted(remote)
        fix = [
            f"dvc remote modify --unset {name} {key}",
            f"dvc remote modify --local {name} {key} NEW-VALUE",
            *fixes.commit([CONFIG], "Take the secret out").splitlines(),
        ]
    else:
        fix = [
            f"git rm --cached {fixes.quoted(first.path)}",
            fixes.committed("Take the key out of git"),
        ]
    return Finding(
        "secret-in-config",
        f"{first.path} holds a secret, and it is committed: everybody who clones can use it."
        " Replace it where it was issued, then:",
        "secrets in .dvc/config.local alone, which git never takes",
        f"{first.value} in {first.path}",
        fixes.commands(*fix),
        tuple(exposed),
    )


def _in_older_commits(view: View) -> Iterator[Finding]:
    """Secrets in the newest commits, each file's version looked at once, and HEAD's not again."""
    git, prefix = view.facts.git, view.facts.prefix
    if git is None:
        return
    now = {blob.oid for blob in view.facts.committed.values()}
    config = f"{prefix}{CONFIG}"
    told = {
        oid: path
        for oid, path in git.history(_COMMITS).items()
        if oid not in now and (path == config or _KEY_NAME.search(path))
    }
    small = [oid for oid, size in git.sizes(told).items() if size <= _LARGEST_KEY]
    for oid, content in git.contents(small).items():
        path = told[oid]
        if path != config:
            if _KEY_CONTENT.search(content):
                yield _remembered(path, "a key")
        elif match := _SECRET_KEY.search(content.decode("utf-8", "replace")):
            yield _remembered(path, f"a value of {match[1]}")


def _remembered(path: str, what: str) -> Finding:
    return Finding(
        "secret-in-config",
        f"An older commit has {what} in {path}: everybody who clones can read it. Replace it where"
        " it was issued.",
        "no secret in any commit",
        f"{what} in the history of {path}",
        f"git log --oneline -- {fixes.quoted(f':/{path}')}",
        (Evidence("HEAD", path, value=what),),
        severity="advice",
    )
