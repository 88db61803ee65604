# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC2016,SC2154 # samples; scratch and checks are run's
#
# The check of documents.  Sourced by run.

# document INFO COMMAND: its word on a page with one block.
document() {
	printf '# A page\n\n```%s\n%s\n```\n' "$1" "$2" | sample page.md
	"$checks/documents" "$scratch/page.md"
}

linking() {
	printf 'See [that](%s).\n' "$1" | sample page.md
	"$checks/documents" "$scratch/page.md"
}

# featuring CELL TEST: the word on a table with a row for that.
featuring() {
	{
		printf '## Features, and the test of each\n\n| feature | what | test |\n| --- | --- | --- |\n'
		printf '| %s | this | %s |\n' "$1" "$2"
		grep -E '^\| (mode|scheduler) ' "$root/README.md"
	} | sample page.md
	"$checks/features" "$scratch/page.md"
}

test_features() {
	expect "features takes a unit test" 0 '' featuring 'a thing' '`unit/scheduler_turns: rr keeps its order when the cursor wraps`'
	expect "features refuses a sentence that no test has" 1 "has no test 'none'" \
		featuring 'a thing' '`unit/scheduler_turns: none`'
	expect "features refuses a program that is not there" 1 'there is no tests/unit/test_none.c' \
		featuring 'a thing' '`unit/none: x`'
	expect "features refuses a golden table that is not there" 1 "no table 'none'" \
		featuring 'a thing' '`packet/none`'
	expect "features refuses a golden row that is not there" 1 "no row 'none'" \
		featuring 'a thing' '`packet/nat: none`'
	expect "features refuses a lab function that is not there" 1 "no function 'test_none'" \
		featuring 'a thing' '`lab/test_http.py: test_none`'
	expect "features refuses a row without a test" 1 'page.md:5: no test' featuring 'a thing' 'none'
	expect "features refuses what names no part" 1 'is no test' featuring 'a thing' '`tests/x`'
	expect "features misses a scheduler" 1 'no row begins with' "$checks/features" "$root/tests/README.md"
}

test_documents() {
	local installed
	installed=$(meson install -C "$root/build" --no-rebuild --dry-run 2>&1)
	for file in "$root"/conf/REFERENCE.md "$root"/conf/*.json; do
		expect "${file##*/} is installed" 0 "$file" echo "$installed"
	done
	expect "documents runs a command" 0 '' document 'sh run' 'test -f tools/test'
	expect "documents refuses a command that fails" 1 'fails with status' document 'sh run' 'false'
	expect "documents refuses a failure before the last command" 1 'fails with' \
		document 'sh run' $'false\ntrue'
	expect "documents finds a command in its test" 0 '' document 'sh by=.ci/run' 'tools/test'
	expect "documents refuses a command that its test does not hold" 1 'is not in .ci/run' \
		document 'sh by=.ci/run' 'tools/setup'
	expect "documents refuses a test that is not there" 1 'is not there' \
		document 'sh by=tests/none' 'tools/setup'
	expect "documents takes a command for a host" 0 '' \
		document 'sh host' 'sudo systemctl start steelyard # not here'
	expect "documents refuses a file that is not there" 1 'names tools/none' \
		document 'sh host' 'sudo tools/none'
	expect "documents refuses what bash cannot read" 1 'bash cannot read' \
		document 'sh host' 'if true'
	expect "documents refuses commands that nothing tests" 1 'nothing says' document sh 'true'
	expect "documents refuses another name for a shell" 1 'write' document console 'true'
	expect "documents leaves other blocks alone" 0 '' document json '{'
	expect "documents refuses a link to nowhere" 1 'links to none.md' linking none.md
	expect "documents takes a link to the network" 0 '' linking https://dpdk.org/doc
}
