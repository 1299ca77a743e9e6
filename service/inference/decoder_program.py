"""The program of ``DecoderProcess``: decodes one picture after the other, from stdin to stdout.

A request is a REQUEST_HEAD and the bytes of a file; an answer is an ANSWER_HEAD and either the
pixels or, as JSON, the name of an ImageError, its text and its fix. It ends when stdin does.
"""

import json
import os
import signal
import struct
import sys
import time
import traceback
from pathlib import Path
from typing import BinaryIO

import cv2

from pipeline.shared import pixels
from service.runtime import memory

READY = b"\1"
REQUEST_HEAD = struct.Struct(">QHHQd")
"""The number of bytes, the height and the width wanted, the most pixels and seconds."""
ANSWER_HEAD = struct.Struct(">BQd")
"""PIXELS, REFUSAL or BUG, the number of bytes, and the seconds that it took."""
PIXELS, REFUSAL, BUG = 0, 1, 2
MEMORY_BYTES = 215_000_000
"""What a decoder may take beside what the program has when it starts, which is 70 MB.

Of files up to 10 MB, an AVIF of 20 Mpx in 4:4:4 takes the most: 205 MB. What asks for
more, such as an AVIF whose frames are larger than it says, gets none.
"""


def main() -> None:
    """Answer until stdin ends."""
    # Ctrl-C reaches all programs of a terminal; the service ends this one itself.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # so that nothing that a library prints comes between the answers
    cv2.setNumThreads(1)
    memory.return_large_blocks()
    _limit_itself()
    answers.write(READY)
    answers.flush()
    while len(head := sys.stdin.buffer.read(REQUEST_HEAD.size)) == REQUEST_HEAD.size:
        _answer(head, sys.stdin.buffer, answers)


def _answer(head: bytes, requests: BinaryIO, answers: BinaryIO) -> None:
    length, height, width, max_pixels, seconds = REQUEST_HEAD.unpack(head)
    content = requests.read(length)
    start = time.process_time()
    _end_after(seconds)
    try:
        picture = pixels.load_image(content, (height, width), max_pixels=max_pixels)
        status, body = PIXELS, picture.tobytes()
    except pixels.ImageError as error:
        status, body = REFUSAL, _refusal(error)
    except Exception as error:  # noqa: BLE001 - the service raises it as a bug of its own
        # OpenCV, too, gets no more than this process may have.
        if isinstance(error, cv2.error) and error.code == cv2.Error.StsNoMem:
            refusal = pixels.TooManyPixels("the picture takes too much memory")
            status, body = REFUSAL, _refusal(refusal)
        else:
            traceback.print_exc()
            status, body = BUG, repr(error).encode()
    _end_after(0)
    answers.write(ANSWER_HEAD.pack(status, len(body), time.process_time() - start) + body)
    answers.flush()


def _refusal(error: pixels.ImageError) -> bytes:
    return json.dumps([type(error).__name__, str(error), error.fix]).encode()


def _end_after(seconds: float) -> None:
    """End this process after so many seconds of its processor's time; 0: never.

    Not of the clock's: on a busy machine a picture that is right would lose its decoder. Windows
    has no such timer; there as elsewhere ``DecoderProcess`` ends what takes several times as long.
    """
    if sys.platform != "win32":
        signal.setitimer(signal.ITIMER_PROF, seconds)


def _limit_itself() -> None:
    """Bound the memory of this process."""
    if sys.platform == "linux":  # macOS knows the limit and ignores it, Windows has none
        import resource

        pages = int(Path("/proc/self/statm").read_text().split()[0])
        limit = pages * resource.getpagesize() + MEMORY_BYTES
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
