"""What libraries call things, and what the standard calls them."""

import re

_PARAMETERS = {
    "_Alloc": "Allocator",
    "_Ch": "CharT",
    "_Iter": "Iterator",
    "_Sent": "Sentinel",
    "_II": "InputIterator",
    "_OI": "OutputIterator",
    "_II1": "InputIterator1",
    "_II2": "InputIterator2",
    "_BIter": "BidirectionalIterator",
    "_Bi_iter": "BidirectionalIterator",
    "_Rg": "R",
    "_Container": "Container",
    "_Res": "R",
    "_Functor": "F",
    "_ArgTypes": "Args",
}
# Parameters that each library calls so everywhere.
COMMON = {
    "_Tp",
    "_Up",
    "_CharT",
    "_Traits",
    "_Alloc",
    "_Allocator",
    "_Key",
    "_Compare",
    "_Hash",
    "_Pred",
    "_Args",
    "_Types",
}
_LETTER = re.compile(r"_([A-Z])[a-oq-z]?p(\d*)$")
_KEYWORDS = {
    "new", "default", "class", "delete", "operator", "this", "template", "union", "and", "or", "not", "bool", "int",
    "char", "long", "short", "register", "auto", "for", "if", "do", "using", "static", "const", "try", "catch", "xor",
}  # fmt: skip


def parameter_name(name):
    """A parameter's name without what marks it as the library's."""
    if name in _PARAMETERS:
        return _PARAMETERS[name]
    letter = _LETTER.match(name)
    if letter:
        return letter[1] + letter[2]
    bare = name.strip("_")
    while "__" in bare:
        bare = bare.replace("__", "_")
    if not bare or bare[0].isdigit():
        return None
    return bare + "_" if bare in _KEYWORDS else bare


# Internal aliases with a public twin.
TYPES = {
    "_Bool": "bool",
    "__alloc_traits": "allocator_traits<Allocator>",
    "_Alloc_traits": "allocator_traits<Allocator>",
    "__mbstate_t": "mbstate_t",
    "__FILE": "FILE",
    "_IO_FILE": "FILE",
    "__time_t": "time_t",
    "__thread_id": "thread::id",
    "__va_list_tag": "va_list",
    "__gnuc_va_list": "va_list",
    "__builtin_va_list": "va_list",
    "__bit_reference": "reference",
    "__state_type": "state_type",
    "__error_type": "error_type",
    "__fs_path": "path",
    "__locale_t": "locale_t",
    "_Path": "path",
} | {
    f"__{name}_t": f"{name}_t"
    for name in (
        "remove_cvref remove_cv remove_const remove_volatile remove_reference remove_pointer remove_extent decay"
        " remove_all_extents add_lvalue_reference add_rvalue_reference add_pointer conditional make_signed make_unsigned"
        " underlying_type invoke_result common_type iter_value iter_reference unwrap_ref_decay conjunction"
    ).split()
}

# Internal templates that are a member of a public one.
PREFIXES = {
    "__iter_value_type": ("typename", "iterator_traits"),
    "__iterator_value_type": ("typename", "iterator_traits"),
    "__iter_difference_type": ("typename", "iterator_traits"),
    "__iterator_difference_type": ("typename", "iterator_traits"),
    "__iter_diff_t": ("typename", "iterator_traits"),
    "__iter_reference": ("typename", "iterator_traits"),
    "__iterator_reference": ("typename", "iterator_traits"),
}
TYPES |= {
    name: "difference_type" if "diff" in name else "reference" if "reference" in name else "value_type"
    for name in PREFIXES
}

# Internal templates, with all of their arguments, as what the standard says there.
WHOLE = {
    "_LValRefType": ("const", "D", "&"),
    "_GoodRValRefType": ("D", "&&"),
    "__self_view": ("basic_string_view", "<", "CharT", ",", "Traits", ">"),
    "__sv_type": ("basic_string_view", "<", "CharT", ",", "Traits", ">"),
    "__string_view": ("basic_string_view", "<", "value_type", ">"),
    "__swap_result_t": ("void",),
    "_EnableIfPathable": ("path", "&"),
    "__remove_return_type": ("size_type",),
    "__tuple_cat_return_t": ("tuple", "<", "CTypes", "...", ">"),
    "__insert_iterator_iter_t": ("typename", "Container", "::", "iterator"),
}

# What the standard itself writes in italics.
EXPOSITION = {
    "__iterator": "iterator",
    "__sentinel": "sentinel",
    "__convertible_to_non_slicing": "convertible-to-non-slicing",
    "__rank_": "rank_",
    "_InnerRng": "InnerRng",
    "_ContainerCompatibleRange": "container-compatible-range",
    "__container_compatible_range": "container-compatible-range",
    "__synth_three_way_result": "synth-three-way-result",
    "__synth3way_t": "synth-three-way-result",
    "__maybe_const": "maybe-const",
    "__maybe_const_t": "maybe-const",
    "__simple_view": "simple-view",
    "__range_adaptor_closure": "range-adaptor-closure",
    "__tuple_like": "tuple-like",
    "__pair_like": "pair-like",
    "__boolean_testable": "boolean-testable",
    "__different_from": "different-from",
    "__can_reference": "can-reference",
    "__referenceable": "can-reference",
    "__signed_integer_like": "signed-integer-like",
    "__integer_like": "integer-like",
    "__has_arrow": "has-arrow",
    "__nothrow_input_iterator": "nothrow-input-iterator",
    "__nothrow_forward_iterator": "nothrow-forward-iterator",
    "__nothrow_input_range": "nothrow-input-range",
    "__nothrow_forward_range": "nothrow-forward-range",
    "__nothrow_sentinel_for": "nothrow-sentinel-for",
    "__nothrow_random_access_range": "nothrow-random-access-range",
    "__nothrow_sized_sentinel_for": "nothrow-sized-sentinel-for",
    "__fmt_char_type": "char-type",
    "__libcpp_unsigned_integer": "unsigned_integral",
    "__unsigned_integer": "unsigned_integral",
    "__signed_integer": "signed_integral",
    "__signed_or_unsigned_integer": "integral",
    "__indirect_value_t": "indirect-value-t",
    "__libcpp_remove_reference_t": "remove_reference_t",
    "__compar_fn_t": "compare-pred*",
    "__nat": "unspecified",
    "_CmpUnspecifiedParam": "unspecified",
    "__literal_zero": "unspecified",
}

# The packages that the catalogue is read from, as its first line says them.
SOURCES = [
    "libc++ 22.1.8 (ziglang 0.17.1)",
    "libstdc++ 16.2.0 (names and standards)",
    "index of page addresses (cppman 0.6.3)",
]
