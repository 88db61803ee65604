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
		assert sum(stages[s] for s in stages if s.startswith("lib/dataplane/packet/")) > 10, count
		assert all(not name.startswith("app/") for name in stages), count
		print("stages add up")
	EOF
}

# instructions_kept: no more than a tenth above the figure that the pipeline's README gives.
instructions_kept() {
	[[ -s $scratch/count.json ]] || return
	/usr/bin/python3 - "$scratch/count.json" "$root/lib/dataplane/pipeline/README.md" <<-'EOF'
		import json, re, sys
		now = json.load(open(sys.argv[1]))["instructions_per_packet"]
		row = re.search(r"^\| in all \|.*\| (\d+) \|$", open(sys.argv[2]).read(), re.MULTILINE)
		written = int(row[1])
		print(f"{now:.0f} instructions a packet, {written} in the README")
		assert now <= 1.10 * written, "a packet takes more instructions: tools/bench instructions"
		print("kept")
	EOF
}

test_bench() {
	expect "bench: the instructions of a packet are counted by stage" 0 'stages add up' \
		instructions_file
	expect "bench: a packet takes no more instructions than the README says" 0 'kept' \
		instructions_kept
	expect "bench: the file holds the table's figures" 0 'figures agree' bench_file
	expect "bench: an option that is none is refused" 2 'usage' in_root tools/bench --nonsense
}
