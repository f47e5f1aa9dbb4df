"""Questions about libclang's cursors."""

import re

from clang.cindex import AccessSpecifier
from clang.cindex import CursorKind as K
from libclang import children
from reserved import is_reserved

CLASSES = (
    K.CLASS_DECL,
    K.STRUCT_DECL,
    K.UNION_DECL,
    K.CLASS_TEMPLATE,
    K.CLASS_TEMPLATE_PARTIAL_SPECIALIZATION,
)
FUNCTIONS = {
    K.FUNCTION_DECL: "function",
    K.FUNCTION_TEMPLATE: "function",
    K.CXX_METHOD: "function",
    K.CONSTRUCTOR: "constructor",
    K.DESTRUCTOR: "destructor",
    K.CONVERSION_FUNCTION: "operator",
}
PARAMETERS = (K.TEMPLATE_TYPE_PARAMETER, K.TEMPLATE_NON_TYPE_PARAMETER, K.TEMPLATE_TEMPLATE_PARAMETER)


def conversion(text):
    """The name of a conversion as it is written; the one that libclang gives has types of its own in it."""
    match = re.search(r"\boperator ((?!new\b|delete\b|co_await\b)[^()]+?)\s*\(", text)
    return "operator " + match[1] if match else None


def stands_here(cursor):
    parent = cursor.semantic_parent
    return parent is None or parent.kind not in CLASSES


def in_class(cursor):
    return not stands_here(cursor)


def bare(name):
    return name.split("<", 1)[0]


def bare_function(cursor):
    name = cursor.spelling
    if name.startswith(("operator", "<")):
        return name
    return bare(name)


def is_placeholder(path, name):
    return path[-1] == "placeholders" and name[:1] == "_" and name[1:].isdigit()


def namespace_above(cursor):
    above = cursor.semantic_parent
    while above is not None and above.kind in CLASSES:
        above = above.semantic_parent
    return above


def path_of(cursor):
    """The names from `std` to here, without inline namespaces that users do not see; nothing outside of `std`."""
    names = []
    while cursor is not None and cursor.kind != K.TRANSLATION_UNIT:
        if cursor.spelling and not (cursor.kind == K.NAMESPACE and is_reserved(cursor.spelling)):
            names.append(bare(cursor.spelling))
        cursor = cursor.semantic_parent
    names.reverse()
    return tuple(names) if names[:1] == ["std"] else ()


def bases(cursor):
    """What it is derived from, as far as its users see it, or have no name for it."""
    for base in children(cursor):
        if base.kind != K.CXX_BASE_SPECIFIER:
            continue
        internal = is_reserved(bare(base.type.spelling.split("::")[-1]))
        if base.access_specifier != AccessSpecifier.PUBLIC and not internal:
            continue
        target = _record(base)
        if target is not None and target.kind in CLASSES:
            yield target


def _record(base):
    """The class that a base is; where it depends on parameters, the template that is named."""
    target = base.type.get_declaration()
    if target.kind in CLASSES:
        return target
    for reference in children(base):
        if reference.kind == K.TEMPLATE_REF:
            return reference.referenced
    return None


def deep(record, seen=()):
    """The member functions of a class and of its bases."""
    definition = record.get_definition()
    if definition is None or record.spelling in seen:
        return
    for member in children(definition):
        if member.kind in FUNCTIONS:
            yield member
    for base in bases(definition):
        yield from deep(base, (*seen, record.spelling))
