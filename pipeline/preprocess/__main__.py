"""Stage preprocess: raw posters in; resized, split and augmented training data out."""

from pipeline.shared import errors

if __name__ == "__main__":
    errors.watch_start()  # the imports below take long enough to be interrupted

import argparse
from pathlib import Path

from pipeline.preprocess.dataset import PreprocessParams, preprocess
from pipeline.shared import params
from pipeline.shared.errors import exit_code


def main() -> None:
    """Read the command line, run the stage, print the summary."""
    parser = argparse.ArgumentParser(prog="python -m pipeline.preprocess", description=__doc__)
    parser.add_argument("--raw", type=Path, required=True, help="folder of the raw data set")
    parser.add_argument("--out", type=Path, required=True, help="folder to make")
    parser.add_argument("--params", type=Path, required=True, help="params.yaml")
    arguments = parser.parse_args()
    settings = params.read(arguments.params, "preprocess", PreprocessParams)
    print(preprocess(arguments.raw, arguments.out, settings))


if __name__ == "__main__":
    raise SystemExit(exit_code(main))
