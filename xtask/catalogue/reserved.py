"""Names that the standard keeps for libraries."""

import re

_STANDARD_RESERVED = (
    "__cpp_",
    "__has_cpp_attribute",
    "_Exit",
    "__STDCPP_",
    "__alignof_is",
    "__bool_true",
    "_IOFBF",
    "_IOLBF",
    "_IONBF",
)


def is_reserved(name):
    """Whether the standard keeps this name for libraries."""
    if name.startswith(('operator""', *_STANDARD_RESERVED)):
        return False
    return name.startswith("_") or "__" in name


def has_reserved(text):
    return any(map(is_reserved, re.findall(r"[A-Za-z_]\w*", text)))
