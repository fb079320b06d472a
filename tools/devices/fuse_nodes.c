// SPDX-License-Identifier: GPL-2.0
/*
 * fuse_nodes.c - the table of the files that a guest knows.
 *
 * Reached from fuse_server.c and the operations; see fuse_nodes.h.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <linux/fuse.h>

#include "devices/fuse_nodes.h"

static struct fuse_node **bucket_of(struct fuse_nodes *nodes, dev_t dev, ino_t ino)
{
	return &nodes->bucket[(dev * 31 + ino) % FUSE_BUCKETS];
}

/* The slot's generation is the next one: the guest may still use its number for what was there before. */
static struct fuse_node *add(struct fuse_nodes *nodes, int fd, const struct stat *stat)
{
	struct fuse_node **bucket = bucket_of(nodes, stat->st_dev, stat->st_ino), *node = nodes->free;

	if (node) {
		nodes->free = node->next;
	} else {
		if (nodes->used == FUSE_NODES)
			return NULL;
		node = &nodes->node[nodes->used];
		node->id = FUSE_ROOT_ID + nodes->used++;
	}
	node->generation++;
	node->fd = fd;
	node->lookups = 0;
	node->dev = stat->st_dev;
	node->ino = stat->st_ino;
	node->type = stat->st_mode & S_IFMT;
	node->next = *bucket;
	*bucket = node;
	return node;
}

static void drop(struct fuse_nodes *nodes, struct fuse_node *node)
{
	struct fuse_node **link = bucket_of(nodes, node->dev, node->ino);

	while (*link != node)
		link = &(*link)->next;
	*link = node->next;
	close(node->fd);
	node->lookups = 0;
	node->next = nodes->free;
	nodes->free = node;
}

int fuse_nodes_open(struct fuse_nodes *nodes, int root)
{
	struct stat stat;

	*nodes = (struct fuse_nodes){ };
	if (fstat(root, &stat) < 0)
		return -errno;
	nodes->node = calloc(FUSE_NODES, sizeof(*nodes->node));
	if (!nodes->node)
		return -ENOMEM;
	add(nodes, root, &stat)->lookups = 1;
	return 0;
}

void fuse_nodes_forget_all(struct fuse_nodes *nodes)
{
	for (uint32_t i = 1; i < nodes->used; i++)
		if (nodes->node[i].lookups)
			drop(nodes, &nodes->node[i]);
}

void fuse_nodes_close(struct fuse_nodes *nodes)
{
	fuse_nodes_forget_all(nodes);
	close(nodes->node->fd);
	free(nodes->node);
}

struct fuse_node *fuse_nodes_find(struct fuse_nodes *nodes, uint64_t id)
{
	uint64_t index = id - FUSE_ROOT_ID;

	return index < nodes->used && nodes->node[index].lookups ? &nodes->node[index] : NULL;
}

int fuse_nodes_look_up(struct fuse_nodes *nodes, const struct fuse_node *parent, const char *name,
		       struct fuse_node **found, struct stat *stat)
{
	struct fuse_node *node;
	int fd = openat(parent->fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC), error;

	if (fd < 0)
		return -errno;
	if (fstat(fd, stat) < 0) {
		error = -errno;
		close(fd);
		return error;
	}
	node = *bucket_of(nodes, stat->st_dev, stat->st_ino);
	while (node && (node->dev != stat->st_dev || node->ino != stat->st_ino))
		node = node->next;
	if (node) {
		close(fd);
	} else {
		node = add(nodes, fd, stat);
		if (!node) {
			close(fd);
			return -ENFILE;
		}
	}
	node->lookups++;
	*found = node;
	return 0;
}

void fuse_nodes_forget(struct fuse_nodes *nodes, uint64_t id, uint64_t lookups)
{
	struct fuse_node *node = fuse_nodes_find(nodes, id);

	if (!node || id == FUSE_ROOT_ID)
		return;
	if (lookups < node->lookups)
		node->lookups -= lookups;
	else
		drop(nodes, node);
}
