"""Names whose standard is known, against what the catalogue says."""

import unittest

from lists import rows, symbols  # its folder's parent comes with it

import libstdcxx  # isort: skip
from overloads import dated_shape  # isort: skip

ORDER = ["C++98", "C++11", "C++14", "C++17", "C++20", "C++23", "C++26"]


# Overloads that the other library has before the standard does.
_AHEAD = {
    "std::list::list", "std::map::map", "std::multimap::multimap", "std::multiset::multiset", "std::set::set",
    "std::vector::vector", "std::raw_storage_iterator::operator=", "std::operator<<",
}  # fmt: skip


class Since(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.symbols = symbols()
        cls.since = {}
        for s in cls.symbols:
            if s["kind"] != "deduction_guide":
                for key in (s["qualified"], f"{s['qualified']}@{s['lib']}"):
                    cls.since[key] = min(s["since"], cls.since.get(key, "C++26"), key=ORDER.index)

    def test_what_is_known(self):
        wanted = [(name, standard) for standard, names in rows("since.tsv") for name in names.split()]
        wrong = [f"{n}: {self.since.get(n)}, not {s}" for n, s in wanted if self.since.get(n) != s]
        self.assertGreater(len(wanted), 450)
        self.assertEqual(wrong, [])

    def test_nothing_is_older_than_its_class(self):
        wrong = []
        for s in self.symbols:
            above = self.since.get(s["qualified"].rpartition("::")[0])
            if above and ORDER.index(s["since"]) < ORDER.index(above):
                wrong.append(f"{s['qualified']}: {s['since']}, its class {above}")
        self.assertEqual(wrong, [])

    def test_no_overload_is_older_than_its_set(self):
        wrong = [
            s["qualified"]
            for s in self.symbols
            for one in s.get("signatures", ())
            if ORDER.index(one.get("since", s["since"])) < ORDER.index(s["since"])
        ]
        self.assertEqual(wrong, [])

    def test_no_overload_is_newer_than_the_other_library_has_it(self):
        later, checked, wrong = libstdcxx.later(), 0, set()
        for s in self.symbols:
            for one in s.get("signatures", ()):
                said = later.get((s["qualified"], dated_shape(one["text"])))
                if said and not s.get("inherited_from"):
                    checked += 1
                    if ORDER.index(one.get("since", s["since"])) > max(ORDER.index(said), ORDER.index(s["since"])):
                        wrong.add(s["qualified"])
        self.assertGreater(checked, 1000)
        self.assertEqual(wrong, _AHEAD)

    def test_overloads_that_were_dated_wrongly(self):
        """A filter by an older standard must not take away what that standard has."""
        for name, least, standard in [
            ("unordered_map::erase", 4, "C++11"),
            ("unordered_map::insert", 5, "C++11"),
            ("map::erase", 4, "C++98"),
            ("basic_string::insert", 8, "C++98"),
            ("basic_string::replace", 8, "C++98"),
            ("regex_match", 5, "C++11"),
            ("regex_search", 5, "C++11"),
            ("map::try_emplace", 4, "C++17"),
        ]:
            said = [s for s in self.symbols if s["qualified"] == f"std::{name}"][0]
            old = [one for one in said["signatures"] if ORDER.index(one.get("since", said["since"])) <= ORDER.index(standard)]
            self.assertGreaterEqual(len(old), least, name)

    def test_what_was_removed(self):
        gone = {(s["qualified"], s["lib"]): s.get("removed") for s in self.symbols}
        for name, lib, standard in [
            ("std::auto_ptr", "memory", "C++17"),
            ("std::random_shuffle", "algorithm", "C++17"),
            ("std::bind1st", "functional", "C++17"),
            ("std::result_of", "type_traits", "C++20"),
            ("std::uncaught_exception", "exception", "C++20"),
            ("std::operator!=", "vector", "C++20"),
            ("std::vector::push_back", "vector", None),
            ("std::sort", "algorithm", None),
            ("std::unique_ptr", "memory", None),
        ]:
            self.assertEqual(gone.get((name, lib), "not there"), standard, name)

    def test_what_is_deprecated(self):
        old = {
            s["qualified"]: s.get("deprecated")
            for s in self.symbols
            if s["kind"] not in ("deduction_guide", "constructor")
        }
        for name, standard in [
            ("std::auto_ptr", "C++11"),
            ("std::iterator", "C++17"),
            ("std::is_pod", "C++20"),
            ("std::aligned_storage", "C++23"),
            ("std::strstream", "C++98"),
            ("std::allocator::construct", "C++17"),
            ("std::random_shuffle", "C++14"),
            ("std::vector::push_back", None),
            ("std::find", None),
        ]:
            self.assertEqual(old[name], standard, name)


if __name__ == "__main__":
    unittest.main()
