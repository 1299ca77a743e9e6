"""BentoML, tuned: two workers, one thread each, no log, no metrics, no trace."""

from pathlib import Path
from typing import Annotated

import bentoml
from bentoml.validators import ContentType

from benchmarks.serving.apps.kernel import Kernel


@bentoml.service(
    workers=2,
    metrics={"enabled": False},
    tracing={"sample_rate": 0.0},
    logging={"access": {"enabled": False}},
    traffic={"timeout": 60, "max_concurrency": 1024},
)
class BentoPosters:
    """Its own way to take a file of a form is a path; the folder for it is in memory."""

    def __init__(self) -> None:
        self._kernel = Kernel()

    @bentoml.api(route="/predict")  # type: ignore[untyped-decorator]  # installed only there
    async def predict(self, file: Path) -> Annotated[str, ContentType("application/json")]:
        """On the event loop, since a thread of its pool costs more; JSON that it need not write."""
        return self._kernel.answer(file.read_bytes()).decode()
