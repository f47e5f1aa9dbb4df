"""Types that a library wraps for its own ends, as what they are to who reads them."""

from names import PREFIXES, TYPES, WHOLE
from tokens import closing, is_word, listed

_ENABLE = ("__enable_if_t", "enable_if_t", "_EnableIf", "enable_if", "__enable_if")
_IDENTITY = ("__type_identity_t", "type_identity_t", "__type_identity")
_CHOICE = ("conditional_t", "__conditional_t", "_If", "conditional")
_FIRST = ("__enable_hash_helper",)
_NOTHING = ("__nat", "__nonesuch")
_INLINE = ("std", "__1", "__fs", "__cxx11", "__cpo", "_V2", "__cmp_cat")


def unwrapped(tokens):
    """`enable_if_t<condition, T>` is T to who reads it; so is `type_identity_t<T>`, and `std::` goes without saying."""
    out, i = [], 0
    while i < len(tokens):
        token, following = tokens[i], tokens[i + 1 : i + 2]
        if token in _ENABLE and following == ["<"]:
            end = closing(tokens, i + 1)
            parts = listed(tokens[i + 2 : end])
            out += unwrapped(parts[1]) if len(parts) > 1 else ["void"]
            i = _past_type(tokens, end, out)
        elif token in _IDENTITY and following == ["<"]:
            end = closing(tokens, i + 1)
            out += unwrapped(tokens[i + 2 : end])
            i = _past_type(tokens, end, out)
        elif token in _FIRST and following == ["<"]:
            end = closing(tokens, i + 1)
            out += unwrapped(listed(tokens[i + 2 : end])[0])
            i = end + 1
        elif token in _CHOICE and following == ["<"] and _is_one(tokens, i + 1):
            end = closing(tokens, i + 1)
            out += unwrapped(listed(tokens[i + 2 : end])[1])
            i = _past_type(tokens, end, out)
        elif token in WHOLE:
            out += WHOLE[token]
            i = closing(tokens, i + 1) + 1 if following == ["<"] else i + 1
        elif token in PREFIXES and following == ["<"]:
            end = closing(tokens, i + 1)
            out += [*PREFIXES[token], "<", *unwrapped(tokens[i + 2 : end]), ">", *_member(token)]
            i = end + 1
        elif token in _INLINE and following == ["::"]:
            i += 2
        elif token == "::" and not (
            out and (is_word(out[-1]) and out[-1] not in ("const", "return", "typename", "class") or out[-1] == ">")
        ):
            i += 1
        else:
            out.append(token)
            i += 1
    return out


def _is_one(tokens, at):
    """A choice between a type and none takes the overload away."""
    parts = listed(tokens[at + 1 : closing(tokens, at)])
    return any(t in _NOTHING for t in parts[-1])


def _past_type(tokens, end, out):
    typed = tokens[end + 1 : end + 3] == ["::", "type"]
    if typed and "typename" in out:
        del out[len(out) - 1 - out[::-1].index("typename")]
    return end + (3 if typed else 1)


def _member(token):
    return ["::", TYPES[token]] if token in TYPES else []
