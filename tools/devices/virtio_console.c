// SPDX-License-Identifier: GPL-2.0
/*
 * virtio_console.c - a console with one port.
 *
 * Reached from virtio_mmio.c when the driver has notified a queue, and from pc.c when the user
 * has typed. What is typed before the driver is there waits for it.
 */
#include <string.h>

#include "devices/virtio_console.h"

/* 5.3.2 "Virtqueues" */
enum {
	RECEIVEQ,
	TRANSMITQ,
};

#define CHAIN_LIMIT	(256 * 1024)
#define FULL_NS		10000000	/* after that, output that had no room is tried again */

size_t virtio_console_room(const struct virtio_console *console)
{
	return sizeof(console->input) - console->count;
}

static void deliver(struct virtio_console *console)
{
	struct virtio_queue *queue = &console->virtio.queue[RECEIVEQ];
	struct virtio_chain chain;
	size_t put;

	if (!console->count || !virtio_running(&console->virtio))
		return;
	for (unsigned int n = virtio_queue_waiting(queue); n && console->count; n--) {
		if (!virtio_queue_take(queue, &chain))
			return;
		put = buffers_put(&chain.writable, console->input, console->count);
		console->count -= put;
		memmove(console->input, console->input + put, console->count);
		virtio_queue_give(queue, &chain, put);
	}
}

size_t virtio_console_receive(struct virtio_console *console, const uint8_t *bytes, size_t count)
{
	size_t taken = count < virtio_console_room(console) ? count : virtio_console_room(console);

	memcpy(console->input + console->count, bytes, taken);
	console->count += taken;
	deliver(console);
	virtio_settle(&console->virtio);
	return taken;
}

/*
 * Linux reads the size only when it is told of a change, and then forgets it if it has no console yet. When
 * it prints, it has one.
 */
static void tell_size(struct virtio_console *console)
{
	if (!console->size_told && console->config.cols)
		virtio_config_changed(&console->virtio);
	console->size_told = true;
}

static void transmit(struct virtio_console *console)
{
	struct virtio_queue *queue = &console->virtio.queue[TRANSMITQ];
	struct virtio_chain chain;
	struct iovec next;

	for (unsigned int n = virtio_queue_waiting(queue); n; n--) {
		/* The driver gets its buffers back when there is room for what is in them. */
		if (console->output->room && console->output->room(console->output) < CHAIN_LIMIT) {
			timer_arm(&console->full, timers_now(console->full.timers) + FULL_NS);
			return;
		}
		if (!virtio_queue_take(queue, &chain))
			return;
		while ((next = buffers_next(&chain.readable, SIZE_MAX)).iov_len)
			console->output->write(console->output, next.iov_base, next.iov_len);
		virtio_queue_give(queue, &chain, 0);
	}
}

static void look_again(struct timer *timer)
{
	struct virtio_console *console = container_of(timer, struct virtio_console, full);

	if (!virtio_running(&console->virtio))
		return;
	transmit(console);
	virtio_settle(&console->virtio);
}

static void virtio_console_notify(struct virtio_device *virtio, unsigned int number)
{
	struct virtio_console *console = container_of(virtio, struct virtio_console, virtio);
	bool full = !virtio_console_room(console);

	if (number == TRANSMITQ) {
		tell_size(console);
		transmit(console);
		return;
	}
	deliver(console);
	if (full && virtio_console_room(console) && console->has_room)
		console->has_room(console);
}

static void virtio_console_reset(struct virtio_device *virtio)
{
	container_of(virtio, struct virtio_console, virtio)->size_told = false;
}

void virtio_console_resize(struct virtio_console *console, uint16_t columns, uint16_t rows)
{
	if (console->config.cols == columns && console->config.rows == rows)
		return;
	console->config.cols = columns;
	console->config.rows = rows;
	virtio_config_changed(&console->virtio);
}

void virtio_console_init(struct virtio_console *console, struct output *output,
			 const struct guest_memory *memory, struct timers *timers, struct irq irq, uint64_t base)
{
	*console = (struct virtio_console){
		.virtio = {
			.id		= VIRTIO_ID_CONSOLE,
			.features	= 1ull << VIRTIO_CONSOLE_F_SIZE,
			.queues		= 2,
			.queue		= { { .chain_limit = CHAIN_LIMIT }, { .chain_limit = CHAIN_LIMIT } },
			.config		= &console->config,
			.config_size	= sizeof(console->config),
			.notify		= virtio_console_notify,
			.reset		= virtio_console_reset,
		},
		.output = output,
	};
	timer_init(&console->full, timers, look_again);
	virtio_mmio_init(&console->virtio, "virtio-console", memory, timers, irq, base);
}
