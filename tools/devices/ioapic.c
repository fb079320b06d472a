// SPDX-License-Identifier: GPL-2.0
/*
 * ioapic.c - the I/O APIC: interrupt lines become messages to local APICs.
 *
 * Reached from the devices' lines, from the bus, and from lapic.c with the EOI of
 * level-triggered interrupts; continues in lapics_deliver(). Intel 82093AA data sheet.
 * The machine's lines are logical, high where asserted: the polarity bit is kept, and ignored.
 */
#include "devices/ioapic.h"

enum {
	WINDOW_INDEX	= 0x00,		/* IOREGSEL */
	WINDOW_DATA	= 0x10,		/* IOWIN */
	WINDOW_EOI	= 0x40,
};

enum {
	INDEX_ID		= 0x00,
	INDEX_VERSION		= 0x01,
	INDEX_ARBITRATION	= 0x02,
	INDEX_REDIRECTION	= 0x10,	/* two for each pin */
};

#define VERSION		0x20		/* the first with an EOI register */

#define ENTRY_LOGICAL	(1u << 11)
#define ENTRY_REMOTE_IRR (1u << 14)
#define ENTRY_LEVEL	(1u << 15)
#define ENTRY_MASKED	(1u << 16)
#define ENTRY_WRITABLE	0xff0000000001afffull	/* all but the delivery status and the remote IRR */

static struct apic_message message_of(uint64_t entry)
{
	return (struct apic_message){
		.destination	= entry >> 56,
		.logical	= entry & ENTRY_LOGICAL,
		.delivery	= entry >> 8 & 7,
		.vector		= entry,
		.level		= entry & ENTRY_LEVEL,
	};
}

/* The others have no EOI, and are edges whatever the trigger mode says. */
static bool is_level(uint64_t entry)
{
	return (entry & ENTRY_LEVEL) && (entry >> 8 & 7) <= DELIVER_LOWEST;
}

/* A level that is not with a CPU yet. */
static void deliver_level(struct ioapic *ioapic, unsigned int pin)
{
	uint64_t *entry = &ioapic->redirection[pin];
	struct apic_message message = message_of(*entry);

	if (!is_level(*entry) || !ioapic->line[pin] || (*entry & (ENTRY_MASKED | ENTRY_REMOTE_IRR)))
		return;
	if (lapics_deliver(ioapic->lapics, &message))
		*entry |= ENTRY_REMOTE_IRR;
}

/* An edge that meets a masked entry is lost: data sheet, "Interrupt Mask". */
static void set_line(void *controller, unsigned int pin, bool level)
{
	struct ioapic *ioapic = controller;
	uint64_t entry = ioapic->redirection[pin];
	struct apic_message message = message_of(entry);
	bool rises = level && !ioapic->line[pin];

	ioapic->line[pin] = level;
	if (is_level(entry))
		deliver_level(ioapic, pin);
	else if (rises && !(entry & ENTRY_MASKED))
		lapics_deliver(ioapic->lapics, &message);
}

static bool line_waits(void *controller, unsigned int pin)
{
	struct ioapic *ioapic = controller;
	struct apic_message message = message_of(ioapic->redirection[pin]);

	return !(ioapic->redirection[pin] & (ENTRY_LEVEL | ENTRY_MASKED)) &&
	       message.delivery <= DELIVER_LOWEST && lapics_wait(ioapic->lapics, &message);
}

struct irq ioapic_irq(struct ioapic *ioapic, unsigned int pin)
{
	return (struct irq){ .set = set_line, .waits = line_waits, .controller = ioapic, .number = pin };
}

void ioapic_eoi(struct ioapic *ioapic, uint8_t vector)
{
	for (unsigned int pin = 0; pin < IOAPIC_PINS; pin++) {
		uint64_t *entry = &ioapic->redirection[pin];

		if ((uint8_t)*entry != vector || !(*entry & ENTRY_REMOTE_IRR))
			continue;
		*entry &= ~(uint64_t)ENTRY_REMOTE_IRR;
		deliver_level(ioapic, pin);
	}
}

void ioapic_retry(struct ioapic *ioapic)
{
	for (unsigned int pin = 0; pin < IOAPIC_PINS; pin++)
		deliver_level(ioapic, pin);
}

static uint32_t read_register(const struct ioapic *ioapic)
{
	unsigned int half = ioapic->index - INDEX_REDIRECTION;

	switch (ioapic->index) {
	case INDEX_ID:
	case INDEX_ARBITRATION:
		return ioapic->id << 24;
	case INDEX_VERSION:
		return (IOAPIC_PINS - 1) << 16 | VERSION;
	}
	return half < 2 * IOAPIC_PINS ? ioapic->redirection[half / 2] >> (half & 1 ? 32 : 0) : 0;
}

static void write_register(struct ioapic *ioapic, uint32_t value)
{
	unsigned int half = ioapic->index - INDEX_REDIRECTION, shift = half & 1 ? 32 : 0;
	uint64_t writable = ENTRY_WRITABLE & (uint64_t)UINT32_MAX << shift;
	uint64_t *entry;

	if (ioapic->index == INDEX_ID)
		ioapic->id = value >> 24 & 0xf;
	if (half >= 2 * IOAPIC_PINS)
		return;
	entry = &ioapic->redirection[half / 2];
	*entry = (*entry & ~writable) | ((uint64_t)value << shift & writable);
	/* What is an edge now has no EOI to wait for: how software frees an entry whose EOI was lost. */
	if (!is_level(*entry))
		*entry &= ~(uint64_t)ENTRY_REMOTE_IRR;
	deliver_level(ioapic, half / 2);
}

static uint64_t ioapic_read(struct device *device, const struct device_range *range, uint64_t offset,
			    unsigned int size)
{
	struct ioapic *ioapic = container_of(device, struct ioapic, device);

	(void)range, (void)size;
	switch (offset) {
	case WINDOW_INDEX:
		return ioapic->index;
	case WINDOW_DATA:
		return read_register(ioapic);
	}
	return 0;
}

static void ioapic_write(struct device *device, const struct device_range *range, uint64_t offset,
			 unsigned int size, uint64_t value)
{
	struct ioapic *ioapic = container_of(device, struct ioapic, device);

	(void)range;
	if (offset == WINDOW_INDEX)
		ioapic->index = value;
	else if (offset == WINDOW_DATA && size == 4)
		write_register(ioapic, value);
	else if (offset == WINDOW_EOI)
		ioapic_eoi(ioapic, value);
}

void ioapic_init(struct ioapic *ioapic, struct lapics *lapics)
{
	*ioapic = (struct ioapic){
		.device = {
			.name = "ioapic",
			.range = { { SPACE_MEMORY, IOAPIC_BASE, 0x1000, 4 } },
			.read = ioapic_read,
			.write = ioapic_write,
		},
		.lapics = lapics,
	};
	for (unsigned int pin = 0; pin < IOAPIC_PINS; pin++)
		ioapic->redirection[pin] = ENTRY_MASKED;
}
