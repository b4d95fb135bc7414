#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A TAP test that each option of the module is there as a whole: a line of the table in policy/options.c, a field that
its reader sets, a use of that field, a paragraph in pam_unshare(8), a place in doc/enabling.md; and, if a rule may hold
it, in unshare.conf(5).

    options.py [SOURCE]
"""

import glob
import re
import sys

source = sys.argv[1] if len(sys.argv) > 1 else "."


def read(*paths):
    return "\n".join(open(p).read() for p in paths)


code = read(f"{source}/pam_unshare/policy/options.c")
fields = read(f"{source}/pam_unshare/policy/options.h")
others = [p for p in glob.glob(f"{source}/pam_unshare/*.c") + glob.glob(f"{source}/pam_unshare/policy/*.c")
          if not p.endswith("/options.c")]
users = read(*others)
page = read(f"{source}/man/pam_unshare.8")
page = page[page.index("\n.SH OPTIONS"):page.index("\n.SH MODULE TYPES")]
rules = read(f"{source}/man/unshare.conf.5").replace("\\-", "-")
guide = read(f"{source}/doc/enabling.md")
table = re.findall(r'^\s*(RULE|LINE)\("([a-z_]+=?)",\s*(read_\w+),', code, flags=re.M)


def faults(kind, name, reader):
    body = re.search(rf"static bool {reader}\(.*?\n}}\n", code, flags=re.S)
    of = set(re.findall(r"options->(\w+)", body[0])) if body else set()
    if not of:
        yield f"{reader} sets no field of struct options"
    for field in of:
        if not re.search(rf"[ *]{field}(\[|;)", fields):
            yield f"struct options has no field {field}"
        if not re.search(rf"options(->|\.){field}\b", users):
            yield f"nothing uses the field {field}"
    if not re.search(rf"^\.TP\n\.(B|BI|BR) {re.escape(name)}", page, flags=re.M):
        yield "pam_unshare(8) has no paragraph for it"
    if f"`{name}" not in guide:
        yield "doc/enabling.md does not name it"
    if kind == "RULE" and not re.search(rf"(^|\s){re.escape(name)}", rules):
        yield "unshare.conf(5) does not name it, and a rule may hold it"


print(f"1..{len(table) + 1}")
print("ok" if len(table) >= 13 else "not ok", 1, "- the table of options is found")
for number, (kind, name, reader) in enumerate(table, 2):
    wrong = list(faults(kind, name, reader))
    print("not ok" if wrong else "ok", number, f"- the option {name} is there as a whole")
    for what in wrong:
        print("#", what)
