#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A TAP test that doc/messages.md has every message of the module, and no other.

    messages.py [SOURCE]

A message is what error_set, error_explain or check_trust is given to complete "cannot ...", what error_word says
would be right, and what pam_syslog and pam_error print. --list prints them.
"""

import glob
import re
import sys

STRING = r'"((?:[^"\\]|\\.)*)"'
STRINGS = r'((?:"(?:[^"\\]|\\.)*"\s*)+)'


def join(literals):
    return "".join(re.findall(STRING, literals)).replace('\\"', '"')


def arguments(text, at):
    """The arguments of a call whose parenthesis opens at AT."""
    depth, start, out, quoted = 0, at + 1, [], False
    for i in range(at, len(text)):
        c = text[i]
        if c == '"' and text[i - 1] != "\\":
            quoted = not quoted
        if quoted:
            continue
        if c in "({":
            depth += 1
        if c in ")}":
            depth -= 1
        if (c == "," and depth == 1) or depth == 0:
            out.append(text[start:i].strip())
            start = i + 1
        if depth == 0:
            return out
    return out


def in_code(source):
    """Every message, with the file that it is in."""
    found = {}
    for path in sorted(glob.glob(f"{source}/pam_unshare/*.c") + glob.glob(f"{source}/pam_unshare/*/*.c")):
        text = re.sub(r"/\*.*?\*/", " ", open(path).read(), flags=re.S)
        for call in re.finditer(r"\b(error_set|error_explain|check_trust|pam_syslog|pam_error)\s*\(", text):
            which = {"error_set": 2, "error_explain": 2, "check_trust": 1, "pam_syslog": 2, "pam_error": 1}[call[1]]
            given = arguments(text, call.end() - 1)
            if len(given) <= which or not re.fullmatch(STRINGS, given[which]):
                continue
            message = re.sub(r"^%s(?=[a-z])", "", join(given[which]))  # the prefix of close_and_log()
            if message.strip("%s") == "" or message == "%s; the login has a session of its own":
                continue
            found[("" if call[1].startswith("pam_") else "cannot ") + message] = path[len(source) + 1:]
    return found


def in_page(source):
    """What stands in backquotes at the start of a row of a table."""
    return set(re.findall(r"^\| `([^`]+)`", open(f"{source}/doc/messages.md").read(), flags=re.M))


def main():
    source = next((a for a in sys.argv[1:] if a != "--list"), ".")
    code = in_code(source)
    if "--list" in sys.argv:
        for message, path in code.items():
            print(f"{path}: {message}")
        return
    page = in_page(source)
    print(f"1..2")
    for number, sentence, wrong in (
            (1, "doc/messages.md has every message of the module", sorted(set(code) - page)),
            (2, "and no other", sorted(page - set(code)))):
        print("not ok" if wrong or not code else "ok", number, "-", sentence)
        for message in wrong:
            print("#", message, f"({code[message]})" if message in code else "")


main()
