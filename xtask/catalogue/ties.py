"""Which class a free function belongs to in its users' minds: `operator<<` to what it prints, `swap` to what it swaps."""

import re

from libclang import children

_TIED = ("swap", "erase", "erase_if", "get", "get_if", "exchange", "begin", "end", "iter_swap", "iter_move")
_STREAMS = ("basic_istream", "basic_ostream")
_OF_CHARACTERS = re.compile(r"(is|to)[a-z]+$")
_LIGHT = (
    "chrono::days",
    "chrono::months",
    "chrono::years",
    "chrono::duration",
    "type_identity_t",
    "iter_difference_t",
    "initializer_list",
    "iterator_traits",
)
_NUMBERS = ("complex", "valarray")
_SPECIFIERS = re.compile(r"\b(const|volatile|struct|class|typename|enum)\b|[&*]")


# Templates that a class has a specialisation of, as users know: `hash<string>`.
SPECIALISED = ("hash", "formatter", "tuple_size", "tuple_element", "common_type")
_ARGUMENT = re.compile(
    r"\w+<(?:__enable_hash_helper<|(?:0|1|_\w+), |const |volatile )*((?:(?:chrono|filesystem|pmr|ranges)::)?\w+)[<>,]"
)
_PUBLIC = {"__thread_id": "thread::id"}
_NO_CLASSES = ("bool", "char", "int", "long", "short", "float", "double", "unsigned", "signed", "wchar_t", "char8_t",
    "char16_t", "char32_t", "nullptr_t", "void", "class", "size_t")  # fmt: skip
# Functions that make a class, where their names do not say so.
_MAKERS = {
    "allocate_shared": "shared_ptr",
    "allocate_shared_for_overwrite": "shared_ptr",
    "static_pointer_cast": "shared_ptr",
    "dynamic_pointer_cast": "shared_ptr",
    "const_pointer_cast": "shared_ptr",
    "reinterpret_pointer_cast": "shared_ptr",
    "get_deleter": "shared_ptr",
    "forward_as_tuple": "tuple",
    "tie": "tuple",
    "tuple_cat": "tuple",
    "ref": "reference_wrapper",
    "cref": "reference_wrapper",
    "back_inserter": "back_insert_iterator",
    "front_inserter": "front_insert_iterator",
    "inserter": "insert_iterator",
    "async": "future",
    "to_array": "array",
    "make_wformat_args": "basic_format_args",
    "chrono::duration_cast": "chrono::duration",
    "chrono::time_point_cast": "chrono::time_point",
}
_MAKE = re.compile(r"make_(\w+?)(_for_overwrite)?$")


def made(entry, classes):
    """The class without `std::` that a free function makes, or ""."""
    match = _MAKE.match(entry.name) if entry.place == "std" else None
    names = (match[1], match[1] + "_ptr", "basic_" + match[1]) if match else ()
    known = (name for name in names if f"std::{name}" in classes)
    return next(known, _MAKERS.get(entry.qualified.removeprefix("std::"), ""))


def argument(displayed):
    """The class of the standard that a specialisation is for: what stands first between its brackets."""
    words = _ARGUMENT.match(displayed)
    name = _PUBLIC.get(words[1], words[1]) if words else ""
    return "" if name[:1] in ("_", "") or name in _NO_CLASSES else name


def tie(name, cursor, owner):
    """The class without `std::`, or "" where the function stands for itself."""
    if name.startswith('operator""'):
        return ""
    classes = _classes(cursor)
    if name in ("operator<<", "operator>>") and classes[:1] and classes[0] in _STREAMS:
        classes = classes[1:] + classes[:1]
    if owner and (name.startswith("operator") or name in _TIED):
        return owner
    if len(classes) > 1 and classes[0] in _LIGHT:
        classes = classes[1:]
    if "locale" in classes and _OF_CHARACTERS.match(name):
        return "locale"
    if name.startswith("operator") or name in _TIED or classes[:1] and classes[0] in _NUMBERS:
        return classes[0] if classes else ""
    return ""


def _classes(cursor):
    found = []
    for child in children(cursor):
        if child.kind.name == "PARM_DECL":
            name = _class_of(child)
            if name:
                found.append(name)
    return found


def _class_of(parameter):
    """The class or enum of the standard that a parameter is of, seen through references."""
    kind = parameter.type
    while kind.kind.name in ("LVALUEREFERENCE", "RVALUEREFERENCE"):
        kind = kind.get_pointee()
    target = kind.get_declaration()
    if target.kind.name in ("NO_DECL_FOUND", "INVALID_FILE"):
        refs = [c for c in children(parameter) if c.kind.name == "TEMPLATE_REF"]
        target = refs[0].referenced if refs and _outermost(parameter, refs[0]) else None
    return _visible_name(target) if target is not None else ""


def _outermost(parameter, reference):
    spelled = _SPECIFIERS.sub(" ", parameter.type.spelling).strip()
    head = spelled.split("<", 1)[0].split("::")[-1].strip()
    return head == reference.spelling


def _visible_name(target):
    names, cursor = [], target
    while cursor is not None and cursor.kind.name != "TRANSLATION_UNIT":
        spelled = _PUBLIC.get(cursor.spelling, cursor.spelling.split("<", 1)[0])
        if not (cursor.kind.name == "NAMESPACE" and spelled.startswith("_")):
            names.append(spelled)
        cursor = cursor.semantic_parent
    names.reverse()
    if names[:1] != ["std"] or len(names) < 2 or any(n.startswith("_") for n in names):
        return ""
    return "::".join(names[1:])
