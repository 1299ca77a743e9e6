"""Why a repository could not be made."""


class StartError(Exception):
    """No repository could be made: ``problem`` says why, ``fix`` what to do."""

    def __init__(self, problem: str, fix: str) -> None:
        super().__init__(problem)
        self.problem = problem
        self.fix = fix
