"""Runs the benchmarks that are named on the command line, or all of them."""

import argparse
import importlib
import pkgutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import benchmarks


def main() -> int:
    """Run each benchmark in a process of its own; the exit code is 1 if one failed."""
    names = list(_names())
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of: {', '.join(names)}")
    parser.add_argument("--quick", action="store_true", help="shorter, for serving alone")
    options = parser.parse_args()
    if not _has_folder():
        parser.error("the folder that you are in was deleted: cd to the checkout")
    chosen = options.names or names
    if unknown := set(chosen) - set(names):
        parser.error(f"no benchmark called {', '.join(sorted(unknown))}")
    failed = 0
    for name in chosen:
        print(f"\n== {name}", flush=True)
        command = [sys.executable, "-m", f"benchmarks.{name}"]
        if options.quick and name == "serving":
            command.append("--quick")
        failed += subprocess.run(command, check=False).returncode
    return min(failed, 1)


def _has_folder() -> bool:
    try:
        return Path.cwd().is_dir()
    except OSError:
        return False


def _names() -> Iterator[str]:
    """The modules that measure something; the others are what they measure with."""
    for module in pkgutil.iter_modules(benchmarks.__path__):
        name = f"benchmarks.{module.name}" + (".__main__" if module.ispkg else "")
        if module.name != "__main__" and hasattr(importlib.import_module(name), "main"):
            yield module.name


if __name__ == "__main__":
    raise SystemExit(main())
