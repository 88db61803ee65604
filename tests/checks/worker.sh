# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC2154 # scratch, checks and root are run's
#
# The checks of worker code, on a program of two files that is compiled here.
# Sourced by run.

# worker_tree: standard input becomes the worker's file; beside it a helper in another component.
worker_tree() {
	local tree=$scratch/worker file
	sample worker/lib/dataplane/flow/fast.c
	sample worker/lib/base/helper.c <<-'END'
	#include <stdlib.h>
	int pure(int x) { return x + 1; }
	void *impure(int x) { return malloc(x); }
	END
	sample worker/lib/dataplane/flow/table_setup.c <<-'END'
	#include <stdlib.h>
	void *make(int x) { return malloc(x); }
	END
	mkdir -p "$tree/build"
	for file in dataplane/flow/fast base/helper dataplane/flow/table_setup; do
		gcc -std=gnu11 -w -O2 -fPIC -c "$tree/lib/$file.c" -o "$tree/build/${file//\//_}.o" || return 2
		jq -n --arg folder "$tree/build" --arg file "../lib/$file.c" --arg output "${file//\//_}.o" \
			'{ directory: $folder, file: $file, output: $output, command: "gcc" }'
	done | jq -s . >"$tree/build/compile_commands.json"
}

symbols_of() {
	worker_tree && "$checks/worker-symbols" "$scratch/worker" "$scratch/worker/build"
}

source_of() {
	worker_tree && "$checks/worker-source" "$scratch/worker"
}

test_worker() {
	expect "worker-symbols takes arithmetic and a pure helper" 0 ' 0 faults' \
		symbols_of <<<'int pure(int x); int go(int x) { return pure(x) * 2; }'
	expect "worker-symbols takes static data" 0 ' 0 faults' \
		symbols_of <<<'static int seen[9]; int go(int x) { return seen[x]++; }'
	expect "worker-symbols refuses the heap" 1 'go -> malloc (heap)' \
		symbols_of <<<'void *malloc(unsigned long); void *go(int x) { return malloc(x); }'
	expect "worker-symbols refuses a helper that allocates" 1 'go -> impure -> malloc' \
		symbols_of <<<'void *impure(int x); void *go(int x) { return impure(x); }'
	expect "worker-symbols refuses a function whose address is taken" 1 'malloc' \
		symbols_of <<<'void *impure(int); void *(*go(int x))(int) { return impure; }'
	expect "worker-symbols refuses what it does not know" 1 'unknown' \
		symbols_of <<<'int strange(int x); int go(int x) { return strange(x); }'
	expect "worker-symbols refuses a lock" 1 'lock' \
		symbols_of <<<'int pthread_mutex_lock(void *m); int go(void *m) { return pthread_mutex_lock(m); }'
	expect "worker-symbols refuses a worker that calls set-up code" 1 'go -> make -> malloc' \
		symbols_of <<<'void *make(int x); void *go(int x) { return make(x); }'
	expect "worker-symbols refuses to find no worker code" 1 'no worker function' \
		symbols_of <<<'int nothing;'

	expect "worker-source takes clean code" 0 ' 0 faults' \
		source_of <<<'int go(int x) { return x; }'
	expect "worker-source takes words in comments and strings" 0 ' 0 faults' \
		source_of <<<'/* malloc(x) */ const char *go(int x) { return "free(x)"; }'
	expect "worker-source refuses a call and names its line" 1 'fast.c:2: usleep()' \
		source_of <<<$'int\ngo(int x) { return usleep(x); }'
	printf 'static inline void f(void) { sy_info("x"); }\n' |
		sample worker/lib/dataplane/flow/include/sy/flow.h
	expect "worker-source refuses a call in a header" 1 'flow.h:1: sy_info()' \
		source_of <<<'int go(int x) { return x; }'
	rm "$scratch/worker/lib/dataplane/flow/include/sy/flow.h"
}
