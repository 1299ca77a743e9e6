"""Small broken DVC repositories: a project of plain Python, and what breaks each copy of it."""
