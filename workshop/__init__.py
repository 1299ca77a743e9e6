"""The course, `grader start`, the commands `status` and `bucket`, and how commands print."""
