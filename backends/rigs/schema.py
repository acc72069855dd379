"""The JSON schema of rig files, for editors that complete and check TOML: made from the one table of keys that the reader uses."""

from __future__ import annotations

from typing import Any

from ...kernel.rig_schema import SECTIONS, SOME, Key

_AXES = ("x", "y", "z")
_PAIRS = {"pair": 2, "triple": 3}


def _number(key: Key, factor: float) -> dict[str, Any]:
    found: dict[str, Any] = {"type": "number"}
    if key.low is not None:
        if key.low == SOME:
            found["exclusiveMinimum"] = 0
        else:
            found["minimum"] = key.low / factor
    if key.high is not None:
        found["maximum"] = key.high / factor
    return found


def _value(key: Key, factor: float) -> dict[str, Any]:
    match key.kind:
        case "table":
            return {"$ref": f"#/definitions/{key.of}"}
        case "named" if key.of == "axis":
            return {
                "type": "object",
                "properties": {a: {"$ref": "#/definitions/axis"} for a in _AXES},
                "required": list(_AXES),
                "additionalProperties": False,
            }
        case "named":
            return {"type": "object", "additionalProperties": {"$ref": f"#/definitions/{key.of}"}}
        case "tables":
            return {"type": "array", "items": {"$ref": f"#/definitions/{key.of}"}, "minItems": 1}
        case "text":
            return _text(key)
        case "flag":
            return {"type": "boolean"}
        case "names":
            return {"type": "array", "items": {"type": "string"}}
        case "count":
            if key.choices:
                return {"enum": list(key.choices)}
            return {**_number(key, 1.0), "type": "integer"}
        case "pair" | "triple":
            n = _PAIRS[key.kind]
            return {"type": "array", "items": {"type": "number"}, "minItems": n, "maxItems": n}
        case "cone":
            pair = {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2}
            return {"type": "array", "items": pair, "minItems": 1}
    return _number(key, factor)


def _text(key: Key) -> dict[str, Any]:
    choices: tuple[Any, ...] = key.choices
    if key.name == "dialect":
        from ..dialects import DIALECTS

        choices = DIALECTS.names()
    elif key.name == "kind":
        from ..dispensers import DISPENSERS

        choices = DISPENSERS.names()
    return {"enum": list(choices)} if choices else {"type": "string", "minLength": 1}


def _section(name: str) -> dict[str, Any]:
    properties: dict[str, Any] = {}
    rules: list[dict[str, Any]] = []
    for key in SECTIONS[name]:
        spellings = list(key.spellings)
        for spelling, factor in key.spellings.items():
            properties[spelling] = {**_value(key, factor), "description": key.doc}
        if key.required and key.unless:
            other, value = key.unless
            excused: dict[str, Any] = {"required": [other]}
            if value is not None:
                excused["properties"] = {other: {"const": value}}
            rules.append({"anyOf": [*({"required": [s]} for s in spellings), excused]})
        elif key.required:
            # One of its units, and not two.
            rules.append({"oneOf": [{"required": [s]} for s in spellings]})
        elif len(spellings) > 1:
            some = [{"required": [s]} for s in spellings]
            rules.append({"oneOf": [*some, {"not": {"anyOf": some}}]})
    found = {"type": "object", "properties": properties, "additionalProperties": False}
    return {**found, "allOf": rules} if rules else found


def json_schema() -> dict[str, Any]:
    """JSON Schema (draft 7) of a rig file, as an editor reads it: all spellings of every key, with its meaning."""
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "wetprint rig",
        **_section("rig"),
        "definitions": {name: _section(name) for name in SECTIONS if name != "rig"},
    }
