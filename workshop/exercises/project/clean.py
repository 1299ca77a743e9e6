"""Leave out the films that few people rated: films/ -> clean.csv."""

import csv
from pathlib import Path

import yaml


def main() -> None:
    """Keep the films with at least clean.min_votes votes."""
    params = yaml.safe_load(Path("params.yaml").read_text("utf-8"))["clean"]
    films: list[dict[str, str]] = []
    for path in sorted(Path("films").glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            films += csv.DictReader(file)
    kept = [film for film in films if int(film["votes"]) >= params["min_votes"]]
    with Path("clean.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, films[0].keys(), lineterminator="\n")
        writer.writeheader()
        writer.writerows(kept)


if __name__ == "__main__":
    main()
