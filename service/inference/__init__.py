"""From uploads to pixels to probabilities: all that ``POST /predict`` does."""
