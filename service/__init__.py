"""Serves the model, the state of the pipeline and the lessons over HTTP."""
