"""Runs the benchmarks that are named on the command line, or all of them."""

import argparse
import pkgutil
import subprocess
import sys

import benchmarks


def main() -> int:
    """Run each benchmark in a process of its own; the exit code is 1 if one failed."""
    names = [module.name for module in pkgutil.iter_modules(benchmarks.__path__)]
    names.remove("__main__")
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of: {', '.join(names)}")
    chosen = parser.parse_args().names or names
    if unknown := set(chosen) - set(names):
        parser.error(f"no benchmark called {', '.join(sorted(unknown))}")
    failed = 0
    for name in chosen:
        print(f"\n== {name}", flush=True)
        failed += subprocess.run(
            [sys.executable, "-m", f"benchmarks.{name}"], check=False
        ).returncode
    return min(failed, 1)


if __name__ == "__main__":
    raise SystemExit(main())
