#!/bin/bash
# SPDX-License-Identifier: MIT
# The ordinary logins of a booted machine, beside its systemd, logind and security modules.
. "$(dirname "$0")/lib/libvm.sh"

check "a login by ssh is isolated" isolated_login ssh alice@localhost
check "su - is isolated" isolated_login su - alice -c 'exec "$0" "$@"'
check "sudo is isolated" isolated_login sudo -u bob
check "nothing of them is left" wait_until 10 no_session
finish
