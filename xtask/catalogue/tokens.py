"""Declarations as tokens, and tokens as text in one spelling."""

import re

_TOKEN = re.compile(
    r"operator\s*(?:\(\s*\)|\[\s*\]|new\s*\[\s*\]|delete\s*\[\s*\]|new\b|delete\b|co_await\b|<=>|->\*?|\+\+|--|<<=|>>=|&&|\|\||[-+*/%^&|=!<>]=|<<|>>|[-+*/%^&|~!=<>,])(?=\s*[(<])"
    r'|operator\s*""\s*\w+'
    r'|[A-Za-z_]\w*|"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\'|\d[\w.]*'
    r"|::|\.\.\.|->|<=>|&&|\|\||==|!=|<<=|>>=(?= )|<=|>=|<<|[^\s\w]"
)
# A comparison and a conjunction, told from a bracket and a reference by the blanks around them.
_LESS, _MORE, AND = "\u2039", "\u203a", "\u2227"
_TIGHT_BEFORE = {",", ")", "]", ";", "::", ">", "...", "(", "[", "<", "*", "&", "&&", "."}
_TIGHT_AFTER = {"(", "[", "::", "<", "~", "!", "."}
_LOOSE_PARENTHESIS = {",", "=", "&&", "||", "requires", "->", "==", "<=>", AND}
_LOOSE = ("=", "==", "->", "||", "!=", ">=", "<=", _LESS, _MORE, AND)
_CLOSING = {"(": ")", "[": "]", "{": "}", "<": ">"}


def split(text):
    marked = re.sub(r"(?<!template) < ", f" {_LESS} ", text).replace(" && ", f" {AND} ")
    tokens, open_ = [], []
    for match in _TOKEN.finditer(marked):
        token = _one_operator(match[0])
        if token == ">" and open_[-1:] != [">"] and marked[match.start() - 1] == " ":
            token = _MORE
        elif token in _CLOSING:
            open_.append(_CLOSING[token])
        elif open_ and token == open_[-1]:
            open_.pop()
        tokens.append(token)
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
    open_ = []
    for i in range(at, len(tokens)):
        token = tokens[i]
        if token in _CLOSING:
            open_.append(_CLOSING[token])
        elif token == open_[-1]:
            open_.pop()
            if not open_:
                return i
        elif token in (")", "]", "}"):
            break
    raise ValueError(f"nothing closes {tokens[at]} in {join(tokens)}")


def outside(tokens, marks):
    """Where the first of these stands outside of all brackets, or the end."""
    i = 0
    while i < len(tokens) and tokens[i] not in marks:
        i = closing(tokens, i) + 1 if tokens[i] in _CLOSING else i + 1
    return i


def listed(tokens):
    """A list at its own commas."""
    parts, part, i = [], [], 0
    while i < len(tokens):
        if tokens[i] == ",":
            parts.append(part)
            part, i = [], i + 1
            continue
        end = closing(tokens, i) if tokens[i] in _CLOSING else i
        part += tokens[i : end + 1]
        i = end + 1
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
    return "".join(out).replace(_LESS, "<").replace(_MORE, ">").replace(AND, "&&")


def _spaced(before, token):
    if before in _LOOSE or token in _LOOSE:
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
