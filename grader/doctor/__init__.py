"""Looks at a computer before the workshop: with the standard library alone, from Python 3.8 on.

Newer syntax than that of 3.8 stays out of this package, so that it can say what is too old.
"""
