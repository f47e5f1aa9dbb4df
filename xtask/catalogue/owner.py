"""The class that a member stands in, as far as the member's text depends on it."""

from dataclasses import dataclass

from clang.cindex import CursorKind as K
from cursors import CLASSES, PARAMETERS
from libclang import children
from tokens import split


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
        return Owner(names, (), key if is_special else "", visible)
    packs = [name + "..." if name + "..." in cursor.displayname else name for name in names]
    return Owner(names, tuple(split(f"{cursor.spelling}<{', '.join(packs)}>")), "", visible)


def _parameters(cursor):
    return tuple(c.spelling for c in children(cursor) if c.kind in PARAMETERS)


def _above(cursor):
    names, parent = (), cursor.semantic_parent
    while parent is not None and parent.kind in CLASSES:
        names += _parameters(parent)
        parent = parent.semantic_parent
    return names
