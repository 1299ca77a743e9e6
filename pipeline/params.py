"""One stage's section of params.yaml, checked before the stage begins."""

from pathlib import Path
from typing import Annotated, TypeVar

import pydantic
import yaml
from pydantic_core import ErrorDetails

from pipeline.errors import ParamsError


class Section(pydantic.BaseModel):
    """The base of every stage's params: no unknown key, no silent conversion, no change."""

    model_config = pydantic.ConfigDict(extra="forbid", strict=True, frozen=True)


Share = Annotated[float, pydantic.Field(ge=0, le=1, strict=False)]
"""A share of a whole, from 0 to 1."""

AnySection = TypeVar("AnySection", bound=Section)


def read(path: Path, name: str, section: type[AnySection]) -> AnySection:
    """The section ``name`` of the YAML file ``path``; a ParamsError names the key and the limit."""
    try:
        document = yaml.safe_load(path.read_text("utf-8"))
    except FileNotFoundError:
        raise ParamsError(f"{path}: no such file", "git checkout params.yaml") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ParamsError(f"{path}: not YAML: {_one_line(error)}", "mend that line") from None
    if not isinstance(document, dict) or not isinstance(document.get(name), dict):
        raise ParamsError(f"{path}: the section {name!r} is absent", f"add '{name}:' with its keys")
    try:
        return section.model_validate(document[name])
    except pydantic.ValidationError as error:
        problems = "; ".join(_problem(name, detail) for detail in error.errors())
        raise ParamsError(f"{path.name}: {problems}", f"change that value in {path}") from None


def _problem(section: str, detail: ErrorDetails) -> str:
    key = ".".join([section, *map(str, detail["loc"])])
    got, limits = detail["input"], detail.get("ctx", {})
    match detail["type"]:
        case "missing":
            return f"{key} is absent"
        case "extra_forbidden":
            return f"{key} is not a param of this stage"
        case "greater_than_equal":
            return f"{key} must be at least {limits['ge']}, got {got!r}"
        case "greater_than":
            return f"{key} must be more than {limits['gt']}, got {got!r}"
        case "less_than_equal":
            return f"{key} must be at most {limits['le']}, got {got!r}"
        case "less_than":
            return f"{key} must be less than {limits['lt']}, got {got!r}"
    message = detail["msg"].removeprefix("Input should be ").removeprefix("Value error, ")
    return f"{key} must be {message}, got {got!r}"


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())
