#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Usage: analyze.sh TOOL SOURCE-DIRECTORY BUILD-DIRECTORY
#
# Runs a static analyzer over the module: gcc, clang-tidy, cppcheck or clang-format. Prints what it finds as TAP, a case
# for each file. The whole of nsinfo by hand: analyze.sh clang-tidy . build tools/nsinfo/*.c tools/nsinfo/*/*.c
set -u
export LC_ALL=C

tool=$1 source=$2 build=$3
shift 3
cd "$source" || exit
command -v "$tool" >/dev/null || {
	echo "1..0 # SKIP needs $tool"
	exit
}
[ $# -gt 0 ] || set -- pam_unshare/*.c pam_unshare/*/*.c

# Prints findings and fails, or says nothing.
analyze() {
	case $tool in
	gcc)
		# Leaks are for valgrind and the tests: this one does not follow what is kept in an array or a structure.
		gcc -std=gnu17 -D_GNU_SOURCE -O2 -fanalyzer -Wno-analyzer-malloc-leak -Wno-analyzer-fd-leak -Werror \
			$(pkg-config --cflags smartcols 2>/dev/null) -I"$build" -I. -Ipam_unshare -Itools/nsinfo -c -o /dev/null "$1"
		;;
	clang-tidy)
		# Shallow, which takes seconds; DEEP=1 takes minutes, and finds NULL in rules.c and subjects.c where
		# none can be.
		clang-tidy -p "$build" --quiet --extra-arg=-Wno-unknown-warning-option \
			$shallow "$1" 2>/dev/null
		;;
	cppcheck)
		# The one suppressed is no finding: later versions say that they did not look at every branch.
		cppcheck -q --enable=warning,performance,portability --inline-suppr --std=c11 -D_GNU_SOURCE \
			--suppress=normalCheckLevelMaxBranches -I"$build" -Ipam_unshare -Itools/nsinfo --error-exitcode=1 "$1"
		;;
	clang-format)
		clang-format --dry-run -Werror "$1"
		;;
	esac
}

shallow='--extra-arg=-Xclang --extra-arg=-analyzer-config --extra-arg=-Xclang --extra-arg=mode=shallow'
[ -z "${DEEP-}" ] || shallow=
results=$(mktemp -d) || exit
trap 'rm -rf "$results"' EXIT
export tool build shallow
export -f analyze
# Two at a time.
printf '%s\n' "$@" | xargs -P 2 -I FILE bash -c '
	analyze "$1" >"$2/$(echo "$1" | tr / _)" 2>&1 && : >"$2/$(echo "$1" | tr / _).ok"' analyze FILE "$results"

echo "1..$#"
count=0
for file; do
	count=$((count + 1))
	result=$results/$(echo "$file" | tr / _)
	if [ -e "$result.ok" ]; then
		echo "ok $count - $tool finds nothing in $file"
	else
		echo "not ok $count - $tool finds nothing in $file"
		sed 's/^/# /' "$result"
	fi
done
