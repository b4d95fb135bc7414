#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""documented.py NSINFO SOURCE-DIRECTORY

Every command, option and column that nsinfo --help lists is in the manual and is completed by bash and zsh, and these
have no others. TAP."""
import os
import re
import subprocess
import sys

nsinfo, source = os.path.realpath(sys.argv[1]), sys.argv[2]
cases = 0


def report(sentence, wanted, found):
    """A case: both sets are the same, and not empty."""
    global cases
    cases += 1
    holds = bool(wanted) and wanted == found
    print("%sok %d - %s" % ("" if holds else "not ", cases, sentence))
    for word in sorted(wanted - found):
        print("# missing:", word)
    for word in sorted(found - wanted):
        print("# not in --help:", word)


def read(path):
    with open(os.path.join(source, path), encoding="utf-8") as file:
        return file.read()


# --- what --help says ---


def help_part(heading, pattern, *command):
    """What the pattern finds in the lines below a heading."""
    text = subprocess.run([nsinfo, *command, "--help"], stdout=subprocess.PIPE, text=True, check=True).stdout
    below = re.search(r"^%s:\n(.*?)(\n\n|\Z)" % heading, text, re.S | re.M)
    return re.findall(pattern, below.group(1), re.M) if below else []


def help_options(command):
    """The options of a command: "--json" and, if it has a letter, "-J"."""
    pairs = help_part("Options", r"^  (?:(-\w), |    )(--[a-z]+)", command)
    return {word for pair in pairs for word in pair if word}


# --- the manual ---

manual = re.sub(r"\\f[A-Z]", "", read("man/nsinfo.1").replace("\\-", "-"))


def section(name):
    return re.search(r"^\.SH %s\n(.*?)(?=^\.SH )" % name, manual, re.S | re.M).group(1)


def paragraphs(text):
    """(tag, text) of each paragraph; what is between .RS and .RE belongs to the paragraph above."""
    found, depth, lines = [], 0, text.split("\n")
    for i, line in enumerate(lines):
        depth += line.startswith(".RS") - line.startswith(".RE")
        if line == ".TP" and depth == 0:
            found.append((lines[i + 1], []))
        elif found and not (lines[i - 1] == ".TP" and depth == 0):
            found[-1][1].append(line)
    return [(tag, "\n".join(text)) for tag, text in found]


def tag_options(text):
    """The options that are tags of paragraphs."""
    tags = re.findall(r"^\.TP\n(.*)$", text, re.M)
    return {word for tag in tags for word in re.findall(r"(?<![\w-])--?[A-Za-z]+", tag)}


manual_commands = {tag.split()[1]: text for tag, text in paragraphs(section("COMMANDS"))}
manual_common = tag_options(section("OPTIONS"))
manual_columns = {
    command: set(re.findall(r"\b[A-Z]+\b", text))
    for tag, text in paragraphs(section("COLUMNS"))
    for command in re.findall(r"[a-z]+", tag)
}

# --- what the shells complete ---


def bash(*words):
    """What is offered for the last word."""
    script = """
        PATH=$1:$PATH
        . "$2"
        COMP_WORDS=(nsinfo "${@:3}") COMP_CWORD=$(($# - 2))
        _nsinfo
        printf '%s\\n' "${COMPREPLY[@]}\""""
    completion = os.path.join(source, "completions/bash/nsinfo")
    arguments = ["bash", "-c", script, "bash", os.path.dirname(nsinfo), completion, *words]
    text = subprocess.run(arguments, stdout=subprocess.PIPE, text=True, check=True).stdout
    return {word.split("=")[0] for word in text.split()}


zsh = read("completions/zsh/_nsinfo")


def zsh_list(name):
    return re.search(r"^\t%s=\(\n(.*?)^\t\)" % name, zsh, re.S | re.M).group(1)


def zsh_options(command):
    options = set()
    for names, text in re.findall(r"^\t([a-z |]+)\) (.*?);;", zsh, re.S | re.M):
        if command not in names.split(" | "):
            continue
        text += zsh_list("common") if "$common" in text else ""
        text += zsh_list("help") if "$help" in text else ""
        options |= set(re.findall(r"(?<![\w-])--?[A-Za-z]+(?=[,})\[=])", text))
    return options


# --- the cases ---

commands = set(help_part("Commands", r"^  ([a-z]+) "))
report("the manual has the commands", commands, set(manual_commands))
report("bash completes the commands", commands, bash(""))
report("zsh completes the commands", commands, set(re.findall(r"'([a-z]+):", zsh_list("subcommands"))))
for command in sorted(commands):
    options = help_options(command)
    own = tag_options(manual_commands.get(command, ""))
    report("the manual has the options of " + command, options, own | manual_common & options)
    report("zsh completes the options of " + command, options, zsh_options(command))
    long = {word for word in options if word.startswith("--")}
    report("bash completes the options of " + command, long, bash(command, "--"))
    columns = set(help_part("Columns", r"^ +(\S+)  ", command))
    if columns:
        report("the manual has the columns of " + command, columns, manual_columns.get(command, set()))
        report("bash completes the columns of " + command, columns, bash(command, "-o", ""))
everything = set().union(*map(help_options, commands))
report("the common options of the manual are options", everything, everything | manual_common)
print("1..%d" % cases)
