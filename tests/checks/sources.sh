# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC2016,SC2154 # samples; scratch and checks are run's
#
# Checks of single files, and of commit titles.  Sourced by run.

# refuses CHECK WORD FILE, takes CHECK FILE
refuses() { expect "$1 refuses $3" 1 "$2" "$checks/$1" "$scratch/$3"; }
takes() { expect "$1 takes $2" 0 '' "$checks/$1" "$scratch/$2"; }

good_source() {
	printf '/* SPDX-License-Identifier: BSD-3-Clause */\n'
	printf 'int\nsum(int a, int b)\n{\n\treturn a + b;\n}\n'
}

# function_of N: a function of N lines from brace to brace.
function_of() {
	printf '/* SPDX-License-Identifier: BSD-3-Clause */\nvoid\nlong_one(void)\n{\n'
	for ((i = 2; i < $1; i++)); do printf '\tnext();\n'; done
	printf '}\n'
}

test_sources() {
	good_source | sample good.c
	local check
	for check in format spelling licence words size tidy; do
		takes "$check" good.c
	done

	printf 'int sum(int a,int b) { return a+b; }\n' | sample format.c
	refuses format 'Wclang-format' format.c
	printf '/* Reci%s it. */\n' eve | sample spelling.c
	refuses spelling Receive spelling.c
	printf '#!/bin/bash\n# SPDX-License-Identifier: BSD-3-Clause\nrm $1\n' | sample unquoted
	refuses shell SC2086 unquoted
	printf '#!/bin/bash\n# SPDX-License-Identifier: BSD-3-Clause\nrm "$1"\n' | sample quoted
	takes shell quoted
	printf 'int x;\n' | sample licence.c
	refuses licence SPDX licence.c

	printf '/* TO%s: the rest */\n' DO | sample unfinished.c
	refuses words 'not done' unfinished.c
	printf '/* see /ho%s/someone/notes */\n' me | sample path.c
	refuses words 'one machine' path.c

	function_of 60 | sample function60.c
	takes size function60.c
	function_of 61 | sample function61.c
	refuses size 'function of 61 lines' function61.c
	yes '/* SPDX-License-Identifier: BSD-3-Clause */' | head -n 501 | sample file501.c
	refuses size '501 lines' file501.c

	printf '#include <string.h>\nint\nf(const char *p)\n{\n\tif (strcmp(p, "x"))\n\t\t;\n\treturn 0;\n}\n' |
		sample tidy.c
	refuses tidy bugprone tidy.c

	printf 'flow: keep both windows\n' | sample titles
	takes commits titles
	printf 'fixed things\n' | sample no_area
	refuses commits 'no area' no_area
	printf 'flow: %073d\n' 0 | sample too_long
	refuses commits characters too_long
}
