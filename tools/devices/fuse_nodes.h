/* SPDX-License-Identifier: GPL-2.0 */
/*
 * fuse_nodes.h - the files of a shared directory that a guest knows, by the numbers it knows them by.
 *
 * Reached from fuse_server.c and the operations. Each node holds its file open by O_PATH, so it stays
 * the same one when it is renamed or deleted, and the only way to a new one is a name without a slash
 * in a directory that is a node: nothing leads out of the shared directory.
 */
#ifndef MINIVMX_TOOLS_FUSE_NODES_H
#define MINIVMX_TOOLS_FUSE_NODES_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#define FUSE_NODES	65536		/* at most, if the limit on open files allows it */
#define FUSE_BUCKETS	4096

struct fuse_node {
	int fd;				/* O_PATH */
	uint64_t id, generation;	/* together unique; the id is FUSE_ROOT_ID + the index */
	uint64_t lookups;		/* the guest has not forgotten; 0: the slot is free */
	dev_t dev;
	ino_t ino;
	mode_t type;			/* S_IFMT */
	struct fuse_node *next;		/* in its bucket, or of those that are free */
};

struct fuse_nodes {
	struct fuse_node *node;
	struct fuse_node *bucket[FUSE_BUCKETS];	/* by dev and ino */
	struct fuse_node *free;
	uint32_t used;			/* slots that have been used once */
};

/* 0 or -errno; the root's fd is the table's then. */
int fuse_nodes_open(struct fuse_nodes *nodes, int root);
void fuse_nodes_close(struct fuse_nodes *nodes);

/* All but the root. */
void fuse_nodes_forget_all(struct fuse_nodes *nodes);

/* NULL if there is none. */
struct fuse_node *fuse_nodes_find(struct fuse_nodes *nodes, uint64_t id);

/* Counts as one lookup. 0 or -errno. */
int fuse_nodes_look_up(struct fuse_nodes *nodes, const struct fuse_node *parent, const char *name,
		       struct fuse_node **found, struct stat *stat);
void fuse_nodes_forget(struct fuse_nodes *nodes, uint64_t id, uint64_t lookups);

#endif /* MINIVMX_TOOLS_FUSE_NODES_H */
