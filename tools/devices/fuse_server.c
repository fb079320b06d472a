// SPDX-License-Identifier: GPL-2.0
/*
 * fuse_server.c - a FUSE file system: reads a request, finds its operation, writes the answer.
 *
 * Reached from virtio_fs.c; continues in fuse_entries.c and fuse_files.c. The protocol is that
 * of <linux/fuse.h>; what has no operation here is refused with ENOSYS, and the client goes
 * without it.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "command.h"
#include "devices/fuse_request.h"

#define PAGE_SIZE	4096

static int fuse_init(struct fuse_request *request)
{
	const struct fuse_init_in *in = &request->in.init;
	uint32_t wanted = FUSE_ASYNC_READ | FUSE_ATOMIC_O_TRUNC | FUSE_BIG_WRITES | FUSE_AUTO_INVAL_DATA |
			  FUSE_PARALLEL_DIROPS | FUSE_MAX_PAGES;

	/* Version 7.23 made this structure as long as it is now. */
	if (in->major < FUSE_KERNEL_VERSION || (in->major == FUSE_KERNEL_VERSION && in->minor < 23))
		return -EPROTO;
	fuse_server_reset(request->server);
	request->out.init = (struct fuse_init_out){
		.major		= FUSE_KERNEL_VERSION,
		.minor		= FUSE_KERNEL_MINOR_VERSION,
		.max_readahead	= in->max_readahead,
		.flags		= in->flags & wanted,
		.max_write	= FUSE_DATA_MAX,
		.time_gran	= 1,
		.max_pages	= FUSE_DATA_MAX / PAGE_SIZE,
	};
	return 0;
}

static int fuse_destroy(struct fuse_request *request)
{
	fuse_server_reset(request->server);
	return 0;
}

static int fuse_forget(struct fuse_request *request)
{
	fuse_nodes_forget(&request->server->nodes, request->header.nodeid, request->in.forget.nlookup);
	return 0;
}

static int fuse_batch_forget(struct fuse_request *request)
{
	struct fuse_forget_one one;

	for (uint32_t i = 0; i < request->in.batch_forget.count; i++) {
		if (buffers_get(request->data, &one, sizeof(one)) != sizeof(one))
			return -EINVAL;
		fuse_nodes_forget(&request->server->nodes, one.nodeid, one.nlookup);
	}
	return 0;
}

/* FLUSH comes with each close(2) of the guest; nothing is kept back here that it could wait for. */
static int fuse_flush(struct fuse_request *request)
{
	(void)request;
	return 0;
}

/* What follows the header, in this order: a structure, names that end in NUL, data. */
struct operation {
	int (*handle)(struct fuse_request *request);
	uint16_t in, out;	/* bytes; out is 0 where the operation writes the answer itself */
	uint8_t names;
	bool no_node;		/* the header names none that must exist */
	bool silent;		/* there is no answer */
};

#define IN(type)	.in = sizeof(struct fuse_##type##_in)
#define OUT(type)	.out = sizeof(struct fuse_##type##_out)

static const struct operation operations[] = {
	[FUSE_LOOKUP]		= { fuse_lookup, .names = 1, OUT(entry) },
	[FUSE_FORGET]		= { fuse_forget, IN(forget), .no_node = true, .silent = true },
	[FUSE_GETATTR]		= { fuse_getattr, IN(getattr), OUT(attr) },
	[FUSE_SETATTR]		= { fuse_setattr, IN(setattr), OUT(attr) },
	[FUSE_READLINK]		= { fuse_readlink },
	[FUSE_SYMLINK]		= { fuse_symlink, .names = 2, OUT(entry) },
	[FUSE_MKDIR]		= { fuse_mkdir, IN(mkdir), .names = 1, OUT(entry) },
	[FUSE_UNLINK]		= { fuse_unlink, .names = 1 },
	[FUSE_RMDIR]		= { fuse_rmdir, .names = 1 },
	[FUSE_RENAME]		= { fuse_rename, IN(rename), .names = 2 },
	[FUSE_LINK]		= { fuse_link, IN(link), .names = 1, OUT(entry) },
	[FUSE_OPEN]		= { fuse_open, IN(open), OUT(open) },
	[FUSE_READ]		= { fuse_read, IN(read) },
	[FUSE_WRITE]		= { fuse_write, IN(write), OUT(write) },
	[FUSE_STATFS]		= { fuse_statfs, OUT(statfs) },
	[FUSE_RELEASE]		= { fuse_release, IN(release) },
	[FUSE_FSYNC]		= { fuse_fsync, IN(fsync) },
	[FUSE_FLUSH]		= { fuse_flush, IN(flush) },
	[FUSE_INIT]		= { fuse_init, .in = offsetof(struct fuse_init_in, flags2), OUT(init),
				    .no_node = true },
	[FUSE_OPENDIR]		= { fuse_opendir, IN(open), OUT(open) },
	[FUSE_READDIR]		= { fuse_readdir, IN(read) },
	[FUSE_RELEASEDIR]	= { fuse_release, IN(release) },
	[FUSE_FSYNCDIR]		= { fuse_fsync, IN(fsync) },
	[FUSE_CREATE]		= { fuse_create, IN(create), .names = 1,
				    .out = sizeof(struct fuse_entry_out) + sizeof(struct fuse_open_out) },
	[FUSE_DESTROY]		= { fuse_destroy, .no_node = true },
	[FUSE_BATCH_FORGET]	= { fuse_batch_forget, IN(batch_forget), .no_node = true, .silent = true },
	[FUSE_RENAME2]		= { fuse_rename2, IN(rename2), .names = 2 },
};

static const struct operation *find_operation(uint32_t opcode)
{
	static const struct operation none;
	bool known = opcode < sizeof(operations) / sizeof(operations[0]) && operations[opcode].handle;

	return known ? &operations[opcode] : &none;
}

static bool is_component(const char *name)
{
	return *name && !strchr(name, '/') && strcmp(name, ".") && strcmp(name, "..");
}

/* The last of a symbolic link's names is its target, which may be any. */
static int read_names(struct fuse_request *request, unsigned int count, char *text, size_t size)
{
	const char *end = text + buffers_get(request->data, text, size);

	for (unsigned int i = 0; i < count; i++) {
		const char *name = text;

		text = memchr(name, 0, end - name);
		if (!text)
			return -ENAMETOOLONG;
		text++;
		if (!is_component(name) && !(request->header.opcode == FUSE_SYMLINK && i == 1))
			return -EINVAL;
		request->name[i] = name;
	}
	return 0;
}

static int answer(struct fuse_request *request, const struct operation *operation)
{
	char text[NAME_MAX + 1 + PATH_MAX];
	int error;

	if (!operation->handle)
		return -ENOSYS;
	if (buffers_get(request->data, &request->in, operation->in) != operation->in ||
	    buffers_size(request->answer) < operation->out)
		return -EINVAL;
	request->node = fuse_nodes_find(&request->server->nodes, request->header.nodeid);
	if (!request->node && !operation->no_node)
		return -ESTALE;
	if (operation->names) {
		error = read_names(request, operation->names, text, sizeof(text));
		if (error)
			return error;
	}
	error = operation->handle(request);
	if (!error && operation->out)
		request->written = buffers_put(request->answer, &request->out, operation->out);
	return error;
}

bool fuse_server_handle(struct fuse_server *server, struct buffers *data, struct buffers *room,
			uint32_t *length)
{
	struct fuse_request request = { .server = server, .data = data, .answer = room };
	struct fuse_out_header header;
	struct iovec pieces[sizeof(header)];
	struct buffers first = buffers_cut(room, sizeof(header), pieces);
	const struct operation *operation;

	*length = 0;
	if (buffers_get(data, &request.header, sizeof(request.header)) != sizeof(request.header))
		return false;
	operation = find_operation(request.header.opcode);
	if (!operation->silent && buffers_size(&first) != sizeof(header))
		return false;
	header.error = answer(&request, operation);
	if (operation->silent)
		return true;
	*length = header.len = sizeof(header) + (header.error ? 0 : request.written);
	header.unique = request.header.unique;
	buffers_put(&first, &header, sizeof(header));
	return true;
}

void fuse_server_reset(struct fuse_server *server)
{
	for (unsigned int i = 0; i < FUSE_HANDLES; i++) {
		if (server->handle[i] >= 0)
			close(server->handle[i]);
		server->handle[i] = -1;
	}
	fuse_nodes_forget_all(&server->nodes);
}

/* Each file that the guest knows is one of ours. */
static void raise_file_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

int fuse_server_open(struct fuse_server *server, const char *folder)
{
	int root = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC), error;

	if (root < 0) {
		complain("cannot share %s: %s", folder, strerror(errno));
		return STATUS_HOST_ERROR;
	}
	if (access("/proc/self/fd", X_OK) < 0) {
		complain("cannot share %s: /proc is not mounted, by which its files are opened", folder);
		close(root);
		return STATUS_HOST_ERROR;
	}
	error = fuse_nodes_open(&server->nodes, root);
	if (error) {
		complain("cannot share %s: %s", folder, strerror(-error));
		close(root);
		return STATUS_HOST_ERROR;
	}
	raise_file_limit();
	memset(server->handle, -1, sizeof(server->handle));
	return 0;
}

void fuse_server_close(struct fuse_server *server)
{
	fuse_server_reset(server);
	fuse_nodes_close(&server->nodes);
}
