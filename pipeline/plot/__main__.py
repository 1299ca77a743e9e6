"""Stage plot: pictures of how training went, how good each genre is, what is right or wrong."""

from pipeline.shared import errors

if __name__ == "__main__":
    errors.watch_start()  # the imports below take long enough to be interrupted

import argparse
from pathlib import Path

from pipeline.plot.plots import PlotParams, plot
from pipeline.shared import params
from pipeline.shared.errors import exit_code


def main() -> None:
    """Read the command line, run the stage, print the summary."""
    parser = argparse.ArgumentParser(prog="python -m pipeline.plot", description=__doc__)
    parser.add_argument("--history", type=Path, required=True, help="CSV file that train wrote")
    parser.add_argument("--fine-tuning-history", type=Path, required=True, help="the same")
    parser.add_argument("--curves", type=Path, required=True, help="folder that evaluate filled")
    parser.add_argument("--data", type=Path, required=True, help="folder that preprocess made")
    parser.add_argument("--out", type=Path, required=True, help="folder to make")
    parser.add_argument("--params", type=Path, required=True, help="params.yaml")
    arguments = parser.parse_args()
    print(
        plot(
            arguments.history,
            arguments.fine_tuning_history,
            arguments.curves,
            arguments.data,
            arguments.out,
            params.read(arguments.params, "plot", PlotParams),
        )
    )


if __name__ == "__main__":
    raise SystemExit(exit_code(main))
