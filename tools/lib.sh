# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
#
# What the commands in tools/ share: how they speak, how they fail, what they
# need of the machine, and hugepages.  Sourced by bash scripts that have set
# -u; defines functions and SY_ROOT only.

SY_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# Colours only for a person at a terminal who has not asked for none.
if [[ -t 1 && -z ${NO_COLOR:-} && ${TERM:-dumb} != dumb ]]; then
	SY_BOLD=$'\e[1m' SY_RED=$'\e[31m' SY_GREEN=$'\e[32m' SY_YELLOW=$'\e[33m' SY_PLAIN=$'\e[0m'
else
	SY_BOLD='' SY_RED='' SY_GREEN='' SY_YELLOW='' SY_PLAIN=''
fi

say() { printf '%s\n' "$*"; }
step() { printf '%s==> %s%s\n' "$SY_BOLD" "$*" "$SY_PLAIN"; }
good() { printf '%s%s%s\n' "$SY_GREEN" "$*" "$SY_PLAIN"; }
warn() { printf '%swarning: %s%s\n' "$SY_YELLOW" "$*" "$SY_PLAIN" >&2; }

# fail WHAT REMEDY: one line for what is wrong, one for what to do about it.
fail() {
	printf '%s%s: %s%s\n' "$SY_RED" "${0##*/}" "$1" "$SY_PLAIN" >&2
	[[ -n ${2:-} ]] && printf '  remedy: %s\n' "$2" >&2
	exit 1
}

# progress DONE TOTAL TEXT: a line that replaces itself on a terminal, and plain lines in a log.
progress() {
	if [[ -t 1 ]]; then
		printf '\r\e[K  [%d/%d] %s' "$1" "$2" "$3"
		if (($1 >= $2)); then printf '\n'; fi
	else
		printf '  [%d/%d] %s\n' "$1" "$2" "$3"
	fi
}

need_root() {
	((EUID == 0)) && return
	fail "${1:-this} needs root" "run it again as root: sudo $0"
}

need_command() {
	local command
	for command in "$@"; do
		command -v "$command" >/dev/null && continue
		fail "the command $command is missing" "run tools/setup"
	done
}

need_tun() {
	[[ -c /dev/net/tun ]] || modprobe tun 2>/dev/null || true
	[[ -c /dev/net/tun ]] && return
	fail "there is no /dev/net/tun" "load the tun module (modprobe tun); in a container, \
give it the device (--device /dev/net/tun) and the capability NET_ADMIN"
}

# need_memory MEGABYTES: of memory that can be had without swapping.
need_memory() {
	local available
	available=$(awk '/^MemAvailable:/ { print int($2 / 1024) }' /proc/meminfo)
	((available >= $1)) && return
	fail "$available MB of memory are available, $1 MB are needed" \
		"stop other programs, or use a machine with more memory"
}

# Hugepages of 2 MB.  hugepages_setup MEGABYTES sees to it that so many are free and sets
# SY_HUGEPAGES to true; where that cannot be had it says so and sets it to false, and the caller
# does without.  hugepages_restore puts back what was there before.
export SY_HUGEPAGES=false
SY_HUGEPAGES_BEFORE=''
SY_HUGEPAGES_MOUNTED=''
SY_HUGEPAGES_DIR=/sys/kernel/mm/hugepages/hugepages-2048kB

hugepages_mount() {
	grep -q ' hugetlbfs ' /proc/mounts && return
	mkdir -p /dev/hugepages 2>/dev/null &&
		mount -t hugetlbfs nodev /dev/hugepages 2>/dev/null || return 1
	SY_HUGEPAGES_MOUNTED=/dev/hugepages
}

# hugepages_reserve N: prints nothing; fails when N cannot be had.  It asks for no more than two
# thirds of the free memory: the kernel would take the rest from everyone else.
hugepages_reserve() {
	local free total spare
	[[ -r $SY_HUGEPAGES_DIR/nr_hugepages ]] || return 1
	free=$(<"$SY_HUGEPAGES_DIR/free_hugepages")
	total=$(<"$SY_HUGEPAGES_DIR/nr_hugepages")
	((free >= $1)) && return
	spare=$(awk '/^MemAvailable:/ { print int($2 / 2048 * 2 / 3) }' /proc/meminfo)
	(($1 - free <= spare)) || return 1
	SY_HUGEPAGES_BEFORE=$total
	{ echo $((total + $1 - free)) >"$SY_HUGEPAGES_DIR/nr_hugepages"; } 2>/dev/null || return 1
	free=$(<"$SY_HUGEPAGES_DIR/free_hugepages")
	((free >= $1))
}

hugepages_setup() {
	local wanted=$((($1 + 1) / 2))
	SY_HUGEPAGES=false
	if ! hugepages_reserve "$wanted"; then
		say "no hugepages: $wanted of 2 MB are not to be had; going on without (slower)"
	elif ! hugepages_mount; then
		say "no hugepages: no hugetlbfs can be mounted here; going on without (slower)"
	else
		SY_HUGEPAGES=true
		return
	fi
	hugepages_restore
}

hugepages_restore() {
	if [[ -n $SY_HUGEPAGES_MOUNTED ]]; then
		umount "$SY_HUGEPAGES_MOUNTED" 2>/dev/null || true
		SY_HUGEPAGES_MOUNTED=''
	fi
	if [[ -n $SY_HUGEPAGES_BEFORE ]]; then
		{ echo "$SY_HUGEPAGES_BEFORE" >"$SY_HUGEPAGES_DIR/nr_hugepages"; } 2>/dev/null || true
		SY_HUGEPAGES_BEFORE=''
	fi
}

# build_project FOLDER [MESON OPTION]...: configures once, then brings up to date; quiet unless it
# fails.  CC in the environment chooses the compiler on the first call.
build_project() {
	local folder=$SY_ROOT/$1 log
	shift
	log=$(mktemp)
	if [[ ! -f $folder/build.ninja ]] &&
		! meson setup "$folder" "$SY_ROOT" "$@" >"$log" 2>&1; then
		cat "$log" >&2
		rm -f "$log"
		fail "meson cannot configure $folder" "see its last lines above; when a dependency is \
missing, run tools/setup"
	fi
	if ! ninja -C "$folder" >"$log" 2>&1; then
		sed -n '/^FAILED:/,$p' "$log" | head -n 100 >&2
		rm -f "$log"
		fail "the build in $folder fails" "see the compiler's words above; ninja -C $folder"
	fi
	rm -f "$log"
}
