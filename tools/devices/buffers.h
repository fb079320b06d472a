/* SPDX-License-Identifier: GPL-2.0 */
/*
 * buffers.h - a sequence of bytes in pieces, which are used up from the front.
 *
 * Reached from virtio_queue.c, which makes them of a descriptor chain, and from the devices,
 * which read a request from some and write the answer into others. The pieces are in the
 * guest's memory: what is read twice may differ.
 */
#ifndef MINIVMX_TOOLS_BUFFERS_H
#define MINIVMX_TOOLS_BUFFERS_H

#include <stddef.h>
#include <sys/uio.h>

struct buffers {
	struct iovec *piece;		/* the first that is left; the array is the caller's */
	unsigned int count;
};

/* The bytes that are left. */
size_t buffers_size(const struct buffers *buffers);

/* Each uses up to size bytes, fewer at the end, and returns how many. */
size_t buffers_get(struct buffers *buffers, void *to, size_t size);
size_t buffers_put(struct buffers *buffers, const void *from, size_t size);
size_t buffers_zero(struct buffers *buffers, size_t size);
size_t buffers_skip(struct buffers *buffers, size_t size);

/* The next piece, up to size bytes of it: empty only at the end, or for a size of 0. */
struct iovec buffers_next(struct buffers *buffers, size_t size);

/* Cuts off the first size bytes; they have pieces[], of buffers->count elements. */
struct buffers buffers_cut(struct buffers *buffers, size_t size, struct iovec pieces[]);

#endif /* MINIVMX_TOOLS_BUFFERS_H */
