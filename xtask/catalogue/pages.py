"""Which page tells about a name: titles and addresses from the index that the package `cppman` ships."""

import re
import sqlite3
from pathlib import Path

_NOTE = re.compile(r"\s*\((?:since|until|deprecated|removed|C\+\+|TS|library)[^)]*\)")
_TIE = re.compile(
    r"\s*\((?:std::)?((?:ranges::|chrono::|filesystem::|pmr::|[a-z_]+::)*[a-z_]\w*(?:::\w+)*)(?:<[^()]*>)?\)$"
)
_OPERATOR = re.compile(r"^(.*?)\boperator\s*(.+)$")
_ABOUT = ("C++ ", "Standard library header", "deduction guides", "Symbol")
SITE = "https://en.cppreference.com/"


def read_index():
    """(qualified, tied class or "") -> address, for what is in the standard."""
    import cppman

    file = Path(cppman.__file__).parent / "lib/index.db"
    rows = sqlite3.connect(f"file:{file}?mode=ro", uri=True).execute(
        'select title, url from "cppreference.com" order by id'
    )
    return pages(rows)


def pages(rows):
    found = {}
    for title, url in rows:
        if "/experimental/" in url or not url.startswith(SITE):
            continue
        for name, tied in names(title.replace("\xa0", " ")):
            found.setdefault((name, tied), url)
    return found


def names(title):
    """What a title names: `std::swap(std::array)` is (`std::swap`, `array`), `operator==,!=(std::array)` two of them."""
    header = re.match(r"Standard library header <([\w.]+)>", title)
    if header:
        return [("<" + header[1] + ">", "")]
    guides = re.match(r"deduction guides for (std::.*)", title)
    if guides:
        return [(_plain(guides[1]), "deduction guides")]
    if title.startswith(_ABOUT):
        return []
    title = _NOTE.sub("", title)
    tied = ""
    match = _TIE.search(title)
    if match and not title.endswith("()"):
        tied, title = _plain(match[1]), title[: match.start()]
        if "std::" + tied == _plain(title) or "/" in tied:
            tied = ""
    else:
        title = re.sub(r"\s+\([^()]*\)$", "", title)
    found = _listed(title)
    return [(name if not tied or name.startswith("std::") else "std::" + name, tied) for name in found]


def _listed(title):
    operator = _OPERATOR.match(title)
    if operator and not re.search(r"\boperator_", title):
        return _operators(title)
    return [_plain(part) for part in _split(title) if part]


def _operators(title):
    """`std::atomic<T>::operator+=,-=` and `a::c_str, a::operator b` alike."""
    out, place = [], ""
    for part in _split(title):
        match = _OPERATOR.match(part)
        if match:
            place = _plain(match[1]) or place
            out.append(place + _named_operator(match[2]))
        elif re.match(r"[a-zA-Z]|~[a-z]", part):
            out.append(_plain(part))
            place = out[-1].rpartition("::")[0] + "::" if "::" in out[-1] else ""
        else:
            out.append(place + _named_operator(part))
    return [name if name.startswith("std::") else "std::" + name for name in out]


def _named_operator(rest):
    rest = rest.strip().removesuffix("()") if not rest.strip().startswith("(") else "()"
    return "operator" + (" " + _plain(rest) if rest[:1].isalpha() else re.sub(r"\s", "", rest))


def _split(title):
    parts, depth, part, i = [], 0, "", 0
    while i < len(title):
        if title.startswith("operator", i):
            end = i + 8
            while end < len(title) and not (
                title[end].isalnum() or title[end] in ",(" and end > i + 8 or title[end] == " "
            ):
                end += 1
            part += title[i:end]
            i = end
            continue
        char = title[i]
        depth += char in "<(" and not re.match(r"[<>=]+(,|$|\()", title[i:])
        depth -= char in ">)" and depth > 0
        if char == "," and depth == 0:
            parts.append(part.strip())
            part = ""
        else:
            part += char
        i += 1
    return [p for p in [*parts, part.strip()] if p]


def _plain(name):
    """Without the arguments of templates."""
    before = None
    while before != name:
        before, name = name, re.sub(r"<[^<>]*>", "", name)
    return name.strip()
