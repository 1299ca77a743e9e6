"""Measurements of what the project promises: ``python -m benchmarks``, or one by its name.

They run on Linux and macOS: processor time of other processes is to be had there alone.
"""
