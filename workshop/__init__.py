"""What the grader and the service both know of a DVC project, as plain data."""
