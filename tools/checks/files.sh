# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
#
# What the checks share: which files they look at.  A check takes files as
# arguments; without any it looks at the whole project.  It prints what is
# wrong as FILE:LINE: text, and exits 0 (all well), 1 or 77 (cannot be run
# here; the last line says why).

SY_CHECKED_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

# all_files: the project's files, those not yet added too; no build folders.
all_files() {
	if git -C "$SY_CHECKED_ROOT" rev-parse --git-dir >/dev/null 2>&1; then
		git -C "$SY_CHECKED_ROOT" ls-files -co --exclude-standard | while IFS= read -r file; do
			[[ -f $SY_CHECKED_ROOT/$file ]] && printf '%s\n' "$file"
		done
	else
		(cd "$SY_CHECKED_ROOT" && find . -type f -not -path './build*' -printf '%P\n')
	fi
}

is_bash() { [[ $1 == *.sh ]] || head -n 1 "$1" | grep -q '^#!.*\(bash\|bin/sh\)'; }

# files_of KIND [FILE]...: the files of a kind, to the array FILES: of those given, all.
files_of() {
	local kind=$1 file
	shift
	cd "$SY_CHECKED_ROOT" || exit 1
	FILES=("$@")
	(($# > 0)) && return
	while IFS= read -r file; do
		case $kind in
		c) [[ $file == *.[ch] ]] || continue ;;
		bash) is_bash "$file" || continue ;;
		code)
			[[ $file =~ (\.(c|h|sh|py|awk)|meson\.build|meson_options\.txt)$ ]] || is_bash "$file" ||
				head -n 1 "$file" | grep -q '^#!' || continue
			;;
		text) grep -qI '' "$file" || continue ;;
		esac
		FILES+=("$file")
	done < <(all_files)
}
