#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# conf/steelyard.service by systemd's own judgement: each setting is known to it, and what is left open
# is little.  Prints TAP.  No service manager runs for this.
set -uo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
unit=$here/../../conf/steelyard.service
MOST_EXPOSED=45 # of 100, where a plain service has 96

if ! command -v systemd-analyze >/dev/null; then
	echo "1..0 # SKIP systemd-analyze is not installed"
	exit 0
fi
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
# Programs that there are, and no manuals, which are not installed here.
sed -e 's#=/usr/local/sbin/[a-z]*#=/bin/true#' -e '/^Documentation=/d' "$unit" >"$scratch/steelyard.service"

echo "1..3"
said=$(systemd-analyze verify --man=no "$scratch/steelyard.service" 2>&1 | grep steelyard.service)
if [[ -z $said ]]; then
	echo "ok 1 - service_unit: systemd knows each setting"
else
	echo "not ok 1 - service_unit: systemd knows each setting"
	echo "# ${said//$'\n'/$'\n# '}"
fi
if said=$(systemd-analyze security --no-pager --offline=yes --threshold=$MOST_EXPOSED "$scratch/steelyard.service" 2>&1); then
	echo "ok 2 - service_unit: little is left open"
else
	echo "not ok 2 - service_unit: little is left open"
	grep -a '✗\|level' <<<"$said" | sed 's/^/# /'
fi
# keepalived's script runs the program that the unit does, and installing rewrites one path as the other.
program=$(sed -n 's/^ExecReload=\([^ ]*\) .*/\1/p' "$unit")
if [[ -n $program ]] && grep -q "script \"$program " "${unit%/*}/keepalived.conf"; then
	echo "ok 3 - service_unit: keepalived.conf names the same program"
else
	echo "not ok 3 - service_unit: keepalived.conf names the same program"
	grep 'script "' "${unit%/*}/keepalived.conf" | sed 's/^/# /'
fi
