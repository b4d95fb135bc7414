#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Usage: run.sh TARGET CORPUS [SECONDS [OPTION...]]
#
# A short run from the inputs that are kept. New ones go to a directory that is removed. Without a target, says why
# there is none. OPTIONs are libFuzzer's.
set -e
[ $# -gt 0 ] || {
	echo "1..0 # SKIP needs clang with libFuzzer (libclang-rt-dev), and a build without b_sanitize"
	exit
}
target=$1 corpus=$2 seconds=${3:-4}
shift $(($# < 3 ? $# : 3))
new=$(mktemp -d)
trap 'rm -rf "$new"' EXIT
"$target" -max_total_time="$seconds" -timeout=5 -rss_limit_mb=2048 -print_final_stats=1 -verbosity=0 -close_fd_mask=0 \
	-artifact_prefix="$new/" "$@" "$new" "$corpus" 2>"$new.log" || {
	tail -n 60 "$new.log"
	for input in "$new"/crash-* "$new"/timeout-* "$new"/oom-* "$new"/leak-*; do
		[ ! -e "$input" ] || { echo "the input, in base64:"; base64 "$input"; }
	done
	rm -f "$new.log"
	exit 1
}
grep -E 'number_of_executed_units' "$new.log" || :
rm -f "$new.log"
