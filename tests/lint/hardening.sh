#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Usage: hardening.sh MODULE SESSION-INIT [PROGRAM...]
#
# Looks at what was built: is it hardened as meson.build asks? TAP.
set -u
export LC_ALL=C

command -v readelf >/dev/null && command -v objdump >/dev/null || {
	echo '1..0 # SKIP needs readelf and objdump (binutils)'
	exit
}
module=$1 init=$2
shift 2
count=0

check() {
	local sentence=$1
	shift
	count=$((count + 1))
	if "$@" >/dev/null 2>&1; then echo "ok $count - $sentence"; else echo "not ok $count - $sentence"; fi
}

segments() { readelf -lW "$1" | awk '$1 ~ /^[A-Z_]+$/ && NF >= 7'; }
has_relro() { segments "$1" | grep -q GNU_RELRO; }
binds_now() { readelf -dW "$1" | grep -q 'BIND_NOW\|FLAGS_1.*NOW'; }
has_plain_stack() { segments "$1" | grep GNU_STACK | grep -qv 'RWE'; }
writes_or_executes() { segments "$1" | grep -q LOAD && ! segments "$1" | grep -q 'RWE\|WE'; }
is_independent_of_position() { readelf -hW "$1" | grep -q 'Type:.*DYN'; }
protects_stack() { readelf -sW "$1" | grep -q __stack_chk_fail; }
is_fortified() { readelf -sW "$1" | grep -q '__[a-z]*_chk@'; }
no_runpath() { ! readelf -dW "$1" | grep -q 'R.*PATH'; }
# Each function that is called through a pointer begins with an instruction that allows it.
marks_targets() {
	case $(uname -m) in
	x86_64) objdump -d "$1" | grep -A1 '<pam_sm_open_session.*>:$' | grep -q endbr64 ;;
	*) objdump -d "$1" | grep -A1 '<pam_sm_open_session.*>:$' | grep -q 'paciasp\|bti' ;;
	esac
}
exports_entry_points_alone() {
	[ "$(readelf --dyn-syms -W "$1" | awk '$7 ~ /^[0-9]+$/ && $5 == "GLOBAL" { print $8 }' | sort | tr '\n' ' ')" = \
		'pam_sm_close_session pam_sm_open_session ' ]
}
is_static() { ! segments "$1" | grep -q INTERP; }

for file in "$module" "$@"; do
	name=${file##*/}
	check "$name: relocations are read-only" has_relro "$file"
	check "$name: all symbols are bound at start" binds_now "$file"
	check "$name: the stack is not executable" has_plain_stack "$file"
	check "$name: no segment is writable and executable" writes_or_executes "$file"
	check "$name: its address is not fixed" is_independent_of_position "$file"
	check "$name: stack frames are protected" protects_stack "$file"
	check "$name: calls of libc are fortified" is_fortified "$file"
	check "$name: no library path is built in" no_runpath "$file"
done
check "${module##*/}: entry points are marked as targets of calls" marks_targets "$module"
check "${module##*/}: exports what libpam calls and nothing else" exports_entry_points_alone "$module"
check 'session-init: is static' is_static "$init"
check 'session-init: the stack is not executable' has_plain_stack "$init"
check 'session-init: no segment is writable and executable' writes_or_executes "$init"
echo "1..$count"
