"""The git repository around a project, and what it ignores."""
