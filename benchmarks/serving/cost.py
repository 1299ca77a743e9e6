"""What a request costs by its size: ``python -m benchmarks.serving.cost``.

Processor time of the service by files a request, by connections and by the pixels of a poster, with
the cost of a file, a request and a megapixel beside it: nothing should grow faster than the work.
"""

import argparse
import json
import subprocess
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

from PIL import Image

from benchmarks.serving import contenders, posters
from benchmarks.serving.servers import ROOT, RunningServer, python_module, run_server

Point = TypeVar("Point")

FILES = (1, 2, 4, 8, 16, 32, 64)
CONNECTIONS = (1, 4, 16, 64, 256)
WIDTHS = (8, 80, 220, 820, 1080, 1600, 2600, 3650)
"""Of posters in the proportion 2 to 3: from 100 pixels to 20 megapixels."""
MAX_WAIT = {"WORKSHOP_MAX_WAIT_SECONDS": "60"}
"""The last of 256 clients that ask at once may wait longer than the default allows."""


def main() -> None:
    """Start the service once, and print three tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, default=ROOT / "models" / "classifier.onnx")
    parser.add_argument("--posters", type=Path, default=ROOT / "data" / "raw" / "Images")
    parser.add_argument("--rounds", type=int, default=5, help="each figure is the least of them")
    options = parser.parse_args()
    with TemporaryDirectory() as folder:
        posters_dir = posters.readable(options.posters, Path(folder))
        poster = min(posters_dir.iterdir()).read_bytes()
        (service, *_) = contenders.contenders(options.model, Path(folder), None)
        service = replace(service, environment={**service.environment, **MAX_WAIT})
        sizes = list(_posters_of_sizes(Path(folder), poster))
        with run_server(service, poster, Path(folder, "service.log")) as server:
            _cpu_ms(server, posters_dir, 200)
            cost_by_files = partial(_cost_of_files, server, posters_dir)
            cost_by_connections = partial(_cost_of_connections, server, posters_dir)
            cost_by_size = partial(_cost_of_size, server)
            print(f"{'files':>12} {'ms a request':>13} {'ms a file':>10}")
            for count, ms in _least_costs(FILES, cost_by_files, options.rounds):
                print(f"{count:>12} {ms:>13.2f} {ms / count:>10.2f}", flush=True)
            print(f"{'connections':>12} {'ms a request':>13}")
            for count, ms in _least_costs(CONNECTIONS, cost_by_connections, options.rounds):
                print(f"{count:>12} {ms:>13.2f}", flush=True)
            print(f"{'Mpx':>12} {'ms a request':>13} {'ms a Mpx':>10} {'MB':>6}")
            for (mpx, size, _), ms in _least_costs(sizes, cost_by_size, options.rounds):
                print(f"{mpx:>12.4f} {ms:>13.2f} {ms / mpx:>10.2f} {size:>6.2f}", flush=True)


def _least_costs(
    points: Sequence[Point], cost: Callable[[Point], float], rounds: int
) -> list[tuple[Point, float]]:
    """Each point with the least that it cost in some rounds over all of them: noise only adds."""
    costs = [[cost(point) for point in points] for _ in range(rounds)]
    return list(zip(points, map(min, zip(*costs, strict=True)), strict=True))


def _cost_of_files(server: RunningServer, posters_dir: Path, count: int) -> float:
    return _cpu_ms(server, posters_dir, max(40, 600 // count), files=count)


def _cost_of_connections(server: RunningServer, posters_dir: Path, count: int) -> float:
    return _cpu_ms(server, posters_dir, max(600, 2 * count), connections=count)


def _cost_of_size(server: RunningServer, size: tuple[float, float, Path]) -> float:
    return _cpu_ms(server, size[2], 60, connections=2)


def _posters_of_sizes(folder: Path, poster: bytes) -> Iterator[tuple[float, float, Path]]:
    """Megapixels, megabytes, and a folder with the poster enlarged to that."""
    original = Image.open(BytesIO(poster)).convert("RGB")
    for width in WIDTHS:
        height = width * 3 // 2
        path = folder / f"width-{width}" / "poster.jpg"
        path.parent.mkdir()
        original.resize((width, height)).save(path, quality=78)
        yield width * height / 1e6, path.stat().st_size / 1e6, path.parent


def _cpu_ms(
    server: RunningServer, posters_dir: Path, requests: int, files: int = 1, connections: int = 8
) -> float:
    """Milliseconds of processor time a request."""
    command = python_module(
        *("benchmarks.serving.client", "--port", str(server.port), "--posters", str(posters_dir)),
        *("--requests", str(requests), "--files", str(files), "--connections", str(connections)),
    )
    before = server.cpu_seconds()
    finished = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert set(json.loads(finished.stdout)["statuses"]) == {"200"}, finished.stdout
    return (server.cpu_seconds() - before) / requests * 1000


if __name__ == "__main__":
    main()
