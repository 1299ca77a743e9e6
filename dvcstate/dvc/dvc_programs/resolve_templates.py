"""Print the stages, metrics and plots of a ``dvc.yaml`` with every template in it resolved.

    python -P resolve_templates.py ROOT DVC_YAML

One JSON line: these three, or the ``error`` that DVC raises.
"""

import json
import os
import sys
from types import SimpleNamespace
from typing import Any

from dvc.config import Config
from dvc.exceptions import DvcException
from dvc.fs import localfs
from dvc.parsing import DataResolver
from dvc.schema import COMPILED_MULTI_STAGE_SCHEMA
from dvc.utils import strictyaml


def main() -> None:
    """Resolve what the command line names."""
    root, path = sys.argv[1:]
    os.chdir(root)
    try:
        answer = resolve(root, path)
    except DvcException as error:
        answer = {"error": str(error)}
    print(json.dumps(answer))


def resolve(root: str, path: str) -> dict[str, Any]:
    """``stages``, ``metrics`` and ``plots``; DVC's exceptions say what is wrong."""
    data, _ = strictyaml.load(path, COMPILED_MULTI_STAGE_SCHEMA, localfs)
    repo = SimpleNamespace(fs=localfs, config=Config(os.path.join(root, ".dvc")))
    resolver = DataResolver(repo, os.path.dirname(path), data)
    stages = {}
    for name in resolver.get_keys():
        stages.update(resolver.resolve_one(name))
    for stage in stages.values():
        stage.pop("meta", None)
        stage.pop("desc", None)
    # All sections, for what DVC would complain of; these two are of use.
    sections = ("artifacts", "datasets", "metrics", "params", "plots")
    found = {section: getattr(resolver, f"resolve_{section}")() for section in sections}
    return {"stages": stages, "metrics": found["metrics"], "plots": found["plots"]}


if __name__ == "__main__":
    main()
