"""``GET /``: the web page, its files, and the events; its code is loaded with the first request."""

import gzip
import hashlib
import mimetypes
from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse

from service.problems import Problem, problem_json
from service.protocol import as_json
from service.resources import Resources
from service.routes import lessons, pipeline, results
from service.routes.dependencies import ServiceResources, check_query_keys
from service.routes.problem_responses import document_problems
from workshop.course.lesson_index import PICTURES_DIR

if TYPE_CHECKING:
    from service.page.content import Page

router = APIRouter(tags=["page"])

STATIC_DIR = Path(__file__).parents[1] / "page" / "static"
HEADERS = {
    # No script and no style but our files, nothing from another host, and no frame around it.
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self' blob:; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    # Not no-referrer: with it a form without script says "Origin: null", as a foreign page does.
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-cache",
}
EVENT_NAMES = ("pipeline", "lessons", "results")

Wanted = Annotated[str | None, Query(alias="lesson", max_length=100)]
Seen = Annotated[str, Query(max_length=200, description="The id of the last event that you have.")]


async def _get_page(request: Request, resources: ServiceResources) -> "Page":
    """The page of this app, made with the first request for it."""
    state = request.app.state
    if getattr(state, "page", None) is None:
        content = await run_in_threadpool(_import_content)  # 0.1 s, in which others are answered
        if getattr(state, "page", None) is None:
            state.page = content.Page(resources)
    page: Page = state.page
    return page


def _import_content():  # type: ignore[no-untyped-def]
    from service.page import content

    return content


PageContent = Annotated["Page", Depends(_get_page)]


@router.get("/", include_in_schema=False)
async def home(
    request: Request, page: PageContent, lesson: Wanted = None, shell: str | None = None
) -> Response:
    """The page; without script it shows another lesson by its address."""
    html = await run_in_threadpool(page.document, lesson, shell)
    return _compressed(request, html.encode("utf-8", "replace"), "text/html; charset=utf-8")


@router.get(
    "/events",
    response_class=StreamingResponse,
    dependencies=[Depends(check_query_keys)],
    responses={
        200: {
            "description": "Until the client leaves.",
            "content": {"text/event-stream": {}},
        },
        **document_problems({422: "A wrong query key or value."}),
    },
)
async def events(
    request: Request,
    resources: ServiceResources,
    page: PageContent,
    content: Annotated[
        Literal["json", "html"],
        Query(alias="as", description="`html`: the parts of the page at `/`, in place of JSON."),
    ] = "json",
    lesson: Wanted = None,
    seen: Seen = "",
) -> Response:
    """Server-sent events: `pipeline`, `lessons` and `results`, each when it has changed.

    The data of one are what `GET /pipeline`, `GET /lessons`, or `GET /results/metrics` and
    `/results/plots` answer; where that is a problem, the problem. The first of each comes at once.
    """
    seen = request.headers.get("last-event-id") or seen
    if content == "html":
        stream = page.html_events(lesson, seen)
    else:
        render = request.app.state.render_json = getattr(
            request.app.state, "render_json", None
        ) or (lambda name: _event_json(name, resources))
        stream = page.json_events(render, EVENT_NAMES, seen)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(stream, media_type="text/event-stream", headers=headers)


def _event_json(name: str, resources: Resources) -> str:
    """What the route of that name answers, in a thread."""
    try:
        if name == "pipeline":
            content = bytes(pipeline.pipeline(resources).body)
        elif name == "lessons":
            content = bytes(lessons.lessons(resources).body)
        else:
            plots = results.plots(resources).model_dump()
            content = as_json({"metrics": results.read_metrics(resources.repo_dir), **plots})
    except Problem as problem:
        content = problem_json(problem, None)
    return content.decode("utf-8", "replace")


@router.post("/try", include_in_schema=False)
async def try_poster(
    request: Request,
    resources: ServiceResources,
    page: PageContent,
    sample: str | None = None,
    part: bool = False,
) -> Response:
    """What the model says of posters, as a part of the page; the whole page without script."""
    if sample is None:
        status, html = await page.answer(request.scope["headers"], request.receive)
    else:
        path, content = await run_in_threadpool(_read_sample, resources, sample)
        status, html = await page.sample_answer(path, content)
    if not part:
        html = await run_in_threadpool(page.document, None, None, html)
    return Response(html, status, headers=HEADERS, media_type="text/html; charset=utf-8")


@router.get("/samples/{name}", include_in_schema=False)
def sample(name: str, resources: ServiceResources) -> Response:
    """One of the posters that the page offers to try."""
    path, content = _read_sample(resources, name)
    media_type = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return Response(content, media_type=media_type, headers=results.PICTURE_HEADERS)


def _read_sample(resources: Resources, name: str) -> tuple[Path, bytes]:
    from service.page.samples import sample_path

    path = sample_path(resources.repo_dir, name)
    if path is None:
        raise Problem(
            HTTPStatus.NOT_FOUND,
            f"there is no sample {name[:80]!r}",
            "choose one of those at /",
        )
    return path, results.read(path)


@router.get("/static/{name:path}", include_in_schema=False)
def static_file(name: str, request: Request) -> Response:
    """A file of the page, or a picture of the lessons."""
    path = _static_files().get(name)
    if path is None:
        raise Problem(HTTPStatus.NOT_FOUND, f"there is no file {name[:80]!r}", "see /")
    media_type = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return _compressed(request, path.read_bytes(), media_type)


def _static_files() -> Mapping[str, Path]:
    """Looked up in a listing, so that no name leads out of the folders."""
    pictures = {f"lessons/{path.name}": path for path in PICTURES_DIR.iterdir()}
    return {path.name: path for path in STATIC_DIR.iterdir()} | pictures


def _compressed(request: Request, content: bytes, media_type: str) -> Response:
    """The answer, as small as the client takes it, and empty where it has the same already."""
    tag = f'"{hashlib.md5(content, usedforsecurity=False).hexdigest()}"'
    headers = {**HEADERS, "ETag": tag, "Vary": "Accept-Encoding"}
    if tag in request.headers.get("if-none-match", ""):
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    if "gzip" in request.headers.get("accept-encoding", "") and "image/png" not in media_type:
        # Level 4: 1.2 ms for a page of 70 kB, where 9 takes 4 ms for a tenth less.
        content = gzip.compress(content, 4, mtime=0)
        headers["Content-Encoding"] = "gzip"
    return Response(content, headers=headers, media_type=media_type)
