"""The servers that are compared, and how each is started."""

import shutil
from pathlib import Path

from benchmarks import made_repository
from benchmarks.serving.servers import Contender, python_module

PEERS = ("BentoML", "LitServe")


def contenders(model_path: Path, folder: Path, peers_python: Path | None) -> list[Contender]:
    """The service and what it is compared with, over the model in ``model_path``."""
    repo_dir = folder / f"repository-{model_path.stem}"
    if not repo_dir.exists():
        made_repository.make(repo_dir, 6, 20)
    (repo_dir / "models").mkdir(exist_ok=True)
    shutil.copy(model_path, repo_dir / "models" / "classifier.onnx")
    ours = {
        "WORKSHOP_REPO": str(repo_dir),
        "DVC_WORKSHOP_CACHE_DIR": str(folder / "cache"),
        "WORKSHOP_DRAIN_SECONDS": "0",
    }
    theirs = {"BENCHMARK_MODEL": str(model_path)}
    uvicorn = ("--port", "PORT", "--no-access-log", "--log-level", "warning")
    found = [
        Contender("service", python_module("uvicorn", "service.main:app", *uvicorn), ours),
        Contender(
            "tutorial",
            python_module("uvicorn", "benchmarks.serving.apps.tutorial:app", *uvicorn),
            theirs,
        ),
    ]
    if peers_python is not None:
        found += [_bento(peers_python, theirs, folder), _lit(peers_python, theirs)]
    return found


def _bento(python: Path, environment: dict[str, str], folder: Path) -> Contender:
    memory = Path("/dev/shm")  # noqa: S108 - not for our files: it writes each upload there
    return Contender(
        "BentoML",
        (
            str(python.parent / "bentoml"),
            *("serve", "benchmarks.serving.apps.bento:BentoPosters"),
            *("--host", "127.0.0.1", "--port", "PORT"),
        ),
        {
            **environment,
            "BENTOML_HOME": str(folder / "bentoml"),
            "BENTOML_DO_NOT_TRACK": "True",
            "TMPDIR": str(memory if memory.is_dir() else folder),
        },
    )


def _lit(python: Path, environment: dict[str, str]) -> Contender:
    return Contender(
        "LitServe",
        (str(python), "-m", "benchmarks.serving.apps.lit", "PORT"),
        environment,
    )
