#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Is what the pages name there? A TAP test, a case for each page.

    cited.py SOURCE PAGE...

A page is Markdown or a manual page. What is looked for:

    [text](file#heading)              the file, from the page's directory, and the heading in it
    `tests/e2e/su.sh`                 a path that begins with a directory of the project; * stands for any name
    `session.c`, `libtest.sh`         a file of that name somewhere in the project
    `session_open()`                  a function, somewhere in the project
    `session.c:session_open()`        a function in that file
    - `tests/e2e/su.sh`: SENTENCE     a sentence that this test checks
    `tests/e2e/su.sh` "SENTENCE"      the same
    (`bastion.conf`; ...)             a recipe: each of its rules stands on the page as it is in examples/
    /usr/share/doc/pam_unshare/NAME   what is installed there: the README, a page of doc/, an example
"""

import functools
import os
import re
import sys

SKIPPED = re.compile(r"(^|/)(\.git|build[^/]*)$")
CODE_BLOCK = re.compile(r"^(```.*?^```$|(?: {4}|\t).*?$)", re.M | re.S)
FILE_NAME = re.compile(r"^[\w@.*-]+\.(?:c|h|sh|py|md|build|map|[158])$")
FUNCTION = re.compile(r"^(?:([\w./-]+\.(?:c|h|sh|py)):)?(\w+)\(\)$")
INSTALLED = re.compile(r"/usr/share/doc/pam_unshare/([\w@./-]*\w)")
TEST = re.compile(r"^ *- `(tests/[^`]*)`: (.*)$|`(tests/[^`]*)`\s+\"([^\"]*)\"", re.M)


@functools.lru_cache
def files(source):
    """All files of the project, by their path from its top."""
    found = []
    for directory, names, here in os.walk(source):
        names[:] = [n for n in names if not SKIPPED.search(os.path.join(directory, n))]
        found += [os.path.relpath(os.path.join(directory, n), source) for n in here]
    return found


@functools.lru_cache
def text(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()


@functools.lru_cache
def matches(source, pattern):
    """The files at a path, or of a name; * stands for anything but a slash."""
    anywhere = "" if "/" in pattern else "(?:.*/)?"
    regex = re.compile(anywhere + re.escape(pattern).replace(r"\*", "[^/]*") + "(?:/.*)?$")
    return [f for f in files(source) if regex.match(f)]


@functools.lru_cache
def anchors(path):
    """The names that GitHub gives to the headings of a page."""
    names = []
    for heading in re.findall(r"^#+ +(.*)$", re.sub(r"^```.*?^```$", "", text(path), flags=re.M | re.S), re.M):
        plain = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading)
        names.append(re.sub(r"[^\w\- ]", "", plain.lower()).replace(" ", "-"))
    return names


def wrong_links(page):
    for target in re.findall(r"\[[^]]*\]\(([^)\s]+)\)", text(page)):
        if re.match(r"[a-z]+:", target):
            continue
        file, _, anchor = target.partition("#")
        path = os.path.join(os.path.dirname(page), file) if file else page
        if not os.path.exists(path):
            yield f"no file for the link {target}"
        elif anchor and anchor not in anchors(path):
            yield f"no heading for the link {target}"


def defines(path, function):
    """C: the name at the start of a line or behind its type. Shell: NAME() or an assignment. A macro, too."""
    name = re.escape(function)
    return re.search(rf"^(?:[a-z].*[\s*])?{name}\(|^#define {name}\(|^def {name}\(", text(path), re.M)


def wrong_function(source, file, function):
    where = matches(source, file) if file else [f for f in files(source) if f.endswith((".c", ".h", ".sh", ".py"))]
    if not any(defines(os.path.join(source, f), function) for f in where):
        yield f"no function {function}() in {file or 'the project'}"


def wrong_code(source, page):
    tops = {f.split("/")[0] for f in files(source) if "/" in f}
    for code in set(re.findall(r"`([^`\n]+)`", CODE_BLOCK.sub("", text(page)))):
        function = FUNCTION.match(code)
        if function:
            yield from wrong_function(source, *function.groups())
        elif re.match(r"[\w.*-]+/[^\s]*$", code) and code.split("/")[0] in tops or FILE_NAME.match(code):
            if not matches(source, code.rstrip("/")):
                yield f"no {code}"


def wrong_tests(source, page):
    for groups in TEST.findall(text(page)):
        test, sentence = groups[0] or groups[2], " ".join((groups[1] or groups[3]).split())
        path = os.path.join(source, test)
        if not os.path.exists(path) or f'"{sentence}"' not in re.sub(r'"\s*\n\s*"', "", text(path)):
            yield f"{test} does not say: {sentence}"


def wrong_installed(source, page):
    plain = text(page).replace("\\-", "-").replace("\\&", "")
    for name in set(INSTALLED.findall(plain)):
        if not matches(source, name):
            yield f"nothing is installed as /usr/share/doc/pam_unshare/{name}"


def wrong_recipes(source, page):
    for recipe in re.findall(r"\(`([\w-]+\.conf)`;", text(page)):
        for rule in text(os.path.join(source, "examples", recipe)).splitlines():
            if not rule.startswith("#") and f"    {rule}\n" not in text(page):
                yield f"not as in examples/{recipe}: {rule}"


def main():
    source, pages = sys.argv[1], sys.argv[2:]
    print(f"1..{len(pages)}")
    for number, page in enumerate(pages, 1):
        wrong = list(wrong_installed(source, page))
        if page.endswith(".md"):
            wrong += [*wrong_links(page), *wrong_code(source, page), *wrong_tests(source, page), *wrong_recipes(source, page)]
        name = os.path.relpath(page, source)
        print(f"{'not ok' if wrong else 'ok'} {number} - what {name} names is there")
        for line in wrong:
            print(f"# {name}: {line}")


main()
