"""Members that a class has from its bases: `std::basic_ifstream::good` is `std::basic_ios::good`."""

from copy import copy

from entry import Signature
from standards import latest

# Bases that say what a class is rather than what it can do; their members would be listed a hundred times.
_SILENT = ("std::integral_constant", "std::iterator", "std::unary_function", "std::binary_function", "std::enable_view")
_OWN_ONLY = ("constructor", "destructor", "deduction_guide", "class", "enum")


def inherited(entries):
    """The entries that come on top of `entries`."""
    classes = {e.qualified: e for e in entries if e.kind == "class" and not e.tied}
    members = {}
    for entry in entries:
        if entry.place in classes and not entry.tied:
            members.setdefault(entry.place, {}).setdefault(entry.name, []).append(entry)
    out = []
    for name, heir in sorted(classes.items()):
        seen = set(members.get(name, ()))
        for base in _chain(name, classes):
            for member in sorted(members.get(base, {})):
                if member not in seen:
                    seen.add(member)
                    out += [_passed(e, heir) for e in members[base][member] if _is_passed(e)]
    return out


def _chain(name, classes):
    """All bases, the nearest first."""
    out, open_ = [], list(classes[name].bases)
    while open_:
        base = open_.pop(0)
        if base in classes and base not in out and base != name and base not in _SILENT:
            out.append(base)
            open_ += classes[base].bases
    return out


def _is_passed(entry):
    return entry.kind not in _OWN_ONLY and entry.name != "operator="


def _passed(entry, heir):
    mine = copy(entry)
    mine.qualified = f"{heir.qualified}::{entry.name}"
    mine.inherited_from = entry.qualified
    mine.header = heir.header
    mine.since = latest(entry.since, heir.since)
    mine.removed = heir.removed or entry.removed
    mine.signatures = [Signature(s.text, latest(s.since, mine.since)) for s in entry.signatures]
    return mine
