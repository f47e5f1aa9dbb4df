"""Entries as lines of JSON, and those compressed: the same bytes from the same entries."""

import json

import zopfli.gzip
from names import SOURCES


def text(every):
    head = {"catalogue": "cpp", "title": "The C++ standard library", "version": 1, "sources": SOURCES}
    return "".join(_line(said) for said in [head, *map(_as_json, every)])


def compressed(text):
    """A pinned compressor, as that of the machine may be another one tomorrow."""
    return zopfli.gzip.compress(text.encode(), numiterations=5)


def _line(said):
    return json.dumps(said, ensure_ascii=False, separators=(",", ":")) + "\n"


def _as_json(entry):
    said = {
        "qualified": entry.qualified,
        "lib": entry.lib,
        "kind": entry.kind,
        "aliases": entry.aliases,
        "header": entry.header,
        "since": entry.since,
        "deprecated": entry.deprecated,
        "removed": entry.removed,
        "inherited_from": entry.inherited_from,
        "url": entry.url,
        "signatures": [_signature(one, entry) for one in entry.signatures],
    }
    return {name: value for name, value in said.items() if value}


def _signature(one, entry):
    """An overload as old as its set need not say so."""
    return {"text": one.text} if one.since == entry.since else {"text": one.text, "since": one.since}
