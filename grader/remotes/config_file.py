"""What one config file of DVC says of remotes."""

from collections.abc import Mapping
from typing import NamedTuple

from dvcstate.config.dvc_config import sections_of
from grader.facts.repository import Repository
from grader.facts.snapshot import remotes_in


class ConfigFile(NamedTuple):
    """The name of the default remote, and the options of each remote by its name."""

    default: str | None
    remotes: Mapping[str, Mapping[str, str]]


def read_config_file(repository: Repository, path: str) -> ConfigFile:
    """What ``.dvc/config`` or ``.dvc/config.local`` in the worktree says."""
    sections = sections_of(repository.root / path, repository.root)
    return ConfigFile(sections.get("core", {}).get("remote"), remotes_in(sections))
