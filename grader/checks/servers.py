"""The addresses of servers in place of a cloud's own, as the configs have them."""

from collections.abc import Mapping

from grader import fixes
from grader.engine.finding import Evidence, Finding
from grader.facts.repository import Repository
from grader.facts.snapshot import Snapshot
from workshop import endpoints


def half_address(
    repository: Repository, snapshot: Snapshot, name: str, configs: Mapping[str, Mapping[str, str]]
) -> Finding | None:
    """The first address without its beginning: ``configs`` are the remote's options by file."""
    for path, options in configs.items():
        endpoint = options.get("endpointurl") or ""
        if endpoint and not endpoints.is_whole(endpoint):
            return _finding(repository, snapshot, name, path, endpoint)
    return None


def _finding(
    repository: Repository, snapshot: Snapshot, name: str, path: str, endpoint: str
) -> Finding:
    wanted, is_local = endpoints.mended(endpoint), path.endswith(".local")
    modify = ["dvc", "remote", "modify", *["--local"] * is_local, name]
    commit = fixes.commit([path], "Mend the server's address")
    line = repository.worktree.line(path, endpoint) if is_local else snapshot.line(path, endpoint)
    return Finding(
        "remote-url-malformed",
        f"The endpointurl of {name} is {endpoint}, and no http:// is before it: DVC does not know"
        " how to reach the server there.",
        wanted,
        endpoint,
        (fixes.command(*modify, "endpointurl", wanted), *(() if is_local else commit)),
        (Evidence("worktree" if is_local else "HEAD", path, line, f"endpointurl = {endpoint}"),),
    )
