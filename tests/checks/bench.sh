# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC2154 # scratch and root are run's
#
# The benchmark as people run it: it prints its table, and writes what it printed.  No figure is
# judged here.  Sourced by run.

# bench_file: the table's figures as a file, and what is wrong with them.
bench_file() {
	(cd "$root" && tools/bench --quick --flows 1000,20000 --json "$scratch/bench.json") || return
	/usr/bin/python3 - "$scratch/bench.json" <<-'EOF'
		import json, sys
		rows = json.load(open(sys.argv[1]))
		assert [row["flows"] for row in rows] == [1000, 20000], rows
		for row in rows:
		    assert (row["scenario"], row["mode"], row["ip"]) == ("known", "nat", 4), row
		    assert 0 < row["floor_ns_per_packet"] < row["ns_per_packet"], row
		    assert row["iqr_ns"] >= 0 and abs(row["mpps"] * row["ns_per_packet"] - 1e3) < 1, row
		print("figures agree")
	EOF
}

# instructions_file: what callgrind counts for one packet, by stage.
instructions_file() {
	(cd "$root" && tools/bench instructions --packets 4096 --json "$scratch/count.json") || return
	/usr/bin/python3 - "$scratch/count.json" <<-'EOF'
		import json, sys
		count = json.load(open(sys.argv[1]))
		stages = count["stages"]
		assert abs(sum(stages.values()) - count["instructions_per_packet"]) < 1e-6, count
		assert stages["lib/dataplane/packet/parse.c"] > 10, count
		assert all(not name.startswith("app/") for name in stages), count
		print("stages add up")
	EOF
}

test_bench() {
	expect "bench: the instructions of a packet are counted by stage" 0 'stages add up' \
		instructions_file
	expect "bench: the file holds the table's figures" 0 'figures agree' bench_file
	expect "bench: an option that is none is refused" 2 'usage' in_root tools/bench --nonsense
}
