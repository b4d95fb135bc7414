#!/bin/bash
# SPDX-License-Identifier: MIT
#
# inside.sh "BOOTED..." "CHECKED...": runs in the machine, as root, from run. Says TAP: each sentence of the tests of
# tests/vm, and one for ./check with what it counted. The line "row" has what the table of doc/figures.md says of it.
set -u
export LC_ALL=C.UTF-8 PATIENCE=${PATIENCE:-10}
here=$(cd "$(dirname "$0")" && pwd)
source=$(cd "$here/../../.." && pwd)
passed=0 failed=0 skipped=0

for suite in $1; do
	said=$(timeout $((120 * PATIENCE)) "$here/../$suite.sh" 2>&1 </dev/null | tr -d '\0'; exit "${PIPESTATUS[0]}")
	ended=$?
	# TAP of several tests in one: without their numbers and plans.
	echo "$said" | sed -nE "s/^((not )?ok) [0-9]+ - /\1 - $suite: /p; /^1\.\.[1-9]/d; s/^#/#/p"
	passed=$((passed + $(echo "$said" | grep '^ok ' | grep -vc '# SKIP')))
	skipped=$((skipped + $(echo "$said" | grep -c '^ok .*# SKIP')))
	failed=$((failed + $(echo "$said" | grep -c '^not ok ')))
	if [ $ended != 0 ] || ! echo "$said" | grep -q "^1\.\.$(echo "$said" | grep -cE '^(not )?ok ')\$"; then
		failed=$((failed + 1))
		echo "not ok - $suite: runs to its end"
		echo "# status $ended"
		echo "$said" | tail -n 20 | sed 's/^/# /'
	fi
done

if [ -n "$2" ]; then
	cd "$source" || exit
	said=$(BUILD=/root/build ./check $2 2>&1 </dev/null)
	counts=$(echo "$said" | tail -n 1)
	echo "$said" | sed 's/^/# /'
	if [[ $counts =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed,\ ([0-9]+)\ skipped$ ]]; then
		passed=$((passed + BASH_REMATCH[1])) failed=$((failed + BASH_REMATCH[2])) skipped=$((skipped + BASH_REMATCH[3]))
		echo "$([ "${BASH_REMATCH[2]}" = 0 ] || echo 'not ')ok - check: $counts"
	else
		failed=$((failed + 1))
		echo "not ok - check: runs to its end"
	fi
fi
. /etc/os-release
version() { dpkg-query -W -f '${Version}' "$1" | sed 's/^[0-9]*://; s/[-+~].*//'; }
# Debian's name of a kernel has no third number, but its version has.
linux=$(uname -v | grep -oE '[0-9]+\.[0-9]+\.[0-9]+' | head -n 1)
echo "row $PRETTY_NAME, Linux ${linux:-$(uname -r)}, Linux-PAM $(version libpam0g), systemd $(version systemd)," \
	"OpenSSH $(version openssh-server), sudo $(version sudo), glibc $(version libc6) | $passed | $failed | $skipped | $(date +%F) |"
[ $failed = 0 ]
