"""The shape of a reply as JSON schema in the narrow form that every server takes. Pure.

Strict servers want each object closed and each field required; grammars built from lengths are slow. What is left out
here our own models still check.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

_LEFT_OUT = frozenset({"title", "default", "maxLength", "minLength", "maxItems", "minItems"})


def shape_of(model: type[BaseModel]) -> dict[str, Any]:
    """The schema of a model without references."""
    schema = model.model_json_schema()
    found = _narrow(schema, schema.get("$defs", {}))
    found.pop("description", None)  # the docstring is ours
    return found


def _narrow(schema: Mapping[str, Any], named: Mapping[str, Any]) -> dict[str, Any]:
    if "$ref" in schema:
        return _narrow(named[str(schema["$ref"]).rpartition("/")[2]], named)
    kept = {key: value for key, value in schema.items() if key not in _LEFT_OUT and key != "$defs"}
    if "items" in kept:
        kept["items"] = _narrow(kept["items"], named)
    if "properties" in kept:
        kept["properties"] = {name: _narrow(value, named) for name, value in kept["properties"].items()}
        kept |= {"required": list(kept["properties"]), "additionalProperties": False}
    return kept
