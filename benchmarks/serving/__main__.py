"""The service beside other ways to serve the same model, on the same posters, by the same client.

Processor time a request is that of all processes of a server; it is what a machine can serve at
most, and noise changes it little. The floor is decoding, resizing and inference without HTTP.
Rounds are interleaved, figures are medians. Linux alone: PSS is read from /proc.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.serving import contenders, peer_environment, posters
from benchmarks.serving.servers import ROOT, Contender, RunningServer, python_module, run_server

PROJECTS_MODEL = ROOT / "models" / "classifier.onnx"


def main() -> None:
    """Make the models, then measure all contenders on each."""
    options = _options()
    cache_dir = peer_environment.cache_dir()
    peers = None if options.no_peers else peer_environment.make_python(cache_dir / "peers")
    if peers is not None:
        print(f"peers: {peer_environment.versions(peers)}")
    print(f"this environment: {peer_environment.versions(Path(sys.executable))}")
    with tempfile.TemporaryDirectory() as folder:
        options.posters = posters.readable(options.posters, Path(folder))
        for title, model_path in _models(options, Path(folder)).items():
            print(f"\n{title} ({model_path.stat().st_size / 1e6:.1f} MB), one poster a request, ")
            print(f"{options.connections} connections", flush=True)
            found = contenders.contenders(model_path, Path(folder), peers)
            _print_table(_measure_all(found, model_path, Path(folder), options))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks serving", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer rounds and requests")
    parser.add_argument("--posters", type=Path, default=ROOT / "data" / "raw" / "Images")
    parser.add_argument("--connections", type=int, default=8)
    parser.add_argument("--rounds", type=int, help="default: 25, quick: 9")
    parser.add_argument("--requests", type=int, help="a round; default: 300, quick: 150")
    parser.add_argument("--starts", type=int, help="default: 5, quick: 1")
    parser.add_argument("--no-peers", action="store_true", help="leave out BentoML and LitServe")
    parser.add_argument("--only", help="one of the models: fp32, int8, default")
    parser.add_argument("--keep", type=Path, help="a folder in which the models are kept")
    options = parser.parse_args()
    rounds, requests, starts = (9, 150, 1) if options.quick else (25, 300, 5)
    options.rounds = options.rounds or rounds
    options.requests = options.requests or requests
    options.starts = options.starts or starts
    return options


def _models(options: argparse.Namespace, folder: Path) -> dict[str, Path]:
    """Title and file of each model; the reference is made where it is not kept."""
    kept = options.keep or folder
    if not (kept / "int8.onnx").exists() and options.only != "default":
        command = python_module(
            "benchmarks.serving.reference_model", str(options.posters), str(kept)
        )
        made = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        assert made.returncode == 0, made.stderr
        print(f"reference models made; their answers' spread: {made.stdout.splitlines()[-1]}")
    models = {
        "fp32": ("MobileNetV2 0.5 at 160 × 112, fp32", kept / "fp32.onnx"),
        "int8": ("MobileNetV2 0.5 at 160 × 112, static int8", kept / "int8.onnx"),
        "default": ("the project's model", PROJECTS_MODEL),
    }
    chosen = [models[options.only]] if options.only else list(models.values())
    return {title: path for title, path in chosen if path.exists()}


@dataclass
class Figures:
    """What was measured of one contender: a value a round, or a start."""

    cpu_ms: list[float] = field(default_factory=list)
    rate: list[float] = field(default_factory=list)
    p50_ms: list[float] = field(default_factory=list)
    p99_ms: list[float] = field(default_factory=list)
    cold_start: list[float] = field(default_factory=list)
    pss: list[float] = field(default_factory=list)
    rss: list[float] = field(default_factory=list)


def _measure_all(
    found: Sequence[Contender], model_path: Path, folder: Path, options: argparse.Namespace
) -> dict[str, Figures]:
    """The figures of each contender, and those of the floor."""
    poster = min(options.posters.iterdir())
    figures = {each.name: Figures() for each in found} | {"floor": Figures()}
    with ExitStack() as stack:
        servers = []
        for contender in found:
            log_path = folder / f"{contender.name}.log"
            for _ in range(options.starts - 1):
                with run_server(contender, poster.read_bytes(), log_path) as server:
                    figures[server.name].cold_start.append(server.cold_start)
            server = stack.enter_context(run_server(contender, poster.read_bytes(), log_path))
            figures[server.name].cold_start.append(server.cold_start)
            _send_requests(server, options)  # warm
            servers.append(server)
        floor = stack.enter_context(_floor(model_path, options.posters))
        for _ in range(options.rounds):
            _measure_floor(floor, figures["floor"], options.requests)
            for server in servers:
                _measure(server, figures[server.name], options)
    return figures


def _measure(server: RunningServer, figures: Figures, options: argparse.Namespace) -> None:
    before = server.cpu_seconds()
    answers = _send_requests(server, options)
    figures.cpu_ms.append((server.cpu_seconds() - before) / options.requests * 1000)
    figures.rate.append(options.requests / answers["wall"])
    figures.p50_ms.append(answers["p50"] * 1000)
    figures.p99_ms.append(answers["p99"] * 1000)
    pss, rss = server.megabytes()
    figures.pss.append(pss)
    figures.rss.append(rss)


def _send_requests(server: RunningServer, options: argparse.Namespace) -> dict[str, Any]:
    """One round of requests; an error if any was not answered 200."""
    command = python_module(
        *("benchmarks.serving.client", "--port", str(server.port)),
        *("--posters", str(options.posters), "--connections", str(options.connections)),
        *("--requests", str(options.requests)),
    )
    finished = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert finished.returncode == 0, f"{server.name}: {finished.stderr}"
    answers: dict[str, Any] = json.loads(finished.stdout)
    assert set(answers["statuses"]) == {"200"}, f"{server.name}: {answers['statuses']}"
    return answers


def _floor(model_path: Path, posters_dir: Path) -> subprocess.Popen[str]:
    command = python_module("benchmarks.serving.floor", str(model_path), str(posters_dir))
    return subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def _measure_floor(process: "subprocess.Popen[str]", figures: Figures, requests: int) -> None:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(f"{requests}\n")
    process.stdin.flush()
    cpu, wall = map(float, process.stdout.readline().split())
    figures.cpu_ms.append(cpu / requests * 1000)
    figures.rate.append(requests / wall)


def _print_table(figures: dict[str, Figures]) -> None:
    columns = ("CPU ms", "× service", "rate /s", "p50 ms", "p99 ms", "PSS MB", "RSS MB", "start s")
    print(f"{'':<12}" + "".join(f"{column:>11}" for column in columns))
    for name, each in figures.items():
        ratio = _ratio(each, figures["service"])
        cpu, rate = statistics.median(each.cpu_ms), statistics.median(each.rate)
        values = [f"{cpu:.2f}", f"{ratio:.2f}", f"{rate:.0f}"]
        if each.pss:
            values += [
                *(f"{statistics.median(v):.1f}" for v in (each.p50_ms, each.p99_ms)),
                *(f"{statistics.median(v):.0f}" for v in (each.pss, each.rss)),
                f"{statistics.median(each.cold_start):.2f}",
            ]
        print(f"{name:<12}" + "".join(f"{value:>11}" for value in values))
    reached = _ratio(figures["floor"], figures["service"])
    print(f"the service reaches {reached:.0%} of the floor's rate (processor time)")


def _ratio(figures: Figures, base: Figures) -> float:
    """The median over rounds of one cost by the other, since a machine's pace changes."""
    return statistics.median(
        cost / base_cost for cost, base_cost in zip(figures.cpu_ms, base.cpu_ms, strict=True)
    )


if __name__ == "__main__":
    main()
