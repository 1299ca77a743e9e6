"""The course as plain data: its manifest, the index of its lessons, and pages about messages."""
