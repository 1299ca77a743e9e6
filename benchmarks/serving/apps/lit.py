"""LitServe, tuned: two workers, one thread each, ZeroMQ between them and its server, no log."""

import sys
from typing import Any

import litserve
from starlette.requests import Request
from starlette.responses import Response

from benchmarks.serving.apps.kernel import Kernel


class LitPosters(litserve.LitAPI):  # type: ignore[misc]  # installed only there
    """Takes the file of a form, as the other apps do."""

    def setup(self, device: str) -> None:
        """Load the model in the worker."""
        self._kernel = Kernel()

    def decode_request(self, request: Request) -> bytes:
        """The bytes of the part ``file``: what comes is the form of a request, whatever it says."""
        form: Any = request
        content: bytes = form["file"].file.read()
        return content

    def predict(self, poster: bytes) -> bytes:
        """The ranked genres as JSON."""
        return self._kernel.answer(poster)

    def encode_response(self, answer: bytes) -> Response:
        """A whole answer, which FastAPI does not validate again."""
        return Response(answer, media_type="application/json")


if __name__ == "__main__":
    server = litserve.LitServer(
        LitPosters(),
        accelerator="cpu",
        workers_per_device=2,
        fast_queue=True,
        timeout=False,
    )
    server.run(
        host="127.0.0.1",
        port=int(sys.argv[1]),
        num_api_servers=1,
        log_level="error",
        generate_client_file=False,
        access_log=False,
    )
