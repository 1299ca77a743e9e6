"""What git answered about commits and objects, for whoever asks again and again."""

from dataclasses import dataclass, field
from typing import Any, TypeVar

_T = TypeVar("_T")
_MOST = 1000
Key = tuple[str | bytes, ...]


@dataclass
class GitCache:
    """Each answer stands under hashes of what it was made of, so that none can be out of date.

    What was not there is not kept: it is asked for again.
    """

    _kept: dict[Key, Any] = field(default_factory=dict)

    def get(self, *key: str | bytes) -> Any:
        """The answer, None where there is none."""
        return self._kept.get(key)

    def keep(self, answer: _T, *key: str | bytes) -> _T:
        """Remember ``answer``, which nobody changes from here on."""
        if len(self._kept) >= _MOST:
            self._kept.clear()
        self._kept[key] = answer
        return answer
