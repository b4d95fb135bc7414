#!/bin/sh
# SPDX-License-Identifier: MIT
#
# install-conf.sh FILE DIRECTORY: installs the rule file unless there is one: an administrator's own stays.
set -eu

[ -e "${DESTDIR-}$2/unshare.conf" ] || install -D -m 644 "$1" "${DESTDIR-}$2/unshare.conf"
