"""The page of each set: its own, or the nearest that tells about it."""

import re
from fnmatch import fnmatchcase


class Links:
    def __init__(self, index):
        self._index = index
        self._titled = {}
        for (name, _), url in index.items():
            self._titled.setdefault(name, url)

    def knows(self, qualified, tied=""):
        """Whether a page is about exactly this name."""
        if (qualified, tied) in self._index or not tied and qualified in self._titled:
            return True
        return qualified.endswith(("_v", "_t")) and qualified[:-2] in self._titled

    def named(self, patterns):
        """What the index has of these names."""
        return sorted(name for name in self._titled if any(fnmatchcase(name, pattern) for pattern in patterns))

    def of(self, entry, alias_of=None):
        """The address, or None where not even the header has a page."""
        for name, tied in _candidates(entry, alias_of):
            found = self._index.get((name, tied)) or (None if entry.tied else self._titled.get(name))
            if found:
                return found
        return self._index.get((f"<{entry.header}>", ""))


def _candidates(entry, alias_of):
    name = entry.qualified
    place, _, last = name.rpartition("::")
    if entry.kind == "deduction_guide":
        yield name, "deduction guides"
    if entry.tied:
        yield name, entry.tied
        yield name, entry.tied.rpartition("::")[2]
        yield "std::" + entry.tied, ""
        yield "std::" + entry.tied.rpartition("::")[0], ""
    if entry.kind == "macro":
        yield last, ""
    yield name, entry.header
    yield name, ""
    if entry.inherited_from:
        yield entry.inherited_from, ""
        yield entry.inherited_from.rpartition("::")[0], ""
    if name.startswith("std::views::"):
        yield name.replace("std::views::", "std::ranges::views::"), ""
        yield name.replace("std::views::", "std::ranges::") + "_view", ""
    if alias_of:
        yield alias_of, ""
    if re.search(r"_[vt]$", last):
        yield name[:-2], ""
    while place and place != "std":
        yield place, ""
        place = place.rpartition("::")[0]
