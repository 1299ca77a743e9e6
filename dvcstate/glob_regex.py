"""Regular expressions of ignore patterns, changed so that they match the same without long search.

In ``*a*a*a*b`` each star can be as long as it likes, and Python tries all ways to divide a name
among them: 30 stars take longer than anybody waits. What stands between two stars may as well be
matched where it first fits, once and for all (``(?>...)``): no later place could do better.
"""

# What both pathspec and dulwich make of `*`.
_STAR = "[^/]*"


def limit_backtracking(regex: str, gap: str, shortest_gap: str, gap_end: str = "") -> str:
    """``regex``, with only the last star and the last ``**`` of it free to be tried again.

    ``gap`` is what stands in it for a ``**``, ``shortest_gap`` the same for the shortest fit, and
    ``gap_end`` what has to follow on each part between two gaps.
    """
    first, *parts = (_bounded_stars(part) for part in regex.split(gap))
    inner = "".join(f"(?>{shortest_gap}{part}{gap_end})" for part in parts[:-1])
    return first + inner + (gap + parts[-1] if parts else "")


def _bounded_stars(regex: str) -> str:
    first, *parts = regex.split(_STAR)
    inner = "".join(f"(?>{_STAR}?{part})" for part in parts[:-1])
    return first + inner + (_STAR + parts[-1] if parts else "")
