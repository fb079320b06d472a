// SPDX-License-Identifier: GPL-2.0
/*
 * lapic_registers.c - the local APICs' registers: one window, behind which each CPU finds its
 * own.
 *
 * Reached from the bus with the accesses of the CPU lapics->current; continues in lapic.c and
 * lapic_timer.c. SDM 3A "Local APIC Register Address Map".
 */
#include "devices/lapic_state.h"

enum {
	APIC_ID			= 0x020,
	APIC_VERSION		= 0x030,
	APIC_TPR		= 0x080,
	APIC_APR		= 0x090,
	APIC_PPR		= 0x0a0,
	APIC_EOI		= 0x0b0,
	APIC_RRD		= 0x0c0,	/* remote read: not supported, and no error */
	APIC_LDR		= 0x0d0,
	APIC_DFR		= 0x0e0,
	APIC_SVR		= 0x0f0,
	APIC_ISR		= 0x100,	/* eight registers each */
	APIC_TMR		= 0x180,
	APIC_IRR		= 0x200,
	APIC_ESR		= 0x280,
	APIC_ICR		= 0x300,
	APIC_ICR_HIGH		= 0x310,
	APIC_LVT		= 0x320,	/* LVT_COUNT registers */
	APIC_INITIAL_COUNT	= 0x380,
	APIC_CURRENT_COUNT	= 0x390,
	APIC_DIVIDE		= 0x3e0,
};

#define VERSION			0x14
#define ICR_WRITABLE		0x000ccfffu

/* Without the delivery status, LINT0's and LINT1's remote IRR, and the timer's TSC-deadline mode. */
static const uint32_t lvt_writable[LVT_COUNT] = {
	[LVT_TIMER]		= 0x300ff,
	[LVT_THERMAL]		= 0x107ff,
	[LVT_PERFORMANCE]	= 0x107ff,
	[LVT_LINT0]		= 0x1a7ff,
	[LVT_LINT1]		= 0x1a7ff,
	[LVT_ERROR]		= 0x100ff,
};

static void write_lvt(struct lapic *lapic, enum lapic_lvt entry, uint32_t value)
{
	value &= lvt_writable[entry];
	if (!(lapic->svr & SVR_ENABLED))
		value |= LVT_MASKED;
	if (entry == LVT_TIMER)		/* a tick that is due goes by the old entry */
		lapic_timer_set_mode(&lapic->timer, value & LVT_PERIODIC, value & LVT_MASKED);
	lapic->lvt[entry] = value;
}

static void write_svr(struct lapic *lapic, uint32_t value)
{
	lapic->svr = value & (SVR_ENABLED | SVR_VECTOR);
	if (!(lapic->svr & SVR_ENABLED))
		for (unsigned int i = 0; i < LVT_COUNT; i++)
			write_lvt(lapic, i, lapic->lvt[i]);
}

static uint32_t read_register(struct lapic *lapic, unsigned int offset)
{
	switch (offset) {
	case APIC_ID:				return lapic->cpu << 24;
	case APIC_VERSION:			return (LVT_COUNT - 1) << 16 | VERSION;
	case APIC_TPR:				return lapic->tpr;
	case APIC_APR:				return lapic_arbitration_priority(lapic);
	case APIC_PPR:				return lapic_processor_priority(lapic);
	case APIC_EOI:				return 0;
	case APIC_RRD:				return 0;
	case APIC_LDR:				return (uint32_t)lapic->ldr << 24;
	case APIC_DFR:				return (uint32_t)lapic->dfr << 28 | 0x0fffffff;
	case APIC_SVR:				return lapic->svr;
	case APIC_ISR ... APIC_ISR + 0x70:	return lapic->isr[(offset - APIC_ISR) / 16];
	case APIC_TMR ... APIC_TMR + 0x70:	return lapic->tmr[(offset - APIC_TMR) / 16];
	case APIC_IRR ... APIC_IRR + 0x70:	return lapic->irr[(offset - APIC_IRR) / 16];
	case APIC_ESR:				return lapic->esr;
	case APIC_ICR:				return lapic->icr;
	case APIC_ICR_HIGH:			return (uint32_t)lapic->icr_destination << 24;
	case APIC_LVT ... APIC_LVT + 0x50:	return lapic->lvt[(offset - APIC_LVT) / 16];
	case APIC_INITIAL_COUNT:		return lapic->timer.initial;
	case APIC_CURRENT_COUNT:		return lapic_timer_current(&lapic->timer);
	case APIC_DIVIDE:			return lapic->timer.divide;
	}
	lapic_log_error(lapic, ESR_ILLEGAL_REGISTER);
	return 0;
}

static void write_register(struct lapic *lapic, unsigned int offset, uint32_t value)
{
	switch (offset) {
	case APIC_TPR:
		lapic->tpr = value;
		break;
	case APIC_EOI:
		lapic_end_of_interrupt(lapic);
		break;
	case APIC_LDR:
		lapic->ldr = value >> 24;
		lapic_accepts(lapic);
		break;
	case APIC_DFR:
		lapic->dfr = value >> 28;
		lapic_accepts(lapic);
		break;
	case APIC_SVR:
		write_svr(lapic, value);
		lapic_accepts(lapic);
		break;
	case APIC_ESR:
		lapic->esr = lapic->errors;
		lapic->errors = 0;
		break;
	case APIC_ICR:
		lapic->icr = value & ICR_WRITABLE;
		lapic_send_icr(lapic);
		break;
	case APIC_ICR_HIGH:
		lapic->icr_destination = value >> 24;
		break;
	case APIC_LVT ... APIC_LVT + 0x50:
		write_lvt(lapic, (offset - APIC_LVT) / 16, value);
		break;
	case APIC_INITIAL_COUNT:
		lapic_timer_set_initial(&lapic->timer, value);
		break;
	case APIC_DIVIDE:
		lapic_timer_set_divide(&lapic->timer, value);
		break;
	default:
		/* A register that is only read keeps its value; a reserved one logs an error either way. */
		read_register(lapic, offset);
	}
}

/* Registers are 4 bytes in 16. A disabled local APIC leaves the window to memory, and there is none. */
uint64_t lapics_read(struct device *device, const struct device_range *range, uint64_t offset,
		     unsigned int size)
{
	struct lapics *lapics = container_of(device, struct lapics, device);
	struct lapic *lapic = &lapics->lapic[lapics->current];

	(void)range, (void)size;
	if (!lapic->enabled)
		return ~0ull;
	return offset % 16 < 4 ? read_register(lapic, offset & ~15u) >> 8 * (offset % 4) : 0;
}

void lapics_write(struct device *device, const struct device_range *range, uint64_t offset,
		  unsigned int size, uint64_t value)
{
	struct lapics *lapics = container_of(device, struct lapics, device);
	struct lapic *lapic = &lapics->lapic[lapics->current];

	(void)range;
	if (lapic->enabled && offset % 16 == 0 && size == 4)
		write_register(lapic, offset, value);
}

/* MultiProcessor Specification 1.4, "Virtual Wire Mode"; LINT1 is the NMI line. */
void lapics_set_virtual_wire(struct lapics *lapics)
{
	for (unsigned int i = 0; i < lapics->count; i++) {
		struct lapic *lapic = &lapics->lapic[i];

		write_svr(lapic, SVR_ENABLED | SVR_VECTOR);
		write_lvt(lapic, LVT_LINT0, DELIVER_EXTINT << 8 | (i ? LVT_MASKED : 0));
		write_lvt(lapic, LVT_LINT1, DELIVER_NMI << 8);
	}
}
