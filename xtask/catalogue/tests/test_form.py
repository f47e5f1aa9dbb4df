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
        self.assertEqual(keys, sorted(keys))
        self.assertEqual([k for k, count in Counter(keys).items() if count > 1], [])

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
            "/",
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
        wrong = []
        for s in self.symbols:
            for one in s.get("signatures", ()):
                text = re.sub(r"operator\s*(\(\)|\[\]|[^\s\w(]+)", "", one["text"])
                if any(text.count(a) != text.count(b) for a, b in ("()", "[]", "{}")):
                    wrong.append(one["text"])
        self.assertEqual(wrong, [])

    def test_most_have_a_signature(self):
        bare = [s for s in self.symbols if not s.get("signatures") and s["kind"] not in ("enumerator",)]
        self.assertLess(
            len([s for s in bare if s["since"] != "C++26"]), 25, [s["qualified"] for s in bare if s["since"] != "C++26"]
        )

    def test_no_signature_twice_in_a_set(self):
        wrong = [
            s["qualified"]
            for s in self.symbols
            if len({o["text"] for o in s.get("signatures", ())}) != len(s.get("signatures", ()))
        ]
        self.assertEqual(wrong, [])


if __name__ == "__main__":
    unittest.main()
