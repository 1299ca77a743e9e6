"""How a route gets at the running service's resources."""

from typing import Annotated

from fastapi import Depends, Request

from service.runtime.resources import Resources


async def _resources(request: Request) -> Resources:
    resources: Resources = request.app.state.resources
    return resources


FromService = Annotated[Resources, Depends(_resources)]
"""The type of a route's argument that is the running service's resources."""
