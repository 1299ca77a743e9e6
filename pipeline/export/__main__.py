"""Stage export: from Keras weights to the one ONNX file that is served, in int8 if that holds."""

from pipeline.shared import errors

if __name__ == "__main__":
    errors.watch_start()  # the imports below take long enough to be interrupted

import argparse
from pathlib import Path

from pipeline.export.onnx_files import ExportParams, export
from pipeline.shared import params
from pipeline.shared.errors import exit_code


def main() -> None:
    """Read the command line, run the stage, print the summary."""
    parser = argparse.ArgumentParser(prog="python -m pipeline.export", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder that preprocess made")
    parser.add_argument("--weights", type=Path, required=True, help="weights that train wrote")
    parser.add_argument("--model", type=Path, required=True, help="ONNX file to write, served")
    parser.add_argument("--fp32-model", type=Path, required=True, help="its twin in float32")
    parser.add_argument("--params", type=Path, required=True, help="params.yaml")
    arguments = parser.parse_args()
    settings = params.read(arguments.params, "export", ExportParams)
    print(
        export(arguments.data, arguments.weights, arguments.model, arguments.fp32_model, settings)
    )


if __name__ == "__main__":
    raise SystemExit(exit_code(main))
