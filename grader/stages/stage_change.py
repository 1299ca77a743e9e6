"""A change to one stage of a dvc.yaml: what goes, what comes, as plain data."""

from collections.abc import Mapping
from dataclasses import dataclass, field

_FLAGS = {
    ("outs", True): "-o", ("outs", False): "-O", ("metrics", True): "-m", ("metrics", False): "-M",
    ("plots", True): "--plots", ("plots", False): "--plots-no-cache",
}  # fmt: skip


def flag_of(section: str, *, cache: bool) -> str:
    """The option of ``dvc stage add`` for an out of ``section``."""
    return _FLAGS[section, cache]


@dataclass(frozen=True)
class NewOut:
    """An out to declare in ``section``: outs, metrics or plots. Without ``cache``, git keeps it."""

    path: str
    section: str = "outs"
    cache: bool = True

    @property
    def flag(self) -> str:
        """The option of ``dvc stage add``."""
        return flag_of(self.section, cache=self.cache)

    @property
    def text(self) -> str:
        """The entry in dvc.yaml."""
        return self.path if self.cache else f"{self.path}: {{cache: false}}"


@dataclass(frozen=True)
class Change:
    """Entries to add; those to ``remove``, by the section of the stage; and another ``command``."""

    deps: tuple[str, ...] = ()
    params: tuple[str, ...] = ()
    outs: tuple[NewOut, ...] = ()
    remove: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    command: str | None = None

    @property
    def added(self) -> dict[str, list[str]]:
        """The new entries of dvc.yaml by section."""
        entries = {"deps": [*self.deps], "params": [*self.params]}
        for out in self.outs:
            entries.setdefault(out.section, []).append(out.text)
        return {section: texts for section, texts in entries.items() if texts}

    def __bool__(self) -> bool:
        """Whether it changes anything."""
        return bool(self.added or self.command or any(self.remove.values()))
