"""The texts of an exercise: its README, the list of all, its settings, what to type next."""

import json
from collections.abc import Sequence
from pathlib import Path

from workshop import activation, shell
from workshop.course.exercises import Exercise, exercises

_README = """\
# {number}. {title}

{story}

To see it:

```sh
{see}
```

**What is wanted.** {goal}
All of it is committed, and whoever clones this folder gets all data by `dvc pull`. Git itself has
no remote here: a clone is made of this folder.

`grader check` says whether it is so, and what is still to be seen. `grader hint` helps in three
steps: a question, where to look, what to type. Nothing is said before you ask.

## The project

- `clean` reads the folder `films` and the param `clean.min_votes`, and writes `clean.csv`: the
  films that enough people voted for.
- `fit` reads `clean.csv` and the param `fit.smoothing`, computes with `means.py`, and writes
  `model.json`: how well each genre is rated.
- `score` reads `clean.csv` and `model.json`, and writes `metrics.json`: how far the model is off.

`fit` writes each of its runs into `fit.log` as well, which nobody reads; the param `page.title` is
for a web page, and no stage reads it.

The code, the values in `params.yaml` and the films are right: leave them as they are, also their
names. The commits of your colleague stay, and you add your own; git's tag `start` is where you
began.
"""
_INDEX = """\
# Broken DVC repositories

Each folder is a small DVC repository with one fault. Its `README.md` tells what can be seen of it.
Find the cause, mend it and commit; `grader check`, typed in the folder, says whether it is right.
`grader hint` helps. They go from easy to hard, and none needs another.

{rows}
"""


def readme(exercise: Exercise) -> str:
    """README.md of the repository."""
    return _README.format(
        number=exercise.number,
        title=exercise.title,
        story=exercise.story,
        see="\n".join(exercise.see),
        goal=exercise.goal,
    )


def index() -> str:
    """README.md of the folder that has all of them."""
    rows = [
        f"- [{item.folder_name}]({item.folder_name}/README.md): {item.title}"
        for item in exercises().exercises
    ]
    return _INDEX.format(rows="\n".join(rows))


def settings(exercise: Exercise, remote: str) -> str:
    """``workshop.toml``: by it the grader knows the exercise, and the remote that is meant."""
    return (
        "# By this the grader knows which exercise it judges.\n[workshop]\n"
        f"exercise = {json.dumps(exercise.id)}\nremote = {json.dumps(remote, ensure_ascii=False)}\n"
    )


def next_steps(folder: Path, chosen: Sequence[Exercise]) -> str:
    """What was made in ``folder``, and what to type next."""
    first, what = folder, f"exercise {chosen[0].number}, {chosen[0].title}"
    if len(chosen) > 1:
        what = f"{len(chosen)} exercises; README.md there lists them"
        first = folder / chosen[0].folder_name
    return "\n".join(
        [
            f"{shell.printable(str(folder))} is ready: {what}.",
            f"next: {shell.cd_command(first)}",
            f"then, in each terminal: {activation.COMMAND}",
            "then: open README.md, and mend what it tells of",
        ]
    )
