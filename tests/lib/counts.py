#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Counts the test cases of "meson test" from its testlog.json, for ./check.

    counts.py TESTLOG...

Prints failed and skipped cases with what they said, then "N passed, N failed, N skipped" as the last line.
Exits with 1 if a case failed or none ran. A test program that broke off counts as one failed case.
"""

import json
import re
import sys

CASE = re.compile(r"(ok|not ok)\b\s*\d*\s*-?\s*(.*?)(?:\s*#\s*(skip)\S*\s*(.*))?$", re.IGNORECASE)
PLAN = re.compile(r"1\.\.(\d+)\s*(?:#\s*skip\S*\s*(.*))?$", re.IGNORECASE)


def count(test):
    """Yields (outcome, sentence, detail) for each case of one test program."""
    cases, planned = 0, None
    lines = (test.get("stdout") or "").splitlines()
    for at, line in enumerate(lines):
        plan, case = PLAN.match(line), CASE.match(line)
        if plan:
            planned = int(plan[1])
            if planned == 0:
                yield "skipped", "all of it", plan[2] or ""
        elif case:
            cases += 1
            if case[3]:
                yield "skipped", case[2], case[4]
            elif case[1] == "ok":
                yield "passed", case[2], ""
            else:
                end = at + 1
                while end < len(lines) and lines[end].startswith("#"):
                    end += 1
                yield "failed", case[2], "\n".join(lines[at + 1 : end])
    result = test["result"]
    tap = planned is not None or cases
    if tap and planned != cases and planned != 0:
        yield "failed", "runs to its end", f"planned {planned} cases, ran {cases}\n{test.get('stderr', '')}"
    elif not tap:
        outcome = {"OK": "passed", "SKIP": "skipped"}.get(result, "failed")
        detail = f"{result}\n{test.get('stdout', '')}{test.get('stderr', '')}"
        yield outcome, "", detail if outcome == "failed" else ""
    elif result in ("TIMEOUT", "INTERRUPT") or test["returncode"] != 0:
        yield "failed", "ends as it should", f"{result}, status {test['returncode']}\n{test.get('stderr', '')}"


def main():
    counts = {"passed": 0, "failed": 0, "skipped": 0}
    for path in sys.argv[1:]:
        with open(path, encoding="utf-8") as log:
            for line in log:
                test = json.loads(line)
                for outcome, sentence, detail in count(test):
                    counts[outcome] += 1
                    name = f"{re.split(' / | - [^ ]*:', test['name'])[-1]}: {sentence}".rstrip(": ")
                    if outcome == "failed":
                        print(f"failed   {name}\n{detail.rstrip()}\n")
                    elif outcome == "skipped":
                        print(f"skipped  {name}: {detail}")
    print(", ".join(f"{number} {outcome}" for outcome, number in counts.items()))
    return 1 if counts["failed"] or not counts["passed"] else 0


if __name__ == "__main__":
    sys.exit(main())
