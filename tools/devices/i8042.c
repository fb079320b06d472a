// SPDX-License-Identifier: GPL-2.0
/*
 * i8042.c - the controller's commands. What is for a keyboard or a mouse times out, as nobody answers.
 *
 * Reached from the bus; see i8042.h. It follows the IBM PS/2 Hardware Interface Technical Reference,
 * "Keyboard and Auxiliary Device Controller". Nothing is ever pressed or moved, so it raises no
 * interrupt. The A20 gate is accepted and reads back, but memory always has all address lines.
 */
#include "devices/i8042.h"

#define STATUS_OUTPUT_FULL	0x01
#define STATUS_SYSTEM		0x04	/* the self test has passed */
#define STATUS_COMMAND		0x08	/* the last byte came through port 0x64 */
#define STATUS_UNLOCKED		0x10
#define STATUS_AUXILIARY	0x20	/* the output is the mouse's */
#define STATUS_TIMEOUT		0x40

#define BYTE_SYSTEM		0x04
#define BYTE_KEYBOARD_OFF	0x10
#define BYTE_AUXILIARY_OFF	0x20
#define BYTE_TRANSLATE		0x40

#define PORT_NO_RESET		0x01	/* the CPU's reset line; low resets */
#define PORT_A20		0x02

enum {
	READ_RAM		= 0x20,	/* 0x20-0x3f */
	WRITE_RAM		= 0x60,	/* 0x60-0x7f */
	AUXILIARY_DISABLE	= 0xa7,
	AUXILIARY_ENABLE	= 0xa8,
	AUXILIARY_TEST		= 0xa9,
	SELF_TEST		= 0xaa,
	KEYBOARD_TEST		= 0xab,
	KEYBOARD_DISABLE	= 0xad,
	KEYBOARD_ENABLE		= 0xae,
	READ_INPUT_PORT		= 0xc0,
	READ_OUTPUT_PORT	= 0xd0,
	WRITE_OUTPUT_PORT	= 0xd1,
	ECHO_KEYBOARD		= 0xd2,
	ECHO_AUXILIARY		= 0xd3,
	WRITE_AUXILIARY		= 0xd4,
	PULSE			= 0xf0,	/* 0xf0-0xff: output port bits 3:0 go low where the command's are 0 */
};

#define SELF_TEST_PASSED	0x55
#define INTERFACE_PASSED	0x00
#define INPUT_UNLOCKED		0x80
#define RESEND			0xfe

static void put(struct i8042 *controller, uint8_t value, uint8_t flags)
{
	controller->output = value;
	controller->status &= ~(STATUS_AUXILIARY | STATUS_TIMEOUT);
	controller->status |= STATUS_OUTPUT_FULL | flags;
}

static void set_command_byte(struct i8042 *controller, uint8_t value)
{
	controller->ram[0] = value;
	controller->status &= ~STATUS_SYSTEM;
	if (value & BYTE_SYSTEM)
		controller->status |= STATUS_SYSTEM;
}

static void handle_command(struct i8042 *controller, uint8_t command)
{
	controller->command = 0;
	switch (command) {
	case READ_RAM ... READ_RAM + I8042_RAM - 1:
		put(controller, controller->ram[command - READ_RAM], 0);
		break;
	case WRITE_RAM ... WRITE_RAM + I8042_RAM - 1:
	case WRITE_OUTPUT_PORT:
	case ECHO_KEYBOARD:
	case ECHO_AUXILIARY:
	case WRITE_AUXILIARY:
		controller->command = command;
		break;
	case AUXILIARY_DISABLE:
		controller->ram[0] |= BYTE_AUXILIARY_OFF;
		break;
	case AUXILIARY_ENABLE:
		controller->ram[0] &= ~BYTE_AUXILIARY_OFF;
		break;
	case KEYBOARD_DISABLE:
		controller->ram[0] |= BYTE_KEYBOARD_OFF;
		break;
	case KEYBOARD_ENABLE:
		controller->ram[0] &= ~BYTE_KEYBOARD_OFF;
		break;
	case AUXILIARY_TEST:
	case KEYBOARD_TEST:
		put(controller, INTERFACE_PASSED, 0);
		break;
	case SELF_TEST:
		set_command_byte(controller, controller->ram[0] | BYTE_SYSTEM);
		put(controller, SELF_TEST_PASSED, 0);
		break;
	case READ_INPUT_PORT:
		put(controller, INPUT_UNLOCKED, 0);
		break;
	case READ_OUTPUT_PORT:
		put(controller, controller->output_port, 0);
		break;
	case PULSE ... 0xff:
		if (!(command & PORT_NO_RESET))
			controller->stop->stop(controller->stop, STOP_RESET, 0);
		break;
	}
}

/* A byte at port 0x60: the pending command's, or else the keyboard's. */
static void handle_data(struct i8042 *controller, uint8_t value)
{
	uint8_t command = controller->command;

	controller->command = 0;
	switch (command) {
	case WRITE_RAM:
		set_command_byte(controller, value);
		break;
	case WRITE_RAM + 1 ... WRITE_RAM + I8042_RAM - 1:
		controller->ram[command - WRITE_RAM] = value;
		break;
	case WRITE_OUTPUT_PORT:
		controller->output_port = value | PORT_NO_RESET;
		if (!(value & PORT_NO_RESET))
			controller->stop->stop(controller->stop, STOP_RESET, 0);
		break;
	case ECHO_KEYBOARD:
		put(controller, value, 0);
		break;
	case ECHO_AUXILIARY:
		put(controller, value, STATUS_AUXILIARY);
		break;
	case WRITE_AUXILIARY:
		put(controller, RESEND, STATUS_AUXILIARY | STATUS_TIMEOUT);
		break;
	default:
		put(controller, RESEND, STATUS_TIMEOUT);
		break;
	}
}

static uint64_t i8042_read(struct device *device, const struct device_range *range, uint64_t offset,
			   unsigned int size)
{
	struct i8042 *controller = container_of(device, struct i8042, device);

	(void)offset;
	(void)size;
	if (range == &device->range[1])
		return controller->status;
	controller->status &= ~(STATUS_OUTPUT_FULL | STATUS_AUXILIARY | STATUS_TIMEOUT);
	return controller->output;
}

static void i8042_write(struct device *device, const struct device_range *range, uint64_t offset,
			unsigned int size, uint64_t value)
{
	struct i8042 *controller = container_of(device, struct i8042, device);

	(void)offset;
	(void)size;
	if (range == &device->range[1]) {
		controller->status |= STATUS_COMMAND;
		handle_command(controller, value);
	} else {
		controller->status &= ~STATUS_COMMAND;
		handle_data(controller, value);
	}
}

void i8042_init(struct i8042 *controller, struct stop *stop)
{
	*controller = (struct i8042){
		.device = {
			.name = "i8042",
			.range = { { SPACE_PORT, 0x60, 1, 1 }, { SPACE_PORT, 0x64, 1, 1 } },
			.read = i8042_read,
			.write = i8042_write,
		},
		.stop = stop,
		.output_port = PORT_NO_RESET | PORT_A20,
		.status = STATUS_UNLOCKED,
	};
	/* As firmware leaves it that has found nothing to enable. */
	set_command_byte(controller,
			 BYTE_SYSTEM | BYTE_KEYBOARD_OFF | BYTE_AUXILIARY_OFF | BYTE_TRANSLATE);
}
