"""Learn how well each genre is rated: clean.csv -> model.json."""

import csv
import json
from pathlib import Path

import yaml
from means import smooth_mean


def main() -> None:
    """Write the smoothed mean rating of each genre."""
    params = yaml.safe_load(Path("params.yaml").read_text("utf-8"))["fit"]
    ratings: dict[str, list[float]] = {}
    with Path("clean.csv").open(encoding="utf-8", newline="") as file:
        for film in csv.DictReader(file):
            ratings.setdefault(film["genre"], []).append(float(film["rating"]))
    everything = [rating for genre in ratings.values() for rating in genre]
    overall = sum(everything) / len(everything)
    model = {
        genre: round(smooth_mean(ratings[genre], overall, params["smoothing"]), 3)
        for genre in sorted(ratings)
    }
    with Path("fit.log").open("a", encoding="utf-8", newline="\n") as log:
        log.write(f"{len(everything)} films, smoothing {params['smoothing']}\n")
    Path("model.json").write_text(json.dumps(model, indent=2) + "\n", "utf-8", newline="\n")


if __name__ == "__main__":
    main()
