#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Random session stacks: is what nsinfo check says of them what libpam does with them?

    stacks.py SEED COUNT [all]

Runs in a throw-away copy of the machine, for it writes to /etc/pam.d. Prints each stack on which the two do not agree,
with what each says, and a count at the end; exit status 1 if there is one. The same seed makes the same stacks. With "all"
every result of each module is tried, and not a few of them.

In the stacks are pam_permit, pam_deny, pam_unshare, and pam_debug, which returns what it is told; modules and files that do not
exist; includes of all kinds; and lines as no sane person writes them. The truth is what pamtester(1) gets:

    isolated   the login is let in, and pam_unshare logged that it opened a session
    open       the login is let in, and it did not
    refused

Every tenth stack is sudo's, which goes on if a stack returns PAM_SESSION_ERR, too.
"""
import glob
import json
import os
import random
import re
import subprocess
import sys
import syslog
import time

PAM = "/etc/pam.d"
RESULTS = """open_err symbol_err service_err system_err buf_err perm_denied auth_err cred_insufficient authinfo_unavail user_unknown
maxtries new_authtok_reqd acct_expired session_err cred_unavail cred_expired cred_err no_module_data conv_err authtok_err
authtok_recover_err authtok_lock_busy authtok_disable_aging try_again ignore abort authtok_expired module_unknown bad_item conv_again
incomplete""".split()
USUAL_RESULTS = ["session_err", "ignore", "module_unknown", "new_authtok_reqd", "system_err", "perm_denied"]


# --- what a stack looks like -------------------------------------------------------------------------

class Stack:
    """The files of one service, as text. @NAME@ is the prefix of their names, @K@ what the pam_debug with number K returns."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.seed = seed
        self.files = {}
        self.modules = 0
        self.write("", 0)

    def write(self, name, depth):
        self.files[name] = ""  # nobody includes a file that is being written
        r = self.random
        lines = [self.line(depth) for _ in range(r.randint(1, 4))]
        if depth == 0 and r.random() < 0.9:
            lines.insert(len(lines) if r.random() < 0.6 else r.randint(0, len(lines)), self.ours())
        for _ in range(2):
            if r.random() < 0.15:
                lines.insert(r.randint(0, len(lines)), r.choice(["# session required pam_deny.so\n", "\n", " \t\n", "auth required pam_permit.so\n"]))
        text = "".join(lines)
        if r.random() < 0.05:
            text = text.rstrip("\n")
        self.files[name] = text

    def ours(self):
        module = "pam_unshare.so" if self.random.random() < 0.97 else "/missing/pam_unshare.so"
        control = "required" if self.random.random() < 0.8 else self.control()
        return self.join(self.type(), control, module, *self.random.choice([[], [], [], [], [], [], ["open"], ["close"]]))

    def line(self, depth):
        r = self.random
        kind = r.random()
        if kind < 0.2 and depth < 3 and len(self.files) < 5:
            return self.include(depth)
        if kind < 0.23:
            return r.choice(["session\n", "session required\n", "session [success=ok\n", "session [] pam_permit.so\n",
                "sesion required pam_permit.so\n", "- required pam_permit.so\n",
                "[session] required pam_deny.so\n", "session substack @NAME@.missing\n"])
        if kind < 0.27:
            return self.join(self.type(), self.control(), r.choice(["pam_missing.so", "/missing/pam_permit.so", "pam_permit.so.missing"]))
        if kind < 0.34:
            return self.ours()
        if kind < 0.42:
            return self.join(self.type(), self.control(), "pam_permit.so")
        if kind < 0.48:
            return self.join(self.type(), self.control(), "pam_deny.so")
        self.modules += 1
        return self.join(self.type(), self.control(), "pam_debug.so", f"@{self.modules}@")

    def include(self, depth):
        r = self.random
        how = r.choice(["include", "include", "substack", "substack", "@include"])
        # What libpam does with an @include of a missing file in an included one depends on the line before: on chance.
        if r.random() < 0.08 and (how != "@include" or depth == 0):
            name = ".missing"
        elif r.random() < 0.15 and any(self.files.values()):
            name = r.choice([n for n, text in self.files.items() if text])
        else:
            name = f"-{len(self.files)}"
            self.write(name, depth + 1)
        if how == "@include":
            return self.join(r.choice(["@include", "@include", "@include", "@INCLUDE", "-@include"]), "@NAME@" + name)
        return self.join(self.type(), self.case(how), "@NAME@" + name)

    def type(self):
        return self.case("session" if self.random.random() < 0.85 else "-session")

    def case(self, word):
        chance = self.random.random()
        return word.upper() if chance < 0.05 else word.capitalize() if chance < 0.1 else word

    def control(self):
        r = self.random
        if r.random() < 0.55:
            return self.case(r.choice(["required", "required", "requisite", "optional", "sufficient"]))
        pairs = []
        for _ in range(r.randint(0, 3)):
            code = r.choice(["success", "success", "success", "ignore", "session_err", "module_unknown", "new_authtok_reqd",
                "perm_denied", r.choice(RESULTS)])
            pairs.append((code, self.action()))
        if r.random() < 0.85:
            pairs.append(("default", self.action()))
        if r.random() < 0.1:
            r.shuffle(pairs)
        equals = r.choice(["=", "=", "=", "=", " = "])
        text = r.choice(["", "", "", " "]) + r.choice([" ", " ", "  ", "\t"]).join(a + equals + b for a, b in pairs)
        if r.random() < 0.03:
            text += r.choice([" nonsense", " success=0", " default=okay", " success", "success=1", " \\]", " =ok", " DEFAULT=ok", " success=-1"])
        return f"[{text}]"

    def action(self):
        r = self.random
        return r.choice(["ok", "ok", "ignore", "ignore", "bad", "die", "done", "reset", "1", "1", "2", "3", "01"])

    def join(self, *words):
        r = self.random
        text = r.choice(["", "", "", " ", "\t"]) + words[0]
        for word in words[1:]:
            blank = r.choice([" ", " ", " ", "\t", "    "])
            if r.random() < 0.04:
                blank = r.choice([" \\\n", "\\\n", " \\\n  ", " \\  \n", "\t\\\n\t"])
            text += blank + word
        if r.random() < 0.08:
            text += r.choice([" # a comment", "#a comment", " # a comment \\", " \t", " #"])
        return text + "\n"

    def render(self, prefix, results):
        """Writes the files of a service with this name, in which the pam_debug with number K returns results[K]."""
        for name in self.files:
            with open(f"{PAM}/{prefix}{name}", "w") as f:
                f.write(self.text(name, prefix, results))

    def text(self, name, prefix, results):
        text = self.files[name].replace("@NAME@", prefix)
        for k in range(1, self.modules + 1):
            text = text.replace(f"@{k}@", f"open_session={results[k]}" if k in results else f"n={k}")
        return text

    def includes_twice(self):
        names = re.findall(r"@NAME@(-\d+)", "".join(self.files.values()))
        return len(names) > len(set(names))

    def at(self, path, number):
        """K of the pam_debug whose line begins at this line of a rendered file; or None."""
        name = re.sub(r"^(sudo|stack\d+)", "", os.path.basename(path))
        lines = self.text(name, "", {}).split("\n")
        line = lines[number - 1]
        while line.rstrip().endswith("\\") and "#" not in line:
            line = line.rstrip()[:-1] + " " + lines[number]
            number += 1
        found = re.search(r"pam_debug.so\s+n=(\d+)", line)
        return int(found[1]) if found else None


# --- what libpam does --------------------------------------------------------------------------------

def is_let_in(service, sudo):
    done = subprocess.run(["pamtester", service, "alice", "open_session", "close_session"],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return "successfully opened a session" in done.stdout or (
        sudo and "Cannot make/remove an entry for the specified session" in done.stdout)


def read_log(marker):
    """The log, up to the marker that is sent now."""
    syslog.syslog(marker)
    start = time.monotonic()
    while time.monotonic() < start + 10:
        with open("/run/syslog") as f:
            text = f.read()
        if marker in text:
            return text
    sys.exit("the log does not come")


def truths(services, sudo=False):
    """{service: "isolated", "open" or "refused"}"""
    open("/run/syslog", "w").close()
    let_in = {service: is_let_in(service, sudo) for service in services}
    log = read_log(f"end of {len(services)} services")
    return {service: "refused" if not let_in[service] else
        "isolated" if f"pam_unshare({service}:session): session opened for alice" in log else "open" for service in services}


# --- what nsinfo says --------------------------------------------------------------------------------

def findings(services):
    """{service: [finding...]}"""
    said = subprocess.run(["nsinfo", "check", "-J", *services], stdout=subprocess.PIPE, text=True).stdout
    found = {service: [] for service in services}
    for finding in json.loads(said)["findings"]:
        if finding["subject"] in found:
            found[finding["subject"]].append(finding)
    return found


class Said:
    """What the findings of a service claim."""

    def __init__(self, found):
        self.found = found
        messages = [finding["message"] for finding in found]

        def says(regex):
            return any(re.search(regex, message) for message in messages)

        self.ok = says(r"^isolated \(")
        self.refused = says("every login is refused") or any("nobody gets in" in (f["remedy"] or "") for f in found)
        self.refused_if = says(r"^refused if \S+ .* returns success")
        self.open_on_failure = says("a failure to isolate lets the login through")
        self.open_without_file = says("without the file of the module the login is let through")
        # (file, line, result): with this result of this line alone it is let in
        self.conditions = [(c[1], int(c[2]), c[3]) for c in (CONDITION.search(m) for m in messages) if c]
        # (file, line): with session_err of this line a failure of ours does not count in sudo
        self.two_failures = [(file, int(line)) for m in messages if m.startswith("if one of these fails with session_err")
            for file, line in re.findall(r"\((/\S+?):(\d+)\)", m)]
        # with the result that a line always has, or usually
        self.open = says(r"^not isolated: |logins are let in, and not isolated") or says(
            r"^not isolated if (.* returns success: |pam_deny\.so |\S*missing|a line that libpam cannot use )")


CONDITION = re.compile(r"^not isolated if .* \((/\S+?):(\d+)[,)].* returns (\w+): ")


def judge(said, truth):
    """Why what nsinfo says of a stack whose modules all succeed is wrong; or None."""
    if truth == "isolated":
        if said.refused:
            return "it is isolated, and nsinfo says that every login is refused"
        if said.open:
            return "it is isolated, and nsinfo says that it is not"
    if truth == "open":
        if said.refused:
            return "it is let in without a session, and nsinfo says that it is refused"
        if not said.open:
            return "it is let in without a session, and nsinfo does not say so"
    if truth == "refused" and not (said.refused or said.refused_if):
        return "it is refused, and nsinfo does not say so"
    return None


# --- the comparison ----------------------------------------------------------------------------------

class Comparison:
    """Of services, {name: (stack, what is said of it)}."""

    def __init__(self, shown):
        self.shown = shown
        self.kinds = {}

    def wrong(self, stack, said, why, detail=""):
        self.kinds[why] = self.kinds.get(why, 0) + 1
        if self.kinds[why] > self.shown:
            return
        print(f"--- seed {stack.seed}: {why} {detail}")
        for name in sorted(stack.files):
            print(f"stack{stack.seed}{name}:")
            print("".join(f"    {line}\n" for line in stack.text(name, f"stack{stack.seed}", {}).split("\n")), end="")
        for finding in said.found:
            print(f"  {finding['level']}: {finding['message']}")

    def usual(self, services, sudo):
        """All modules succeed. Returns those that are isolated then."""
        truth = truths(services, sudo)
        isolated = {}
        for name, (stack, said) in services.items():
            why = judge(said, truth[name])
            if why:
                self.wrong(stack, said, why)
            elif truth[name] == "isolated":
                isolated[name] = (stack, said)
        return isolated

    def single(self, services, codes, sudo):
        """One module of a stack returns something else: what lets the login in then is what nsinfo names, no more and no less."""
        for name, (stack, said) in services.items():
            named = {(stack.at(file, line), code) for file, line, code in said.conditions}
            modules = {k for k, _ in named}
            tried = {f"{name}-{k}-{code}": (k, code) for k in range(1, stack.modules + 1)
                for code in codes + [code for other, code in named if other == k]}
            for variant, (k, code) in tried.items():
                stack.render(variant, {k: code})
            for variant, truth in truths(tried, sudo).items():
                k, code = tried[variant]
                if truth == "open" and k not in modules:
                    self.wrong(stack, said, "it is let in if a module returns what nsinfo does not think of", f"({k}: {code})")
                # nsinfo takes a line that is read twice for two, of which one returns this.
                if truth != "open" and (k, code) in named and not stack.includes_twice():
                    self.wrong(stack, said, "it is not let in if a module returns what nsinfo warns of", f"({k}: {code}, {truth})")
            remove(f"{name}-\\d+-")

    def failing(self, services, sudo):
        """pam_unshare cannot open a session, for it may not execute this file; then its own file is missing."""
        init = glob.glob("/usr/libexec/pam_unshare/*/session-init")[0]
        module = (glob.glob("/usr/lib/*/security/pam_unshare.so") + glob.glob("/usr/lib*/security/pam_unshare.so"))[0]
        os.chmod(init, 0o644)
        failed = truths(services, sudo)
        if sudo:
            for name, (stack, said) in services.items():
                self.two_failures(name, stack, said)
        os.chmod(init, 0o755)
        os.rename(module, module + ".away")
        missing = truths(services, sudo)
        os.rename(module + ".away", module)
        for name, (stack, said) in services.items():
            if (failed[name] == "open") != said.open_on_failure:
                self.wrong(stack, said, f"if pam_unshare fails it is {failed[name]}, and nsinfo says something else")
            if (missing[name] == "open") != said.open_without_file and not said.open_on_failure:
                self.wrong(stack, said, f"without the file of the module it is {missing[name]}, and nsinfo says something else")

    def two_failures(self, name, stack, said):
        """pam_unshare fails, and another module before, with session_err."""
        named = {stack.at(file, line) for file, line in said.two_failures}
        alone = {stack.at(file, line) for file, line, _ in said.conditions}
        tried = {f"{name}-{k}-two": k for k in range(1, stack.modules + 1)}
        for variant, k in tried.items():
            stack.render(variant, {k: "session_err"})
        for variant, truth in truths(tried, True).items():
            k = tried[variant]
            if truth == "open" and k not in named | alone and not said.open_on_failure:
                self.wrong(stack, said, "sudo goes on after two failures of which nsinfo does not think", f"({k})")
            if truth != "open" and k in named:
                self.wrong(stack, said, "sudo does not go on after the two failures of which nsinfo warns", f"({k})")
        remove(f"{name}-\\d+-")

    def compare(self, services, codes, sudo):
        """Returns how many are isolated."""
        isolated = self.usual(services, sudo)
        self.failing(isolated, sudo)
        self.single(isolated, codes, sudo)
        return len(isolated)


def remove(regex):
    for name in os.listdir(PAM):
        if re.match(regex, name):
            os.unlink(f"{PAM}/{name}")


def said_of_sudo(stack):
    stack.render("sudo", {})
    said = Said(findings(["sudo"])["sudo"])
    remove(r"sudo(-\d+)?$")
    return said


def main():
    first, count = int(sys.argv[1]), int(sys.argv[2])
    codes = RESULTS if sys.argv[3:] == ["all"] else USUAL_RESULTS
    comparison = Comparison(int(os.environ.get("SHOW", "5")))
    isolated = 0
    for start in range(first, first + count, 100):
        stacks = {f"stack{seed}": Stack(seed) for seed in range(start, min(start + 100, first + count))}
        for name, stack in stacks.items():
            stack.render(name, {})
        others = {name: stack for name, stack in stacks.items() if stack.seed % 10}
        found = findings(others)
        isolated += comparison.compare({name: (stack, Said(found[name])) for name, stack in others.items()}, codes, False)
        sudos = {name: stack for name, stack in stacks.items() if not stack.seed % 10}
        isolated += comparison.compare({name: (stack, said_of_sudo(stack)) for name, stack in sudos.items()}, codes, True)
        remove("stack")
    wrong = sum(comparison.kinds.values())
    for why, times in comparison.kinds.items():
        print(f"{times} times: {why}")
    print(f"{count} stacks, {isolated} of them isolated; {wrong} disagreements")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
