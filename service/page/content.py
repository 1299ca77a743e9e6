"""The page on one repository: its document, the events of its parts, and what a poster got."""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

from service.page import environment
from service.page.parts import NAMES, SEPARATOR, PageParts
from service.page.samples import SUFFIXES
from service.page.try_view import AnswerView, answer_view, model_thresholds
from service.page.updates import Render, Updates, version_of
from service.problems import Problem
from service.protocol import Headers, Message, Receive
from service.resources import Resources

_MODEL_WAIT_S = 30.0
_log = logging.getLogger(__name__)


class Page:
    """The page on the repository of ``resources``; made on the event loop, used in threads."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources
        self._loop = asyncio.get_running_loop()
        self._parts = PageParts(resources.repo_dir, resources.project, resources.reports)
        self._updates = Updates(resources.repo_dir, resources.project, self._parts.is_running)
        self._renders: dict[str | None, Render] = {}
        resources.draining.before_stop(self._updates.close)

    def document(self, wanted: str | None, shell: str | None, answer: str = "") -> str:
        """The whole page, in a thread; ``wanted`` is the lesson in place of the one in progress."""
        wanted = self._parts.known_lesson(wanted)
        html = {name: self._part(name, wanted) for name in NAMES}
        seen = ".".join(version_of(text) for text in html.values())
        status, _, html["lessons"] = html["lessons"].partition(SEPARATOR)
        is_shown = {"lessons": self._parts.has_lessons}
        return environment.render(
            "page.html.j2",
            title=self._parts.title(),
            parts=[(name, title) for name, title in NAMES.items() if is_shown.get(name, True)],
            html=html,
            status=status,
            answer=answer,
            seen=seen,
            shell=shell,
        )

    def html_events(self, wanted: str | None, seen: str) -> AsyncIterator[bytes]:
        """The parts as HTML, each as soon as it differs from what the page has."""
        wanted = self._parts.known_lesson(wanted)
        # One function for each lesson: pages that show the same share what is made.
        render = self._renders.setdefault(wanted, lambda name: self._part(name, wanted))
        return self._updates.stream(render, tuple(NAMES), seen)

    def json_events(self, render: Render, names: Sequence[str], seen: str) -> AsyncIterator[bytes]:
        """What the routes of these names answer, each as soon as it has changed."""
        return self._updates.stream(render, names, seen)

    async def answer(self, headers: Headers, receive: Receive) -> tuple[int, str]:
        """The status, and as HTML what the model says of the pictures in a request."""
        try:
            thresholds = await model_thresholds(self._resources.model_file)
            answer = await self._resources.predictor.predict(headers, receive)
        except Problem as problem:
            view = AnswerView(problem=problem)
            return problem.status, environment.render("answer.html.j2", answer=view)
        view = answer_view(answer, thresholds)
        return 200, environment.render("answer.html.j2", answer=view)

    async def sample_answer(self, path: Path, content: bytes) -> tuple[int, str]:
        """The same for the picture in ``content``, a poster of the repository."""
        headers = [
            (b"content-type", SUFFIXES[path.suffix.lower()].encode()),
            (b"content-length", b"%d" % len(content)),
        ]

        async def receive() -> Message:
            return {"type": "http.request", "body": content, "more_body": False}

        return await self.answer(headers, receive)

    def _part(self, name: str, wanted: str | None) -> str:
        """The HTML of a part; where it cannot be made, that: the other parts are shown as ever."""
        try:
            return self._make_part(name, wanted)
        except Exception:  # noqa: BLE001 - the thread of all events runs this too, and must go on
            _log.exception("The part %s of the page was not made.", name)
            return self._parts.unmade(name)

    def _make_part(self, name: str, wanted: str | None) -> str:
        if name == "lessons":
            return self._parts.lessons(wanted)
        if name == "pipeline":
            return self._parts.pipeline()
        return self._parts.results() if name == "results" else self._parts.try_it(self._model())

    def _model(self) -> Problem | tuple[str, str]:
        """The path and the hash of the model that is served, or why there is none."""
        model_file = self._resources.model_file
        asked = asyncio.run_coroutine_threadsafe(model_file.model(), self._loop)
        try:
            return model_file.name, asked.result(_MODEL_WAIT_S).md5
        except Problem as problem:
            return problem
