"""What libclang's own Python module leaves out: pretty printing and inline namespaces."""

from ctypes import c_int, c_uint, c_void_p

from clang.cindex import Cursor, conf

_TERSE_OUTPUT, _POLISH, _SUPPRESS_UNWRITTEN_SCOPE, _BOOL = 17, 18, 5, 12


def _bind():
    from clang.cindex import _CXString

    lib = conf.lib
    lib.clang_getCursorPrintingPolicy.argtypes = [Cursor]
    lib.clang_getCursorPrintingPolicy.restype = c_void_p
    lib.clang_PrintingPolicy_setProperty.argtypes = [c_void_p, c_int, c_uint]
    lib.clang_getCursorPrettyPrinted.argtypes = [Cursor, c_void_p]
    lib.clang_getCursorPrettyPrinted.restype = _CXString
    lib.clang_getCursorPrettyPrinted.errcheck = _CXString.from_result
    lib.clang_Cursor_isInlineNamespace.argtypes = [Cursor]
    lib.clang_Cursor_isInlineNamespace.restype = c_uint
    return lib


class Printer:
    """Prints declarations of one translation unit without their bodies and attributes."""

    def __init__(self, cursor):
        self._lib = _bind()
        self._policy = self._lib.clang_getCursorPrintingPolicy(cursor)
        for name in (_TERSE_OUTPUT, _POLISH, _SUPPRESS_UNWRITTEN_SCOPE, _BOOL):
            self._lib.clang_PrintingPolicy_setProperty(self._policy, name, 1)

    def text(self, cursor):
        return self._lib.clang_getCursorPrettyPrinted(cursor, self._policy)

    def is_inline(self, namespace):
        return bool(self._lib.clang_Cursor_isInlineNamespace(namespace))


def overloads(reference):
    """The declarations that a using-declaration brings in."""
    count = conf.lib.clang_getNumOverloadedDecls(reference)
    return [conf.lib.clang_getOverloadedDecl(reference, i) for i in range(count)]


def children(cursor):
    """What stands in it, without what the Python module has no word for (newer attributes)."""
    return [child for child in cursor.get_children() if _is_known(child)]


def _is_known(cursor):
    try:
        return cursor.kind is not None
    except ValueError:
        return False
