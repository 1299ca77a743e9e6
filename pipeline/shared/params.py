"""One stage's section of params.yaml, checked before the stage begins."""

import re
from pathlib import Path
from typing import Annotated, TypeVar

import pydantic
import yaml
from pydantic_core import ErrorDetails

from pipeline.shared.errors import ParamsError


class Section(pydantic.BaseModel):
    """The base of every stage's params: no unknown key, no silent conversion, no change."""

    model_config = pydantic.ConfigDict(
        extra="forbid", strict=True, frozen=True, allow_inf_nan=False
    )


def _number(value: object) -> object:
    """``value``, or its number if PyYAML, unlike DVC, took one such as 1e-3 for text.

    YAML 1.1, PyYAML's, wants a point and a sign there: 1.0e-3.
    """
    if isinstance(value, str) and re.fullmatch(r"[-+]?(\d+\.?\d*|\.\d+)[eE][-+]?\d+", value):
        return float(value)
    return value


Number = Annotated[float, pydantic.BeforeValidator(_number)]
"""A number, whole or not, in any notation that DVC takes for one."""
Share = Annotated[Number, pydantic.Field(ge=0, le=1)]
"""A share of a whole, from 0 to 1."""

AnySection = TypeVar("AnySection", bound=Section)


def read(path: Path, name: str, section: type[AnySection]) -> AnySection:
    """The section ``name`` of the YAML file ``path``; a ParamsError names the key and the limit."""
    document = _document(path)
    if not isinstance(document, dict) or not isinstance(document.get(name), dict):
        raise ParamsError(f"{path}: the section {name!r} is absent", f"add '{name}:' with its keys")
    try:
        return section.model_validate(document[name])
    except pydantic.ValidationError as error:
        problems = "; ".join(_problem(name, detail) for detail in error.errors())
        raise ParamsError(f"{path}: {problems}", f"change that in {path}") from None


def _document(path: Path) -> object:
    try:
        text = path.read_text("utf-8")
        _check_merged(text, path)
        return yaml.safe_load(text)
    except FileNotFoundError:
        raise ParamsError(f"{path}: no such file", f"git checkout {path}") from None
    except RecursionError:
        raise ParamsError(f"{path}: not YAML: nested too deeply", f"git checkout {path}") from None
    except (yaml.YAMLError, ValueError) as error:  # ValueError: no UTF-8, or a date such as 2026-99
        raise ParamsError(f"{path}: not YAML: {_one_line(error)}", "mend that line") from None


def _check_merged(text: str, path: Path) -> None:
    """A ParamsError if git left both sides of a conflict in the file."""
    for number, line in enumerate(text.splitlines(), start=1):
        if re.match(r"(<{7}|>{7}|\|{7})( |$)|={7}$", line):
            raise ParamsError(
                f"{path}, line {number}: a conflict of a merge is not resolved: {line[:40]}",
                "keep one side of it, and delete the lines <<<<<<<, ======= and >>>>>>>",
            )


_LIMITS = {
    "greater_than_equal": "at least {ge}",
    "greater_than": "more than {gt}",
    "less_than_equal": "at most {le}",
    "less_than": "less than {lt}",
    "too_short": "a list of at least {min_length}",
    "too_long": "a list of at most {max_length}",
    "model_type": "a mapping of keys to values",
}
"""What a value must be, by pydantic's name of the error."""


def _problem(section: str, detail: ErrorDetails) -> str:
    key = ".".join([section, *map(str, detail["loc"])])
    context = detail.get("ctx", {})
    match detail["type"]:
        case "missing":
            return f"{key} is absent"
        case "extra_forbidden" | "invalid_key":
            return f"{key} is not a param of this stage"
        case "value_error":  # a validator's sentence, which begins with a key
            return f"{key}.{context['error']}"
    limit = _LIMITS.get(detail["type"], detail["msg"].removeprefix("Input should be "))
    return f"{key} must be {limit.format_map(context)}, got {detail['input']!r}"


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())
