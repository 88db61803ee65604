# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC2154 # scratch and root are run's
#
# The benchmark as people run it: it prints its table, and writes what it printed.  No figure is
# judged here.  Sourced by run.

# bench_file: one row of each kind as a file, and what is wrong with it.
bench_file() {
	(cd "$root" && tools/bench --quick --repeats 3 --json "$scratch/bench.json" \
		--only known4-1k,known6-1k,udp4,connections4,flood4,workers4) || return
	/usr/bin/python3 - "$scratch/bench.json" <<-'EOF'
		import json, sys
		table = json.load(open(sys.argv[1]))
		rows = {row["scenario"]: row for row in table if row["mode"] == "nat"}
		for row in table:
		    assert row["floor_ns_per_packet"] > 0 < row["ns_per_packet"], row
		    assert row["mode"] == "nat" or row["scenario"] in ("known4-1k", "known6-1k"), row
		assert rows.keys() - {"workers4-2", "workers4-2-1k"} == {"known4-1k", "known6-1k", "udp4",
		    "connections4", "flood4"}, rows.keys()
		for row in rows.values():
		    assert row["mode"] == "nat" and row["ip"] in (4, 6) and row["flows"] > 0, row
		    assert 0 < row["floor_ns_per_packet"] < row["ns_per_packet"], row
		    assert row["rte_hash_ns_per_packet"] > row["floor_ns_per_packet"], row
		    assert row["iqr_ns"] >= 0 and abs(row["mpps"] * row["ns_per_packet"] - 1e3) < 1, row
		assert rows["known4-1k"]["flows"] == 1000 and rows["known6-1k"]["ip"] == 6, rows
		assert rows["connections4"]["connections_per_second"] > 0, rows
		assert rows["flood4"]["known_lost"] == 0 and rows["flood4"]["known_kept"] > 0, rows
		assert rows["udp4"]["ended_per_created"] > 0, rows
		print("figures agree")
	EOF
}

# daemon_file: the whole daemon on one device, beside the device alone and the benchmark.
daemon_file() {
	(cd "$root" && tools/bench daemon --rounds 1 --only net_pcap --json "$scratch/daemon.json") || return
	/usr/bin/python3 - "$scratch/daemon.json" <<-'EOF'
		import json, sys
		row, = json.load(open(sys.argv[1]))
		assert row["device"] == "net_pcap" and row["mpps"] > 0, row
		assert row["daemon_ns"] > row["device_ns"] > 0 and row["bench_ns"] > 0, row
		more = (row["daemon_ns"] - row["device_ns"]) / row["bench_ns"]
		assert abs(row["ratio"] - more) < 1e-6, row
		print("the daemon is compared")
	EOF
}

# compared: two files that differ by more than the noise in one row, and by less in another.
compared() {
	/usr/bin/python3 - "$scratch" <<-'EOF'
		import json, sys
		def row(name, ns):
		    return {"scenario": name, "mode": "nat", "ip": 4, "ns_per_packet": ns, "iqr_ns": 2,
		        "floor_ns_per_packet": 10}
		for file, quick, slow in (("a", 50, 50), ("b", 53, 55)):
		    json.dump([row("within", quick), row("beyond", slow)], open(f"{sys.argv[1]}/{file}", "w"))
	EOF
	(cd "$root" && tools/bench compare "$scratch/a" "$scratch/b") | awk '
		$1 == "within" && $NF == "noise" { n++ }
		$1 == "beyond" && $NF == "slower" && $(NF - 2) == "1.10" { n++ }
		END { if (n == 2) print "told apart" }'
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
	expect "bench: the daemon is held against the benchmark" 0 'the daemon is compared' daemon_file
	expect "bench: two files are compared by their noise" 0 'told apart' compared
	expect "bench: a file that is not there has a remedy" 1 'make it with tools/bench --json' \
		in_root tools/bench compare "$scratch/none" "$scratch/a"
	expect "bench: an option that is none is refused" 2 'usage' in_root tools/bench --nonsense
}
