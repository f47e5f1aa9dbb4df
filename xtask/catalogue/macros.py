"""Macros: the standard's own list by hand, and the feature-test macros from the table in libc++'s <version>."""

import itertools
import re
from pathlib import Path

from entry import Entry, Signature

_HERE = Path(__file__).parent
_DATES = (
    (199711, "C++98"),
    (201103, "C++11"),
    (201402, "C++14"),
    (201703, "C++17"),
    (202002, "C++20"),
    (202302, "C++23"),
)


def macros(library):
    return [*_listed(), *_feature_tests(library)]


def _listed():
    for line in (_HERE / "macros.tsv").read_text().splitlines():
        if line and not line.startswith("#"):
            header, since, patterns = line.split("\t")
            for pattern in patterns.split():
                for word in _braces(pattern):
                    yield _entry(word, header, since)


def _entry(word, header, since):
    name = word.split("(", 1)[0]
    return Entry(name, "macro", header, since, signatures=[Signature("#define " + word.replace(",", ", "), since)])


def _braces(pattern):
    """`A{B,C}` is `AB` and `AC`."""
    parts = [p.split(",") if i % 2 else [p] for i, p in enumerate(re.split(r"\{([^{}]*)\}", pattern))]
    return ["".join(choice) for choice in itertools.product(*parts)]


def _feature_tests(library):
    table = (library.include / "version").read_text().split("*/", 1)[0]
    dates, name = {}, None
    for line in table.splitlines():
        named = re.match(r"(__cpp_lib_\w+)|\s+(?=\d{6}L)", line)
        date = re.search(r"\b(\d{6})L", line)
        if named and date:
            name = named[1] or name  # a line without a name is about the one before
            dates[name] = min(int(date[1]), dates.get(name, 999999))
    return [_entry(name, "version", _standard(date)) for name, date in sorted(dates.items())]


def _standard(date):
    """The standard that was the next at that time."""
    return next((standard for until, standard in _DATES if date <= until), "C++26")
