/* SPDX-License-Identifier: GPL-2.0 */
/*
 * pc.h - the devices of the guest's PC, and the wires between them.
 *
 * Reached from machine.c, and from cpu.c for each access and each interrupt; continues in the
 * files of devices/. It knows no VM, only the callbacks that it is given. All calls need the machine's lock.
 */
#ifndef MINIVMX_TOOLS_PC_H
#define MINIVMX_TOOLS_PC_H

#include "acpi.h"
#include "devices/acpi_pm.h"
#include "devices/bus.h"
#include "devices/debug_ports.h"
#include "devices/i8042.h"
#include "devices/i8254.h"
#include "devices/i8259.h"
#include "devices/ioapic.h"
#include "devices/lapic.h"
#include "devices/pci_config.h"
#include "devices/pvpanic.h"
#include "devices/reset_ports.h"
#include "devices/rtc.h"
#include "devices/uart16550.h"
#include "devices/virtio_blk.h"
#include "devices/virtio_console.h"
#include "devices/virtio_fs.h"
#include "devices/virtio_rng.h"

#define COM1_PORT	0x3f8

/* Interrupt lines, by their numbers at the 8259 pair. */
#define IRQ_PIT		0
#define IRQ_COM1	4
#define IRQ_RTC		8
#define IRQ_SCI		9

/* Where virtio devices are: a page each, and a line that nothing else on this PC uses. */
#define VIRTIO_BASE	0xd0000000u
#define VIRTIO_WINDOWS	5
#define PC_DISKS	2

struct pc {
	struct bus bus;
	struct lapics lapics;
	struct ioapic ioapic;
	struct pic pic;
	struct pit pit;
	struct rtc rtc;
	struct uart com1;
	struct i8042 i8042;
	struct reset_ports reset_ports;
	struct pci_config pci_config;
	struct debug_ports debug_ports;
	struct pvpanic pvpanic;
	struct acpi_pm acpi_pm;
	struct virtio_blk disk[PC_DISKS];
	unsigned int disks;
	struct virtio_console virtio_console;
	struct virtio_rng virtio_rng;
	struct virtio_fs share;
	bool shares;
	struct acpi_window window[VIRTIO_WINDOWS];
	unsigned int windows;
	const struct guest_memory *memory;
	struct timers *timers;
};

void pc_init(struct pc *pc, unsigned int cpus, const struct guest_memory *memory, struct timers *timers,
	     struct lapic_host *host, struct stop *stop, struct output *console);

/* The rest of the PC, each as the user wants it, before the tables that tell the guest of it. */
int pc_add_disk(struct pc *pc, const char *path, enum disk_mode mode);
void pc_add_console(struct pc *pc, struct output *console);
void pc_add_rng(struct pc *pc);
int pc_add_share(struct pc *pc, const char *folder);
uint64_t pc_write_tables(const struct pc *pc, unsigned int cpus);
void pc_close(struct pc *pc);

/* A device's interrupt line: reaches the 8259 pair and the I/O APIC, as on a PC. */
struct irq pc_irq(struct pc *pc, unsigned int line);

/* The vector of the interrupt that the CPU takes. Only where lapic_has_interrupt() says there is one. */
uint8_t pc_take_interrupt(struct pc *pc, unsigned int cpu);

#endif /* MINIVMX_TOOLS_PC_H */
