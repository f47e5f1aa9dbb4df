"""The types of the server's frames are those of its schema."""

import functools
import json
import operator
import types
import typing
from collections.abc import Iterable
from typing import Any

import pytest
from documents import IS_IN_THE_PROJECT, PROJECT

from longwire import errors, frames

if not IS_IN_THE_PROJECT:
    # In the project nothing of it is left out: a schema that is not there is an error below.
    pytest.skip("the schemas are the project's, and this is the package alone", allow_module_level=True)
SCHEMA = json.loads((PROJECT / "docs/schema/server.json").read_text())
DEFINITIONS: dict[str, Any] = SCHEMA["$defs"]

# What is handed on, and the frame or the part of one that it is. Left out on purpose: what the client itself reads (`id`, and the words
# that tell frames apart).
SAME: list[tuple[Any, str, set[str]]] = [
    (frames.Progress, "Progress", set()),
    (frames.Failure, "Failure", set()),
    (frames.Wish, "Wish", set()),
    (frames.Receipt, "Receipt", set()),
    (frames.Ended, "EndedView", set()),
    (frames.Event, "event", {"encoding", "lease"}),
    (frames.Range, "Gap", set()),
    (frames.Gap, "gap", {"connid", "job"}),
    (frames.FeedChange, "feed", set()),
    (frames.Started, "started", {"id"}),
    (frames.Done, "done", {"id"}),
    (frames.JobView, "JobView", set()),
    (frames.StatusPage, "statusPage", {"id", "route", "status"}),
    (frames.RouteView, "RouteView", set()),
    (frames.Found, "found", {"id", "route", "status"}),
    (frames.ModuleView, "ModuleView", set()),
]
# A page's `next` and `total` are there for every page that the client hands on.
ALWAYS = {frames.StatusPage: {"next", "total"}}
NAMED = {
    "EndedView": frames.Ended,
    "JobView": frames.JobView,
    "RouteView": frames.RouteView,
    "ModuleView": frames.ModuleView,
    "Failure": frames.Failure,
    "Progress": frames.Progress,
    "Receipt": frames.Receipt,
    "Wish": frames.Wish,
    "Gap": frames.Range,
    "Payload": Any,
    # The server always says them so, though clients may write others.
    "Connid": str,
    "Seconds": float,
    "Timestamp": str,
    "JobId": str,
}


@pytest.mark.parametrize(("kind", "name", "left_out"), SAME, ids=[name for _, name, _ in SAME])
def test_a_type_is_that_of_the_schema(kind: Any, name: str, left_out: set[str]) -> None:
    schema = DEFINITIONS[name]
    hints = typing.get_type_hints(kind)
    assert set(hints) == set(schema["properties"]) - left_out
    assert set(kind.__required_keys__) - ALWAYS.get(kind, set()) == set(schema.get("required", [])) - left_out
    for field, hint in hints.items():
        expected = parts(of(schema["properties"][field]))
        if (kind, field) == (frames.Event, "output"):
            expected = {str, bytes}  # what came in base64
        assert parts(hint) - {type(None)} == expected - {type(None)}, field


def of(schema: Any) -> Any:
    """What a schema is in Python."""
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[1]
        return NAMED[name] if name in NAMED else of(DEFINITIONS[name])
    if "const" in schema:
        return typing.Literal[schema["const"]]
    if "anyOf" in schema or "oneOf" in schema:
        return union(of(one) for one in schema.get("anyOf") or schema["oneOf"])
    if isinstance(schema.get("type"), list):
        return union(of({**schema, "type": one}) for one in schema["type"])
    if schema.get("type") == "array":
        return types.GenericAlias(list, (of(schema["items"]),))
    return {"integer": int, "number": float, "string": str, "boolean": bool, "null": type(None), None: Any}[
        schema.get("type")
    ]


def union(members: Iterable[Any]) -> Any:
    """Any of these."""
    return functools.reduce(operator.or_, members)


def parts(hint: Any) -> set[Any]:
    """The members of a union, the words of a literal."""
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        return set().union(*(parts(one) for one in typing.get_args(hint)))
    if typing.get_origin(hint) is typing.Literal:
        return set(typing.get_args(hint))
    return {hint}


def test_the_outcomes_are_those_whose_errors_there_are() -> None:
    statuses = set(typing.get_args(frames.Status))
    assert statuses > frames.OUTCOMES == {"ok", *errors._ENDS}
    assert statuses - frames.OUTCOMES == {"queued", "running", "ending"}


def test_the_verbs_are_those_of_the_schema() -> None:
    client = json.loads((PROJECT / "docs/schema/client.json").read_text())
    routes = [one["properties"]["route"] for one in client["$defs"].values() if "route" in one.get("properties", {})]
    assert {route["const"] for route in routes if "const" in route} == frames.VERBS
