/* SPDX-License-Identifier: BSD-3-Clause */
/* Classic BPF programs, as tcpdump's expressions are compiled to: what DPDK's verifier need not be asked. */
#include <errno.h>
#include <sys/types.h>

#include <pcap/bpf.h>

#include "sy/tap.h"

/* A jump of a program of n instructions, from instruction at: forward, and within. */
static bool
jump_is_good(const struct sy_tap_insn *insn, uint32_t at, uint32_t n)
{
	const uint32_t left = n - at - 1;

	if (BPF_OP(insn->code) == BPF_JA)
		return insn->k < left;
	return insn->jt < left && insn->jf < left;
}

static bool
divides_by_zero(const struct sy_tap_insn *insn)
{
	const uint16_t op = BPF_OP(insn->code);

	return BPF_SRC(insn->code) == BPF_K && (op == BPF_DIV || op == BPF_MOD) && insn->k == 0;
}

static bool
insn_is_good(const struct sy_tap_insn *insn, uint32_t at, uint32_t n)
{
	switch (BPF_CLASS(insn->code)) {
	case BPF_LD:
	case BPF_LDX:
		return BPF_MODE(insn->code) != BPF_MEM || insn->k < BPF_MEMWORDS;
	case BPF_ST:
	case BPF_STX:
		return insn->k < BPF_MEMWORDS;
	case BPF_ALU:
		return !divides_by_zero(insn);
	case BPF_JMP:
		return jump_is_good(insn, at, n);
	default: /* BPF_RET, BPF_MISC */
		return true;
	}
}

int
sy_tap_check_filter(const struct sy_tap_insn *insns, uint32_t n, struct sy_error *error)
{
	if (n == 0 || n > SY_TAP_FILTER_MAX)
		return sy_error_set(error, -EINVAL, "a filter has 1 to %d instructions, not %u",
			SY_TAP_FILTER_MAX, n);
	for (uint32_t i = 0; i < n; i++) {
		if (!insn_is_good(&insns[i], i, n))
			return sy_error_set(error, -EINVAL,
				"the filter's instruction %u (%u %u %u %u) jumps out of it, divides by "
				"zero, or has no such memory",
				i, insns[i].code, insns[i].jt, insns[i].jf, insns[i].k);
	}
	if (BPF_CLASS(insns[n - 1].code) != BPF_RET)
		return sy_error_set(error, -EINVAL, "the filter does not end with a return");
	return 0;
}
