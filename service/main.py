"""The app: ``uvicorn service.main:app`` serves the repository that WORKSHOP_REPO names."""

from service.app.dispatcher import Dispatcher
from service.app.lifespan import open_service


def create_app() -> Dispatcher:
    """The service; it reads the environment and the model when it starts, not before."""
    return Dispatcher(open_service)


app = create_app()
