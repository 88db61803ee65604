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

test_documents() {
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
