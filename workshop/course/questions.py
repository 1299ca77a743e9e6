"""The question at the end of each text of the course, and its answer: `grader hint think`."""

import re
from dataclasses import dataclass

from workshop.course.manifest import CourseError, Page

_QUESTION = re.compile(r"^\*\*Think\.\*\* (?P<question>.+?)\n\n", re.MULTILINE | re.DOTALL)
_ANSWER = re.compile(
    r"^<details><summary>The answer</summary>\n\n(?P<answer>.+?)\n\n</details>$",
    re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True)
class Question:
    """What a text asks, and the answer that it folds away, each on one line."""

    question: str
    answer: str


def question_of(page: Page) -> Question:
    """The question of a lesson or page; a CourseError where its text has none, or no answer."""
    text = page.path.read_text("utf-8")
    question = _QUESTION.search(text)
    answer = _ANSWER.search(text, question.end() if question else 0)
    if question is None or answer is None:
        part = "answer below **Think.**" if question else "**Think.**"
        raise CourseError(f"{page.path.name} has no {part}")
    return Question(_on_one_line(question["question"]), _on_one_line(answer["answer"]))


def _on_one_line(text: str) -> str:
    return " ".join(text.split())
