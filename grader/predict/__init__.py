"""`grader predict`: which stages `dvc repro` will run, compared with what somebody expects."""
