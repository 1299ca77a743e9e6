"""Which stage needs what another makes, and the picture of it."""

import re
from collections.abc import Iterable, Mapping

from dvcstate.hashes.changed_paths import parents_of
from dvcstate.model import Stage, StageState

Edge = tuple[str, str]


def edges(stages: Iterable[Stage]) -> tuple[Edge, ...]:
    """Pairs of names, maker before user: a dep is an out, lies in one, or has one in it."""
    stages = list(stages)
    makers = {str(out.place): stage.name for stage in stages for out in stage.outs if out.place}
    makers_above: dict[str, list[str]] = {}
    for place in makers:
        for folder in parents_of(place):
            makers_above.setdefault(folder, []).append(place)
    found: dict[Edge, None] = {}
    for stage in stages:
        needed = [dep.place for dep in stage.deps] + [file.place for file in stage.params]
        for place in [str(path) for path in needed if path is not None]:
            outs = [path for path in (place, *parents_of(place)) if path in makers]
            for out in outs + makers_above.get(place, []):
                if makers[out] != stage.name:
                    found[makers[out], stage.name] = None
    return tuple(found)


def topological(stages: Iterable[Stage], edges: Iterable[Edge]) -> list[Stage]:
    """Makers before users, otherwise outer files before inner ones and as they are written.

    Stages in a circle, which DVC's status does not mind, come last.
    """
    pending = sorted(stages, key=lambda stage: (stage.file.count("/"), stage.file))
    makers: dict[str, set[str]] = {stage.name: set() for stage in pending}
    for maker, user in edges:
        makers[user].add(maker)
    result: list[Stage] = []
    names: set[str] = set()
    while pending:
        # Where none is ready, the rest is a circle.
        ready = [stage for stage in pending if makers[stage.name] <= names] or pending
        result += ready
        names.update(stage.name for stage in ready)
        pending = [stage for stage in pending if stage.name not in names]
    return result


def upstream_stale(states: Mapping[str, str], edges: Iterable[Edge]) -> set[str]:
    """The stages below one that is not up to date, however far."""
    below: dict[str, list[str]] = {}
    for maker, user in edges:
        below.setdefault(maker, []).append(user)
    pending = [name for name, state in states.items() if state not in ("fresh", "frozen")]
    stale_above: set[str] = set()
    while pending:
        for user in below.get(pending.pop(), ()):
            if user not in stale_above:
                stale_above.add(user)
                pending.append(user)
    return stale_above


def mermaid(states: Iterable[StageState], edges: Iterable[Edge]) -> str:
    """A Mermaid flowchart, one class a state; names may hold any characters."""
    states = list(states)
    ids = {state.stage.name: f"s{index}" for index, state in enumerate(states)}
    lines = ["flowchart TD"]
    for state in states:
        name = state.stage.name
        lines.append(f'    {ids[name]}["{_escape(name)}"]:::{state.state}')
    lines += [f"    {ids[maker]} --> {ids[user]}" for maker, user in edges]
    lines += [f"    classDef {name} {style}" for name, style in _STYLES.items()]
    return "\n".join(lines) + "\n"


_STYLES = {
    "fresh": "fill:#d7f0dd,stroke:#2c7a4b,color:#123",
    "stale": "fill:#fdeec4,stroke:#a87900,color:#321",
    "missing": "fill:#fbd9d3,stroke:#b23b28,color:#311",
    "never_run": "fill:#eceff3,stroke:#6b7785,color:#223,stroke-dasharray:4",
    "frozen": "fill:#d9e9fb,stroke:#2f6fb2,color:#123",
}


def _escape(name: str) -> str:
    """Mermaid reads ``#35;`` as the character 35; anything but letters and digits is written so."""
    return re.sub(r"[^\w/@. -]", lambda match: f"#{ord(match[0])};", name)
