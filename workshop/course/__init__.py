"""The course: its manifest, lessons, and pages about messages."""
