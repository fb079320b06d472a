// SPDX-License-Identifier: GPL-2.0
/*
 * fuse_files.c - the operations of a FUSE server on open files and directories.
 *
 * Reached from fuse_server.c; see fuse_request.h. Only regular files and directories are opened:
 * what else lies in the shared directory is the host's.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "devices/fuse_request.h"

/* What a guest may open a file for; O_APPEND comes with each WRITE. */
#define OPEN_FLAGS	(O_ACCMODE | O_TRUNC | O_SYNC | O_DSYNC)
#define DIRECTORY_ROOM	16384

/* Takes the descriptor. */
static int add_handle(struct fuse_server *server, int fd, struct fuse_open_out *out)
{
	if (fd < 0)
		return -errno;
	for (unsigned int i = 0; i < FUSE_HANDLES; i++)
		if (server->handle[i] < 0) {
			server->handle[i] = fd;
			*out = (struct fuse_open_out){ .fh = i };
			return 0;
		}
	close(fd);
	return -ENFILE;
}

static int open_node(struct fuse_request *request, const struct fuse_node *node, uint32_t flags,
		     struct fuse_open_out *out)
{
	if (node->type != S_IFREG)
		return node->type == S_IFDIR ? -EISDIR : -EPERM;
	return add_handle(request->server, open(fuse_node_path(node).text, (flags & OPEN_FLAGS) | O_CLOEXEC),
			  out);
}

int fuse_open(struct fuse_request *request)
{
	return open_node(request, request->node, request->in.open.flags, &request->out.open);
}

int fuse_opendir(struct fuse_request *request)
{
	int fd = openat(request->node->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return add_handle(request->server, fd, &request->out.open);
}

/* The file that is made is the one that is open then: its mode may forbid to open it again. */
int fuse_create(struct fuse_request *request)
{
	const struct fuse_create_in *in = &request->in.create;
	struct fuse_open_out *out = &request->out.create.open;
	struct fuse_node *node;
	int fd = openat(request->node->fd, request->name[0],
			(in->flags & OPEN_FLAGS) | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
			in->mode & 07777);
	int error;

	if (fd >= 0)
		error = fuse_made(request, in->mode, &node);
	else if (errno == EEXIST && !(in->flags & O_EXCL))
		error = fuse_known(request, &node);
	else
		return -errno;
	if (error) {
		if (fd >= 0)
			close(fd);
		return error;
	}
	error = fd >= 0 ? add_handle(request->server, fd, out) : open_node(request, node, in->flags, out);
	if (error)
		fuse_nodes_forget(&request->server->nodes, node->id, 1);
	return error;
}

int fuse_read(struct fuse_request *request)
{
	const struct fuse_read_in *in = &request->in.read;
	struct iovec pieces[request->answer->count + 1];
	struct buffers room = buffers_cut(request->answer, in->size, pieces);
	ssize_t count = preadv(fuse_handle(request->server, in->fh), room.piece, room.count, in->offset);

	if (count < 0)
		return -errno;
	request->written = count;
	return 0;
}

int fuse_write(struct fuse_request *request)
{
	const struct fuse_write_in *in = &request->in.write;
	struct iovec pieces[request->data->count + 1];
	struct buffers data = buffers_cut(request->data, in->size, pieces);
	ssize_t count;

	if (buffers_size(&data) != in->size)
		return -EINVAL;
	count = pwritev2(fuse_handle(request->server, in->fh), data.piece, data.count, in->offset,
			 in->flags & O_APPEND ? RWF_APPEND : 0);
	if (count < 0)
		return -errno;
	request->out.write = (struct fuse_write_out){ .size = count };
	return 0;
}

/*
 * The offset of an entry is the host's own. A guest's entry is up to 8 bytes longer than a host's of 24
 * or more, so all that was read fits; what were left over would have to be sought, and in some file
 * systems a deletion meanwhile moves it.
 */
int fuse_readdir(struct fuse_request *request)
{
	const struct fuse_read_in *in = &request->in.read;
	int fd = fuse_handle(request->server, in->fh);
	size_t room = buffers_size(request->answer);
	char entries[DIRECTORY_ROOM] __attribute__((aligned(8)));
	ssize_t count;

	room = in->size < room ? in->size : room;
	room = room / 4 * 3;
	if (lseek(fd, in->offset, SEEK_SET) < 0)
		return -errno;
	count = getdents64(fd, entries, room < sizeof(entries) ? room : sizeof(entries));
	if (count < 0)
		return -errno;
	for (ssize_t at = 0; at < count;) {
		const struct dirent64 *entry = (const struct dirent64 *)(entries + at);
		struct fuse_dirent out = { .ino = entry->d_ino, .off = entry->d_off,
			.namelen = strlen(entry->d_name), .type = entry->d_type };

		request->written += buffers_put(request->answer, &out, FUSE_NAME_OFFSET);
		request->written += buffers_put(request->answer, entry->d_name, out.namelen);
		request->written += buffers_zero(request->answer, FUSE_DIRENT_SIZE(&out) - FUSE_NAME_OFFSET -
						 out.namelen);
		at += entry->d_reclen;
	}
	return 0;
}

int fuse_fsync(struct fuse_request *request)
{
	int fd = fuse_handle(request->server, request->in.fsync.fh);
	int value = request->in.fsync.fsync_flags & FUSE_FSYNC_FDATASYNC ? fdatasync(fd) : fsync(fd);

	return value < 0 ? -errno : 0;
}

int fuse_release(struct fuse_request *request)
{
	int fd = fuse_handle(request->server, request->in.release.fh);

	if (fd < 0)
		return -EBADF;
	close(fd);
	request->server->handle[request->in.release.fh] = -1;
	return 0;
}
