"""What tests read of the results in a report."""

from grader.engine.check_result import CheckResult
from grader.output.steps import fix_text


def fix_of(result: CheckResult) -> str:
    """All that is to be done, as text; empty where there is nothing to do."""
    return fix_text(result.steps) or ""
