"""The floor: decode, resize and infer in one process, without HTTP.

Answers each line of its input, a number of posters, with a line: processor seconds and wall seconds
that they took.
"""

import sys
import time
from pathlib import Path

import numpy as np

from pipeline.shared.pixels import load_image
from service.inference import model


def main() -> None:
    """``python -m benchmarks.serving.floor MODEL POSTERS``."""
    served = model.load_model(Path(sys.argv[1]).read_bytes())
    posters = [path.read_bytes() for path in sorted(Path(sys.argv[2]).iterdir())]
    for line in sys.stdin:
        cpu, wall = time.process_time(), time.perf_counter()
        for number in range(int(line)):
            pixels = load_image(posters[number % len(posters)], served.input_size)
            served.session.run([model.OUTPUT], {model.INPUT: pixels[np.newaxis]})
        print(time.process_time() - cpu, time.perf_counter() - wall, flush=True)


if __name__ == "__main__":
    main()
