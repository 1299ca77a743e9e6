"""A process that decodes large pictures for the service, and is ended when one takes too long.

A thread cannot be ended, and a decoder that writes where it should not ends its process: so what
may take seconds or much memory runs apart.
"""

import json
import logging
import math
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from pipeline.shared import pixels
from service.inference import decoder_program as program

START_SECONDS = 30.0
CLOCK_SHARE = 3
"""Where other programs take the processor, a picture may take so many times its seconds."""
LEAST_CLOCK_SECONDS = 5.0
"""And at least these where the process has a timer of its own, which ends it sooner."""
_ERRORS: dict[str, type[pixels.ImageError]] = {
    error.__name__: error
    for error in (pixels.BrokenImage, pixels.TooManyPixels, pixels.UnsupportedImage)
}
_HAS_TIMER = hasattr(signal, "SIGPROF")
_LATE = -getattr(signal, "SIGPROF", 1_000)
"""The exit code of a process whose own timer ended it; Windows has neither."""
_ROOT = Path(__file__).parents[2]
# The folder of this very package comes last on the path, where an installed one is found before;
# -P keeps the current folder off it, which is an attendee's.
_CODE = (
    "import sys; sys.path.append(sys.argv[1]); "
    "from service.inference.decoder_program import main; main()"
)


class LateDecoder(Exception):  # noqa: N818 - no fault of the picture
    """The decoder was ended by the clock, and had not used its share of the processor."""


class StoppedDecoder(pixels.ImageError):
    """The decoder took too long and was ended."""

    fix = "scale the picture down, or save it anew, and send it again"


class DecoderProcess:
    """One process, started with the first picture; one thread at a time may use it."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self.seconds = 0.0
        """Of the processor's time, for all pictures so far."""

    def load_image(
        self,
        content: bytes,
        size: tuple[int, int],
        max_pixels: int,
        seconds: float,
        clock_seconds: float = math.inf,
    ) -> NDArray[np.uint8]:
        """As ``pixels.load_image``; a StoppedDecoder after so many of the processor's seconds.

        A LateDecoder after ``clock_seconds``, and after what CLOCK_SHARE says.
        """
        process = self.start()
        is_late = threading.Event()

        def stop() -> None:
            is_late.set()
            process.kill()

        least = LEAST_CLOCK_SECONDS if _HAS_TIMER else 0.0
        most_clock = min(max(CLOCK_SHARE * seconds, least), clock_seconds)
        timer = threading.Timer(most_clock, stop)
        timer.start()
        try:
            head = program.REQUEST_HEAD.pack(len(content), *size, max_pixels, seconds)
            status, body, spent = _exchange(process, head, content)
            self.seconds += spent
        except (OSError, EOFError):
            process.kill()
            if process.wait() == _LATE or (is_late.is_set() and not _HAS_TIMER):
                self.seconds += seconds
                raise StoppedDecoder(f"its decoder was ended after {seconds:.3g} s") from None
            if is_late.is_set():
                raise LateDecoder(f"a decoder was ended after {most_clock:.3g} s") from None
            logging.getLogger(__name__).error(
                "the decoder ended with code %s on a file of %s bytes that begins with %r",
                process.wait(), len(content), content[:16],
            )  # fmt: skip
            raise pixels.BrokenImage("its decoder ended: the file is damaged") from None
        finally:
            timer.cancel()
            if is_late.is_set() or process.poll() is not None:
                self.close()
        return _picture(status, body, size)

    def start(self) -> subprocess.Popen[bytes]:
        """The process, which is started if it does not run."""
        if self._process and self._process.poll() is None:
            return self._process
        self.close()
        self._process = subprocess.Popen(  # noqa: S603 - this program's own code
            [sys.executable, "-P", "-c", _CODE, str(_ROOT)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "1"},
        )
        timer = threading.Timer(START_SECONDS, self._process.kill)
        timer.start()
        try:
            if self._process.stdout is None or self._process.stdout.read(1) != program.READY:
                raise RuntimeError("the decoder's process does not start")
        finally:
            timer.cancel()
        return self._process

    def close(self) -> None:
        """End the process."""
        if self._process:
            self._process.kill()
            self._process.communicate()
            self._process = None


def _exchange(
    process: subprocess.Popen[bytes], head: bytes, content: bytes
) -> tuple[int, bytes, float]:
    requests, answers = process.stdin, process.stdout
    if requests is None or answers is None:
        raise EOFError
    requests.write(head)
    requests.write(content)
    requests.flush()
    status, length, seconds = program.ANSWER_HEAD.unpack(_read(answers, program.ANSWER_HEAD.size))
    return status, _read(answers, length), seconds


def _read(answers: IO[bytes], length: int) -> bytes:
    body = answers.read(length)
    if len(body) < length:
        raise EOFError
    return body


def _picture(status: int, body: bytes, size: tuple[int, int]) -> NDArray[np.uint8]:
    if status == program.PIXELS:
        return np.frombuffer(body, np.uint8).reshape(*size, 3)
    if status == program.BUG:
        raise RuntimeError(f"in the decoder's process: {body.decode(errors='replace')}")
    name, problem, fix = json.loads(body)
    raise _ERRORS[name](problem, fix)
