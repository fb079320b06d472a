// SPDX-License-Identifier: GPL-2.0
/*
 * i8259.c - which of 16 inputs interrupts the CPU, and what the guest's commands change in that.
 *
 * Reached from the bus (ports 0x20, 0xa0 and the edge/level registers 0x4d0), from devices by
 * pic_irq() and from the local APIC by pic_acknowledge(). Follows Intel's data sheet "8259A
 * Programmable Interrupt Controller" (231468), in whose words registers are named here, and for
 * the edge/level control registers "82371FB/82371SB PCI ISA IDE Xcelerator", section "Interrupt
 * Controller": they replace the 8259A's LTIM, so that bit of ICW1 is ignored, as there.
 */
#include "devices/i8259.h"

#define CASCADE		2		/* the master's input that the slave drives */
#define SPURIOUS	7

#define ICW1		0x10
#define ICW1_SINGLE	0x02
#define ICW1_ICW4	0x01
#define ICW4_SFNM	0x10
#define ICW4_AEOI	0x02

#define OCW3		0x08
#define OCW3_ESMM	0x40
#define OCW3_SMM	0x20
#define OCW3_POLL	0x04
#define OCW3_RR		0x02
#define OCW3_RIS	0x01

/* OCW2's bits R, SL and EOI. */
enum ocw2 {
	ROTATE_ON_AUTO_EOI_CLEAR	= 0,
	EOI				= 1,
	NO_OPERATION			= 2,
	SPECIFIC_EOI			= 3,
	ROTATE_ON_AUTO_EOI_SET		= 4,
	ROTATE_ON_EOI			= 5,
	SET_PRIORITY			= 6,
	ROTATE_ON_SPECIFIC_EOI		= 7,
};

/* A PC's timer, keyboard, cascade, clock and FPU are edge-triggered always. */
#define MASTER_MAY_BE_LEVEL	0xf8
#define SLAVE_MAY_BE_LEVEL	0xde

/* How many inputs have a higher priority than the highest of these; 8 if there are none. */
static unsigned int priority(const struct pic_chip *chip, uint8_t inputs)
{
	unsigned int p = 0;

	while (p < 8 && !(inputs & (1u << ((chip->top + p) & 7))))
		p++;
	return p;
}

/* The input that the chip asks the CPU to serve, or -1. */
static int pending(const struct pic *pic, const struct pic_chip *chip)
{
	unsigned int requested = priority(chip, chip->irr & ~chip->imr);
	uint8_t isr = chip->isr;

	if (chip->special_mask)
		isr &= ~chip->imr;
	/* A slave that is being served may still ask for a higher priority of its own. */
	if (chip->special_fully_nested && chip == &pic->master)
		isr &= ~(1u << CASCADE);
	if (chip->expects != EXPECTS_OCW || requested >= priority(chip, isr))
		return -1;
	return (chip->top + requested) & 7;
}

/* The slave's output is the master's input, the master's output is INTR. */
static void update(struct pic *pic)
{
	pic->master.irr &= ~(1u << CASCADE);
	if (pending(pic, &pic->slave) >= 0)
		pic->master.irr |= 1u << CASCADE;
	irq_set(&pic->intr, pending(pic, &pic->master) >= 0);
}

static struct pic_chip *chip_of(struct pic *pic, unsigned int line)
{
	return line & 8 ? &pic->slave : &pic->master;
}

static void set_line(void *controller, unsigned int line, bool level)
{
	struct pic *pic = controller;
	struct pic_chip *chip = chip_of(pic, line);
	uint8_t bit = 1u << (line & 7);

	if (level && (!(chip->inputs & bit) || chip->elcr & bit))
		chip->irr |= bit;
	/* An edge stays requested: the 8259A would turn one that is not held into a spurious interrupt. */
	if (!level && chip->elcr & bit)
		chip->irr &= ~bit;
	chip->inputs = level ? chip->inputs | bit : chip->inputs & ~bit;
	update(pic);
}

/* What is masked does not wait: the guest does not want it. */
static bool line_waits(void *controller, unsigned int line)
{
	const struct pic_chip *chip = chip_of(controller, line);

	return chip->irr & ~chip->imr & (1u << (line & 7));
}

struct irq pic_irq(struct pic *pic, unsigned int line)
{
	return (struct irq){ .set = set_line, .waits = line_waits, .controller = pic, .number = line & 15 };
}

static void serve(struct pic_chip *chip, unsigned int input)
{
	uint8_t bit = 1u << input;

	if (!(chip->elcr & bit))
		chip->irr &= ~bit;
	if (!chip->auto_eoi)
		chip->isr |= bit;
	else if (chip->rotate_on_auto_eoi)
		chip->top = (input + 1) & 7;
}

uint8_t pic_acknowledge(struct pic *pic)
{
	struct pic_chip *chip = &pic->master;
	int input = pending(pic, chip);

	if (input == CASCADE) {
		serve(chip, CASCADE);
		chip = &pic->slave;
		input = pending(pic, chip);
	}
	if (input >= 0)
		serve(chip, input);
	update(pic);
	return chip->vector | (input >= 0 ? input : SPURIOUS);
}

static void initialize(struct pic_chip *chip, uint8_t icw1)
{
	*chip = (struct pic_chip){
		.icw1 = icw1,
		.expects = EXPECTS_ICW2,
		.vector = chip->vector,
		.elcr = chip->elcr,
		.inputs = chip->inputs,
		.irr = chip->inputs & chip->elcr,	/* edges must come anew */
	};
}

static void write_ocw2(struct pic_chip *chip, uint8_t value)
{
	enum ocw2 command = value >> 5;
	unsigned int level = value & 7;

	if (command == EOI || command == ROTATE_ON_EOI) {
		uint8_t isr = chip->special_mask ? chip->isr & ~chip->imr : chip->isr;

		if (!isr)
			return;
		level = (chip->top + priority(chip, isr)) & 7;
	}
	switch (command) {
	case ROTATE_ON_AUTO_EOI_CLEAR:
	case ROTATE_ON_AUTO_EOI_SET:
		chip->rotate_on_auto_eoi = command == ROTATE_ON_AUTO_EOI_SET;
		break;
	case EOI:
	case SPECIFIC_EOI:
		chip->isr &= ~(1u << level);
		break;
	case ROTATE_ON_EOI:
	case ROTATE_ON_SPECIFIC_EOI:
		chip->isr &= ~(1u << level);
		chip->top = (level + 1) & 7;
		break;
	case SET_PRIORITY:
		chip->top = (level + 1) & 7;
		break;
	case NO_OPERATION:
		break;
	}
}

static void write_ocw3(struct pic_chip *chip, uint8_t value)
{
	if (value & OCW3_ESMM)
		chip->special_mask = value & OCW3_SMM;
	if (value & OCW3_POLL)
		chip->poll = true;
	else if (value & OCW3_RR)
		chip->read_isr = value & OCW3_RIS;
}

static void write_command(struct pic_chip *chip, uint8_t value)
{
	if (value & ICW1)
		initialize(chip, value);
	else if (value & OCW3)
		write_ocw3(chip, value);
	else
		write_ocw2(chip, value);
}

static enum pic_expects after_icw3(const struct pic_chip *chip)
{
	return chip->icw1 & ICW1_ICW4 ? EXPECTS_ICW4 : EXPECTS_OCW;
}

static void write_data(struct pic_chip *chip, uint8_t value)
{
	switch (chip->expects) {
	case EXPECTS_OCW:
		chip->imr = value;
		break;
	case EXPECTS_ICW2:
		chip->vector = value & 0xf8;
		chip->expects = chip->icw1 & ICW1_SINGLE ? after_icw3(chip) : EXPECTS_ICW3;
		break;
	case EXPECTS_ICW3:	/* how the two are wired is not the guest's choice */
		chip->expects = after_icw3(chip);
		break;
	case EXPECTS_ICW4:
		chip->auto_eoi = value & ICW4_AEOI;
		chip->special_fully_nested = value & ICW4_SFNM;
		chip->expects = EXPECTS_OCW;
		break;
	}
}

static uint8_t poll(struct pic *pic, struct pic_chip *chip)
{
	int input = pending(pic, chip);

	chip->poll = false;
	if (input < 0)
		return 0;
	serve(chip, input);
	update(pic);
	return 0x80 | input;
}

/* The ranges, in the order of pic->device.range. */
enum {
	RANGE_MASTER,
	RANGE_SLAVE,
	RANGE_ELCR,
};

static uint64_t pic_read(struct device *device, const struct device_range *range, uint64_t offset,
			 unsigned int size)
{
	struct pic *pic = container_of(device, struct pic, device);
	struct pic_chip *chip = range == &device->range[RANGE_SLAVE] ? &pic->slave : &pic->master;

	(void)size;
	if (range == &device->range[RANGE_ELCR])
		return chip_of(pic, 8 * offset)->elcr;
	if (chip->poll)
		return poll(pic, chip);
	if (offset == 1)
		return chip->imr;
	return chip->read_isr ? chip->isr : chip->irr;
}

/* Inputs that change their kind are as if their level had just come. */
static void write_elcr(struct pic_chip *chip, uint8_t value)
{
	uint8_t changed = chip->elcr ^ value;

	chip->elcr = value;
	chip->irr = (chip->irr & ~changed) | (chip->inputs & chip->elcr & changed);
}

static void pic_write(struct device *device, const struct device_range *range, uint64_t offset,
		      unsigned int size, uint64_t value)
{
	struct pic *pic = container_of(device, struct pic, device);
	struct pic_chip *chip = range == &device->range[RANGE_SLAVE] ? &pic->slave : &pic->master;

	(void)size;
	if (range == &device->range[RANGE_ELCR])
		write_elcr(chip_of(pic, 8 * offset),
			   value & (offset ? SLAVE_MAY_BE_LEVEL : MASTER_MAY_BE_LEVEL));
	else if (offset == 1)
		write_data(chip, value);
	else
		write_command(chip, value);
	update(pic);
}

/* All is masked, and the vectors are those of a PC's firmware, until the guest initializes them. */
void pic_init(struct pic *pic, struct irq intr)
{
	*pic = (struct pic){
		.device = {
			.name = "i8259",
			.range = {
				[RANGE_MASTER]	= { SPACE_PORT, 0x20, 2, 1 },
				[RANGE_SLAVE]	= { SPACE_PORT, 0xa0, 2, 1 },
				[RANGE_ELCR]	= { SPACE_PORT, 0x4d0, 2, 1 },
			},
			.read = pic_read,
			.write = pic_write,
		},
		.master = { .vector = 0x08, .imr = 0xff },
		.slave = { .vector = 0x70, .imr = 0xff },
		.intr = intr,
	};
}
