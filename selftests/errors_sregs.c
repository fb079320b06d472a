// SPDX-License-Identifier: GPL-2.0
/*
 * errors_sregs.c - the states that SET_SREGS refuses, one row each.
 *
 * A row changes one thing in a valid state. Most rows KVM refuses as well; for those that it
 * accepts, the table says so, and minivmx.h is the authority. A refused call changes nothing.
 */
#include <errno.h>
#include <string.h>

#include "vm.h"
#include "kselftest_harness.h"

#define CR0_PE		(1UL << 0)
#define CR0_NW		(1UL << 29)
#define CR0_PG		(1UL << 31)
#define CR4_PAE		(1UL << 5)
#define EFER_LME	(1UL << 8)
#define EFER_LMA	(1UL << 10)

GUEST_CODE(halt, 64, "1: hlt\n\t jmp 1b");

struct bad_state {
	const char *name;
	enum vm_mode mode;
	void (*change)(struct minivmx_sregs *sregs);
	bool kvm_accepts;
};

static void cr0_high_bit(struct minivmx_sregs *s)	{ s->cr0 |= 1UL << 32; }
static void cr0_nw_without_cd(struct minivmx_sregs *s)	{ s->cr0 |= CR0_NW; }
static void pg_without_pe(struct minivmx_sregs *s)	{ s->cr0 |= CR0_PG; }
static void cr4_high_bit(struct minivmx_sregs *s)	{ s->cr4 |= 1UL << 63; }
static void cr4_bit_19(struct minivmx_sregs *s)		{ s->cr4 |= 1UL << 19; }
static void efer_reserved(struct minivmx_sregs *s)	{ s->efer |= 1UL << 1; }
static void efer_high_bit(struct minivmx_sregs *s)	{ s->efer |= 1UL << 63; }
static void no_pae(struct minivmx_sregs *s)		{ s->cr4 &= ~CR4_PAE; }
static void lma_without_lme(struct minivmx_sregs *s)	{ s->efer |= EFER_LMA; }
static void lme_without_lma(struct minivmx_sregs *s)	{ s->efer &= ~EFER_LMA; }
static void cr3_too_wide(struct minivmx_sregs *s)	{ s->cr3 |= 1UL << 52; }
static void cr3_top_bit(struct minivmx_sregs *s)	{ s->cr3 |= 1UL << 63; }
static void code_l_and_d(struct minivmx_sregs *s)	{ s->cs.db = 1; }
static void code_l_outside_long(struct minivmx_sregs *s) { s->cs.l = 1; s->cs.db = 0; }
static void apic_base_reserved(struct minivmx_sregs *s)	{ s->apic_base |= 1; }
static void cr8_too_big(struct minivmx_sregs *s)	{ s->cr8 = 16; }

static const struct bad_state bad_states[] = {
	{ "CR0 bit 32",			VM_PROTECTED,	cr0_high_bit,		false },
	{ "CR0.NW without CD",		VM_PROTECTED,	cr0_nw_without_cd,	false },
	{ "PG without PE",		VM_REAL,	pg_without_pe,		false },
	{ "CR4 bit 63",			VM_PROTECTED,	cr4_high_bit,		false },
	{ "CR4 bit 19",			VM_PROTECTED,	cr4_bit_19,		false },
	{ "EFER bit 1",			VM_PROTECTED,	efer_reserved,		true },
	{ "EFER bit 63",		VM_PROTECTED,	efer_high_bit,		true },
	{ "long mode without PAE",	VM_LONG,	no_pae,			false },
	{ "LMA without LME and PG",	VM_PROTECTED,	lma_without_lme,	false },
	{ "LME and PG without LMA",	VM_LONG,	lme_without_lma,	false },
	{ "CR3 bit 52",			VM_LONG,	cr3_too_wide,		false },
	{ "CR3 bit 63",			VM_LONG,	cr3_top_bit,		false },
	{ "CS.L with CS.D",		VM_LONG,	code_l_and_d,		true },
	{ "CS.L outside long mode",	VM_PROTECTED,	code_l_outside_long,	false },
	{ "APIC base bit 0",		VM_PROTECTED,	apic_base_reserved,	false },
	{ "CR8 of 16",			VM_PROTECTED,	cr8_too_big,		true },
};

VM_FIXTURE(errors_sregs)
{
	VM_SETUP(self, variant);
}

TEST_F(errors_sregs, invalid_states)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(bad_states); i++) {
		const struct bad_state *bad = &bad_states[i];
		struct minivmx_sregs before, wrong, after;

		if (variant->kvm && bad->kvm_accepts)
			continue;
		ASSERT_EQ(0, vm_start(&self->vm, bad->mode, halt_start, halt_end));
		ASSERT_EQ(0, vm_get_sregs(&self->vm, &before));
		wrong = before;
		bad->change(&wrong);
		EXPECT_EQ(-EINVAL, vm_set_sregs(&self->vm, &wrong)) {
			TH_LOG("%s", bad->name);
		}
		ASSERT_EQ(0, vm_get_sregs(&self->vm, &after));
		EXPECT_EQ(0, memcmp(&before, &after, sizeof(before))) {
			TH_LOG("%s: a refused call changed the state", bad->name);
		}
	}
}

/* The row's base states themselves are accepted, so it is the change that is refused. */
TEST_F(errors_sregs, valid_states)
{
	for (enum vm_mode mode = VM_REAL; mode <= VM_LONG; mode++) {
		struct minivmx_sregs sregs;

		ASSERT_EQ(0, vm_start(&self->vm, mode, halt_start, halt_end));
		ASSERT_EQ(0, vm_get_sregs(&self->vm, &sregs));
		EXPECT_EQ(0, vm_set_sregs(&self->vm, &sregs));
	}
}

TEST_F(errors_sregs, guest_runs_on_after_a_refusal)
{
	struct minivmx_sregs sregs;

	ASSERT_EQ(0, VM_START(&self->vm, VM_LONG, halt));
	ASSERT_EXIT(&self->vm, MINIVMX_EXIT_HLT);
	ASSERT_EQ(0, vm_get_sregs(&self->vm, &sregs));
	no_pae(&sregs);
	EXPECT_EQ(-EINVAL, vm_set_sregs(&self->vm, &sregs));
	ASSERT_EXIT(&self->vm, MINIVMX_EXIT_HLT);
}

TEST_HARNESS_MAIN
