/* SPDX-License-Identifier: GPL-2.0 */
/*
 * fuse_request.h - one request of a FUSE client, while it is answered.
 *
 * Reached from fuse_server.c, which has read and checked what all requests share; continues in
 * fuse_entries.c and fuse_files.c, whose operations return 0 or -errno.
 */
#ifndef MINIVMX_TOOLS_FUSE_REQUEST_H
#define MINIVMX_TOOLS_FUSE_REQUEST_H

#include <stdio.h>

#include <linux/fuse.h>

#include "devices/fuse_server.h"

#define FUSE_NAMES	2

struct fuse_request {
	struct fuse_server *server;
	struct fuse_in_header header;
	struct fuse_node *node;			/* that the header names */
	union {
		struct fuse_init_in init;
		struct fuse_forget_in forget;
		struct fuse_batch_forget_in batch_forget;
		struct fuse_getattr_in getattr;
		struct fuse_setattr_in setattr;
		struct fuse_mkdir_in mkdir;
		struct fuse_rename_in rename;
		struct fuse_rename2_in rename2;
		struct fuse_link_in link;
		struct fuse_open_in open;
		struct fuse_create_in create;
		struct fuse_read_in read;
		struct fuse_write_in write;
		struct fuse_fsync_in fsync;
		struct fuse_release_in release;
	} in;
	const char *name[FUSE_NAMES];
	struct buffers *data;			/* what follows in */
	struct buffers *answer;			/* room behind the header */
	union {
		struct fuse_init_out init;
		struct fuse_entry_out entry;
		struct fuse_attr_out attr;
		struct fuse_open_out open;
		struct fuse_write_out write;
		struct fuse_statfs_out statfs;
		struct {
			struct fuse_entry_out entry;
			struct fuse_open_out open;
		} create;
	} out;
	size_t written;				/* what an operation has put into answer itself */
};

/* A path that leads to the very file of a node, for calls that take no O_PATH descriptor. */
struct fuse_node_path {
	char text[32];
};

static inline struct fuse_node_path fuse_node_path(const struct fuse_node *node)
{
	struct fuse_node_path path;

	snprintf(path.text, sizeof(path.text), "/proc/self/fd/%d", node->fd);
	return path;
}

/* The descriptor of an open file; -1, which every call refuses, if there is none. */
static inline int fuse_handle(const struct fuse_server *server, uint64_t handle)
{
	return handle < FUSE_HANDLES ? server->handle[handle] : -1;
}

/* fuse_entries.c */
int fuse_lookup(struct fuse_request *request);
int fuse_getattr(struct fuse_request *request);
int fuse_setattr(struct fuse_request *request);
int fuse_readlink(struct fuse_request *request);
int fuse_symlink(struct fuse_request *request);
int fuse_mkdir(struct fuse_request *request);
int fuse_unlink(struct fuse_request *request);
int fuse_rmdir(struct fuse_request *request);
int fuse_rename(struct fuse_request *request);
int fuse_rename2(struct fuse_request *request);
int fuse_link(struct fuse_request *request);
int fuse_statfs(struct fuse_request *request);

/* Look up name[0] in request->node and make it the answer's entry; what is made gets owner and mode first. */
int fuse_known(struct fuse_request *request, struct fuse_node **node);
int fuse_made(struct fuse_request *request, uint32_t mode, struct fuse_node **node);

/* fuse_files.c */
int fuse_open(struct fuse_request *request);
int fuse_create(struct fuse_request *request);
int fuse_opendir(struct fuse_request *request);
int fuse_read(struct fuse_request *request);
int fuse_write(struct fuse_request *request);
int fuse_readdir(struct fuse_request *request);
int fuse_fsync(struct fuse_request *request);
int fuse_release(struct fuse_request *request);

#endif /* MINIVMX_TOOLS_FUSE_REQUEST_H */
