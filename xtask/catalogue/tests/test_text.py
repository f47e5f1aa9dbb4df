"""What becomes of declarations and titles, row by row."""

import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from clean import last_name, signature  # noqa: E402
from macros import _braces, _standard  # noqa: E402
from owner import Owner  # noqa: E402
from pages import names  # noqa: E402

_VECTOR = Owner(("_Tp", "_Allocator"), ("vector", "<", "_Tp", ",", "_Allocator", ">"), "", ("_Tp", "_Allocator"))
_FUNCTION = Owner(("_Rp", "_Args"), (), "special", ("_Rp", "_Args"))
_SIGNATURES = [
    (
        "push_back",
        "function",
        _VECTOR,
        "constexpr void push_back(const_reference __x)",
        "void push_back(const_reference x)",
    ),
    (
        "insert",
        "function",
        _VECTOR,
        "template <class _InputIterator, __enable_if_t<__is<_InputIterator>::value, int> = 0> iterator insert(const_iterator __p, _InputIterator __f)",
        "template<class InputIterator> iterator insert(const_iterator p, InputIterator f)",
    ),
    (
        "vector",
        "constructor",
        _VECTOR,
        "vector<_Tp, _Alloc>(const vector<_Tp, _Alloc> &__x)",
        "vector(const vector& x)",
    ),
    (
        "operator=",
        "operator",
        _VECTOR,
        "vector<_Tp, _Alloc> &operator=(vector<_Tp, _Alloc> &&__x)",
        "vector& operator=(vector&& x)",
    ),
    ("operator()", "operator", _FUNCTION, "_Rp operator()(_Args ...__args) const", "R operator()(Args... args) const"),
    (
        "get",
        "function",
        None,
        "template <class _Tp> std::__enable_if_t<true, _Tp> get(_Tp __new)",
        "template<class T> T get(T new_)",
    ),
    ("f", "function", None, "__internal<int> f(int __x) noexcept(__y)", "auto f(int x) noexcept(see below)"),
    ("f", "function", None, "void f(__internal __x)", None),
    ("iterator", "type", _VECTOR, "using iterator = __wrap_iter<pointer>", "using iterator = implementation-defined"),
    ("pi", "constant", None, "constexpr double pi = 3.14", "constexpr double pi"),
    ("f", "function", None, "[[nodiscard]] inline void f(int __a = 3) __attribute__((x(1)))", "void f(int a = 3)"),
    (
        "integral",
        "concept",
        None,
        "template <class _Tp> concept integral = __is_integral(_Tp)",
        "template<class T> concept integral = see below",
    ),
]
_TITLES = [
    ("std::vector<T,Allocator>::push_back", [("std::vector::push_back", "")]),
    ("std::swap(std::array)", [("std::swap", "array")]),
    ("operator==,!=(std::vector)", [("std::operator==", "vector"), ("std::operator!=", "vector")]),
    ("std::atomic<T>::operator+=,-=", [("std::atomic::operator+=", ""), ("std::atomic::operator-=", "")]),
    ("std::begin, std::cbegin", [("std::begin", ""), ("std::cbegin", "")]),
    ("Standard library header <vector>", [("<vector>", "")]),
    ("deduction guides for std::vector", [("std::vector", "deduction guides")]),
    ("C++ keyword: typedef", []),
    ("std::auto_ptr (until C++17)", [("std::auto_ptr", "")]),
]


class Text(unittest.TestCase):
    def test_signatures(self):
        for name, kind, owner, said, wanted in _SIGNATURES:
            with self.subTest(said):
                self.assertEqual(signature(said, name, kind, owner or Owner()), wanted)

    def test_names(self):
        for said, wanted in [
            ('operator ""s', 'operator""s'),
            ("operator []", "operator[]"),
            ("operator bool", "operator bool"),
        ]:
            self.assertEqual(last_name(said), wanted)

    def test_titles(self):
        for title, wanted in _TITLES:
            with self.subTest(title):
                self.assertEqual(names(title), wanted)

    def test_braces(self):
        self.assertEqual(_braces("A{B,C}{1,2}"), ["AB1", "AB2", "AC1", "AC2"])

    def test_dates(self):
        self.assertEqual(
            [_standard(d) for d in (199711, 201304, 201603, 202002, 202110, 202411)],
            ["C++98", "C++14", "C++17", "C++20", "C++23", "C++26"],
        )


if __name__ == "__main__":
    unittest.main()
