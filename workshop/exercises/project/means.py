"""What fit.py computes with."""

from collections.abc import Sequence


def smooth_mean(ratings: Sequence[float], overall: float, smoothing: float) -> float:
    """The mean of some ratings, drawn towards the overall mean where they are few."""
    return (sum(ratings) + smoothing * overall) / (len(ratings) + smoothing)
