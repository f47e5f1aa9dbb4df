"""What neither library tells right, by hand: `corrections.toml`, each with its reason."""

import re
import tomllib
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path

from entry import Entry, Signature
from standards import latest

_HERE = Path(__file__).parent


@dataclass
class Corrections:
    kept: list
    headers: set
    dropped: list
    changes: list
    added: list
    also: list

    def keeps(self, name):
        return _fits(name, self.kept)

    def apply(self, every, links):
        """Changes the list in place. A correction that fits nothing is a mistake."""
        _drop(every, self.dropped)
        for change in self.changes:
            fitting = [
                e
                for e in every
                if _fits(e.qualified, change["names"])
                and change.get("tied", e.tied) == e.tied
                and change.get("kind", e.kind) == e.kind
            ]
            if not fitting:
                raise ValueError(f"corrections.toml: nothing is called {change['names']}")
            for entry in fitting:
                _change(entry, change)
        for block in self.also:
            every += _also(every, block)
        for new in self.added:
            every += _new(new, links)


def read():
    said = tomllib.loads((_HERE / "corrections.toml").read_text())
    more = tomllib.loads((_HERE / "additions.toml").read_text())
    kept = [name for block in said.get("keep", ()) for name in block.get("names", ())]
    headers = {name for block in said.get("keep", ()) for name in block.get("headers", ())}
    return Corrections(kept, headers, said.get("drop", []), said.get("change", []), said.get("add", []) + more["add"], said.get("also", []))


def _fits(name, patterns):
    return any(fnmatchcase(name, pattern.replace("[", "[[]")) for pattern in patterns)


def _drop(every, blocks):
    for block in blocks:
        gone = [
            e
            for e in every
            if _fits(e.qualified, block["names"])
            and block.get("tied", e.tied) == e.tied
            and block.get("kind", e.kind) == e.kind
        ]
        if not gone:
            raise ValueError(f"corrections.toml: nothing is called {block['names']}")
        marked = set(map(id, gone))
        every[:] = [e for e in every if id(e) not in marked]


def _change(entry, change):
    entry.kind = change.get("becomes", entry.kind)
    for field in ("since", "header", "deprecated", "removed"):
        if field in change:
            setattr(entry, field, change[field] or None)
    if "without" in change:
        entry.signatures = [s for s in entry.signatures if not re.search(change["without"], s.text)]
    for pattern, text in change.get("replace", ()):
        for one in entry.signatures:
            one.text = re.sub(pattern, text, one.text)
    if "signatures" in change:
        entry.signatures = [_signature(text, entry) for text in change["signatures"]]
    for pattern, since in change.get("dates", ()):
        for one in entry.signatures:
            one.since = since if re.search(pattern, one.text) else one.since
    if "since" in change:
        for one in entry.signatures:
            one.since = latest(entry.since, one.since) if change.get("overloads") == "later" else entry.since


def _also(every, block):
    """The same set under another header."""
    found = [e for e in every if e.qualified in block["names"] and not e.tied]
    if len(found) != len(block["names"]):
        raise ValueError(f"corrections.toml: not one set each is called {block['names']}")
    for entry in found:
        same = replace(entry, header=block["header"])
        same.removed = block.get("removed")
        same.signatures = [s for s in entry.signatures if re.search(block.get("only", ""), s.text)]
        yield same


def _signature(text, entry):
    """A declaration; the standard before it, where it is not its set's."""
    said = re.match(r"C\+\+\d\d ", text)
    since = said[0].strip() if said else entry.since
    return Signature(text.removeprefix(said[0] if said else "").replace("{name}", entry.name), since)


def _new(block, links):
    """What a block adds: the names it lists, and with `*` those that the index of pages has."""
    since = block["since"]
    patterns = [name for name in block["names"] if "*" in name]
    names = [name for name in block["names"] if "*" not in name]
    names += [name for name in links.named(patterns) if name not in names and name not in block.get("except", ())]
    for name in names:
        kind = _kind(name, block["kind"])
        entry = Entry(name, kind, block["header"], since, block.get("tied", ""))
        entry.signatures = [_signature(text, entry) for text in block.get("signatures", ())]
        entry.deprecated, entry.removed = block.get("deprecated"), block.get("removed")
        yield entry


def _kind(name, kind):
    """Members tell by their names what they are."""
    place, _, last = name.rpartition("::")
    if kind != "function":
        return kind
    if last == place.rpartition("::")[2]:
        return "constructor"
    return "destructor" if last.startswith("~") else "operator" if last.startswith("operator") else kind
