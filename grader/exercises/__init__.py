"""`grader check` in an exercise of `grader start --broken`: what is asked beside general checks."""

from collections.abc import Mapping
from dataclasses import replace

from grader.engine.registry import Check, ExtraCheck, Judge
from grader.exercises import kept, parts, records, symptom
from workshop.course.exercises import EXERCISE, Exercise, exercises

SYMPTOM = "exercise.symptom"
_HISTORY, _GIVEN = "exercise.history", "exercise.given"
_STAGES, _RECORDS = "exercise.stages", "exercise.records"
CODES = {
    _HISTORY: ("history-lost",),
    _GIVEN: (
        *("given-changed", "data-lost", "stage-missing", "stage-wrong-command", "out-undeclared"),
        "out-not-cached",
    ),
    SYMPTOM: (symptom.CODE,),
    _STAGES: (
        *("runs-always", "stage-frozen", "dep-undeclared", "param-undeclared", "dep-too-wide"),
        "metrics-as-outs",
    ),
    _RECORDS: ("lock-stale", "lock-fabricated"),
}
"""What each check may find."""


def with_exercise(general: Mapping[str, Check], exercise: Exercise) -> dict[str, Check]:
    """The checks of ``exercise``, then the ``general`` ones.

    Those that would tell the cause of its symptom wait until that is gone.
    """
    own = exercise_checks(exercise)
    return {
        **own,
        **{
            id_: replace(check, requires=(*check.requires, SYMPTOM))
            if id_ in exercise.waits
            else check
            for id_, check in general.items()
        },
    }


def exercise_checks(exercise: Exercise) -> dict[str, Check]:
    """What is asked in ``exercise`` alone."""
    # Where the symptom is that DVC reads nothing, nothing else can be judged before.
    is_first = "init.readable" in exercise.waits
    before_given = SYMPTOM if is_first else "init.readable"
    before_symptom = _HISTORY if is_first else _GIVEN
    # Nothing that can be told without the remote waits for its answer.
    here = () if symptom.asks_remote(exercise) else (SYMPTOM,)
    checks = (
        _check(_HISTORY, kept.history_is_kept, ("init.git",), committed_only=True),
        _check(_GIVEN, kept.given_files_are_kept, (_HISTORY, before_given)),
        _check(
            SYMPTOM,
            symptom.judge_of(exercise),
            (before_symptom, *symptom.requires_of(exercise)),
            exercise,
        ),
        _check(_STAGES, parts.stages_run_when_they_have_to, (_GIVEN, *here)),
        _check(_RECORDS, records.records_are_of_a_run, (_STAGES,)),
    )
    return {check.id: check for check in checks}


def _check(
    id_: str,
    judge: Judge,
    requires: tuple[str, ...],
    exercise: Exercise | None = None,
    *,
    committed_only: bool = False,
) -> Check:
    title, _, explanation = (judge.__doc__ or "").partition("\n")
    is_remote = exercise is not None and symptom.asks_remote(exercise)
    return ExtraCheck(
        id_,
        title.rstrip("."),
        " ".join(explanation.split()),
        CODES[id_],
        requires,
        "remote" if is_remote else "static",
        committed_only,
        False,
        judge,
        EXERCISE,
        exercises().checks[id_],
    )
