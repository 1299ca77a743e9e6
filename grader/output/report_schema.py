"""The shape of a report in JSON, made of the report's dataclasses: pydantic models and JSON Schema.

``python -m grader.output.report_schema`` writes ``report.schema.json`` anew. Only the service and
the tests import this: pydantic costs a command line more than a whole check takes.
"""

import dataclasses
import inspect
import json
import types
import typing
from functools import cache
from pathlib import Path
from typing import Any

import pydantic

from grader.engine.report import Report

PATH = Path(__file__).with_name("report.schema.json")


@cache
def model_of(kind: type) -> type[pydantic.BaseModel]:
    """The model of what ``report_json`` makes of the dataclass ``kind``."""
    members: dict[str, Any] = {}
    hints = typing.get_type_hints(kind)
    for field in dataclasses.fields(kind):
        extra = field.metadata.get("schema", {})
        if "text" in field.metadata:
            members[field.metadata["text"]] = (str | None, pydantic.Field())
        if field.metadata.get("in_json", True):
            # BaseModel has a method called schema.
            name = f"{field.name}_" if hasattr(pydantic.BaseModel, field.name) else field.name
            alias = field.name if name != field.name else None
            about = pydantic.Field(alias=alias, json_schema_extra=extra or None)
            members[name] = (_type_in_json(hints[field.name]), about)
    model: type[pydantic.BaseModel] = pydantic.create_model(
        f"{kind.__name__}Model",
        __doc__=inspect.getdoc(kind),
        __config__=pydantic.ConfigDict(extra="forbid"),
        **members,
    )
    return model


def _type_in_json(hint: Any) -> Any:
    """The same type with models for dataclasses, and lists for tuples."""
    parts = typing.get_args(hint)
    if dataclasses.is_dataclass(hint):
        return model_of(typing.cast(type, hint))
    if typing.get_origin(hint) is tuple:
        return types.GenericAlias(list, (_type_in_json(parts[0]),))
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        return typing.Union[tuple(map(_type_in_json, parts))]  # noqa: UP007 - as above
    return hint


def schema() -> dict[str, Any]:
    """The JSON Schema of a report."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **model_of(Report).model_json_schema(by_alias=True),
    }


def text() -> str:
    """The same as the file has it."""
    return json.dumps(schema(), indent=2) + "\n"


if __name__ == "__main__":
    PATH.write_text(text(), "utf-8", newline="\n")
