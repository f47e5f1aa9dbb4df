"""Both libraries together: a name is as old as the first standard in which both have it."""

import re
from copy import copy

from entry import Signature
from overloads import dated_shape, type_of
from standards import latest, order
from tokens import closing, is_word, listed, parameters_at, split

_SPECIAL = ("constructor", "destructor", "type", "deduction_guide", "constant", "enumerator")
_TYPES = ("class", "alias", "concept", "type", "enum")
_MARKS = {"&&": "C++11", "...": "C++11", "<=>": "C++20", "requires": "C++20"}


def join(ours, other, links, said):
    """`ours` in full; of the other library the first standards, and in full what ours has not."""
    theirs, only = other.first(), other.only()
    every = [e for key, e in ours.items() if _is_kept(key, e, ours, theirs, links, said)]
    _date(every, theirs)
    every = [
        e for e in every if e.kind != "operator" or e.tied or e.signatures or e.place not in ("std", "std::ranges")
    ]
    kept = {e.qualified for e in every}
    added = [copy(e) for key, e in only.items() if _is_added(key, e, kept, only, links, said)]
    for entry in added:
        if entry.kind == "destructor":
            entry.since = theirs.get((entry.place, "", False), entry.since)
            entry.signatures = [Signature(one.text, entry.since) for one in entry.signatures]
    every += added
    _raise_to_place(every)
    _date_overloads(every, other.later())
    return every


def _is_kept(key, entry, ours, theirs, links, said):
    """Whether it is the standard's: both libraries have it, or a page tells of it, or it comes with its class."""
    if said.keeps(entry.qualified):
        return True
    if entry.removed == "C++11" and key not in theirs:
        return False
    if key in theirs or links.knows(entry.qualified, entry.tied):
        return True
    above = ours.get((entry.place, "", False))
    if above is not None:
        return entry.kind in _SPECIAL or entry.name == "operator=" or (above.qualified, "", False) not in theirs
    return entry.kind in ("deduction_guide",) or bool(entry.tied)


def _is_added(key, entry, kept, only, links, said):
    if said.keeps(entry.qualified) or entry.header in said.headers:
        return True
    above = (entry.place, "", False)
    if above in only and entry.place not in kept:
        return True
    if links.knows(entry.qualified, entry.tied):
        return entry.qualified not in kept or bool(entry.tied)
    return bool(entry.tied) and ("std::" + entry.tied, "", False) in only and "std::" + entry.tied not in kept


def _date(every, theirs):
    """The later of both words, also where the other library ties the name to another class."""
    loose = {}
    for (qualified, _, _), standard in theirs.items():
        if qualified not in loose or order(standard) < order(loose[qualified]):
            loose[qualified] = standard
    for entry in every:
        key = (entry.qualified, entry.tied, entry.kind == "deduction_guide")
        said = theirs.get(key) or loose.get(entry.qualified)
        entry.since = latest(entry.since, loose.get(entry.place) if _comes_by_itself(entry) else said)


def _comes_by_itself(entry):
    """A class has it also where the other library does not declare it."""
    return entry.kind in ("constructor", "destructor") or entry.name == "operator="


def _raise_to_place(every):
    """Nothing is older than the class it belongs to."""
    dates = {e.qualified: e.since for e in every if e.kind in ("class", "enum") and not e.tied}
    for entry in every:
        entry.since = latest(entry.since, dates.get(entry.place))
    swaps = {e.place: e.since for e in every if e.name == "swap" and e.place in dates}
    for entry in every:
        tied = "std::" + entry.tied
        entry.since = latest(entry.since, dates.get(tied), swaps.get(tied) if entry.name == "swap" else None)


def _date_overloads(every, later):
    """An overload is not older than its set, nor than what its parameters are made of."""
    dates = {e.qualified: e.since for e in every if e.kind in _TYPES and not e.tied}
    for entry in every:
        told = [
            [_later(entry, dated_shape(s.text), later), *_implied(s.text, entry.place, dates)] for s in entry.signatures
        ]
        # Where the other library has each of the overloads later only, the name before was that of others.
        later_only = entry.kind == "function" and all(said[0] for said in told)
        if told and (_comes_by_itself(entry) or later_only):
            entry.since = latest(entry.since, min((latest("C++98", *said) for said in told), key=order))
        implied = [latest(entry.since, s.since, *said) for s, said in zip(entry.signatures, told)]
        grounded = any(standard == entry.since for standard in implied)
        for one, standard in zip(entry.signatures, implied):
            one.since = standard if grounded else latest(entry.since, one.since)
        if entry.removed and order(entry.removed) <= order(entry.since):
            entry.removed = None
        if entry.deprecated and order(entry.deprecated) < order(entry.since):
            entry.deprecated = entry.since


def _later(entry, shape, later):
    """The other library's word, but not on what the compiler makes where it is not declared."""
    made = ("( )", f"( const {entry.place.rpartition('::')[2]} & , )")
    return None if _comes_by_itself(entry) and shape in made else later.get((entry.qualified, shape))


def _implied(text, place, dates):
    """What the parameters tell: words that are newer than the first standard, and types with dates of their own."""
    tokens = split(text)
    start = parameters_at(tokens)
    if start is None:
        return
    end = closing(tokens, start)
    parameters = [t for part in listed(tokens[start + 1 : end]) for t in [*type_of(part), ","]]
    yield from (_MARKS[t] for t in [*tokens[:start], *tokens[end:]] if t in ("...", "requires", "<=>"))
    yield from (_MARKS[t] for t in parameters if t in _MARKS)
    if text.endswith("= delete"):
        yield "C++11"
    own = set(re.findall(r"(\w+)(?= ?[,>=])", " ".join(tokens[:start])))
    for i, token in enumerate(parameters):
        if is_word(token) and token not in own and parameters[i + 1 : i + 2] != ["::"]:
            yield _dated(_qualified(parameters, i), place, dates)


def _qualified(tokens, at):
    """The name that ends here, with all that stands before its `::`; nothing where that is the argument of a template."""
    name = tokens[at]
    while at > 1 and tokens[at - 1] == "::":
        at -= 2
        name = f"{tokens[at]}::{name}"
    return name


def _dated(name, place, dates):
    """The date of a name as it is found from a place: the nearest one counts."""
    while place:
        if f"{place}::{name}" in dates:
            return dates[f"{place}::{name}"]
        place = place.rpartition("::")[0]
    return None
