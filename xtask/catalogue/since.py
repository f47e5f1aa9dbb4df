"""Both libraries together: a name is as old as the first standard in which both have it."""

from copy import copy

from standards import latest, order
from tokens import split

_SPECIAL = ("constructor", "destructor", "type", "deduction_guide", "constant", "enumerator")
_MARKS = {"&&": "C++11", "...": "C++11", "<=>": "C++20", "requires": "C++20"}


def join(ours, theirs, only, links, said):
    """`ours` in full, `theirs` as first standards, `only` in full what ours has not."""
    every = [e for key, e in ours.items() if _is_kept(key, e, ours, theirs, links, said)]
    _date(every, theirs)
    every = [
        e for e in every if e.kind != "operator" or e.tied or e.signatures or e.place not in ("std", "std::ranges")
    ]
    kept = {e.qualified for e in every}
    every += [copy(e) for key, e in only.items() if _is_added(key, e, kept, only, links, said)]
    _raise_to_place(every)
    _date_overloads(every)
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
        entry.since = latest(entry.since, theirs.get(key) or loose.get(entry.qualified))


def _raise_to_place(every):
    """Nothing is older than the class it belongs to."""
    dates = {e.qualified: e.since for e in every if e.kind in ("class", "enum")}
    for entry in every:
        entry.since = latest(entry.since, dates.get(entry.place))
    swaps = {e.place: e.since for e in every if e.name == "swap" and e.place in dates}
    for entry in every:
        tied = "std::" + entry.tied
        entry.since = latest(entry.since, dates.get(tied), swaps.get(tied) if entry.name == "swap" else None)


def _date_overloads(every):
    """An overload is not older than its set, nor than what its parameters are made of."""
    dates = {}
    for entry in every:
        if entry.place == "std" and entry.kind in ("class", "alias", "concept", "type"):
            dates[entry.name] = entry.since
    for entry in every:
        implied = [latest(entry.since, s.since, *_implied(s.text, dates)) for s in entry.signatures]
        grounded = any(standard == entry.since for standard in implied)
        for one, standard in zip(entry.signatures, implied):
            one.since = standard if grounded else latest(entry.since, one.since)
        if entry.removed and order(entry.removed) <= order(entry.since):
            entry.removed = None
        if entry.deprecated and order(entry.deprecated) < order(entry.since):
            entry.deprecated = entry.since


def _implied(text, dates):
    tokens = split(text)
    yield from (_MARKS[t] for t in tokens if t in _MARKS)
    start = tokens.index("(") if "(" in tokens else len(tokens)
    yield from (dates[t] for t in tokens[start:] if t in dates)
