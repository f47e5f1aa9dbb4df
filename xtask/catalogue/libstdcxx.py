"""What libstdc++ tells, kept in files beside this one, as its headers are not in a package that can be pinned.

`libstdcxx.tsv` has a line for each place and standard: the names that came there with it. `libstdcxx-overloads.tsv` has
the overloads that are newer than their set: the name, the standard, the parameters. `libstdcxx.jsonl` has, in full, what
libc++ has not.
"""

import json
from pathlib import Path

from entry import Entry, Signature
from overloads import dated_shape
from standards import STANDARDS, order

_HERE = Path(__file__).parent
_FIRST, _LATER, _ONLY = (_HERE / f"libstdcxx{rest}" for rest in (".tsv", "-overloads.tsv", ".jsonl"))
_GUIDE = "deduction guide "


def write(entries, also):
    """`entries`: all that libstdc++ has; `also`: the keys that libc++ has."""
    lines = {}
    for (qualified, tied, guide), entry in entries.items():
        place, _, name = qualified.rpartition("::")
        word = (_GUIDE if guide else "") + name + ("@" + tied if tied else "")
        lines.setdefault((place, STANDARDS.index(entry.since)), []).append(word)
    text = [f"{place}\t{STANDARDS[at]}\t{'|'.join(sorted(words))}\n" for (place, at), words in sorted(lines.items())]
    _FIRST.write_text("".join(text))
    _write_later(entries)
    # A name that libc++ has, tied to a class or not, is not news.
    known = {qualified for qualified, _, guide in also if not guide}
    only = [
        entry for key, entry in sorted(entries.items()) if key not in also and (key[2] or key[0] not in known or key[1])
    ]
    _ONLY.write_text("".join(json.dumps(_as_json(e), ensure_ascii=False) + "\n" for e in only))


def _write_later(entries):
    lines = {}
    for (qualified, _, guide), entry in entries.items():
        for one in entry.signatures if not guide else ():
            key = (qualified, dated_shape(one.text))
            lines[key] = min(lines.get(key, one.since), one.since, key=order)
    oldest = {}
    for (qualified, _), standard in lines.items():
        oldest[qualified] = min(oldest.get(qualified, standard), standard, key=order)
    _LATER.write_text(
        "".join(f"{q}\t{standard}\t{shape}\n" for (q, shape), standard in sorted(lines.items()) if standard != oldest[q])
    )


def later():
    """(qualified, shape) -> the first standard in which libstdc++ has this overload, where that is not its set's."""
    rows = (line.split("\t") for line in _LATER.read_text().splitlines())
    return {(qualified, shape): standard for qualified, standard, shape in rows}


def first():
    """key -> the first standard in which libstdc++ has it."""
    out = {}
    for line in _FIRST.read_text().splitlines():
        place, standard, words = line.split("\t")
        for word in words.split("|"):
            guide = word.startswith(_GUIDE)
            name, _, tied = word.removeprefix(_GUIDE).partition("@")
            out[(f"{place}::{name}", tied, guide)] = standard
    return out


def only():
    """key -> Entry, for what libc++ has not."""
    out = {}
    for line in _ONLY.read_text().splitlines():
        entry = _from_json(json.loads(line))
        out[(entry.qualified, entry.tied, entry.kind == "deduction_guide")] = entry
    return out


def _as_json(entry):
    said = {"qualified": entry.qualified, "kind": entry.kind, "header": entry.header, "since": entry.since}
    optional = {"tied": entry.tied, "deprecated": entry.deprecated, "removed": entry.removed, "bases": entry.bases}
    said |= {name: value for name, value in optional.items() if value}
    said["signatures"] = [[one.text, one.since] for one in entry.signatures]
    return said


def _from_json(said):
    signatures = [Signature(text, since) for text, since in said.pop("signatures")]
    return Entry(signatures=signatures, **said)
