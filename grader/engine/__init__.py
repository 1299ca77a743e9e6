"""Checks, their order, their verdicts, and the report that is made of them."""
