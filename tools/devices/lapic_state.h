/* SPDX-License-Identifier: GPL-2.0 */
/*
 * lapic_state.h - what lapic.c and lapic_registers.c share: bits of the registers, and what an
 * access to them sets off.
 *
 * Reached from lapic_registers.c; continues in lapic.c.
 */
#ifndef MINIVMX_TOOLS_LAPIC_STATE_H
#define MINIVMX_TOOLS_LAPIC_STATE_H

#include "devices/lapic.h"

#define SVR_VECTOR		0xffu
#define SVR_ENABLED		(1u << 8)

#define LVT_PERIODIC		(1u << 17)
#define LVT_MASKED		(1u << 16)

#define ESR_SEND_ILLEGAL_VECTOR		(1u << 5)
#define ESR_RECEIVE_ILLEGAL_VECTOR	(1u << 6)
#define ESR_ILLEGAL_REGISTER		(1u << 7)

uint8_t lapic_processor_priority(const struct lapic *lapic);
uint8_t lapic_arbitration_priority(const struct lapic *lapic);
void lapic_log_error(struct lapic *lapic, uint8_t error);
void lapic_end_of_interrupt(struct lapic *lapic);
void lapic_send_icr(struct lapic *lapic);
void lapic_accepts(struct lapic *lapic);

/* Of the window, for the CPU lapics->current. */
uint64_t lapics_read(struct device *device, const struct device_range *range, uint64_t offset,
		     unsigned int size);
void lapics_write(struct device *device, const struct device_range *range, uint64_t offset,
		  unsigned int size, uint64_t value);

#endif /* MINIVMX_TOOLS_LAPIC_STATE_H */
