"""Every route of the service, with its documentation, as a FastAPI app.

``service.app.dispatcher`` loads it with the first request that it does not answer itself.
"""

from typing import Any

from fastapi import Depends, FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi_offline import FastAPIOffline

from service.resources import Resources
from service.routes import (
    health,
    lessons,
    model,
    page,
    pipeline,
    predict,
    problem_responses,
    results,
)
from service.routes.dependencies import check_query_keys
from service.settings import describe_limits

DESCRIPTION = """
The genres of movie posters, predicted by the model in your repository, and the state of the
pipeline that made it.

Every error is a problem (`application/problem+json`, RFC 9457): `detail` says what is wrong and
where, `fix` what to do or to type next.
"""


def create_routes(resources: Resources) -> FastAPI:
    """The app of all routes, which use ``resources``."""
    app = FastAPIOffline(  # /docs works in a room without a network
        redoc_url=None,
        # Starlette would send /predict/ on to whatever host the request names (CWE-601).
        redirect_slashes=False,
        title="Movie posters by genre",
        description=f"{DESCRIPTION}\n{describe_limits(resources.settings)}\n",
        version="0.1.0",
    )
    refusal = [Depends(check_query_keys)]
    wrong_query = problem_responses.document_problems(
        {422: "A query key that is unknown or comes twice."}
    )
    for module in (predict, model, pipeline, lessons, results):
        app.include_router(module.router, dependencies=refusal, responses=wrong_query)
    app.include_router(page.router)
    app.include_router(health.router)  # whatever a probe adds to its address, it gets its answer
    problem_responses.add_handlers(app)
    # FastAPI's documented way to extend the document: fastapi.tiangolo.com/how-to/extending-openapi
    app.openapi = lambda: _openapi(app)  # type: ignore[method-assign]
    app.state.resources = resources
    return app


def _openapi(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document, with the schema of the problems that the routes refer to."""
    if app.openapi_schema is None:
        document = get_openapi(
            title=app.title, version=app.version, description=app.description, routes=app.routes
        )
        reference = "#/components/schemas/{model}"
        schema = problem_responses.ProblemModel.model_json_schema(ref_template=reference)
        schemas = document.setdefault("components", {}).setdefault("schemas", {})
        schemas.update(schema.pop("$defs"))
        schemas["ProblemModel"] = schema
        app.openapi_schema = document
    return app.openapi_schema
