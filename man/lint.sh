#!/bin/sh
# SPDX-License-Identifier: MIT
#
# lint.sh PAGE...: a TAP test that mandoc and groff have nothing to say about the pages.

# check SENTENCE COMMAND...: the command succeeds and prints nothing.
check() {
	sentence=$1
	shift
	count=$((count + 1))
	if ! command -v "$1" >/dev/null; then
		echo "ok $count - $sentence # SKIP no $1 on this machine"
	elif said=$("$@" 2>&1) && [ -z "$said" ]; then
		echo "ok $count - $sentence"
	else
		echo "not ok $count - $sentence"
		echo "$said" | sed 's/^/# /'
	fi
}

count=0
for page; do
	check "mandoc finds nothing wrong in ${page##*/}" mandoc -T lint -W warning "$page"
	check "groff finds nothing wrong in ${page##*/}" groff -ww -man -z "$page"
done
echo "1..$count"
