#!/bin/sh
# SPDX-License-Identifier: MIT
#
# cited.sh SOURCE FILE: a TAP test that each "- `TEST`: SENTENCE" in FILE cites a test below SOURCE that is there.
missing=$(
	grep -E '^ *- `tests/[^`]*`: ' "$2" | while IFS= read -r line; do
		test=${line#*\`} test=${test%%\`*} sentence=${line#*\`: }
		grep -Fqs -- "\"$sentence\"" "$1/$test" || echo "# not there: $test: $sentence"
	done
)
cited=$(grep -cE '^ *- `tests/[^`]*`: ' "$2")
echo 1..1
if [ "$cited" -gt 0 ] && [ -z "$missing" ]; then
	echo "ok 1 - the $cited tests that ${2##*/} cites are there"
else
	echo "not ok 1 - the $cited tests that ${2##*/} cites are there"
	echo "$missing"
fi
