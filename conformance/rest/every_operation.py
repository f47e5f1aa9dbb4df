#!/usr/bin/env python3
"""Reads the report of a run and fails where an operation of the description was not called."""

import json
import sys


def main(report):
    with open(report, encoding="utf-8") as file:
        run = json.load(file)
    operations = run["operations"]
    for operation, phases in run["valid_rates"].items():
        accepted = sum(phase["accepted"] for phase in phases.values())
        print(f"{operation}: {accepted} calls were accepted")
    if operations["total"] == 0:
        sys.exit("the description has no operation")
    if not run["complete"] or operations["tested"] != operations["total"]:
        sys.exit(f"not every operation was called: {operations}")
    print(f"ok {operations['tested']} operations, {run['test_cases']['generated']} cases")


main(sys.argv[1])
