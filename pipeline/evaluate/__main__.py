"""Stage evaluate: what the ONNX file, the thing that is served, is worth on the test split."""

from pipeline.shared import errors

if __name__ == "__main__":
    errors.watch_start()  # the imports below take long enough to be interrupted

import argparse
from pathlib import Path

from pipeline.evaluate.evaluation import evaluate
from pipeline.shared.errors import exit_code


def main() -> None:
    """Read the command line, run the stage, print the summary."""
    parser = argparse.ArgumentParser(prog="python -m pipeline.evaluate", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder that preprocess made")
    parser.add_argument("--model", type=Path, required=True, help="ONNX file that is served")
    parser.add_argument("--metrics", type=Path, required=True, help="JSON file to write")
    parser.add_argument("--curves", type=Path, required=True, help="folder for three CSV files")
    arguments = parser.parse_args()
    print(evaluate(arguments.data, arguments.model, arguments.metrics, arguments.curves))


if __name__ == "__main__":
    raise SystemExit(exit_code(main))
