"""Declarations as their users would write them: without reserved names, attributes and what only compilers need."""

import re

from heads import with_commas, without_conditions, without_unused
from names import COMMON, EXPOSITION, TYPES, parameter_name
from owner import NO_OWNER, UNNAMED
from reserved import has_reserved, is_reserved
from tokens import closing, is_word, join, listed, outside, parameters_at, split
from unwrap import unwrapped

_DROPPED = {
    "constexpr",
    "inline",
    "extern",
    "friend",
    "__restrict",
    "__restrict__",
    "mutable",
    "__extension__",
    "register",
    "_Nonnull",
    "_Nullable",
}
# Classes of a library for its own ends, for which it has overloads of what the standard has for others.
_INTERNAL = ("__bit_reference", "__is_val_expr")
_TAGS = (
    "__secret_tag",
    "__private_constructor_tag",
    "__disable_user_instantiations_tag",
    "__optional_construct_from_invoke_tag",
    "__from_builtin_tag",
)
_LONG_CONDITION = 12
FUNCTION_LIKE = ("function", "operator", "constructor")
IMPLEMENTATION_DEFINED = "implementation-defined"


def last_name(name):
    """The last part of a name in one spelling: `operator""s`, `operator bool`, `operator new[]`."""
    if not name.startswith("operator"):
        return name
    rest = name[8:].strip()
    if rest.startswith('""'):
        return 'operator""' + rest[2:].strip()
    if is_word(rest or "."):
        return "operator " + join(_renamed(unwrapped(split(rest)), set(re.findall(r"_[A-Z]\w*", rest))))
    return "operator" + rest.replace(" ", "")


def signature(text, name, kind, owner=NO_OWNER):
    """One declaration, or None where nothing is left of it that a user could read."""
    known = owner.parameters
    text = UNNAMED.sub(lambda m: known[int(m[1])] if int(m[1]) < len(known) else m[0], text)
    if "type-parameter-" in text or "(unnamed" in text or "(lambda" in text:
        return None
    tokens = _without_attributes(split(text), kind)
    if kind in FUNCTION_LIKE and _is_internal(tokens, owner):
        return None
    tokens = unwrapped(without_conditions(_without_body(tokens)))
    tokens = _without_own_arguments(tokens, owner)
    if kind == "constructor":
        tokens = _without_arguments(tokens, name)
    if kind in ("constant", "variable"):
        tokens = _constant(_without_value(tokens), set(owner.visible))
    elif kind == "concept":
        tokens = _concept(tokens)
    tokens = _renamed(tokens, _parameters(tokens) | set(owner.visible))
    if kind in ("type", "alias"):
        return _alias(tokens)
    tokens = _simple_explicit(_simple_tail(_without_defaults_of_the_library(tokens)))
    if kind in FUNCTION_LIKE:
        tokens = without_unused(tokens)
    if kind in ("function", "operator"):
        tokens = _plain_result(tokens, name)
    text = join(tokens)
    return None if any(is_reserved(t) for t in tokens if is_word(t) and t != name) else text


def _is_internal(tokens, owner):
    """Whether only the library itself can call it: with a tag of its own, or for a class of its own."""
    return any(t in _TAGS or owner is NO_OWNER and t in _INTERNAL for t in tokens)


def _without_attributes(tokens, kind):
    kept, i = [], 0
    while i < len(tokens):
        token = tokens[i]
        if token in ("__attribute__", "alignas", "__declspec") and tokens[i + 1 : i + 2] == ["("]:
            i = closing(tokens, i + 1)
        elif token == "[" and tokens[i + 1 : i + 2] == ["["]:
            i = closing(tokens, i)
        elif token not in _DROPPED or token == "constexpr" and kind == "constant":
            kept.append(token)
        i += 1
    return kept


def _without_body(tokens):
    """Up to what defines it; a condition with braces of its own is left out, too."""
    i = 0
    while i < len(tokens):
        if tokens[i] in ("(", "["):
            i = closing(tokens, i)
        elif tokens[i] == "template" and tokens[i + 1 : i + 2] == ["<"]:
            i = closing(tokens, i + 1)
        elif tokens[i] == "requires" and "{" in tokens[i:]:
            tokens = _without_requirement(tokens, i)
            continue
        elif tokens[i] in (";", "{"):
            tokens = tokens[:i]
        i += 1
    return tokens[:-2] if tokens[-2:] == ["=", "default"] else tokens


def _without_requirement(tokens, at):
    """Without the condition at `at`: up to the function, where it stands before it, or to the end."""
    parameters = parameters_at(tokens)
    if parameters is None or parameters < at:
        return tokens[:at]
    end = max((i for i in range(at, len(tokens)) if tokens[i] == "}"), default=at)
    return tokens[:at] + tokens[end + 1 :]


def _without_own_arguments(tokens, owner):
    """Inside of `vector<T, Allocator>`, that is `vector`. Each redeclaration may name the parameters anew."""
    own = list(owner.own)
    if not own:
        return tokens
    size, given = len(listed(own[2:-1])), _parameters(tokens)
    i, out = 0, []
    while i < len(tokens):
        out.append(tokens[i])
        if tokens[i] == own[0] and tokens[i + 1 : i + 2] == ["<"]:
            end = closing(tokens, i + 1)
            parts = listed(tokens[i + 2 : end])
            plain = len(parts) == size and all(_is_plain_parameter(p, given) for p in parts)
            if tokens[i : end + 1] == own or plain and not owner.special:
                i = end
        i += 1
    return out


def _is_plain_parameter(part, given):
    return (
        bool(part) and is_word(part[0]) and part[1:] in ([], ["..."]) and is_reserved(part[0]) and part[0] not in given
    )


def _without_arguments(tokens, name):
    """The name of a constructor, as it stands in its class."""
    for i, token in enumerate(tokens):
        if token == name and tokens[i + 1 : i + 2] == ["<"]:
            end = closing(tokens, i + 1)
            if tokens[end + 1 : end + 2] == ["("]:
                return tokens[: i + 1] + tokens[end + 1 :]
    return tokens


def _concept(tokens):
    at = closing(tokens, 1) + tokens[closing(tokens, 1) :].index("=")
    said = _renamed(tokens[at:], _parameters(tokens))
    return tokens if not any(is_reserved(t) for t in said if is_word(t)) else [*tokens[: at + 1], "see below"]


def _constant(tokens, visible):
    head = closing(tokens, 1) + 1 if tokens[:2] == ["template", "<"] else 0
    said = _renamed(tokens[head:-1], _parameters(tokens) | visible)
    if "(" in tokens or not any(is_reserved(t) for t in said if is_word(t)):
        return tokens
    return [
        *tokens[:head],
        *(t for t in tokens[head:-1] if t in ("static", "const", "constexpr")),
        IMPLEMENTATION_DEFINED,
        tokens[-1],
    ]


def _without_value(tokens):
    return tokens[: outside(tokens, ("=", "{"))]


def _parameters(tokens):
    """The names that this declaration itself gives to its parameters."""
    found, i = set(), 0
    while i < len(tokens):
        if tokens[i] == "<" and i and tokens[i - 1] == "template":
            for part in listed(tokens[i + 1 : closing(tokens, i)]):
                head = part[: part.index("=")] if "=" in part else part
                if len(head) > 1 and is_word(head[-1]) and head[-2] != "::":
                    found.add(head[-1])
        elif is_reserved(tokens[i]) and tokens[i - 1 : i] in (["("], ["*"]) and tokens[i + 1 : i + 3] == [")", "("]:
            found.add(tokens[i])
        elif (
            is_word(tokens[i])
            and i
            and _ends_type(tokens[i - 1])
            and tokens[i + 1 : i + 2]
            and tokens[i + 1] in (",", ")", "=", "[")
        ):
            found.add(tokens[i])
        i += 1
    return found


def _ends_type(token):
    return (
        token in (">", "&", "*", "&&", "...")
        or is_word(token)
        and token not in ("typename", "class", "operator", "return")
    )


def _renamed(tokens, parameters):
    return [_rename(t, parameters) if is_reserved(t) else t for t in tokens]


def _rename(token, parameters):
    if token in TYPES:
        return TYPES[token]
    if token in parameters or token in COMMON:
        return parameter_name(token) or token
    return EXPOSITION.get(token, token)


def _alias(tokens):
    """An alias of something without a name for users is an alias of something."""
    if "=" in tokens and tokens[:1] != ["typedef"]:
        at = len(tokens) - 1 - tokens[::-1].index("=") if tokens[:1] == ["using"] else tokens.index("=")
        at = tokens.index("=", tokens.index("using")) if "using" in tokens else at
        left, right = tokens[: at + 1], tokens[at + 1 :]
        if any(map(is_reserved, filter(is_word, right))):
            right = [IMPLEMENTATION_DEFINED]
        text = join([*left, *right])
    else:
        name, of = tokens[-1:], tokens[1:-1]
        if any(map(is_reserved, filter(is_word, of))) or not of:
            of = [IMPLEMENTATION_DEFINED]
        text = join(["using", *name, "=", *of]) if "(" not in of else join(tokens)
    return None if has_reserved(text) else text


def _simple_tail(tokens):
    """Behind the parameters: long and internal conditions are left to the reader's other sources."""
    start = parameters_at(tokens)
    if start is None:
        return tokens
    end = closing(tokens, start)
    if tokens[end + 1 : end + 2] == ["("]:
        end = closing(tokens, end + 1)
    out, i = tokens[: end + 1], end + 1
    while i < len(tokens):
        if tokens[i] == "noexcept" and tokens[i + 1 : i + 2] == ["("]:
            close = closing(tokens, i + 1)
            out += _noexcept(tokens[i + 2 : close])
            i = close + 1
        elif tokens[i] == "->" and tokens[i + 1 : i + 2] == ["decltype"]:
            i = closing(tokens, i + 2) + 1
        elif tokens[i] == "->" and any(is_reserved(t) for t in tokens[i:] if is_word(t)):
            break
        elif tokens[i] == "requires" and (
            len(tokens) - i > 40 or any(is_reserved(t) for t in tokens[i:] if is_word(t))
        ):
            break
        else:
            out.append(tokens[i])
            i += 1
    return out


def _noexcept(condition):
    if condition in (["true"], ["false"]):
        return []
    return ["noexcept", "(", *_short(condition), ")"]


def _short(condition):
    """A condition as the standard shows it: in words elsewhere, where it is long or has no name for users."""
    is_long = len(condition) > _LONG_CONDITION
    return ["see below"] if is_long or any(is_reserved(t) for t in condition if is_word(t)) else condition


def _simple_explicit(tokens):
    """`explicit(condition)`, which stands before the name."""
    for i, token in enumerate(tokens):
        if token == "explicit" and tokens[i + 1 : i + 2] == ["("]:
            end = closing(tokens, i + 1)
            return [*tokens[: i + 2], *_short(tokens[i + 2 : end]), *tokens[end:]]
    return tokens


def _without_defaults_of_the_library(tokens):
    """Without parameters that no user gives: those of an internal type. An internal default is left open."""
    start = parameters_at(tokens)
    if start is None:
        return tokens
    end, kept = closing(tokens, start), []
    for part in listed(tokens[start + 1 : end]):
        at = outside(part, ("=",))
        if at < len(part) and any(is_reserved(t) for t in part[:at] if is_word(t)):
            continue
        internal = any(is_reserved(t) for t in part[at:] if is_word(t))
        kept.append([*part[: at + 1], "see below"] if internal else part)
    return [*tokens[: start + 1], *with_commas(kept), *tokens[end:]]


def _plain_result(tokens, name):
    """A result of a type without a name for users is `auto`."""
    start = parameters_at(tokens)
    if start is None or start < 2:
        return tokens
    head = 0
    while tokens[head : head + 2] == ["template", "<"]:
        head = closing(tokens, head + 1) + 1
    result = tokens[head : start - 1]
    if "requires" in result or not any(is_reserved(t) for t in result if is_word(t)):
        return tokens
    kept = [t for t in result if t in ("static", "virtual", "explicit")]
    return [*tokens[:head], *kept, "auto", *tokens[start - 1 :]]
