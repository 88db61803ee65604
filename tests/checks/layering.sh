# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC2154 # scratch, checks and root are run's
#
# The layering checks, on a small tree.  Sourced by run.

# small_tree: base and config, a packet of the dataplane, a health of the control plane.
small_tree() {
	local component
	for component in base model/config dataplane/packet control/health; do
		printf '/* public */\n' | sample "tree/lib/$component/include/sy/${component##*/}.h"
		printf '#include "sy/%s.h"\n' "${component##*/}" | sample "tree/lib/$component/file.c"
		printf '\n' | sample "tree/lib/$component/meson.build"
	done
	printf '/* private */\n' | sample tree/lib/base/private.h
}

# including FILE HEADER: layering's word on a tree where FILE includes it.
including() {
	small_tree
	printf '#include %s\n' "$2" >>"$scratch/tree/lib/$1"
	"$checks/layering" "$scratch/tree"
}

# building FILE FLAGS: layering-build's word on a component built with these flags.
building() {
	small_tree
	mkdir -p "$scratch/tree/build"
	jq -n --arg file "../lib/$1" --arg folder "$scratch/tree/build" --arg flags "$2" '
		[{ directory: $folder, file: $file, output: "x.o", command: "gcc \($flags) -c \($file)" }]' \
		>"$scratch/tree/build/compile_commands.json"
	"$checks/layering-build" "$scratch/tree" "$scratch/tree/build"
}

test_layering() {
	expect "layering takes a header from below" 0 '' including control/health/file.c '"sy/base.h"'
	expect "layering takes a header of the model" 0 '' including dataplane/packet/file.c '"sy/config.h"'
	expect "layering takes a component's private header" 0 '' including base/file.c '"private.h"'
	expect "layering refuses a header from above" 1 'may not include' \
		including base/file.c '"sy/config.h"'
	expect "layering refuses the dataplane in the control plane" 1 'may not include' \
		including control/health/file.c '"sy/packet.h"'
	expect "layering refuses the control plane in the dataplane" 1 'may not include' \
		including dataplane/packet/file.c '"sy/health.h"'
	expect "layering refuses an include that climbs" 1 'climbs' \
		including base/file.c '"../model/config/include/sy/config.h"'
	expect "layering refuses another's private header" 1 'is not in' \
		including model/config/file.c '"private.h"'
	small_tree
	printf '\n' | sample tree/lib/control/stray/meson.build
	expect "layering refuses a component without a row" 1 'has no row' \
		"$checks/layering" "$scratch/tree"
	rm -r "$scratch/tree/lib/control/stray"

	expect "layering-build takes flags that look down" 0 'closed upward' \
		building model/config/file.c '-I../lib/model/config/include -I../lib/base/include'
	expect "layering-build refuses a flag that opens what is above" 1 'can include sy/config.h' \
		building base/file.c '-I../lib/base/include -I../lib/model/config/include'
	expect "layering-build refuses a flag that opens private headers" 1 'its flags open lib/base' \
		building model/config/file.c '-I../lib/model/config/include -I../lib/base'
	expect "layering-build refuses flags that compile nothing" 1 'cannot compile its own header' \
		building base/file.c '-I/nonexistent'
}
