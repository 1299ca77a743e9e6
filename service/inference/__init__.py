"""Uploads to pixels to probabilities: what answers `POST /predict`."""
