"""What FastAPI passes to a route: the resources of the running service."""

from typing import Annotated

from fastapi import Depends, Request

from service.resources import Resources


# async, so that FastAPI calls it on the event loop and starts no thread for it
async def _get_resources(request: Request) -> Resources:
    resources: Resources = request.app.state.resources
    return resources


ServiceResources = Annotated[Resources, Depends(_get_resources)]
