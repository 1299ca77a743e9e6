"""``doctor``: what is wrong with this computer for the workshop, and what to type."""

from __future__ import annotations

import argparse
import textwrap
from pathlib import Path
from typing import Sequence  # noqa: UP035 - as in judgement

from grader.doctor.judgement import OK, PROBLEM, WARNING, Diagnosis, diagnose
from grader.doctor.machine import Machine, examine
from workshop import output

DESCRIPTION = (
    "Looks at Python, git, DVC, the environment and this folder, and says what to type where"
    " something is wrong. Needs nothing installed: python grader/doctor does the same. It ends in"
    " a line for the instructor, with versions and nothing about you. Exit code 1: a problem."
)


def main(argv: Sequence[str]) -> int:
    """Examine and tell; 1 where there is a problem."""
    parser = argparse.ArgumentParser("grader doctor", description=DESCRIPTION)
    parser.add_argument(
        "--repo", type=Path, default=Path(), metavar="PATH", help="your folder (default: here)"
    )
    options = parser.parse_args(list(argv))
    return output.exit_code(lambda: run(options))


def run(options: argparse.Namespace) -> int:
    """The same with options that were read."""
    machine = examine(options.repo)
    found = diagnose(machine)
    text = "\n".join([*(line for one in found for line in shown(one)), "", summary(machine, found)])
    output.write(text + "\n")
    return int(any(one.state == PROBLEM for one in found))


def shown(finding: Diagnosis) -> list[str]:
    """What was found, and what to type."""
    head = f"{finding.state:<8} {finding.subject}: "
    lines = textwrap.wrap(f"{head}{finding.statement}", 80, subsequent_indent=" " * 9)
    if finding.state != OK:
        lines += [f"           {command}" for command in finding.remedy.splitlines()]
    return lines


def summary(machine: Machine, found: Sequence[Diagnosis]) -> str:
    """One line for the instructor: versions and subjects, no name and no path."""
    versions = [
        f"{machine.system} {machine.architecture}",
        f"Python {'.'.join(map(str, machine.python))}",
        f"git {machine.git or 'none'}",
        f"DVC {machine.dvc or 'none'}",
        f"dvc-gs {machine.dvc_gs or 'none'}",
    ]
    parts = [f"for the instructor: {', '.join(versions)}"]
    for state in (PROBLEM, WARNING):
        named = [one.subject for one in found if one.state == state]
        parts.append(f"{state}s: {', '.join(named) or 'none'}")
    return "; ".join(parts)
