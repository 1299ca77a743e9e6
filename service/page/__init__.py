"""The web page: the repository's lessons, pipeline and results as HTML, and their live updates.

Loaded with the first request for it.
"""
