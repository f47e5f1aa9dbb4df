"""Which header a user includes for what a library keeps in files of its own."""

import re

_FOLDERS = {
    "__math": "cmath",
    "__locale_dir": "locale",
    "__locale": "locale",
    "__std_mbstate_t.h": "cwchar",
    "__tree": "map",
    "__hash_table": "unordered_map",
    "__bit_reference": "vector",
    "__split_buffer": "vector",
    "__node_handle": "map",
    "__threading_support": "thread",
}
_FORWARD = {
    "pair": "utility",
    "byte": "cstddef",
    "char_traits": "string",
    "subrange": "ranges",
    "get": "tuple",
    "ios": "ios",
    "bit_reference": "vector",
}

# libstdc++'s files in `bits/`, as far as only that library has what they declare.
_BITS = {
    "sat_arith.h": "numeric",
    "iterator_concepts.h": "iterator",
    "stl_construct.h": "memory",
    "stl_function.h": "functional",
    "specfun.h": "cmath",
    "stl_iterator.h": "iterator",
    "stl_iterator_base_types.h": "iterator",
    "ranges_base.h": "ranges",
    "ranges_util.h": "ranges",
    "ranges_algo.h": "algorithm",
    "ranges_algobase.h": "algorithm",
    "ranges_cmp.h": "functional",
    "ranges_uninitialized.h": "memory",
    "ptr_traits.h": "memory",
    "indirect.h": "memory",
    "allocator.h": "memory",
    "alloc_traits.h": "memory",
    "shared_ptr.h": "memory",
    "shared_ptr_base.h": "memory",
    "unique_ptr.h": "memory",
    "out_ptr.h": "memory",
    "start_lifetime_as.h": "memory",
    "stl_uninitialized.h": "memory",
    "mofunc_impl.h": "functional",
    "cpyfunc_impl.h": "functional",
    "funcref_impl.h": "functional",
    "funcwrap.h": "functional",
    "move_only_function.h": "functional",
    "binders.h": "functional",
    "functional_hash.h": "functional",
    "chrono.h": "chrono",
    "chrono_io.h": "chrono",
    "utility.h": "utility",
    "intseq.h": "utility",
    "stl_pair.h": "utility",
    "stl_algo.h": "algorithm",
    "stl_numeric.h": "numeric",
    "atomic_base.h": "atomic",
    "random.h": "random",
    "fs_path.h": "filesystem",
    "fs_fwd.h": "filesystem",
    "locale_facets.h": "locale",
    "codecvt.h": "locale",
    "exception_ptr.h": "exception",
    "monostate.h": "utility",
    "c++config.h": "cstddef",
    "std_mutex.h": "mutex",
    "unique_lock.h": "mutex",
    "std_thread.h": "thread",
    "this_thread_sleep.h": "thread",
    "elements_of.h": "ranges",
    "basic_string.h": "string",
    "char_traits.h": "string",
    "text_encoding.h": "text_encoding",
    "formatfwd.h": "format",
    "max_size_type.h": "iterator",
    "valarray_after.h": "valarray",
    "stl_vector.h": "vector",
    "stdexcept_throw.h": "stdexcept",
    "simd.h": "simd",
}


def header(file, headers):
    """The public header for a library's file, or "" where only its place tells."""
    first, _, rest = file.partition("/")
    if file in headers:
        return file
    if first == "__fwd":
        name = rest.removesuffix(".h")
        return _FORWARD.get(name, name if name in headers else "")
    if first in _FOLDERS:
        return _FOLDERS[first]
    if first.startswith("__") and first[2:] in headers:
        return first[2:]
    if first in ("bits", "backward", "debug", "ext"):
        return _bits(rest, headers)
    return ""


def _bits(rest, headers):
    name = rest.removesuffix(".h")
    if rest in _BITS:
        return _BITS[rest]
    if rest.startswith("simd"):
        return "simd"
    bare = re.sub(r"^stl_|_(base|fwd|impl|io|conv)$", "", name)
    return bare if bare in headers else rest if rest in headers else ""
