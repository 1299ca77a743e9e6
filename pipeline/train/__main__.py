"""Stage train: fit the network, then fine-tune it at a lower rate; keep the best weights."""

from pipeline.shared import errors

if __name__ == "__main__":
    errors.watch_start()  # the imports below take long enough to be interrupted

import argparse
from pathlib import Path

from pipeline.shared import params
from pipeline.shared.errors import exit_code
from pipeline.train.training import TrainParams, train


def main() -> None:
    """Read the command line, run the stage, print the summary."""
    parser = argparse.ArgumentParser(prog="python -m pipeline.train", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder that preprocess made")
    parser.add_argument("--weights", type=Path, required=True, help="file to write, .weights.h5")
    parser.add_argument("--history", type=Path, required=True, help="CSV file to write")
    parser.add_argument("--fine-tuning-history", type=Path, required=True, help="the same")
    parser.add_argument("--params", type=Path, required=True, help="params.yaml")
    arguments = parser.parse_args()
    settings = params.read(arguments.params, "train", TrainParams)
    print(
        train(
            arguments.data,
            arguments.weights,
            arguments.history,
            arguments.fine_tuning_history,
            settings,
        )
    )


if __name__ == "__main__":
    raise SystemExit(exit_code(main))
