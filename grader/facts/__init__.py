"""Gathers what is known of a repository, once and only when a check asks for it."""
