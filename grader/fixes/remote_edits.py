"""Steps that add a remote to .dvc/config, and change its options."""

from grader import fixes
from grader.facts.repository import Repository
from grader.facts.snapshot import Snapshot
from grader.remotes import attendee_place
from grader.step import Step

CONFIG, LOCAL = ".dvc/config", ".dvc/config.local"


def modify(name: str, option: str, value: str, *levels: str) -> Step:
    """Set an option of a remote; ``levels``: ``--local``, where not for everybody."""
    return fixes.command("dvc", "remote", "modify", *levels, name, option, value)


def rewrite(old: str, new: str) -> Step:
    """Put a text in the place of another in .dvc/config, which DVC could not write."""
    replaced = f"replace({fixes.literal(old)}, {fixes.literal(new)})"
    code = f"p.write_text(p.read_text('utf-8').{replaced}, 'utf-8')"
    return fixes.python(f"import pathlib; p = pathlib.Path({fixes.literal(CONFIG)}); {code}")


def add(
    repository: Repository, snapshot: Snapshot, name: str, url: str, *options: str
) -> list[Step]:
    """Add a remote, with what it needs to reach ``url``."""
    step = fixes.command("dvc", "remote", "add", *options, name, url)
    return [step, *server_options(repository, snapshot, name, url)]


def server_options(
    repository: Repository, snapshot: Snapshot, remote: str, address: str
) -> list[Step]:
    """What ``remote`` lacks to reach ``address``, where that is the bucket server's."""
    there = snapshot.remotes.get(remote.lower(), {})
    wanted = attendee_place.server_options(repository, remote, address)
    return [modify(remote, key, value) for key, value in wanted.items() if key not in there]
