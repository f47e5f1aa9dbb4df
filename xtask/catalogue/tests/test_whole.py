"""The catalogue against lists of what the standard has, written by hand."""

import unittest
from collections import Counter

from lists import member, rows, shape, symbols


class Whole(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.symbols = symbols()
        cls.names = {s["qualified"] for s in cls.symbols}
        cls.libs = {(s["qualified"], s["lib"]) for s in cls.symbols}
        cls.titles = cls.names | {f"std::{a}" for s in cls.symbols for a in s.get("aliases", ())}

    def test_every_header(self):
        there = Counter(s["header"] for s in self.symbols)
        missing = [h for _, names in rows("headers.tsv") for h in names.split() if not there[h]]
        self.assertEqual(missing, [])

    def test_no_header_but_the_standards(self):
        known = {h for _, names in rows("headers.tsv") for h in names.split()}
        self.assertEqual(sorted({s["header"] for s in self.symbols} - known), [])

    def test_members(self):
        wanted = [(o, member(o, w)) for o, words in rows("members.tsv") for w in words.split()]
        missing = [f"{o}::{m}" for o, m in wanted if f"std::{o}::{m}" not in self.names and not self._is_free(o, m)]
        self.assertGreater(len(wanted), 2400)
        self.assertEqual(missing, [])

    def _is_free(self, owner, name):
        """A function beside its class, such as `operator==`, which the standard has in the class or not."""
        place = f"std::{owner}".rpartition("::")[0]
        return name.startswith("operator") and (f"{place}::{name}", owner) in self.libs

    def test_overloads(self):
        """Each overload of the list, by the types of its parameters, with its standard."""
        wrong = []
        for name, lib, since, parameters in rows("overloads.tsv"):
            said = [s for s in self.symbols if s["qualified"] == f"std::{name}" and s["lib"] == lib]
            dated = [(one.get("since", s["since"]), shape(one["text"])) for s in said for one in s["signatures"]]
            found = {types: standard for standard, types in sorted(dated, reverse=True)}
            if found.get(parameters) != since:
                wrong.append(f"{name}{parameters}: {found.get(parameters)}, not {since}; {sorted(found)}")
        self.assertFalse(wrong, "\n".join(wrong))

    def test_namespace_scope(self):
        wanted = [(f"std::{n}", lib) for lib, names in rows("names.tsv") for n in names.split()]
        self.assertEqual([n for n, _ in wanted if n not in self.titles], [])
        self.assertEqual([f"{n} in {lib}" for n, lib in wanted if not self._stands_in(n, lib)], [])

    def _stands_in(self, name, header):
        return any(s["qualified"] == name and s["header"] == header for s in self.symbols)

    def test_free_functions_belong_to_their_classes(self):
        tied = ["operator==", "swap"]
        for owner in ("vector", "list", "map", "set", "basic_string", "optional", "unique_ptr", "filesystem::path"):
            for name in tied:
                place = "std::filesystem::" if owner.startswith("filesystem") else "std::"
                self.assertTrue(
                    (place + name, owner) in self.libs or (f"std::{owner}::{name}", owner) in self.libs,
                    f"{name} of {owner}",
                )
        for name, owner in [
            ("hash", "basic_string"),
            ("hash", "vector"),
            ("hash", "unique_ptr"),
            ("formatter", "chrono::duration"),
            ("tuple_size", "array"),
            ("tuple_element", "pair"),
            ("make_shared", "shared_ptr"),
            ("make_shared_for_overwrite", "shared_ptr"),
            ("static_pointer_cast", "shared_ptr"),
            ("make_unique", "unique_ptr"),
            ("make_pair", "pair"),
            ("make_tuple", "tuple"),
            ("make_optional", "optional"),
            ("make_any", "any"),
            ("make_reverse_iterator", "reverse_iterator"),
            ("make_format_args", "basic_format_args"),
            ("back_inserter", "back_insert_iterator"),
            ("async", "future"),
            ("erase", "vector"),
            ("erase_if", "map"),
            ("get", "tuple"),
            ("get", "pair"),
            ("get", "variant"),
        ]:
            self.assertIn((f"std::{name}", owner), self.libs)
        self.assertIn(("std::operator<<", "basic_string"), self.libs)
        self.assertIn(("std::operator>>", "complex"), self.libs)

    def test_a_name_stands_under_each_of_its_headers(self):
        for name, headers in [
            ("swap", "utility algorithm"),
            ("move", "utility algorithm"),
            ("remove", "algorithm cstdio"),
            ("abs", "cmath cstdlib"),
            ("begin", "iterator"),
        ]:
            for header in headers.split():
                self.assertIn((f"std::{name}", header), self.libs)

    def test_aliases_of_classes(self):
        for owner, alias in [
            ("basic_string", "string"),
            ("basic_string", "u8string"),
            ("basic_string", "pmr::string"),
            ("mersenne_twister_engine", "mt19937"),
            ("match_results", "smatch"),
            ("chrono::duration", "chrono::nanoseconds"),
            ("basic_ifstream", "ifstream"),
            ("basic_string_view", "string_view"),
        ]:
            said = [
                s.get("aliases", []) for s in self.symbols if s["qualified"] == f"std::{owner}" and s["kind"] == "class"
            ]
            self.assertTrue(any(alias in aliases for aliases in said), f"{alias} of {owner}")

    def test_inherited_members_say_from_where(self):
        good = [s for s in self.symbols if s["qualified"] == "std::basic_ifstream::good"]
        self.assertEqual([s["inherited_from"] for s in good], ["std::basic_ios::good"])
        strays = [s["qualified"] for s in self.symbols if s.get("inherited_from", "std::vector") not in self.names]
        self.assertEqual(strays, [])


if __name__ == "__main__":
    unittest.main()
