"""What tells overloads of one set apart, and which of them are one to their users."""

import re

from entry import Signature
from standards import order
from tokens import AND, closing, join, listed, outside, parameters_at, split

_BEHIND = ("noexcept", "throw", "requires", "->", "=")
_BUILT_IN = ("int", "long", "short", "char", "double", "float", "bool", "unsigned", "signed", "auto", "void")
_EXPLICIT = re.compile(r"\bexplicit(\([^()]*\))? ")


def overload_shape(text, with_head=False):
    """The types of the parameters, and what qualifies the function; on demand what stands before them, too."""
    tokens = split(text)
    start = parameters_at(tokens)
    if start is None:
        return join(tokens)
    end = closing(tokens, start)
    names = _template_names(tokens[:start])
    head = tokens[: start - 1] if with_head else []
    tail = tokens[end + 1 :]
    tail = ["&&" if t == AND else t for t in tail[: outside(tail, _BEHIND)]]
    types = [token for part in listed(tokens[start + 1 : end]) for token in [*type_of(part), ","]]
    return " ".join(f"${names[t]}" if t in names else t for t in [*head, "(", *types, ")", *tail])


_SAME = {
    "const_iterator": ("iterator",),
    "const_reference": ("const", "value_type", "&"),
    "reference": ("value_type", "&"),
    "size_t": ("size_type",),
}


def dated_shape(text):
    """What an overload is dated by. One that took an `iterator` and now takes a `const_iterator` is as old as it was."""
    return " ".join(t for word in overload_shape(text).split(" ") for t in _SAME.get(word, (word,)))


def type_of(parameter):
    """A parameter without its name and its default."""
    part = parameter[: outside(parameter, ("=",))]
    named = len(part) > 1 and re.match(r"[a-z_]\w*$", part[-1]) and part[-1] not in _BUILT_IN
    return part[:-1] if named and part[-2] not in ("::", "const", "typename") else part


def unnamed(text):
    """How many parameters have no name."""
    tokens = split(text)
    start = parameters_at(tokens)
    parts = listed(tokens[start + 1 : closing(tokens, start)]) if start is not None else []
    return sum(type_of(part) == part[: outside(part, ("=",))] for part in parts)


def _template_names(tokens):
    names = {}
    for match in re.finditer(r"(?:class|typename|\w+(?:<[^<>]*>)?)(?: ?\.\.\.)? (\w+)(?=\s*[,>=])", join(tokens)):
        names.setdefault(match[1], len(names))
    return names


def without_twins(signatures):
    """One for the two that a library makes of `explicit(condition)`, and none that is deleted beside one that is not."""
    alive = {overload_shape(one.text) for one in signatures if not _is_deleted(one)}
    out, plain = [], {}
    for one in signatures:
        shape = overload_shape(one.text)
        if _is_deleted(one) and shape in alive:
            continue
        twin = plain.setdefault(shape, len(out))
        if twin < len(out) and _is_explicit(out[twin]) != _is_explicit(one):
            out[twin] = _joined(out[twin], one)
        else:
            out.append(one)
    return out


def _is_deleted(one):
    return one.text.endswith("= delete")


def _is_explicit(one):
    return bool(_EXPLICIT.search(one.text))


def _joined(one, other):
    said = one if _is_explicit(one) else other
    text = _EXPLICIT.sub("explicit(see below) ", said.text, count=1)
    return Signature(text, min(one.since, other.since, key=order))
