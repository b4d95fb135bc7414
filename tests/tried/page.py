#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes doc/applications.md from the lists of what was tried, tests/tried/applications and tests/tried/modules.

    page.py [SOURCE]            writes the page
    page.py --check [SOURCE]    a TAP test: the page is what this script makes, each row is whole, and what a row calls
                                tested is named in an end-to-end test
"""

import glob
import os
import re
import sys

VERDICTS = {  # of an application: the heading of its table, and what it means
    "isolated": ("Isolated", "Put the line into the files of those that are to be isolated."),
    "left alone": ("Left alone", "The module knows these by name: whoever uses them is let in and not isolated, with the line or without."),
    "refused": ("Refused", "With the line in their files, the module refuses these: their program would be half in the session."),
    "breaks": ("They break", "Keep the line out of their files. `nsinfo check` calls it a problem."),
    "not isolated": ("Not isolated", "The line does not help here, and fills the log. Keep it out of their files. `nsinfo check` calls it a "
                     "problem."),
    "no session": ("They open no session", "They ask PAM who somebody is, or not even that. The line has no effect in their files. \"By "
                   "its symbols\" means: the program does not import pam_open_session(3)."),
    "not tried": ("Not tried", "They import pam_open_session(3). Try a login, and look, before you rely on it."),
}

HEAD = """\
# Applications and modules that were tried

Made by `tests/tried/page.py` from `tests/tried/applications` and `tests/tried/modules`: change these, and run it.

"tests" means that an end-to-end test does it with each change, on Debian 12. The others were tried on the releases that
are named. What is not on this page was not tried. `nsinfo check` knows many of these by the names of their
services.
"""

MODULES = """\
## Other modules in the stack

With one line of ours, or with [two](enabling.md#two-lines-if-a-module-must-close-after-the-session). "Works" means: the login is
isolated, what the module does is there, and nothing is left after the login.
"""


def rows(path, fields):
    """The rows of a list, without comments: (number of the line, its fields)."""
    if not os.path.exists(path):
        return []
    with open(path, encoding="utf-8") as file:
        lines = [(number, line.strip()) for number, line in enumerate(file, 1)]
    found = [(number, [field.strip() for field in line.split("|")])
             for number, line in lines if line and not line.startswith("#")]
    for number, row in found:
        if len(row) != fields:
            sys.exit(f"{path}:{number}: {len(row)} fields, not {fields}")
    return found


def table(heads, lines):
    head = "| " + " | ".join(heads) + " |\n| " + " | ".join("---" for _ in heads) + " |\n"
    return head + "".join("| " + " | ".join(line) + " |\n" for line in lines)


def wrap(text, width=120):
    lines = [""]
    for word in text.split():
        if len(lines[-1]) + len(word) >= width:
            lines.append("")
        lines[-1] += (" " if lines[-1] else "") + word
    return "\n".join(lines) + "\n"


def page(applications, modules):
    parts = [HEAD]
    for verdict, (heading, meaning) in VERDICTS.items():
        lines = [[names, services, tried, where, why] for _, (names, services, was, tried, where, why) in applications
                 if was == verdict]
        if lines:
            parts.append(f"## {heading}\n\n{wrap(meaning)}")
            parts.append(table(["application", "service", "what was tried", "where", "what to know"], lines))
    if modules:
        parts.append(MODULES)
        parts.append(table(["module", "verdict", "form", "what was tried", "where", "what to know"],
                           [row for _, row in modules]))
    return "\n".join(parts)


def says_tests(where):
    return re.match(r"tests\b(?!/)", where)


def names_of(text):
    """ "su, su -, su -P" are three; "ftpd of inetutils" and "pam_mount luserconf" are the first word's. """
    return [re.sub(r"(\w) (of|for|in) .*", r"\1", name.strip()) for name in text.split(",")]


def is_named(name, tests):
    return re.search(r"(?<![\w-])" + re.escape(name) + r"(?![\w])", tests)


def faults(applications, modules, source):
    """What is wrong with the rows, as text."""
    tests = ""
    for path in glob.glob(f"{source}/tests/e2e/*.sh"):
        with open(path, encoding="utf-8") as file:
            tests += file.read()
    for number, row in applications:
        if row[2] not in VERDICTS:
            yield f"applications:{number}: the verdict is none of " + ", ".join(VERDICTS)
        if row[2] != "not tried" and not row[4]:
            yield f"applications:{number}: it does not say where it was tried"
    for list_name, list_rows, where in (("applications", applications, 4), ("modules", modules, 4)):
        for number, row in list_rows:
            if not says_tests(row[where]):
                continue
            for name in names_of(row[0]):
                if not is_named(name, tests):
                    yield f"{list_name}:{number}: no end-to-end test names {name}"


def check(text, path, wrong):
    print("1..2")
    with open(path, encoding="utf-8") as file:
        same = file.read() == text
    print("ok" if same else "not ok", "1 - doc/applications.md is what tests/tried/page.py makes")
    if not same:
        print("# run tests/tried/page.py")
    print("not ok" if wrong else "ok", "2 - each row of the lists is whole, and what it calls tested is named in a test")
    for line in wrong:
        print("#", line)


def main():
    arguments = [word for word in sys.argv[1:] if word != "--check"]
    source = arguments[0] if arguments else os.path.join(os.path.dirname(os.path.abspath(__file__)), "../..")
    applications = rows(f"{source}/tests/tried/applications", 6)
    modules = rows(f"{source}/tests/tried/modules", 6)
    text, path = page(applications, modules), f"{source}/doc/applications.md"
    if "--check" in sys.argv:
        check(text, path, list(faults(applications, modules, source)))
        return
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


main()
