"""Declarations as tokens, and tokens as text in one spelling."""

import re

_TOKEN = re.compile(
    r"operator\s*(?:\(\s*\)|\[\s*\]|new\s*\[\s*\]|delete\s*\[\s*\]|new\b|delete\b|co_await\b|<=>|->\*?|\+\+|--|<<=|>>=|&&|\|\||[-+*/%^&|=!<>]=|<<|>>|[-+*/%^&|~!=<>,])(?=\s*[(<])"
    r'|operator\s*""\s*\w+'
    r'|[A-Za-z_]\w*|"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\'|\d[\w.]*'
    r"|::|\.\.\.|->|<=>|&&|\|\||==|!=|<=|>=|<<|[^\s\w]"
)
_TIGHT_BEFORE = {",", ")", "]", ";", "::", ">", "...", "(", "[", "<", "*", "&", "&&", "."}
_TIGHT_AFTER = {"(", "[", "::", "<", "~", "!", "."}
_LOOSE_PARENTHESIS = {",", "=", "&&", "||", "requires", "->", "==", "<=>"}
_CLOSING = {"(": ")", "[": "]", "{": "}", "<": ">"}


def split(text):
    tokens = [_one_operator(t) for t in _TOKEN.findall(text)]
    return tokens


def _one_operator(token):
    if not token.startswith("operator") or token == "operator" or token[8].isalnum() or token[8] == "_":
        return token
    rest = token[8:]
    word = re.match(r"\s*(new|delete|co_await)\b(.*)", rest, re.S)
    if word:
        return "operator " + word[1] + re.sub(r"\s", "", word[2])
    return "operator" + re.sub(r"\s", "", rest)


def is_word(token):
    return token[0].isalpha() or token[0] == "_"


def closing(tokens, at):
    """Where the bracket that opens at `at` closes."""
    opening, depth = tokens[at], 0
    for i in range(at, len(tokens)):
        if tokens[i] == opening:
            depth += 1
        elif tokens[i] == _CLOSING[opening]:
            depth -= 1
            if depth == 0:
                return i
        elif opening == "<" and tokens[i] == "<<":
            pass
    return len(tokens) - 1


def listed(tokens):
    """A list at its own commas."""
    parts, depth, part = [], 0, []
    for token in tokens:
        depth += token in _CLOSING
        depth -= token in _CLOSING.values()
        if token == "," and depth == 0:
            parts.append(part)
            part = []
        else:
            part.append(token)
    return [*parts, part] if part else parts


def parameters_at(tokens):
    """Where the parameters of a function open: behind its name, past template heads and conditions."""
    i = 0
    while i < len(tokens):
        if tokens[i] == "template" and tokens[i + 1 : i + 2] == ["<"]:
            i = closing(tokens, i + 1) + 1
        elif tokens[i] == "<":
            i = closing(tokens, i) + 1
        elif tokens[i] == "(" and i and tokens[i - 1] in ("decltype", "requires", "explicit", "noexcept"):
            i = closing(tokens, i) + 1
        elif tokens[i] == "(":
            return i
        else:
            i += 1
    return None


def join(tokens):
    out, before = [], ""
    for token in tokens:
        if out and _spaced(before, token):
            out.append(" ")
        out.append(token)
        before = token
    return "".join(out)


def _spaced(before, token):
    if before in ("=", "==", "->", "&&=", "||") or token in ("=", "==", "->", "||"):
        return True
    if token in ("(", "["):
        return before in _LOOSE_PARENTHESIS
    if token == "&&":
        return before == ")"
    if token == "::":
        return before in (",", "const")
    if token in _TIGHT_BEFORE:
        return False
    return before not in _TIGHT_AFTER
