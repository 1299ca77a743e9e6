"""DVC itself, asked in a process of its own where only it can tell."""
