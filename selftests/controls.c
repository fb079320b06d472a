// SPDX-License-Identifier: GPL-2.0
/*
 * controls.c - GET_VMX_CAPS: the calling convention, the values, and the masks.
 *
 * The values are compared with what the msr driver reads from the CPU, the masks with the
 * table in tools/vmx_controls.c: the module and `minivmx doctor` must ask for the same bits.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "vm.h"
#include "../tools/vmx_controls.h"
#include "kselftest_harness.h"

#define ROOM	64

FIXTURE(controls) {
	int fd;
	struct minivmx_vmx_caps *caps;
};

FIXTURE_SETUP(controls)
{
	VM_REQUIRE(MINIVMX_DEVICE);
	self->fd = open(MINIVMX_DEVICE, O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, self->fd);
	self->caps = calloc(1, sizeof(*self->caps) + ROOM * sizeof(struct minivmx_vmx_cap));
	ASSERT_NE(NULL, self->caps);
	self->caps->nent = ROOM;
}

FIXTURE_TEARDOWN(controls)
{
	free(self->caps);
	close(self->fd);
}

static int get_caps(int fd, struct minivmx_vmx_caps *caps)
{
	return vm_ioctl(fd, MINIVMX_GET_VMX_CAPS, (unsigned long)caps);
}

TEST_F(controls, too_little_room)
{
	__u32 needed;

	self->caps->nent = 0;
	EXPECT_EQ(-E2BIG, get_caps(self->fd, self->caps));
	needed = self->caps->nent;
	ASSERT_LT(5, needed);
	ASSERT_GT(ROOM, needed);
	self->caps->nent = needed - 1;
	EXPECT_EQ(-E2BIG, get_caps(self->fd, self->caps));
	EXPECT_EQ(needed, self->caps->nent);
	EXPECT_EQ(0, self->caps->entries[0].msr);
	EXPECT_EQ(0, get_caps(self->fd, self->caps));
	EXPECT_EQ(needed, self->caps->nent);
}

TEST_F(controls, room_to_spare)
{
	EXPECT_EQ(0, get_caps(self->fd, self->caps));
	ASSERT_LT(5, self->caps->nent);
	ASSERT_GT(ROOM, self->caps->nent);
	/* What lies beyond nent is not written. */
	EXPECT_EQ(0, self->caps->entries[self->caps->nent].msr);
	EXPECT_EQ(0, self->caps->entries[self->caps->nent].value);
	self->caps->nent = 0xffffffff;
	EXPECT_EQ(0, get_caps(self->fd, self->caps));
}

TEST_F(controls, unknown_flags)
{
	self->caps->flags = 1;
	EXPECT_EQ(-EINVAL, get_caps(self->fd, self->caps));
	self->caps->flags = 1U << 31;
	EXPECT_EQ(-EINVAL, get_caps(self->fd, self->caps));
}

TEST_F(controls, every_msr_once)
{
	ASSERT_EQ(0, get_caps(self->fd, self->caps));
	for (__u32 i = 0; i < self->caps->nent; i++) {
		EXPECT_LE(MSR_VMX_BASIC, self->caps->entries[i].msr);
		EXPECT_GT(MSR_VMX_END, self->caps->entries[i].msr);
		EXPECT_EQ(0, self->caps->entries[i].padding);
		for (__u32 k = 0; k < i; k++) {
			EXPECT_NE(self->caps->entries[k].msr, self->caps->entries[i].msr);
		}
	}
}

static bool reported(const struct minivmx_vmx_caps *caps, __u32 msr, __u64 *value)
{
	for (__u32 i = 0; i < caps->nent; i++)
		if (caps->entries[i].msr == msr) {
			*value = caps->entries[i].value;
			return true;
		}
	return false;
}

/* The CPU has these where a control of another word may be 1. */
TEST_F(controls, rare_msrs)
{
	static const struct {
		__u32 msr, control_msr;
		unsigned int bit;
	} rare[] = {
		{ MSR_VMX_VMFUNC, MSR_VMX_SECONDARY, 13 }, { MSR_VMX_TERTIARY, MSR_VMX_PRIMARY, 17 },
		{ MSR_VMX_EXIT2, MSR_VMX_EXIT, 31 },
	};
	__u64 control, value;

	ASSERT_EQ(0, get_caps(self->fd, self->caps));
	for (unsigned int i = 0; i < ARRAY_SIZE(rare); i++) {
		ASSERT_TRUE(reported(self->caps, rare[i].control_msr, &control));
		EXPECT_EQ(control >> (32 + rare[i].bit) & 1, reported(self->caps, rare[i].msr, &value)) {
			TH_LOG("MSR %#x", rare[i].msr);
		}
	}
}

TEST_F(controls, values_are_the_cpus)
{
	int msr = open("/dev/cpu/0/msr", O_RDONLY | O_CLOEXEC);

	if (msr < 0)
		SKIP(return, "no /dev/cpu/0/msr: %s", strerror(errno));
	ASSERT_EQ(0, get_caps(self->fd, self->caps));
	for (__u32 i = 0; i < self->caps->nent; i++) {
		__u64 value = 0;

		ASSERT_EQ(8, pread(msr, &value, 8, self->caps->entries[i].msr)) {
			TH_LOG("MSR %#x", self->caps->entries[i].msr);
		}
		EXPECT_EQ(value, self->caps->entries[i].value) {
			TH_LOG("MSR %#x", self->caps->entries[i].msr);
		}
	}
	close(msr);
}

/* Each control word is reported by its MSR or by the TRUE one, with the tools' masks. */
TEST_F(controls, masks_are_the_tools)
{
	static const enum vmx_word words[] = {
		WORD_PIN, WORD_PRIMARY, WORD_SECONDARY, WORD_EXIT, WORD_ENTRY,
	};

	ASSERT_EQ(0, get_caps(self->fd, self->caps));
	for (unsigned int i = 0; i < ARRAY_SIZE(words); i++) {
		const struct vmx_control_word *word = &vmx_control_words[words[i]];
		uint64_t required, optional;
		int found = 0;

		vmx_masks(words[i], &required, &optional);
		for (__u32 k = 0; k < self->caps->nent; k++) {
			struct minivmx_vmx_cap *cap = &self->caps->entries[k];

			if (cap->msr != word->msr && (!word->true_msr || cap->msr != word->true_msr))
				continue;
			found++;
			EXPECT_EQ(required, cap->required) {
				TH_LOG("%s: required %#x", word->id, cap->required);
			}
			EXPECT_EQ(optional, cap->optional) {
				TH_LOG("%s: optional %#x", word->id, cap->optional);
			}
			/* What is required is allowed here, or the module had not loaded. */
			EXPECT_EQ(cap->required, cap->required & cap->value >> 32);
		}
		EXPECT_LT(0, found) {
			TH_LOG("%s is not reported", word->id);
		}
	}
}

TEST_HARNESS_MAIN
