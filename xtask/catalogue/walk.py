"""From one translation unit to what it declares in `std`: each name once, with its declarations as text."""

import re
from dataclasses import dataclass, field

from clang.cindex import AccessSpecifier, AvailabilityKind, Index, TranslationUnit, TypeKind
from clang.cindex import CursorKind as K
from clean import last_name, signature
from cursors import (
    CLASSES,
    FUNCTIONS,
    bare,
    bare_function,
    bases,
    conversion,
    deep,
    in_class,
    is_placeholder,
    namespace_above,
    path_of,
    stands_here,
)
from libclang import Printer, children, overloads
from owner import NO_OWNER, owner_of
from reserved import is_reserved
from ties import SPECIALISED, argument, tie
from tokens import join, outside, split

_SHOWN = (AccessSpecifier.PUBLIC, AccessSpecifier.PROTECTED, AccessSpecifier.INVALID, AccessSpecifier.NONE)
_GROUPS = (K.LINKAGE_SPEC, K.UNEXPOSED_DECL)


@dataclass
class Found:
    """A name in one place, as one translation unit has it."""

    kind: str
    header: str
    texts: list = field(default_factory=list)
    deprecated: bool = True
    bases: list = field(default_factory=list)
    owner: str = ""
    defined: bool = False

    def add(self, text, deprecated):
        self.deprecated = self.deprecated and deprecated
        if text and text not in self.texts:
            self.texts.append(text)


def parse(library, standard, unsaved=()):
    """All that the library's headers declare under this standard: (qualified, tied class or "") -> Found."""
    files = [("all.cpp", library.source()), *unsaved]
    options = TranslationUnit.PARSE_SKIP_FUNCTION_BODIES | TranslationUnit.PARSE_INCOMPLETE
    unit = Index.create().parse("all.cpp", library.arguments(standard), files, options)
    walker = _Walker(library, Printer(unit.cursor))
    walker.scope(unit.cursor, ())
    return walker.found


class _Walker:
    def __init__(self, library, printer):
        self.found = {}
        self.print = printer
        self._include = str(library.include) + "/"
        self._owners = {}
        self._internals = {}

    def scope(self, parent, path):
        for cursor in children(parent):
            if cursor.kind == K.NAMESPACE:
                self._namespace(cursor, path)
            elif cursor.kind in _GROUPS and not cursor.spelling:
                self.scope(cursor, path)
            elif path and stands_here(cursor):
                self._declaration(cursor, path)
            elif path and cursor.kind in CLASSES and cursor.is_definition():
                above = path_of(cursor.semantic_parent)
                if not any(map(is_reserved, above)):
                    self._class(cursor, above)

    def _namespace(self, cursor, path):
        name = cursor.spelling
        if not path and name != "std":
            return
        if is_reserved(name) or name == "_V2":
            if self.print.is_inline(cursor):
                self.scope(cursor, path)
            return
        if name in ("experimental", "tr1", "tr2", "parallel"):
            return
        self.scope(cursor, (*path, name))

    def _declaration(self, cursor, path):
        kind = cursor.kind
        if kind in CLASSES:
            self._class(cursor, path)
        elif kind in FUNCTIONS:
            self._function(cursor, path)
        elif kind == K.ENUM_DECL:
            self._enum(cursor, path)
        elif kind in (K.TYPEDEF_DECL, K.TYPE_ALIAS_DECL, K.TYPE_ALIAS_TEMPLATE_DECL):
            self._alias(cursor, path)
        elif kind in (K.VAR_DECL, K.FIELD_DECL):
            self._variable(cursor, path)
        elif kind == K.CONCEPT_DECL:
            self._put(path, cursor.spelling, "concept", cursor, self.print.text(cursor))
        elif kind == K.USING_DECLARATION:
            self._using(cursor, path)
        elif kind == K.UNEXPOSED_DECL and cursor.spelling and not cursor.spelling.startswith("<"):
            self._variable(cursor, path)

    def _class(self, cursor, path):
        name = cursor.spelling
        if not name or "(" in name:
            if path and cursor.is_definition():
                self._members(cursor, path)
            return
        if is_reserved(name) or not path:
            if cursor.kind == K.CLASS_TEMPLATE_PARTIAL_SPECIALIZATION and cursor.is_definition():
                self._internals.setdefault(name, []).append(cursor)
            return
        if name in SPECIALISED and "<" in cursor.displayname:
            self._special(cursor, path)
        here = (*path, name)
        text = self._class_text(cursor) if cursor.kind != K.CLASS_TEMPLATE_PARTIAL_SPECIALIZATION else None
        found = self._put(path, name, "class", cursor, text)
        if found is None or not cursor.is_definition():
            return
        if cursor.kind != K.CLASS_TEMPLATE_PARTIAL_SPECIALIZATION and "<" not in cursor.type.spelling:
            found.header = self._header(cursor) or found.header
        self._members(cursor, here)
        for base in bases(cursor):
            target = path_of(base)
            if target and not any(is_reserved(part) for part in target) and "::".join(target) not in found.bases:
                found.bases.append("::".join(target))

    def _special(self, cursor, path):
        """`hash<string>` is there for `string`, whoever looks at `hash` alone."""
        tied = argument(cursor.displayname)
        if tied and cursor.is_definition():
            self._put(path, cursor.spelling, "class", cursor, self._class_text(cursor), tied)

    def _members(self, cursor, here, seen=()):
        """Its own, and those of bases that have no name a user may say."""
        for member in children(cursor):
            if member.access_specifier in _SHOWN or member.kind == K.FRIEND_DECL:
                self._member(member, here)
        for base in bases(cursor):
            name, definition = base.spelling, base.get_definition()
            if is_reserved(name) and definition and name not in seen:
                for part in [definition, *self._internals.get(name, ())]:
                    self._members(part, here, (*seen, name))

    def _member(self, member, here):
        if member.kind in (K.CONSTRUCTOR, K.DESTRUCTOR) and is_reserved(bare(member.semantic_parent.spelling)):
            return
        if member.kind == K.FRIEND_DECL:
            for friend in children(member):
                if friend.kind in (K.FUNCTION_DECL, K.FUNCTION_TEMPLATE):
                    self._hidden_friend(friend, here)
            return
        self._declaration(member, here)

    def _hidden_friend(self, friend, here):
        namespace = path_of(namespace_above(friend))
        if namespace:
            self._function(friend, namespace, owner="::".join(here[1:]))

    def _function(self, cursor, path, owner=None):
        name, kind = bare_function(cursor), FUNCTIONS[cursor.kind]
        if name.startswith("<deduction guide for"):
            name, kind = name[len("<deduction guide for ") : -1], "deduction_guide"
        if cursor.kind == K.FUNCTION_TEMPLATE and len(path) > 1 and name == path[-1] and kind == "function":
            kind = "constructor" if in_class(cursor) else kind
        if name.startswith("operator") and not (name[8:9].isalnum() or name[8:9] == "_"):
            kind = "operator"
        if name.startswith("operator ") and in_class(cursor) and owner is None:
            kind = "operator"
        text = self.print.text(cursor)
        if cursor.kind == K.CONVERSION_FUNCTION or name.startswith("operator ") and kind == "operator":
            name = conversion(text) or name
        tied = ""
        if kind not in ("constructor", "destructor", "deduction_guide") and not in_class(cursor) or owner:
            tied = tie(name, cursor, owner)
        self._put(path, name, kind, cursor, text, tied)

    def _enum(self, cursor, path):
        name = cursor.spelling
        named = bool(name) and not is_reserved(name) and not name.startswith("(")
        if named:
            self._put(path, name, "enum", cursor, None)
        scoped = cursor.is_scoped_enum()
        if scoped and not named:
            return
        for item in children(cursor):
            if item.kind == K.ENUM_CONSTANT_DECL:
                self._put((*path, name) if scoped else path, item.spelling, "enumerator", item, None)

    def _alias(self, cursor, path):
        member = in_class(cursor)
        underlying = cursor.underlying_typedef_type if cursor.kind != K.TYPE_ALIAS_TEMPLATE_DECL else None
        is_class = underlying is None or underlying.get_canonical().kind == TypeKind.RECORD
        kind = "type" if member or not is_class else "alias"
        self._put(path, cursor.spelling, kind, cursor, self.print.text(cursor))

    def _variable(self, cursor, path):
        text = self.print.text(cursor)
        fixed = cursor.kind == K.UNEXPOSED_DECL or "constexpr" in text or cursor.type.is_const_qualified()
        name = cursor.spelling
        if "auto" in text.split("=")[0].split():
            text = re.sub(r"\bauto\b", cursor.type.spelling, text, count=1)
        if ("::".join((*path, name)), "", False) in self.found:
            text = None
        found = self._put(path, name, "constant" if fixed else "variable", cursor, text)
        if found and cursor.kind == K.VAR_DECL and cursor.semantic_parent.kind == K.NAMESPACE:
            self._function_object(cursor, found)

    def _function_object(self, cursor, found):
        """What a user calls like a function: an object of a class without a name for users, with `operator()`."""
        record = cursor.type.get_declaration()
        if record.kind not in CLASSES or not is_reserved(bare(record.spelling)):
            return
        calls = [m for m in deep(record) if bare_function(m) == "operator()" and m.kind in FUNCTIONS]
        if calls:
            found.kind, found.texts = "function", []
        for call in calls:
            owner = self._owner(call)
            said = self.print.text(call).replace("operator()", cursor.spelling, 1)
            text = signature(said, cursor.spelling, "function", owner)
            text = re.sub(r"\) const\b", ")", text).replace("static ", "") if text else None
            found.add(text, call.availability == AvailabilityKind.DEPRECATED)

    def _using(self, cursor, path):
        targets = [r for r in children(cursor) if r.kind in (K.OVERLOADED_DECL_REF, K.TYPE_REF)]
        for reference in targets:
            many = overloads(reference) if reference.kind == K.OVERLOADED_DECL_REF else [reference.referenced]
            for target in many:
                if target is not None and target.kind in FUNCTIONS:
                    tied = "" if in_class(cursor) else tie(cursor.spelling, target, None)
                    kind = "operator" if cursor.spelling.startswith("operator") else "function"
                    self._put(path, cursor.spelling, kind, cursor, self.print.text(target), tied, target)
                elif target is not None:
                    kind = "class" if target.kind in CLASSES else "type"
                    found = self._put(path, cursor.spelling, kind, cursor, None)
                    self._of_c(target, path, found)

    def _of_c(self, target, path, found):
        """A structure of C: its fields are what there is to know of it."""
        record = target.type.get_canonical().get_declaration() if found else None
        if record is not None and record.kind == K.STRUCT_DECL and path == ("std",):
            found.kind = "class"
            for member in children(record):
                if member.kind == K.FIELD_DECL and not is_reserved(member.spelling):
                    self._put((*path, target.spelling), member.spelling, "variable", member, self.print.text(member))

    def _put(self, path, name, kind, cursor, text, tied="", said=None):
        name = last_name(name)
        if not name or (is_reserved(name) and not is_placeholder(path, name)):
            return None
        key = ("::".join((*path, name)), tied, kind == "deduction_guide")
        found = self.found.get(key)
        if found is None:
            found = self.found[key] = Found(kind, self._header(cursor))
        elif found.kind == "type" and kind == "class":
            found.kind = kind
        elif kind == "function" and cursor.is_definition() and not found.defined:
            found.header = self._header(cursor) or found.header
        found.defined = found.defined or cursor.is_definition()
        deprecated = (said or cursor).availability == AvailabilityKind.DEPRECATED
        owner = self._owner(cursor)
        # What a specialisation changes in a member of the primary class is not another overload.
        if owner.special and found.texts and found.owner != owner.special:
            text = None
        else:
            found.owner = owner.special
        found.add(signature(text, name, kind, owner) if text else None, deprecated)
        return found

    def _owner(self, cursor):
        parent = cursor.semantic_parent
        if cursor.lexical_parent is not None and cursor.lexical_parent.kind in CLASSES:
            parent = cursor.lexical_parent
        if parent is None or parent.kind not in CLASSES:
            return NO_OWNER
        key = f"{parent.get_usr()} {parent.hash}"
        if key not in self._owners:
            self._owners[key] = owner_of(parent, key)
        return self._owners[key]

    def _header(self, cursor):
        file = cursor.location.file
        name = file.name if file else ""
        return name[len(self._include) :] if name.startswith(self._include) else ""

    def _class_text(self, cursor):
        tokens = split(self.print.text(cursor))
        return join(tokens[: outside(tokens, ("{", ":"))])
