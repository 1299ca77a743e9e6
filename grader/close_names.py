"""The names that may be meant by one that does not exist."""

from collections.abc import Iterable


def close_names(name: str, names: Iterable[str], cutoff: float = 0.6) -> list[str]:
    """The closest of ``names`` if it is alike, as a list; empty where none is.

    ``cutoff`` is the least ratio, from 0 to 1, of difflib.SequenceMatcher.
    """
    from difflib import get_close_matches  # 1.2 ms that a right repository does not need

    return get_close_matches(name, list(names), 1, cutoff)
