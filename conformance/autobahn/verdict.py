#!/usr/bin/env python3
"""Reads the report of a fuzzingclient and says whether the server may pass.

Nothing may fail, and no close may be unclean. Two cases may be non-strict: they want a text that turns invalid in the
middle of a frame to be refused before the frame has ended, which the protocol allows and does not ask for.
"""

import json
import sys
from collections import Counter

NON_STRICT_ALLOWED = {"6.4.3", "6.4.4"}
FINE = {"OK", "INFORMATIONAL"}
FEWEST_CASES = 301


def complaint(case, result):
    """What is wrong with one case, or None."""
    allowed = FINE | ({"NON-STRICT"} if case in NON_STRICT_ALLOWED else set())
    for what in ("behavior", "behaviorClose"):
        if result[what] not in allowed:
            return f"{case}: {what} is {result[what]}, see {result['reportfile']}"
    return None


def main(index):
    with open(index, encoding="utf-8") as file:
        (cases,) = json.load(file).values()
    print(len(cases), "cases:", dict(Counter(result["behavior"] for result in cases.values())))
    complaints = list(filter(None, (complaint(*case) for case in sorted(cases.items()))))
    if len(cases) < FEWEST_CASES:
        complaints.append(f"only {len(cases)} cases were run, {FEWEST_CASES} are expected")
    sys.exit("\n".join(complaints) or 0)


main(sys.argv[1])
