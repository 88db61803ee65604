/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Classic BPF programs, as tcpdump's expressions are compiled to.
 *
 * libpcap's bpf_validate() is made for programs of libpcap's own compiler: it lets
 * instructions pass at which bpf_filter() calls abort(), jumps that go back, and shifts
 * whose result C does not define.  These are looked for here, the rest is left to it.
 */
#include <errno.h>
#include <sys/types.h>

#include <pcap/bpf.h>

#include <rte_common.h>

#include "sy/tap.h"

/* All that bpf_filter() knows; with either operand: K here, X too. */
static const uint16_t with_k[] = {
	BPF_LD | BPF_W | BPF_ABS,
	BPF_LD | BPF_H | BPF_ABS,
	BPF_LD | BPF_B | BPF_ABS,
	BPF_LD | BPF_W | BPF_IND,
	BPF_LD | BPF_H | BPF_IND,
	BPF_LD | BPF_B | BPF_IND,
	BPF_LD | BPF_W | BPF_LEN,
	BPF_LD | BPF_IMM,
	BPF_LD | BPF_MEM,
	BPF_LDX | BPF_W | BPF_LEN,
	BPF_LDX | BPF_B | BPF_MSH,
	BPF_LDX | BPF_IMM,
	BPF_LDX | BPF_MEM,
	BPF_ST,
	BPF_STX,
	BPF_ALU | BPF_NEG,
	BPF_JMP | BPF_JA,
	BPF_RET | BPF_K,
	BPF_RET | BPF_A,
	BPF_MISC | BPF_TAX,
	BPF_MISC | BPF_TXA,
};
static const uint16_t with_either[] = {
	BPF_ALU | BPF_ADD,
	BPF_ALU | BPF_SUB,
	BPF_ALU | BPF_MUL,
	BPF_ALU | BPF_DIV,
	BPF_ALU | BPF_MOD,
	BPF_ALU | BPF_AND,
	BPF_ALU | BPF_OR,
	BPF_ALU | BPF_XOR,
	BPF_ALU | BPF_LSH,
	BPF_ALU | BPF_RSH,
	BPF_JMP | BPF_JEQ,
	BPF_JMP | BPF_JGT,
	BPF_JMP | BPF_JGE,
	BPF_JMP | BPF_JSET,
};

static bool
is_known(uint16_t code)
{
	for (size_t i = 0; i < RTE_DIM(with_k); i++) {
		if (code == with_k[i])
			return true;
	}
	for (size_t i = 0; i < RTE_DIM(with_either); i++) {
		if (code == (with_either[i] | BPF_K) || code == (with_either[i] | BPF_X))
			return true;
	}
	return false;
}

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
is_wide_shift(uint16_t code, uint32_t bits)
{
	return (code == (BPF_ALU | BPF_LSH | BPF_K) || code == (BPF_ALU | BPF_RSH | BPF_K)) &&
		bits >= 32;
}

static bool
insn_is_good(const struct sy_tap_insn *insn, uint32_t at, uint32_t n)
{
	if (!is_known(insn->code) || is_wide_shift(insn->code, insn->k))
		return false;
	return BPF_CLASS(insn->code) != BPF_JMP || jump_is_good(insn, at, n);
}

int
sy_tap_check_filter(const struct sy_tap_insn *insns, uint32_t n, struct sy_error *error)
{
	struct bpf_insn program[SY_TAP_FILTER_MAX];

	if (n == 0 || n > SY_TAP_FILTER_MAX)
		return sy_error_set(error, -EINVAL, "a filter has 1 to %d instructions, not %u",
			SY_TAP_FILTER_MAX, n);
	for (uint32_t i = 0; i < n; i++) {
		if (!insn_is_good(&insns[i], i, n))
			return sy_error_set(error, -EINVAL,
				"the filter's instruction %u (%u %u %u %u) is none, jumps out of it or "
				"back, or shifts by more than a word",
				i, insns[i].code, insns[i].jt, insns[i].jf, insns[i].k);
		program[i] =
			(struct bpf_insn){ insns[i].code, insns[i].jt, insns[i].jf, insns[i].k };
	}
	if (bpf_validate(program, (int)n) == 0)
		return sy_error_set(error, -EINVAL,
			"the filter does not end with a return, divides by zero, or has no such memory");
	return 0;
}
