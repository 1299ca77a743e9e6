"""Counts in words."""


def amount(number: int, noun: str) -> str:
    """``1 file``, ``2 files``: a number with its noun."""
    return f"{number:,} {noun}{'s' * (number != 1)}"
