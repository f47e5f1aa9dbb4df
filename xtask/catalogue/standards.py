"""The standards, oldest first."""

STANDARDS = ("C++98", "C++11", "C++14", "C++17", "C++20", "C++23", "C++26")
_ORDER = {name: at for at, name in enumerate(STANDARDS)}
_ORDER["C++03"] = 0


def flag(standard):
    """The compiler's word for it."""
    return "-std=" + standard.lower()


def order(standard):
    return _ORDER[standard]


def latest(*standards):
    """The newest of these; nothing counts as nothing said."""
    return max((s for s in standards if s), key=order)


def following(standard):
    """The standard after this one, or None."""
    at = order(standard) + 1
    return STANDARDS[at] if at < len(STANDARDS) else None
