"""The two libraries whose headers are read, and how a compiler is made to read them."""

from dataclasses import dataclass
from pathlib import Path

import ziglang
from standards import flag, order

ZIG = Path(ziglang.__file__).parent / "lib"
_C_HEADERS = ("x86_64-linux-gnu", "x86-linux-gnu", "generic-glibc", "x86-linux-any", "any-linux-any")

# What a configured libc++ would have in its `__config_site`, as zig sets it.
_LIBCXX = """
_LIBCPP_ABI_VERSION=1
_LIBCPP_ABI_NAMESPACE=__1
_LIBCPP_HAS_THREADS=1
_LIBCPP_HAS_THREAD_API_PTHREAD=1
_LIBCPP_HAS_THREAD_API_EXTERNAL=0
_LIBCPP_HAS_THREAD_API_WIN32=0
_LIBCPP_HAS_THREAD_API_C11=0
_LIBCPP_HAS_MONOTONIC_CLOCK=1
_LIBCPP_HAS_TERMINAL=1
_LIBCPP_HAS_MUSL_LIBC=0
_LIBCPP_DISABLE_VISIBILITY_ANNOTATIONS
_LIBCPP_HAS_VENDOR_AVAILABILITY_ANNOTATIONS=0
_LIBCPP_HAS_FILESYSTEM=1
_LIBCPP_HAS_RANDOM_DEVICE=1
_LIBCPP_HAS_LOCALIZATION=1
_LIBCPP_HAS_UNICODE=1
_LIBCPP_HAS_WIDE_CHARACTERS=1
_LIBCPP_HAS_TIME_ZONE_DATABASE=1
_LIBCPP_PSTL_BACKEND_SERIAL
_LIBCPP_ENABLE_EXPERIMENTAL
_LIBCPP_HARDENING_MODE=_LIBCPP_HARDENING_MODE_NONE
_LIBCPP_ASSERTION_SEMANTIC_DEFAULT=_LIBCPP_ASSERTION_SEMANTIC_IGNORE
"""

# libclang 18 is older than the headers. What it does not know is said in words it knows, where only declarations count.
_MISSING_BUILTINS = """
__GLIBC_MINOR__=36
__builtin_clzg(...)=0
__builtin_ctzg(...)=0
__builtin_popcountg(...)=0
__is_convertible(A,B)=__is_convertible_to(A,B)
__reference_constructs_from_temporary(A,B)=false
__reference_converts_from_temporary(A,B)=false
__GCC_DESTRUCTIVE_SIZE=64
__GCC_CONSTRUCTIVE_SIZE=64
"""


# What this compiler can read well enough, and does not say of itself; by the standard it belongs to.
_SAID = {
    "C++20": ("__cpp_concepts=202002L", "__cpp_consteval=202211L", "__cpp_impl_coroutine=201902L"),
    "C++26": (
        "__cpp_pack_indexing=202311L",
        "__cpp_constexpr_exceptions=202411L",
        "__cpp_contracts=202502L",
        "__cpp_constexpr=202406L",
        "__cpp_structured_bindings=202411L",
        "__cpp_expansion_statements=202411L",
    ),
}

# Headers that are not the standard's, or that this compiler cannot read.
_OTHERS = ("hash_map", "hash_set", "ext", "meta")


@dataclass(frozen=True)
class Library:
    """One library's headers."""

    name: str
    include: Path
    more: tuple
    defines: tuple
    said: bool = False

    def headers(self):
        """The public headers: files without an ending, and none of its own helpers."""
        folders = [self.include, *(folder for folder in self.more if folder.name == "backward")]
        files = (p for folder in folders for p in folder.iterdir())
        found = sorted({p.name for p in files if p.is_file() and "." not in p.name})
        return [name for name in found if name not in _OTHERS and not name.startswith("__")]

    def source(self):
        """A program that includes all of them."""
        return "".join(f"#if __has_include(<{h}>)\n#include <{h}>\n#endif\n" for h in self.headers())

    def arguments(self, standard):
        folders = [self.include, *self.more, ZIG / "include"]
        folders += [ZIG / "libc/include" / name for name in _C_HEADERS]
        words = ["-x", "c++", flag(standard), "-nostdinc", "-nostdinc++", "-target", "x86_64-linux-gnu"]
        words += ["-ferror-limit=0", "-fsized-deallocation", "-Wno-everything"]
        words += [word for folder in folders for word in ("-isystem", str(folder))]
        newer = [
            d for since, defines in _SAID.items() if self.said and order(standard) >= order(since) for d in defines
        ]
        return words + ["-D" + define for define in [*self.defines, *newer]]


def libcxx():
    defines = (_LIBCXX + _MISSING_BUILTINS).split()
    return Library("libc++", ZIG / "libcxx/include", (), tuple(defines))


def libstdcxx(include):
    """The folder `include/c++/N` of an unpacked package; its part for the machine lies beside `include/c++`."""
    machine = include.parent.parent / "x86_64-linux-gnu/c++" / include.name
    return Library("libstdc++", include, (machine, include / "backward"), tuple(_MISSING_BUILTINS.split()), said=True)
