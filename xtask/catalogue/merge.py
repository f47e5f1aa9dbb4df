"""One library's sets over all standards: what there is, since when, and until when."""

import re
from dataclasses import dataclass

from clean import IMPLEMENTATION_DEFINED
from entry import Entry, Signature
from overloads import dated_shape, overload_shape, unnamed, without_twins
from places import header
from standards import STANDARDS, following, latest, order


@dataclass
class History:
    """What each standard has: standard -> key -> Found."""

    by_standard: dict
    headers: set

    def spans(self):
        """key -> the first and the last standard that has it as what it is in the last one."""
        first, last = {}, {}
        for standard in STANDARDS:
            for key, found in self.by_standard[standard].items():
                before = self.by_standard[last[key]][key] if key in last else found
                if {before.kind, found.kind} == {"function", "class"}:
                    del first[key]
                first.setdefault(key, standard)
                last[key] = standard
        return {key: (first[key], last[key]) for key in sorted(first)}


def entries(history):
    """An Entry a key, with this library's word on its standards."""
    return {key: _entry(key, history, first, last) for key, (first, last) in history.spans().items()}


def _entry(key, history, first, last):
    qualified, tied, _ = key
    newest = history.by_standard[last][key]
    entry = Entry(qualified, newest.kind, header(newest.header, history.headers), first, tied)
    entry.bases = list(newest.bases)
    entry.removed = following(last)
    entry.deprecated = _deprecated(key, history)
    entry.signatures = [Signature(text, first) for text in _distinct(newest.texts, newest.kind)]
    _date(entry, key, history)
    entry.signatures = without_twins(entry.signatures)
    return entry


def _deprecated(key, history):
    """The first standard from which on it is always marked."""
    said = None
    for standard in STANDARDS:
        found = history.by_standard[standard].get(key)
        if found is None:
            continue
        said = (said or standard) if found.deprecated and found.texts else None
    return said


def _distinct(texts, kind):
    """Without those that differ by the names of their parameters only."""
    texts = _primary(texts) if kind == "class" else _told(texts) if kind in ("type", "alias") else texts
    out = {}
    for text in texts:
        shape = overload_shape(text, with_head=True)
        if shape not in out or unnamed(text) < unnamed(out[shape]):
            out[shape] = text
    return list(out.values())


def _primary(texts):
    """A class as it is declared for all: no specialisation, and with names for its parameters."""
    whole = [text for text in texts if not re.match(r"template<>|\w+ \w+<", text)]
    named = [text for text in whole if not re.match(r"template<.*\b(class|size_t|bool)(\.\.\.)?[,>]", text)]
    return named or whole or texts


def _told(texts):
    """A type of which more is known than that the library has chosen it."""
    return [text for text in texts if not text.endswith(IMPLEMENTATION_DEFINED)][-1:] or texts[:1]


def _date(entry, key, history):
    """Each overload since the first standard that has one of its shape."""
    seen = {}
    for standard in STANDARDS:
        found = history.by_standard[standard].get(key)
        for text in found.texts if found else ():
            seen.setdefault(dated_shape(text), standard)
    for one in entry.signatures:
        one.since = latest(entry.since, seen.get(dated_shape(one.text), entry.since))
    if entry.signatures and all(order(s.since) > order(entry.since) for s in entry.signatures):
        for one in entry.signatures:
            one.since = entry.since
