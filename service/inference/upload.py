"""A file that was sent, and what its field in a form is called."""

from dataclasses import dataclass

FIELD = "file"
EXAMPLE = f"curl -F {FIELD}=@poster.jpg http://127.0.0.1:8000/predict"


@dataclass(frozen=True, slots=True)
class Upload:
    """One file as it was sent; ``filename`` is None for a raw body."""

    filename: str | None
    content: bytes
