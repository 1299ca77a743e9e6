"""The objects of outs that belong on a remote: whose each is, and what the remote lacks."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from dvcstate import Stage
from dvcstate.model import Out
from grader.amounts import amount
from grader.facts.objects import parse_listing
from grader.facts.remote import BadObjects, Remote
from grader.facts.repository import Repository
from grader.facts.snapshot import Snapshot
from grader.finding import Evidence


class Owner(NamedTuple):
    """The stage and the out that an object belongs to."""

    stage: Stage
    out: Out


@dataclass(frozen=True)
class Answer:
    """What a remote lacks, and whose that is, by the names of the objects."""

    remote: Remote
    lacking: BadObjects
    owners: Mapping[str, Owner]

    @property
    def names(self) -> list[str]:
        """Everything that is absent, or has other bytes."""
        return self.lacking.absent + self.lacking.wrong

    @property
    def summary(self) -> str:
        """How many objects that are, for the report."""
        absent, wrong = len(self.lacking.absent), len(self.lacking.wrong)
        are, have = "is" if absent == 1 else "are", "has" if wrong == 1 else "have"
        parts = [f"{amount(absent, 'object')} {are} absent"] if absent else []
        parts += [f"{wrong} {have} other bytes than the name says"] if wrong else []
        return ", ".join(parts)

    def evidence(self, names: Sequence[str]) -> tuple[Evidence, ...]:
        """Where the objects should be."""
        places = {name: self.remote.object_location(name) for name in names}
        return tuple(Evidence("remote", place, value=name) for name, place in places.items())


def owners_in(stages: Iterable[Stage]) -> Iterator[Owner]:
    """The outs that dvc push sends, with their stages."""
    for stage in stages:
        for out in () if stage.is_import else stage.outs:  # nothing of it is pushed
            if out.cache and out.recorded.md5 and out.inside:
                yield Owner(stage, out)


def objects_of(
    repository: Repository,
    snapshot: Snapshot,
    stages: Iterable[Stage],
    remote: Remote,
    name: str | None,
) -> Iterator[tuple[str, Owner]]:
    """Every object for the remote that outs call ``name``; None for outs that name no remote."""
    for owner in owners_in(stages):
        md5, is_of_dvc_2 = owner.out.recorded.md5, is_of_dvc_2_layout(owner.out)
        if owner.out.remote != name or not md5 or is_of_dvc_2 != remote.uses_dvc_2_layout:
            continue
        yield md5, owner
        if md5.endswith(".dir"):
            listing = cache_path(repository, snapshot, md5, is_of_dvc_2)
            listed = repository.objects.read_listing(listing)
            for child in listed or parse_listing(remote.content(md5) or b""):
                yield child, owner


def is_of_dvc_2_layout(out: Out) -> bool:
    """Whether DVC keeps it apart from what DVC 3 recorded, in the cache and on the remote."""
    return out.recorded.algorithm != "md5"


def cache_path(repository: Repository, snapshot: Snapshot, name: str, is_of_dvc_2: bool) -> Path:
    """The path that an object has in the cache, if it is there."""
    if is_of_dvc_2:
        return snapshot.project.cache_dir / name[:2] / name[2:]
    return repository.objects.path(name)
