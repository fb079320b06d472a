// SPDX-License-Identifier: GPL-2.0
/*
 * buffers.c - a sequence of bytes in pieces, which are used up from the front.
 *
 * Reached from the virtio devices; see buffers.h.
 */
#include <string.h>

#include "devices/buffers.h"

size_t buffers_size(const struct buffers *buffers)
{
	size_t size = 0;

	for (unsigned int i = 0; i < buffers->count; i++)
		size += buffers->piece[i].iov_len;
	return size;
}

struct iovec buffers_next(struct buffers *buffers, size_t size)
{
	struct iovec next = { .iov_base = NULL, .iov_len = 0 };

	while (size && buffers->count && !next.iov_len) {
		struct iovec *piece = buffers->piece;

		next = *piece;
		if (next.iov_len > size) {
			next.iov_len = size;
			piece->iov_base = (char *)piece->iov_base + size;
			piece->iov_len -= size;
			break;
		}
		buffers->piece++;
		buffers->count--;
	}
	return next;
}

size_t buffers_get(struct buffers *buffers, void *to, size_t size)
{
	struct iovec next;
	size_t done = 0;

	for (; (next = buffers_next(buffers, size - done)).iov_len; done += next.iov_len)
		memcpy((char *)to + done, next.iov_base, next.iov_len);
	return done;
}

size_t buffers_put(struct buffers *buffers, const void *from, size_t size)
{
	struct iovec next;
	size_t done = 0;

	for (; (next = buffers_next(buffers, size - done)).iov_len; done += next.iov_len)
		memcpy(next.iov_base, (const char *)from + done, next.iov_len);
	return done;
}

size_t buffers_zero(struct buffers *buffers, size_t size)
{
	struct iovec next;
	size_t done = 0;

	for (; (next = buffers_next(buffers, size - done)).iov_len; done += next.iov_len)
		memset(next.iov_base, 0, next.iov_len);
	return done;
}

size_t buffers_skip(struct buffers *buffers, size_t size)
{
	struct iovec next;
	size_t done = 0;

	for (; (next = buffers_next(buffers, size - done)).iov_len; done += next.iov_len)
		;
	return done;
}

struct buffers buffers_cut(struct buffers *buffers, size_t size, struct iovec pieces[])
{
	struct buffers head = { .piece = pieces, .count = 0 };
	struct iovec next;

	for (; (next = buffers_next(buffers, size)).iov_len; size -= next.iov_len)
		pieces[head.count++] = next;
	return head;
}
