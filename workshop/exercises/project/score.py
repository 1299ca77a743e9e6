"""Say how far the model is off: clean.csv, model.json -> metrics.json."""

import csv
import json
from pathlib import Path


def main() -> None:
    """Write the mean absolute error, and of how many films it is."""
    model = json.loads(Path("model.json").read_text("utf-8"))
    with Path("clean.csv").open(encoding="utf-8", newline="") as file:
        errors = [
            abs(float(film["rating"]) - model[film["genre"]]) for film in csv.DictReader(file)
        ]
    metrics = {"films": len(errors), "error": round(sum(errors) / len(errors), 3)}
    Path("metrics.json").write_text(json.dumps(metrics) + "\n", "utf-8", newline="\n")


if __name__ == "__main__":
    main()
