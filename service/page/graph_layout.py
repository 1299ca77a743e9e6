"""Where the boxes of a pipeline's graph go, from top to bottom, and the lines between them.

Layers, order and coordinates are grandalf's, which DVC uses for `dvc dag` too (Sugiyama's method).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from grandalf.graphs import Edge, Graph, Vertex
from grandalf.layouts import SugiyamaLayout

_GAP_X, _GAP_Y = 24.0, 34.0
_MARGIN = 6.0


@dataclass(frozen=True)
class Box:
    """A box: its upper left corner and its size, in pixels."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Line:
    """A line from box to box, through ``points``, which are x and y in pixels."""

    start: str
    end: str
    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Layout:
    """All boxes by name, all lines, and the size of the drawing in pixels."""

    boxes: Mapping[str, Box]
    lines: tuple[Line, ...]
    width: float
    height: float


class _Vertex(Vertex):  # type: ignore[misc]
    """A vertex whose hash is its number, as that of an edge.

    grandalf goes through sets of both: in the order of addresses each drawing would be another.
    """

    def __init__(self, name: str, number: int, size: tuple[float, float]) -> None:
        self._number = number
        super().__init__(name)
        self.view = _View(size)

    def __hash__(self) -> int:
        return self._number

    def __eq__(self, other: object) -> bool:
        return self is other


class _Edge(Edge):  # type: ignore[misc]
    """An edge whose hash is its number."""

    def __init__(self, start: _Vertex, end: _Vertex, number: int) -> None:
        self._number = number  # the constructor asks for the hash
        super().__init__(start, end)
        self.view = _Route()

    def __hash__(self) -> int:
        return self._number

    def __eq__(self, other: object) -> bool:
        return self is other


class _View:
    """What grandalf reads and writes: the size of a box, and its centre."""

    def __init__(self, size: tuple[float, float]) -> None:
        self.w, self.h = size
        self.xy = (0.0, 0.0)


class _Route:
    """What grandalf writes of an edge: the points that it goes through."""

    def __init__(self) -> None:
        self.points: list[tuple[float, float]] = []

    def setpath(self, points: list[tuple[float, float]]) -> None:
        """Called by grandalf."""
        self.points = points


@lru_cache(maxsize=4)
def kept_layout(
    sizes: tuple[tuple[str, tuple[float, float]], ...], edges: tuple[tuple[str, str], ...]
) -> Layout:
    """``layout`` of the pairs of ``sizes``, which most changes of a repository leave as they are.

    Of 150 boxes it takes 1 s.
    """
    return layout(dict(sizes), edges)


def layout(sizes: Mapping[str, tuple[float, float]], edges: Sequence[tuple[str, str]]) -> Layout:
    """The layout of boxes of these widths and heights; parts that no edge links stand side by side.

    ``edges`` are pairs of names, from a box to one below it.
    """
    vertices = {
        name: _Vertex(name, number, size) for number, (name, size) in enumerate(sizes.items())
    }
    known = [edge for edge in dict.fromkeys(edges) if edge[0] != edge[1] and {*edge} <= {*sizes}]
    links = [_Edge(vertices[a], vertices[b], number) for number, (a, b) in enumerate(known)]
    boxes: dict[str, Box] = {}
    lines: list[Line] = []
    left, height = _MARGIN, 0.0
    for component in Graph([*vertices.values()], links).C:
        _place(component)
        views = [(vertex.data, vertex.view) for vertex in component.sV]
        bends = [point for edge in component.sE for point in edge.view.points[1:-1]]
        edges_x = [*(view.xy[0] - view.w / 2 for _, view in views), *(x for x, _ in bends)]
        offset_x = left - min(edges_x)
        offset_y = _MARGIN - min(view.xy[1] - view.h / 2 for _, view in views)
        for name, view in views:
            x, y = view.xy[0] - view.w / 2 + offset_x, view.xy[1] - view.h / 2 + offset_y
            boxes[name] = Box(x, y, view.w, view.h)
        lines += [_line(edge, boxes, offset_x, offset_y) for edge in component.sE]
        own = [boxes[name] for name, _ in views]
        right = [*(box.x + box.width for box in own), *(x + offset_x for x, _ in bends)]
        left = max(right) + _GAP_X
        height = max(height, *(box.y + box.height for box in own))
    return Layout(boxes, tuple(lines), left - _GAP_X + _MARGIN, height + _MARGIN)


def _place(component: object) -> None:
    """Let grandalf set the centre of each vertex, and the points of each edge."""
    drawing = SugiyamaLayout(component)
    drawing.xspace, drawing.yspace = _GAP_X, _GAP_Y
    roots = [vertex for vertex in component.sV if not vertex.e_in()]  # type: ignore[attr-defined]
    drawing.init_all(roots=roots or None, optimize=True)
    drawing.draw(3)
    drawing.draw_edges()


def _line(edge: Edge, boxes: Mapping[str, Box], offset_x: float, offset_y: float) -> Line:
    """From the lower side of a box to the upper side of another, by the bends of grandalf."""
    start, end = edge.v[0].data, edge.v[1].data
    bends = [(x + offset_x, y + offset_y) for x, y in edge.view.points[1:-1]]
    above, below = boxes[start], boxes[end]
    first = (above.x + above.width / 2, above.y + above.height)
    return Line(start, end, (first, *bends, (below.x + below.width / 2, below.y)))
