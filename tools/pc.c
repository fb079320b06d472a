// SPDX-License-Identifier: GPL-2.0
/*
 * pc.c - puts the guest's PC together: which device is where, and whose interrupt line goes
 * to which input.
 *
 * Reached from machine.c; see pc.h. An interrupt line ends at two controllers, and the guest
 * masks it at the one that it does not use: the 8259 pair, whose output goes to the local APICs as an
 * external interrupt, and the I/O APIC.
 */
#include "pc.h"

/* Line 0, the PIT's, is at pin 2 of the I/O APIC, where the slave 8259 is among the 8259s' inputs. */
static unsigned int ioapic_pin(unsigned int line)
{
	return line == IRQ_PIT ? 2 : line;
}

static void set_line(void *controller, unsigned int line, bool level)
{
	struct pc *pc = controller;
	struct irq pic = pic_irq(&pc->pic, line), ioapic = ioapic_irq(&pc->ioapic, ioapic_pin(line));

	irq_set(&pic, level);
	irq_set(&ioapic, level);
}

static bool line_waits(void *controller, unsigned int line)
{
	struct pc *pc = controller;
	struct irq pic = pic_irq(&pc->pic, line), ioapic = ioapic_irq(&pc->ioapic, ioapic_pin(line));

	return irq_waits(&pic) || irq_waits(&ioapic);
}

struct irq pc_irq(struct pc *pc, unsigned int line)
{
	return (struct irq){ .set = set_line, .waits = line_waits, .controller = pc, .number = line };
}

static void set_intr(void *controller, unsigned int number, bool level)
{
	struct pc *pc = controller;

	(void)number;
	lapics_set_extint(&pc->lapics, level);
}

void pc_init(struct pc *pc, unsigned int cpus, const struct guest_memory *memory, struct timers *timers,
	     struct lapic_host *host, struct stop *stop, struct output *console)
{
	pc->memory = memory;
	pc->timers = timers;
	lapics_init(&pc->lapics, cpus, timers, host);
	lapics_set_virtual_wire(&pc->lapics);
	ioapic_init(&pc->ioapic, &pc->lapics);
	pic_init(&pc->pic, (struct irq){ .set = set_intr, .controller = pc });
	pit_init(&pc->pit, timers, pc_irq(pc, IRQ_PIT));
	rtc_init(&pc->rtc, timers, pc_irq(pc, IRQ_RTC), memory->size);
	uart_init(&pc->com1, COM1_PORT, timers, pc_irq(pc, IRQ_COM1), console);
	i8042_init(&pc->i8042, stop);
	pci_config_init(&pc->pci_config);
	reset_ports_init(&pc->reset_ports, stop);
	debug_ports_init(&pc->debug_ports, console, stop);
	pvpanic_init(&pc->pvpanic, stop);
	acpi_pm_init(&pc->acpi_pm, timers, pc_irq(pc, IRQ_SCI), stop);
	struct device * const devices[] = {
		&pc->lapics.device, &pc->ioapic.device, &pc->pic.device, &pc->pit.device, &pc->rtc.device,
		&pc->com1.device, &pc->i8042.device, &pc->debug_ports.device, &pc->pvpanic.device,
		&pc->acpi_pm.device,
		/* In this order: the reset register is one of PCI's ports. */
		&pc->pci_config.device, &pc->reset_ports.device,
	};

	for (size_t i = 0; i < sizeof(devices) / sizeof(devices[0]); i++)
		bus_add(&pc->bus, devices[i]);
}

/* Takes the next window for a virtio device. */
static const struct acpi_window *add_window(struct pc *pc)
{
	static const unsigned int lines[VIRTIO_WINDOWS] = { 5, 6, 7, 10, 11 };
	unsigned int number = pc->windows++;

	pc->window[number] = (struct acpi_window){
		.base = VIRTIO_BASE + number * VIRTIO_MMIO_SIZE, .size = VIRTIO_MMIO_SIZE, .gsi = lines[number] };
	return &pc->window[number];
}

int pc_add_disk(struct pc *pc, const char *path, enum disk_mode mode)
{
	struct virtio_blk *disk = &pc->disk[pc->disks];
	const struct acpi_window *window = add_window(pc);
	int status = virtio_blk_open(disk, path, mode, pc->memory, pc->timers, pc_irq(pc, window->gsi),
				     window->base);

	if (status)
		return status;
	pc->disks++;
	bus_add(&pc->bus, &disk->virtio.device);
	return 0;
}

void pc_add_console(struct pc *pc, struct output *console)
{
	const struct acpi_window *window = add_window(pc);

	virtio_console_init(&pc->virtio_console, console, pc->memory, pc->timers, pc_irq(pc, window->gsi),
			    window->base);
	bus_add(&pc->bus, &pc->virtio_console.virtio.device);
}

void pc_add_rng(struct pc *pc)
{
	const struct acpi_window *window = add_window(pc);

	virtio_rng_init(&pc->virtio_rng, pc->memory, pc->timers, pc_irq(pc, window->gsi), window->base);
	bus_add(&pc->bus, &pc->virtio_rng.virtio.device);
}

int pc_add_share(struct pc *pc, const char *folder)
{
	const struct acpi_window *window = add_window(pc);
	int status = virtio_fs_open(&pc->share, folder, "share", pc->memory, pc->timers,
				    pc_irq(pc, window->gsi), window->base);

	if (status)
		return status;
	pc->shares = true;
	bus_add(&pc->bus, &pc->share.virtio.device);
	return 0;
}

uint64_t pc_write_tables(const struct pc *pc, unsigned int cpus)
{
	return acpi_write_tables(pc->memory, &(struct acpi_machine){
		.cpus = cpus, .windows = pc->window, .window_count = pc->windows });
}

void pc_close(struct pc *pc)
{
	for (unsigned int i = 0; i < pc->disks; i++)
		virtio_blk_close(&pc->disk[i]);
	if (pc->shares)
		virtio_fs_close(&pc->share);
}

uint8_t pc_take_interrupt(struct pc *pc, unsigned int cpu)
{
	int vector = lapic_take(&pc->lapics, cpu);

	return vector == LAPIC_TAKE_EXTINT ? pic_acknowledge(&pc->pic) : vector;
}
