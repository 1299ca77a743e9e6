"""The two kinds of error: what a client is answered, and why the server does not start."""

_REASONS = {
    400: "invalid", 403: "forbidden", 404: "notFound", 405: "methodNotAllowed",
    408: "requestTimeout", 409: "conflict", 410: "uploadSessionGone", 411: "required",
    412: "conditionNotMet", 413: "uploadTooLarge", 416: "requestedRangeNotSatisfiable",
    499: "uploadCancelled", 503: "backendError", 507: "diskFull",
}  # fmt: skip
"""Google's own words, which its clients show."""


class ApiError(Exception):
    """A request that is answered with an error: ``status`` as in HTTP, ``message`` for people."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message

    def as_json(self) -> dict[str, object]:
        """The body of the response, in Google's form."""
        reason = _REASONS.get(self.status, "invalid")
        detail = {"message": self.message, "domain": "global", "reason": reason}
        return {"error": {"code": self.status, "message": self.message, "errors": [detail]}}


class BucketError(Exception):
    """The server cannot start: ``problem`` says why, ``fix`` what to type."""

    def __init__(self, problem: str, fix: str) -> None:
        super().__init__(problem)
        self.problem = problem
        self.fix = fix
