"""``python -m tests.grader.rounds [--count 300] [--seed 1] [--deeds NAME…]``: many repositories."""

import argparse
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.grader.rounds import room
from tests.grader.rounds.play import Play, play, shrink


def main() -> int:
    """Play, print each failure shrunk, and how many rounds they took."""
    parser = argparse.ArgumentParser("python -m tests.grader.rounds")
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1, help="the first; the next is one more")
    parser.add_argument("--deeds", nargs="+", default=(), help="these, in place of the seed's")
    parser.add_argument("--verbose", action="store_true", help="print every repository")
    options = parser.parse_args()
    begin, rounds, failed = time.monotonic(), Counter[int](), 0
    with tempfile.TemporaryDirectory() as folder, room.opened(Path(folder)) as own:
        for seed in range(options.seed, options.seed + options.count):
            result = play(own, seed, names=options.deeds)
            rounds[result.rounds] += 1
            if result.failure:
                failed += 1
                result = shrink(own, result)
            _print(result, options.verbose)
    spent = time.monotonic() - begin
    told = ", ".join(f"{number}: {count}" for number, count in sorted(rounds.items()))
    print(f"{options.count} repositories, {failed} failed; rounds {told}; {spent:.0f} s")
    return int(failed > 0)


def _print(result: Play, verbose: bool) -> None:
    if result.failure or verbose:
        print(f"{result}\n", flush=True)
    elif result.stumbles:
        print(f"seed {result.seed}: a command failed on the way: {result.stumbles}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
