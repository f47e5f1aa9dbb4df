"""The lists that were written by hand, and the catalogue they are held against."""

import gzip
import json
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from overloads import type_of  # noqa: E402
from tokens import closing, join, listed, outside, parameters_at, split  # noqa: E402

HERE = Path(__file__).parent
DATA = Path(os.environ.get("CATALOGUE", HERE.parents[2] / "crates/modules/data/cpp.jsonl.gz"))
_SHORT = {
    "[]": "operator[]",
    "()": "operator()",
    "*": "operator*",
    "->": "operator->",
    "bool": "operator bool",
    "=": "operator=",
}


def rows(name):
    """The lines of a table, without its remarks."""
    lines = (HERE / name).read_text().splitlines()
    return [tuple(line.split("\t")) for line in lines if line and not line.startswith("#")]


def lines():
    return gzip.decompress(DATA.read_bytes()).decode().splitlines()


def symbols():
    return [json.loads(line) for line in lines()[1:]]


def member(owner, word):
    """A member's name from its short form; `+` and `-` alone are the constructor and the destructor."""
    last = owner.rpartition("::")[2]
    if word in _SHORT:
        return _SHORT[word]
    if word == "+":
        return last
    if word == "-":
        return "~" + last
    return word if word[0].isalpha() else "operator" + word


def shape(text):
    """The types of a function's parameters, without the names and the defaults, and what qualifies the function."""
    tokens = split(text)
    start = parameters_at(tokens)
    end = closing(tokens, start)
    types = ", ".join(join(type_of(part)) for part in listed(tokens[start + 1 : end]))
    behind = tokens[end + 1 :]
    return " ".join([f"({types})", *behind[: outside(behind, ("noexcept", "requires", "->", "="))]])
