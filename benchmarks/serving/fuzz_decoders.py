"""Gives broken pictures to the decoders for some minutes.

``python -m benchmarks.serving.fuzz_decoders``.

With ``--valgrind`` under valgrind, which sees each read and write outside of a block and each wrong
free; ends with 1 where it saw one, and where anything but pixels or an ImageError came out. With
``--unguarded`` the JPEGs go to simplejpeg without a look at their headers: that finds the double
free of lossless JPEGs within seconds, and so shows that the tool sees what it is there for.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

import simplejpeg

from pipeline.shared.pixels import ImageError, decode_image, load_image
from tests.pipeline.broken_pictures import BrokenPicture, broken_pictures

MOST_PIXELS = 500_000
SUPPRESSIONS = """{
   The loader of glibc compares strings eight bytes at a time.
   Memcheck:Addr8
   fun:strncmp
   fun:is_dst
   ...
}
"""
SIZES = ((24, 16), (160, 112), (8, 300))


def main() -> int:
    """Decode here, or start this module under valgrind."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--valgrind", action="store_true")
    parser.add_argument("--unguarded", action="store_true")
    parser.add_argument("--last", type=Path, help="where the picture in work is kept")
    options = parser.parse_args()
    if not options.valgrind:
        return _decode_for(options.minutes * 60, options.seed, options.unguarded, options.last)
    if not shutil.which("valgrind"):
        parser.error("valgrind is not there: apt-get install valgrind")
    with TemporaryDirectory() as folder:
        return _run_under_valgrind(options, Path(folder))


def _run_under_valgrind(options: argparse.Namespace, folder: Path) -> int:
    log = folder / "valgrind.log"
    suppressions = folder / "suppressions"
    suppressions.write_text(SUPPRESSIONS)
    command = ["valgrind", "--undef-value-errors=no", "--leak-check=no", f"--log-file={log}"]
    command.append(f"--suppressions={suppressions}")
    command += [sys.executable, "-m", "benchmarks.serving.fuzz_decoders"]
    command += ["--minutes", str(options.minutes), "--seed", str(options.seed)]
    command += ["--last", str(options.last or folder / "last")]
    command += ["--unguarded"] * options.unguarded
    # Python's own allocator takes large blocks and hands out pieces that valgrind knows nothing of.
    environment = {**os.environ, "PYTHONMALLOC": "malloc", "OPENBLAS_NUM_THREADS": "1"}
    code = subprocess.run(command, env=environment, check=False).returncode
    text = log.read_text(errors="replace")
    summary = re.search(r"ERROR SUMMARY: (\d+) errors", text)
    errors = int(summary[1]) if summary else -1
    print(f"exit code {code}; valgrind: {errors} errors")
    if errors:
        print(text[:6000])
    return int(bool(code or errors))


def _decode_for(seconds: float, seed: int, unguarded: bool, last_path: Path | None) -> int:
    outcomes = Counter[str]()
    end, failures = time.monotonic() + seconds, 0
    for number, picture in enumerate(broken_pictures(seed)):
        if time.monotonic() > end:
            break
        if last_path:
            last_path.write_bytes(picture.data)
        try:
            outcomes[f"{picture.kind} {_decode(picture, number, unguarded)}"] += 1
        except Exception as error:  # noqa: BLE001 - what is looked for
            failures += 1
            print(f"case {number} of seed {seed} ({picture.kind}): {error!r}", flush=True)
    print(
        f"{outcomes.total():,} pictures, seed {seed}: {dict(sorted(outcomes.items()))}", flush=True
    )
    return int(failures > 0)


def _decode(picture: BrokenPicture, number: int, unguarded: bool) -> str:
    try:
        if unguarded and picture.kind == "JPEG":
            simplejpeg.decode_jpeg(picture.data, min_height=24, min_width=16, strict=False)
        elif number % 4 == 0:
            decode_image(picture.data, max_pixels=MOST_PIXELS)
        else:
            load_image(picture.data, SIZES[number % 4 - 1], max_pixels=MOST_PIXELS)
    except ImageError as error:
        return type(error).__name__
    except (ValueError, KeyError, MemoryError):
        if unguarded:
            return "error"
        raise
    return "decoded"


if __name__ == "__main__":
    raise SystemExit(main())
