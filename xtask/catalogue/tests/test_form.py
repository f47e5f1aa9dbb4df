"""The form of the data: what a reader may rely on in each line."""

import json
import re
import unittest
from collections import Counter

from lists import DATA, lines, symbols

_KEYS = [
    "qualified", "lib", "kind", "aliases", "header", "since", "deprecated", "removed", "inherited_from", "url", "signatures",
]  # fmt: skip
_KINDS = {
    "class", "function", "constructor", "destructor", "operator", "constant", "variable", "type", "enum", "enumerator",
    "concept", "macro", "deduction_guide", "alias", "namespace",
}  # fmt: skip
_PAGE = re.compile(r"https://en\.cppreference\.com/cpp/[a-z0-9_]+(/[A-Za-z0-9_.~%()*<>=!&|^+,\[\]-]+)*")
_RESERVED = re.compile(r"(?<![\w.])(?:_[A-Za-z_]\w*|[A-Za-z]\w*__\w*)")
_PUBLIC = re.compile(r"__cpp_\w+|__STDC_VERSION_\w+|_IO[FLN]BF|_Exit|_Atomic|__STDCPP_\w+")
# Neither library has these headers, or what is new in them.
_BARE = {"meta": 165, "execution": 57, "linalg": 48, "hive": 40, "simd": 14, "stop_token": 2}
_ONE_LIBRARY = re.compile(
    r"\b(?:Noex|Dummy|RawRange|Tag|InPlaceT|ArgTypes|CheckArgsDep|UseNat|IsDefault|IsImpDefault|ValExpr|BoundArgs2"
    r"|NonArray|Res|Requires|Constraints|typename = )\b"
)


def _head(text):
    """The parameters of a template."""
    if not text.startswith("template<"):
        return ""
    depth = 0
    for i, char in enumerate(text):
        depth += (char == "<" and text[i - 1] != " ") - (char == ">" and text[i - 1] not in "-= ")
        if char == ">" and depth == 0:
            return text[: i + 1]
    return text


def _closes(text):
    text = re.sub(r"operator\s*(\(\)|\[\]|\"\"\w+|[^\s\w(]+)", "", text)
    text = re.sub(r"->| [<>]=? |'.'|\"[^\"]*\"|<=|>=", "", text)
    open_ = []
    for char in text:
        if char in "([{<":
            open_.append(char)
        elif char in ")]}>":
            if not open_ or open_.pop() + char not in ("()", "[]", "{}", "<>"):
                return False
    return not open_


def _name(symbol):
    """The last part of a name, as far as a declaration has it in one piece."""
    name = re.sub(r"\s", "", symbol["qualified"].rpartition("std::")[2])
    return re.search(r"(operator.*|~?\w+|[^:]+)$", name)[0]


class Form(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.lines, cls.symbols = lines(), symbols()

    def test_size(self):
        self.assertLessEqual(DATA.stat().st_size, 250_000)
        self.assertGreater(len(self.symbols), 10_000)

    def test_first_line(self):
        head = json.loads(self.lines[0])
        self.assertEqual(list(head), ["catalogue", "title", "version", "sources"])
        self.assertEqual((head["catalogue"], head["version"]), ("cpp", 1))

    def test_keys_and_kinds(self):
        for s in self.symbols:
            self.assertEqual(list(s), [k for k in _KEYS if k in s], s["qualified"])
            self.assertLessEqual({"qualified", "lib", "kind", "header", "since"}, set(s), s["qualified"])
            self.assertIn(s["kind"], _KINDS)
            self.assertTrue(all(s.values()), s["qualified"])

    def test_sorted_and_single(self):
        keys = [(s["qualified"], s["lib"], s["kind"]) for s in self.symbols]
        self.assertEqual([name for name, _, _ in keys], sorted(name for name, _, _ in keys))
        self.assertEqual([k for k, count in Counter(keys).items() if count > 1], [])

    def test_what_stands_for_itself_comes_first(self):
        first = {}
        for s in self.symbols:
            first.setdefault(s["qualified"], s["lib"])
        wanted = {"swap": "utility", "move": "utility", "begin": "iterator", "hash": "functional", "abs": "cmath"}
        self.assertEqual({name: first["std::" + name] for name in wanted}, wanted)

    def test_addresses(self):
        wrong = [s.get("url") for s in self.symbols if not _PAGE.fullmatch(s.get("url", ""))]
        self.assertEqual(wrong, [])

    def test_no_reserved_name(self):
        wrong = []
        for s in self.symbols:
            shown = [s["qualified"], s["lib"], *s.get("aliases", ()), *(one["text"] for one in s.get("signatures", ()))]
            found = [w for text in shown for w in _RESERVED.findall(text) if not _PUBLIC.fullmatch(w)]
            if found:
                wrong.append((s["qualified"], found))
        self.assertEqual(wrong, [])

    def test_nothing_of_a_compiler_is_left(self):
        marks = (
            "type-parameter",
            "type - parameter",
            "(anonymous",
            "(lambda",
            " at /",
            "_LIBCPP",
            "_GLIBCXX",
            "__attribute__",
            "[[",
        )
        texts = [
            (s["qualified"], one["text"])
            for s in self.symbols
            if s["kind"] != "operator"
            for one in s.get("signatures", ())
        ]
        self.assertEqual([t for t in texts if any(m in t[1] for m in marks)], [])

    def test_brackets_close(self):
        """All four kinds: a comparison has blanks around it, or stands in parentheses."""
        self.assertEqual([text for _, text in self._texts() if not _closes(text)], [])

    def test_a_declaration_names_what_it_declares(self):
        """Also in `operator` and `deduction_guide`; a conversion and a literal by their words."""
        wrong = [
            (s["qualified"], text)
            for s, text in self._texts()
            if not s["qualified"].endswith("template") and _name(s) not in re.sub(r"\s", "", text)
        ]
        self.assertEqual(wrong, [])

    def test_no_spelling_of_one_library(self):
        """Names that only one library has for what the standard calls otherwise, or does not have."""
        wrong = [(s["qualified"], w) for s, text in self._texts() for w in _ONE_LIBRARY.findall(text)]
        self.assertEqual(wrong, [])

    def test_no_parameter_without_a_name_but_with_a_default(self):
        """`template<…, int = 1>` tells overloads of a library apart, nothing of the standard's."""
        wrong = [
            text
            for s, text in self._texts()
            if s["kind"] in ("function", "operator", "constructor")
            and re.search(r"[<,] ?(class|bool|int|size_t) ?= ", _head(text))
        ]
        self.assertEqual(wrong, [])

    def test_parameters_of_a_template_differ(self):
        wrong = []
        for _, text in self._texts():
            names = re.findall(r"\b(?:class|size_t|bool)(?:\.\.\.)? (\w+)(?=[,>]| =)", _head(text))
            if len(set(names)) != len(names):
                wrong.append(text)
        self.assertEqual(wrong, [])

    def test_defaults_of_a_function_are_used(self):
        """A parameter with a default that is nowhere else is there for the library; but two that users name."""
        wrong = []
        for s, text in self._texts():
            head = _head(text)
            for name in re.findall(r"(\w+) = ", head) if s["kind"] in ("function", "constructor") else ():
                if name not in ("V", "Context") and not re.search(rf"\b{name}\b", text[len(head) :]):
                    wrong.append(text)
        self.assertEqual(wrong, [])

    def test_members_of_one_specialisation_do_not_mix_in(self):
        wrong = [text for _, text in self._texts() if "18446744073709551615" in text]
        self.assertEqual(wrong, [])
        self.assertEqual(len(self._set("std::move_only_function::operator()")), 1)
        self.assertEqual(len([t for t in self._set("std::vector::assign") if "size_type n" in t]), 1)
        self.assertEqual(len(self._set("std::list::size_type")), 1)
        self.assertEqual(self._set("std::pair::first"), ["T1 first"])

    def test_overloads_of_internal_classes_are_left_out(self):
        for name, lib, pattern in [
            ("regex_match", "regex", r"\bB, B\b"),
            ("swap", "utility", "reference<"),
            ("cos", "cmath", "Expr"),
            ("optional::optional", "optional", "Tag|InPlaceT"),
        ]:
            self.assertEqual([t for t in self._set("std::" + name, lib) if re.search(pattern, t)], [], name)

    def _texts(self):
        return ((s, one["text"]) for s in self.symbols for one in s.get("signatures", ()))

    def _set(self, name, lib=None):
        found = [s for s in self.symbols if s["qualified"] == name and lib in (None, s["lib"])]
        self.assertEqual(len(found), 1, name)
        return [one["text"] for one in found[0]["signatures"]]

    def test_what_has_no_declaration(self):
        """Only what C++26 brings and neither library has, header by header: as many as SOURCES.md says, and no more."""
        bare = [s for s in self.symbols if not s.get("signatures") and s["kind"] != "enumerator"]
        older = [s["qualified"] for s in bare if s["since"] != "C++26"]
        self.assertEqual(older, [])
        newer = Counter(s["header"] for s in bare if s["since"] == "C++26")
        self.assertEqual(newer, _BARE)

    def test_no_signature_twice_in_a_set(self):
        wrong = [
            s["qualified"]
            for s in self.symbols
            if len({o["text"] for o in s.get("signatures", ())}) != len(s.get("signatures", ()))
        ]
        self.assertEqual(wrong, [])


if __name__ == "__main__":
    unittest.main()
