"""Heads of templates: without what only takes an overload away, and without conditions that have no name for users."""

import re

from names import EXPOSITION, PREFIXES, TYPES
from reserved import is_reserved
from tokens import closing, is_word, listed, parameters_at

_CONDITION = re.compile(
    r"enable_if|^_Require|_If$|^_Constraint|^__check|^_Enable|^__void_t$|^void_t$|^__has_|^_?_?Is|^_Valid|^__is_|^_RawPolicy|^_Check|^_Assign|^_Impl|^_Nonconst|^_UseNat|^_NotSame|^_Tuple|^__cons|^_Must|^_Explicit|^_Implicit|^_Requires|^__ok$"
)


def _is_condition(parameter):
    """A template parameter that only takes an overload away."""
    words = [t for t in parameter if is_word(t)]
    if parameter[1:2] == ["="]:
        return True  # without a name, nobody can mean it
    if parameter[:2] == ["template", "<"]:
        return "=" not in parameter and bool(re.match("_And$|_Is[A-Z]", words[-1]))
    if "=" not in parameter:
        return bool(words) and bool(re.search("enable_if|^_Require", words[0]))
    at = parameter.index("=")
    if words and words[0] in ("class", "typename") and at <= 2:
        inner = [t for t in parameter[at:] if is_word(t)]
        named = parameter[1] if at == 2 else ""
        return any("enable_if" in t for t in inner) or any(_CONDITION.search(t) for t in [named, *inner[:1]])
    return any(_CONDITION.search(t) for t in words[:3])


def without_conditions(tokens):
    kept, i = [], 0
    while i < len(tokens):
        if tokens[i] != "template" or tokens[i + 1 : i + 2] != ["<"]:
            kept.append(tokens[i])
            i += 1
            continue
        end = closing(tokens, i + 1)
        parts = [p for p in listed(tokens[i + 2 : end]) if not _is_condition(p)]
        parts = [_plain_default(_unconstrained(without_conditions(_as_class(p)))) for p in parts]
        if parts or end == i + 2:
            kept += ["template", "<", *with_commas(parts), ">"]
        i = end + 1
    return kept


def _as_class(parameter):
    """The same word for the same thing in both libraries."""
    of_type = parameter[:1] == ["typename"] and "::" not in parameter[:3]
    return ["class", *parameter[1:]] if of_type else parameter


def without_unused(tokens):
    """Without parameters that have a default and that neither the function's parameters nor its result name."""
    if tokens[:2] != ["template", "<"]:
        return tokens
    end = closing(tokens, 1)
    shown = _declared(tokens[end + 1 :])
    parts = listed(tokens[2:end])
    kept = [p for p in parts if "=" not in p or p[p.index("=") - 1] in shown]
    head = ["template", "<", *with_commas(kept), ">"] if kept else []
    return [*head, *without_unused(tokens[end + 1 :])]


def _declared(tokens):
    """What stands up to the end of the parameters, without `explicit(…)`, and a result behind them."""
    start = parameters_at(tokens)
    if start is None:
        return tokens
    end = closing(tokens, start)
    tail = tokens[end:]
    result = tail[tail.index("->") :] if "->" in tail else []
    before = tokens[:start]
    if "explicit" in before and before[before.index("explicit") + 1] == "(":
        at = before.index("explicit")
        before = before[:at] + before[closing(before, at + 1) :]
    return [*before, *tokens[start:end], *result]


def _unconstrained(parameter):
    """A parameter without its condition, where that has no name for users."""
    concept = parameter[0]
    if not is_word(concept) or not is_reserved(concept) or concept in EXPOSITION or concept in TYPES:
        return parameter
    end = closing(parameter, 1) if parameter[1:2] == ["<"] else 0
    return ["class", *parameter[end + 1 :]]


def _plain_default(parameter):
    """A default without a name for users is left open."""
    if "=" in parameter:
        at = parameter.index("=")
        words = [
            t
            for t in parameter[at:]
            if t.startswith("__") and t not in TYPES and t not in PREFIXES and t not in EXPOSITION
        ]
        return [*parameter[: at + 1], "see below"] if words else parameter
    return parameter


def with_commas(parts):
    return [token for n, part in enumerate(parts) for token in ([","] if n else []) + part]
