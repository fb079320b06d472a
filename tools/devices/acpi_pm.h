/* SPDX-License-Identifier: GPL-2.0 */
/*
 * acpi_pm.h - ACPI's power management registers: the power button, power-off and the PM timer.
 *
 * Reached from the bus and from machine.c, which presses the button; continues in acpi_pm.c. The
 * guest learns the ports and the interrupt from acpi.c's tables.
 */
#ifndef MINIVMX_TOOLS_ACPI_PM_H
#define MINIVMX_TOOLS_ACPI_PM_H

#include "devices/device.h"
#include "devices/timers.h"

#define ACPI_PM_EVENT_PORT	0x600
#define ACPI_PM_EVENT_LENGTH	4
#define ACPI_PM_CONTROL_PORT	0x604
#define ACPI_PM_CONTROL_LENGTH	2
#define ACPI_PM_TIMER_PORT	0x608
#define ACPI_PM_TIMER_LENGTH	4

#define ACPI_PM_SCI		9	/* active high, level-triggered */
#define ACPI_PM_SOFT_OFF	5	/* SLP_TYP of the state S5 */

struct acpi_pm {
	struct device device;
	struct irq sci;
	struct stop *stop;
	struct timer carry;		/* the PM timer's highest bit changes */
	uint64_t start;			/* ns, when the PM timer was 0 */
	uint64_t carries;		/* of which TMR_STS knows */
	uint16_t status, enable, control;
};

void acpi_pm_init(struct acpi_pm *pm, struct timers *timers, struct irq sci, struct stop *stop);

/* A guest that listens shuts down, and ends with STOP_POWER_OFF. */
void acpi_pm_power_button(struct acpi_pm *pm);

#endif /* MINIVMX_TOOLS_ACPI_PM_H */
