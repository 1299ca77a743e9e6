"""The app: ``uvicorn service.main:app`` serves the repository that WORKSHOP_REPO names."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import cv2

from service import settings
from service.app.dispatcher import Front
from service.runtime import access_log, gc_freeze, resources
from service.runtime.resources import Resources


def create_app() -> Front:
    """The service; it reads the environment and the model when it starts, not before."""
    return Front(_started)


@asynccontextmanager
async def _started() -> AsyncIterator[Resources]:
    found = settings.read()
    gc_freeze.give_back_large_blocks()
    cv2.setNumThreads(1)  # more take a large picture no further, and the event loop its processor
    # It warns of each malformed form; whoever sent it is told.
    logging.getLogger("python_multipart").setLevel(logging.ERROR)
    if found.access_log:
        access_log.take_over()
    async with resources.opened(found) as service:
        with gc_freeze.settled():
            yield service


app = create_app()
