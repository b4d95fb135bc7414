#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Usage: rooms.sh SOURCE-DIRECTORY
#
# Who may know whom in pam_unshare/ and in tools/nsinfo/: reads every #include, and fails for one that is not in the
# table, for a circle, and for what it does not know. A room is a directory; at the top of a tree a file is one, with
# its header. TAP.
set -u
export LC_ALL=C

ground='common config' # config.h is made by meson
leaves='bus channel context environment host launch place request rlimits share way'
works='base read print common'

# TREE: ROOM... -> the rooms that these may include
table="
pam_unshare: common -> common
pam_unshare: policy -> $ground policy
pam_unshare: procfs -> $ground procfs
pam_unshare: init -> $ground init
pam_unshare: $leaves -> $ground policy procfs $leaves
pam_unshare: session -> $ground policy procfs $leaves session
pam_unshare: module -> $ground policy procfs $leaves session module

tools/nsinfo: base -> base common
tools/nsinfo: read -> base read common config
tools/nsinfo: print -> base print common
tools/nsinfo: check -> $works policy config check
tools/nsinfo: exec -> $works exec
tools/nsinfo: cli -> base print config cli
tools/nsinfo: commands -> $works check exec cli commands
tools/nsinfo: nsinfo -> base print cli commands nsinfo
"

cd "$1" || exit
count=0

# report SENTENCE WRONG: a case, which holds if there is nothing wrong.
report() {
	count=$((count + 1))
	if [ -z "$2" ]; then
		echo "ok $count - $1"
	else
		echo "not ok $count - $1"
		echo "$2" | sort -u | sed 's/^/# /'
	fi
}

# includes TREE: "FILE INCLUDED" for each #include that is, or may be, of a file in this repository, and "FILE" for each
# file. A path begins in the tree, or for nsinfo in pam_unshare/.
includes() {
	find "$1" -name '*.[ch]' -print0 | xargs -0 awk -v tree="$1/" '
		FNR == 1 { print FILENAME }
		/^[ \t]*#[ \t]*include/ {
			quoted = $0 ~ /include[ \t]*"[^"]*"/
			if (!quoted && $0 !~ /include[ \t]*</) {
				print FILENAME, "UNREADABLE"
				next
			}
			split($0, part, /["<>]/)
			if (quoted || known(tree part[2]) || known("pam_unshare/" part[2]))
				print FILENAME, resolve(part[2])
		}
		function known(path,    line, found) {
			found = (getline line < path) > 0
			close(path)
			return found
		}
		function resolve(path) {
			if (path == "config.h")
				return path
			if (known(tree path) && tree != "pam_unshare/" && known("pam_unshare/" path))
				return "AMBIGUOUS:" path
			if (known(tree path))
				return tree path
			return known("pam_unshare/" path) ? "pam_unshare/" path : "UNKNOWN:" path
		}'
}

# forbidden TREE: reads includes, and prints those that are not in the table.
forbidden() {
	awk -v tree="$1" -v table="$table" '
		BEGIN {
			lines = split(table, line, "\n")
			for (i = 1; i <= lines; i++) {
				if (split(line[i], part, /: | -> /) != 3 || part[1] != tree)
					continue
				rooms = split(part[2], from, " ")
				reached = split(part[3], to, " ")
				for (r = 1; r <= rooms; r++)
					for (t = 1; t <= reached; t++)
						allowed[from[r], to[t]] = known[from[r]] = 1
			}
		}
		function room(path) {
			sub("^(" tree "|pam_unshare)/", "", path)
			sub(/\/.*|\.[ch]$/, "", path)
			return path
		}
		!(room($1) in known) { print $1 " is in no room of the table" }
		NF == 1 { next }
		$2 !~ /\.h$/ || !((room($1), room($2)) in allowed) { print $1 " may not include " $2 }'
}

# circles: reads includes, and prints the files of each circle; a header is one with the file of its name.
circles() {
	awk 'NF == 2 && sub(/\.[ch]$/, "", $1) + sub(/\.[ch]$/, "", $2) && $1 != $2' | tsort 2>&1 >/dev/null | sed 's/^tsort: //; s/^-: //'
}

for tree in pam_unshare tools/nsinfo; do
	all=$(includes "$tree")
	[ -n "$all" ] || all="$tree/NOTHING"
	report "$tree: no file knows more than its room may" "$(forbidden "$tree" <<<"$all")"
	report "$tree: no files include each other in a circle" "$(circles <<<"$all")"
done
echo "1..$count"
