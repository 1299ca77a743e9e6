"""What the service knows of the repository: the state of its pipeline, its report, its files."""
