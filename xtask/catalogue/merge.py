"""One library's sets over all standards: what there is, since when, and until when."""

import re
from dataclasses import dataclass

from entry import Entry, Signature
from places import header
from standards import STANDARDS, following, latest, order
from tokens import closing, join, parameters_at, split


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
    entry.signatures = [Signature(text, first) for text in _distinct(newest.texts)]
    _date(entry, key, history)
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


def _distinct(texts):
    """Without those that differ by the names of their parameters only."""
    out, seen = [], set()
    for text in texts:
        shape = _shape(text, with_head=True)
        if shape not in seen:
            seen.add(shape)
            out.append(text)
    return out


def _shape(text, with_head=False):
    """What tells overloads apart: the types of the parameters, and what stands behind them."""
    tokens = split(text)
    start = parameters_at(tokens)
    if start is None:
        return join(tokens)
    end = closing(tokens, start)
    head = tokens[: start - 1] if with_head else []
    names = _template_names(tokens[:start])
    tail = [t for t in tokens[end + 1 :] if t in ("const", "&", "&&", "volatile")]
    words = [f"${names[t]}" if t in names else t for t in [*head, *_types(tokens[start + 1 : end]), *tail]]
    return " ".join(words).replace("noexcept", "")


def _template_names(tokens):
    names = {}
    for match in re.finditer(r"(?:class|typename|\w+(?:<[^<>]*>)?)(?: ?\.\.\.)? (\w+)(?=\s*[,>=])", join(tokens)):
        names.setdefault(match[1], len(names))
    return names


def _types(tokens):
    out = []
    for token in tokens:
        if (
            token in (",", ")", "=")
            and len(out) > 1
            and re.match(r"[a-z_]\w*$", out[-1])
            and out[-2] not in ("::", ",", "const", "(")
        ):
            out.pop()
        out.append(token)
    if len(out) > 1 and re.match(r"[a-z_]\w*$", out[-1]) and out[-2] not in ("::", ",", "const", "("):
        out.pop()
    return out


def _date(entry, key, history):
    """Each overload since the first standard that has one of its shape."""
    seen = {}
    for standard in STANDARDS:
        found = history.by_standard[standard].get(key)
        for text in found.texts if found else ():
            seen.setdefault(_shape(text), standard)
    for one in entry.signatures:
        one.since = latest(entry.since, seen.get(_shape(one.text), entry.since))
    if entry.signatures and all(order(s.since) > order(entry.since) for s in entry.signatures):
        for one in entry.signatures:
            one.since = entry.since
