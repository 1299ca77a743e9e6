"""What every error answer must look like."""

from typing import Any

import httpx


def problem_in(answer: httpx.Response, status: int) -> dict[str, Any]:
    """The problem document of ``answer`` without the request's id, after checking its form."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    document: dict[str, Any] = answer.json()
    assert document["status"] == status
    assert document["type"] == "about:blank"
    for member in ("title", "detail", "fix"):
        assert document[member], f"{member} is empty"
    assert document.pop("instance") == f"urn:request:{answer.headers['x-request-id']}"
    assert set(document) <= {"type", "title", "status", "detail", "fix", "errors"}
    for error in document.get("errors", []):
        assert set(error) == {"index", "filename", "detail"}
    return document
