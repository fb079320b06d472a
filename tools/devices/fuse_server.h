/* SPDX-License-Identifier: GPL-2.0 */
/*
 * fuse_server.h - a FUSE file system that is one directory of the host.
 *
 * Reached from virtio_fs.c with one request at a time; continues in fuse_entries.c (names and
 * attributes) and fuse_files.c (open files). Follows the protocol of <linux/fuse.h>, version 7.
 * A guest acts with the rights of the user who runs it, in that directory and below; where it
 * is root, what it creates belongs to the guest's user.
 */
#ifndef MINIVMX_TOOLS_FUSE_SERVER_H
#define MINIVMX_TOOLS_FUSE_SERVER_H

#include "devices/buffers.h"
#include "devices/fuse_nodes.h"

#define FUSE_HANDLES	4096
#define FUSE_DATA_MAX	(128 * 1024)	/* of one WRITE */

struct fuse_server {
	struct fuse_nodes nodes;
	int handle[FUSE_HANDLES];	/* files and directories that the guest has open; -1: none */
};

/* 0, or an exit status of command.h after having said what was wrong. */
int fuse_server_open(struct fuse_server *server, const char *folder);
void fuse_server_close(struct fuse_server *server);

/* As if the guest had closed and forgotten all. */
void fuse_server_reset(struct fuse_server *server);

/* Answers one request; false if it is none, or has no room for an answer. */
bool fuse_server_handle(struct fuse_server *server, struct buffers *request, struct buffers *answer,
			uint32_t *length);

#endif /* MINIVMX_TOOLS_FUSE_SERVER_H */
