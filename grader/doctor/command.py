"""``doctor``: what is wrong with this computer for the workshop, and what to type."""

from __future__ import annotations

import argparse
import textwrap
from pathlib import Path
from typing import Sequence  # noqa: UP035 - as in judgement

from grader.doctor.judgement import OK, PROBLEM, WARNING, Diagnosis, diagnose
from grader.doctor.machine import Machine, examine_machine
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
    machine = examine_machine(options.repo)
    diagnoses = diagnose(machine)
    lines = [line for diagnosis in diagnoses for line in render(diagnosis)]
    output.write("\n".join([*lines, "", summary(machine, diagnoses)]) + "\n")
    return int(any(diagnosis.state == PROBLEM for diagnosis in diagnoses))


def render(diagnosis: Diagnosis) -> list[str]:
    """The lines of one: what is so, and what to type."""
    head = f"{diagnosis.state:<8} {diagnosis.subject}: "
    lines = textwrap.wrap(f"{head}{diagnosis.message}", 80, subsequent_indent=" " * 9)
    if diagnosis.state != OK:
        lines += [f"           {command}" for command in diagnosis.remedy.splitlines()]
    return lines


def summary(machine: Machine, diagnoses: Sequence[Diagnosis]) -> str:
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
        subjects = [item.subject for item in diagnoses if item.state == state]
        parts.append(f"{state}s: {', '.join(subjects) or 'none'}")
    return "; ".join(parts)
