"""Every check, in the order of the lessons: importing this fills the registry."""

from grader.checks import (
    change,
    code,
    data,
    declared,
    init,
    pushed,
    remotes,
    results,
    runs,
    secrets,
    sharing,
)  # fmt: skip  # isort: skip
from grader.registry import CHECKS

__all__ = [
    "CHECKS", "change", "code", "data", "declared", "init", "pushed", "remotes", "results", "runs",
    "secrets", "sharing",
]  # fmt: skip
