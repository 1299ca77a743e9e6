"""One repository: slips, then rounds of grading and typing, then what has to hold at the end."""

import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from grader.engine.check_result import CheckResult
from grader.engine.next_action import is_of_remote
from grader.engine.report import Report
from tests.grader import callers
from tests.grader.gallery import MISTAKES
from tests.grader.rounds import belongings
from tests.grader.rounds.room import Room
from tests.grader.rounds.slips import SLIPS
from tests.grader.rounds.typist import Typist

MOST_ROUNDS, _SHARE = 8, 8
_LEFT_OUT = {
    # Their remote is a cloud, or their fix leads to one, and there is none.
    "remote-url-malformed": "code", "remote-not-yours": "code", "remote-plugin-missing": "code",
    "remote-unreachable": "code", "default-remote-unknown": "code",
    "name_and_address_are_swapped_and_not_committed": "name",
    "password_is_in_an_address": "name",
}  # fmt: skip
_SMALL = 100_000
"""More bytes has no file that anybody edits by hand."""


@dataclass(frozen=True)
class Deed:
    """A slip or a mistake of the gallery, by its name."""

    name: str
    do: Callable[[Path, random.Random], None]


def deeds() -> list[Deed]:
    """All that may happen: each slip as often as eight mistakes, for it has many forms."""
    mistakes = [
        Deed(mistake.name, lambda repo, _pick, apply=mistake.apply: apply(repo))  # type: ignore[misc]
        for mistake in MISTAKES
        if mistake.code not in _LEFT_OUT and mistake.name not in _LEFT_OUT
    ]
    return [*mistakes, *[Deed(slip.__name__, slip) for slip in SLIPS for _ in range(_SHARE)]]


@dataclass
class Play:
    """What happened to one repository; ``failure`` says what should not have."""

    seed: int
    names: list[str]
    chosen: list[int]
    log: list[str] = field(default_factory=list)
    rounds: int = 0
    stumbles: list[str] = field(default_factory=list)
    failure: str | None = None

    def __str__(self) -> str:
        what = " ".join(self.names[index] for index in self.chosen)
        head = (
            f"seed {self.seed}, {self.chosen} of {' '.join(self.names)}\n  {what}: {self.failure}"
        )
        return "\n".join([head, *self.log])


class FailureError(Exception):
    """A round, or the end, is not as it has to be."""


def play(
    room: Room, seed: int, chosen: Sequence[int] | None = None, names: Sequence[str] = ()
) -> Play:
    """Play the repository of ``seed``; of its deeds only those ``chosen`` by their place.

    With ``names``, these deeds: those of a seed are others when there are more to choose from.
    """
    pick, known = random.Random(seed), deeds()
    done = [pick.choice(known) for _ in range(pick.choice((1, 2, 2, 3)))]
    done = [next(deed for deed in known if deed.name == name) for name in names] or done
    places = list(range(len(done)) if chosen is None else chosen)
    result = Play(seed, [deed.name for deed in done], places)
    room.renew()
    originals = _small_files(room.repo)
    for place in places:
        try:
            done[place].do(room.repo, random.Random(f"{seed}/{place}"))
        except Exception as error:  # noqa: BLE001 - what an earlier one left cannot be changed so
            result.log.append(f"  {done[place].name} was not possible: {type(error).__name__}")
    typist = Typist(room, originals, result.log, result.stumbles)
    try:
        before = belongings.find(room.repo)
        _type_all(room, typist, result)
        _assert_ended(room, typist, before)
    except Exception as error:  # noqa: BLE001 - whatever it is, this seed is to be played again
        result.failure = f"{type(error).__name__}: {error}"
    return result


def shrink(room: Room, failed: Play) -> Play:
    """The least of its deeds that still fail."""
    for place in [*failed.chosen]:
        if len(failed.chosen) > 1:
            rest = [other for other in failed.chosen if other != place]
            fewer = play(room, failed.seed, rest, failed.names)
            failed = fewer if fewer.failure else failed
    return failed


def _type_all(room: Room, typist: Typist, result: Play) -> None:
    """Grade and type until nothing is left."""
    advised: set[tuple[str, object]] = set()
    typed = Counter[tuple[str, object]]()
    while (found := _choose(report := room.grade(), advised)) is not None:
        result.log.append(f"  {found.id} {found.code} ({report.score}): {found.rationale}")
        _assert_watch_agrees(room, report)
        callers.assert_blockers_hold_up(report)
        if result.rounds == MOST_ROUNDS:
            raise FailureError(f"no end after {MOST_ROUNDS} rounds")
        typed[found.id, found.steps] += 1
        if typed[found.id, found.steps] == 3:
            raise FailureError(f"in a circle: {found.id} is told the third time")
        if not found.steps:
            raise FailureError(f"nothing to type for {found.id}")
        if found.kind == "advice":
            advised.add((found.id, found.steps))
        typist.type(found.steps)
        result.rounds += 1


def _assert_watch_agrees(room: Room, report: Report) -> None:
    """Whether `grader watch`, open all the time, names the same next action and points."""
    watching = room.watch()
    if watching.max_score != report.max_score:
        raise FailureError(f"watch counts {watching.max_score}, check {report.max_score}")
    # Of what only the remote can tell, a watch without it knows nothing.
    if report.next and is_of_remote(report.next.result):
        return
    ours, theirs = (
        (one.next.check, one.next.step) if one.next else None for one in (watching, report)
    )
    if ours != theirs:
        raise FailureError(f"watch says {ours}, check {theirs}")


def _choose(report: Report, advised: set[tuple[str, object]]) -> CheckResult | None:
    """What comes next; when all holds, an advice that was not followed yet."""
    untold = [one for one in report.checks if one.kind == "error"]
    if untold and (report.next is None or any("itself failed" in str(o.rationale) for o in untold)):
        raise FailureError(f"{untold[0].id} cannot be told: {untold[0].rationale}")
    if report.next:
        return report.next.result
    return next(
        (
            one
            for one in report.checks
            # That a secret was once in git cannot be mended, and stays.
            if one.kind == "advice" and one.code != "secret-in-config"
            and (one.id, one.steps) not in advised
        ),
        None,
    )  # fmt: skip


def _assert_ended(room: Room, typist: Typist, before: belongings.Belongings) -> None:
    report = room.grade()
    if report.score != report.max_score:
        raise FailureError(f"{report.score} of {report.max_score} points, and nothing to do")
    if lost := belongings.find_lost(room, before, typist.edited_by_hand):
        raise FailureError(f"lost: {', '.join(lost)}")
    _assert_clean(room, room.repo)
    _expect(room, "dvc repro --dry", room.repo, without="Running stage")
    clone = room.folder / "clone"
    _expect(room, "git clone --quiet repo clone", room.folder)
    _expect(room, "dvc pull", clone)
    _assert_clean(room, clone)


def _assert_clean(room: Room, folder: Path) -> None:
    _expect(room, "dvc status --json", folder, exactly="{}")


def _expect(
    room: Room, line: str, folder: Path, *, exactly: str | None = None, without: str = "\0"
) -> None:
    answer = room.type(line, folder)
    printed = answer.printed.strip()
    if answer.code or exactly not in (None, printed) or without in printed:
        raise FailureError(f"{line} in {folder.name}, exit {answer.code}: {printed[-500:]}")


def _small_files(repo: Path) -> dict[str, bytes]:
    """The text files of the worktree that somebody may edit by hand."""
    files = [path for path in repo.rglob("*") if path.is_file() and ".git" not in path.parts]
    small = [path for path in files if path.stat().st_size < _SMALL]
    return {path.relative_to(repo).as_posix(): path.read_bytes() for path in small}
