"""The class that a member stands in, as far as the member's text depends on it."""

import re
from dataclasses import dataclass

from clang.cindex import CursorKind as K
from cursors import CLASSES, PARAMETERS
from libclang import children
from tokens import split

# A parameter of a template, as libclang writes what it has no name for.
UNNAMED = re.compile(r"type-parameter-0-(\d+)")


@dataclass(frozen=True)
class Owner:
    """Its own parameters, what it is called inside of itself, which specialisation it is, and all parameters in sight."""

    parameters: tuple = ()
    own: tuple = ()
    special: str = ""
    visible: tuple = ()


NO_OWNER = Owner()


def owner_of(cursor, key):
    names = _parameters(cursor)
    visible = names + _above(cursor)
    if cursor.kind != K.CLASS_TEMPLATE:
        is_special = cursor.kind == K.CLASS_TEMPLATE_PARTIAL_SPECIALIZATION or "<" in cursor.displayname
        return Owner(names, _special(cursor, names) if is_special else (), key if is_special else "", visible)
    packs = [name + "..." if name + "..." in cursor.displayname else name for name in names]
    return Owner(names, tuple(split(f"{cursor.spelling}<{', '.join(packs)}>")), "", visible)


def _special(cursor, names):
    """What a specialisation is called, with its parameters by name, as its members' texts have it."""
    said = cursor.type.spelling
    said = UNNAMED.sub(lambda m: names[int(m[1])] if int(m[1]) < len(names) else m[0], said)
    at = said.find(cursor.spelling + "<")
    return tuple(split(said[at:])) if at >= 0 else ()


def _parameters(cursor):
    return tuple(c.spelling for c in children(cursor) if c.kind in PARAMETERS)


def _above(cursor):
    names, parent = (), cursor.semantic_parent
    while parent is not None and parent.kind in CLASSES:
        names += _parameters(parent)
        parent = parent.semantic_parent
    return names
