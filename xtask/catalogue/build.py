"""All parts together: from both libraries, the index and the lists kept by hand to the catalogue's entries."""

import re
from multiprocessing import Pool

import corrections
import libstdcxx
from entry import Signature
from inherit import inherited
from library import libcxx
from links import Links
from macros import macros
from merge import History, entries
from pages import read_index
from since import join
from standards import STANDARDS, order
from ties import made
from walk import parse


def history(library):
    """Reads the library once a standard, two at a time."""
    with Pool(2) as pool:
        found = pool.starmap(parse, [(library, standard) for standard in STANDARDS], chunksize=1)
    return History(dict(zip(STANDARDS, found)), set(library.headers()))


def build():
    links = Links(read_index())
    said = corrections.read()
    ours = entries(history(libcxx()))
    every = join(ours, libstdcxx, links, said)
    _name_views(every)
    every += macros(libcxx())
    every = [e for e in every if e.kind != "deduction_guide" or e.signatures]
    said.apply(every, links)
    _place_headers(every)
    every += inherited(every)
    _check_headers(every)
    _name_libs(every)
    every = _once(every)
    _name_aliases(every, links)
    _say_something(every)
    return sorted(every, key=_place_in_file)


def _place_in_file(entry):
    """Of one name, what stands for itself before what belongs to a class, and utilities before algorithms."""
    return entry.qualified, bool(entry.tied), entry.header != "utility", entry.lib, entry.kind


def _name_views(every):
    """`std::views` is what users write for `std::ranges::views`."""
    for entry in every:
        if entry.qualified.startswith("std::ranges::views::"):
            entry.aliases.append(entry.qualified.removeprefix("std::"))
            entry.qualified = entry.qualified.replace("::ranges::views::", "::views::")


def _place_headers(every):
    """A member is where its class is."""
    classes = {e.qualified: e for e in every if e.kind in ("class", "enum") and not e.tied}
    for entry in every:
        above = classes.get(entry.place)
        while above is not None and above.place in classes:
            above = classes[above.place]
        if above is not None:
            entry.header = above.header
        elif not entry.header and "std::" + entry.tied in classes:
            entry.header = classes["std::" + entry.tied].header
        elif entry.kind == "alias" and entry.header == "iosfwd":
            entry.header = getattr(_target(entry, classes), "header", entry.header)


def _check_headers(every):
    homeless = [e.qualified for e in every if not e.header]
    if homeless:
        raise ValueError(f"places.py: no header for {homeless}")


def _name_libs(every):
    holders = {e.qualified for e in every if e.kind in ("class", "enum")}
    for entry in every:
        if entry.kind == "deduction_guide":
            entry.lib = _without_std(entry.qualified)
        elif entry.tied or entry.kind == "function" and made(entry, holders):
            entry.lib = entry.tied or made(entry, holders)
        elif entry.place in holders:
            entry.lib = _without_std(entry.place)
        else:
            entry.lib = entry.header


def _once(every):
    """One set a key: `std::real` of `<complex>` is that of `complex`."""
    out = {}
    for entry in every:
        first = out.setdefault(entry.key(), entry)
        if first is not entry:
            known = {s.text for s in first.signatures}
            first.signatures += [s for s in entry.signatures if s.text not in known]
            first.since = min(first.since, entry.since, key=order)
    return list(out.values())


def _without_std(name):
    return name.removeprefix("std::")


def _name_aliases(every, links):
    """`std::string` is `std::basic_string` to who looks for it, and its page tells about it."""
    classes = {e.qualified: e for e in every if e.kind == "class" and not e.tied}
    for entry in every:
        target = _target(entry, classes) if entry.kind == "alias" else None
        if target is not None:
            target.aliases.append(_without_std(entry.qualified))
        entry.url = links.of(entry, target.qualified if target else None)
    for entry in every:
        entry.aliases = sorted(set(entry.aliases))


def _target(entry, classes):
    """The class that an alias is another name of."""
    for one in entry.signatures:
        match = re.search(r"using \w+ = ((?:\w+::)*\w+)(?![\w:])", one.text)
        if match and not one.text.startswith("template<bool"):
            place = entry.place
            while place:
                if f"{place}::{match[1]}" in classes:
                    return classes[f"{place}::{match[1]}"]
                place = place.rpartition("::")[0]
    return None


_DEFAULTS = {
    "class": "class {}",
    "enum": "enum {}",
    "type": "using {} = implementation-defined",
    "alias": "using {} = implementation-defined",
}


def _say_something(every):
    for entry in every:
        if not entry.signatures and entry.kind in _DEFAULTS:
            entry.signatures = [Signature(_DEFAULTS[entry.kind].format(entry.name), entry.since)]
