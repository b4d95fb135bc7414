#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Usage: version.sh SOURCE VERSION [PAGE|PROGRAM...]
#
# The version is typed in the top meson.build, and checked wherever else it must stand. TAP. VERSION is what
# meson.build says; PAGE is a manual page as it is installed, PROGRAM one that has --version.
set -u

source=$1 version=$2
shift 2
count=0

# same SENTENCE FOUND
same() {
	count=$((count + 1))
	if [ "$2" = "$version" ]; then
		echo "ok $count - $1"
	else
		echo "not ok $count - $1"
		echo "# meson.build says $version, and here it is: ${2:-nothing}"
	fi
}

# none SENTENCE FOUND: nothing was found.
none() {
	count=$((count + 1))
	[ -n "$2" ] && echo "not ok $count - $1" && echo "$2" | sed 's/^/# /' || echo "ok $count - $1"
}

# NEWS.md begins with what is not released, if there is something.
same 'the newest release in NEWS.md' \
	"$(sed -n 's/^## \([0-9][^ ]*\).*/\1/p' "$source/NEWS.md" | head -n 1)"
same "the newest entry of the Debian package's changelog" \
	"$(sed -n '1s/^pam-unshare (\(.*\)) .*/\1/p' "$source/packaging/debian/changelog")"
for file; do
	case $file in
	*.[1-8]) same "the foot of ${file##*/}" "$(sed -n 's/^\.TH .* "pam_unshare \([^"]*\)".*/\1/p' "$file")" ;;
	*) same "${file##*/} --version" "$("$file" --version | sed 's/.* //')" ;;
	esac
done
none 'no other page has it typed' \
	"$(cd "$source" && grep -nF -- "$version" README.md SECURITY.md doc/*.md man/*.[1-8])"
echo "1..$count"
