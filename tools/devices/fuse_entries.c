// SPDX-License-Identifier: GPL-2.0
/*
 * fuse_entries.c - the operations of a FUSE server on names and attributes.
 *
 * Reached from fuse_server.c; see fuse_request.h. A name is one component of a path, and not "..".
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "devices/fuse_request.h"

#define VALID_S		1	/* for how long the guest may believe it: the host changes files, too */
#define PERMISSIONS	07777

static int result(int value)
{
	return value < 0 ? -errno : 0;
}

static struct fuse_attr attributes(const struct stat *stat)
{
	return (struct fuse_attr){
		.ino		= stat->st_ino,
		.size		= stat->st_size,
		.blocks		= stat->st_blocks,
		.atime		= stat->st_atim.tv_sec,
		.mtime		= stat->st_mtim.tv_sec,
		.ctime		= stat->st_ctim.tv_sec,
		.atimensec	= stat->st_atim.tv_nsec,
		.mtimensec	= stat->st_mtim.tv_nsec,
		.ctimensec	= stat->st_ctim.tv_nsec,
		.mode		= stat->st_mode,
		.nlink		= stat->st_nlink,
		.uid		= stat->st_uid,
		.gid		= stat->st_gid,
		.rdev		= major(stat->st_rdev) << 8 | (minor(stat->st_rdev) & 0xff),
		.blksize	= stat->st_blksize,
	};
}

static void answer_entry(struct fuse_request *request, const struct fuse_node *node, const struct stat *stat)
{
	request->out.entry = (struct fuse_entry_out){
		.nodeid		= node->id,
		.generation	= node->generation,
		.entry_valid	= VALID_S,
		.attr_valid	= VALID_S,
		.attr		= attributes(stat),
	};
}

int fuse_known(struct fuse_request *request, struct fuse_node **node)
{
	struct stat stat;
	int error = fuse_nodes_look_up(&request->server->nodes, request->node, request->name[0], node, &stat);

	if (!error)
		answer_entry(request, *node, &stat);
	return error;
}

int fuse_lookup(struct fuse_request *request)
{
	struct fuse_node *node;

	return fuse_known(request, &node);
}

/*
 * A host's ordinary user owns what is made; root makes it for somebody. In a setgid directory the group
 * stays.
 */
static void give_to_requester(const struct fuse_request *request, const struct fuse_node *node)
{
	struct stat folder;
	gid_t group;

	if (geteuid() != 0 || fstat(request->node->fd, &folder) < 0)
		return;
	group = folder.st_mode & S_ISGID ? (gid_t)-1 : request->header.gid;
	if (fchownat(node->fd, "", request->header.uid, group, AT_EMPTY_PATH) < 0)
		return;		/* on a file system without owners */
}

int fuse_made(struct fuse_request *request, uint32_t mode, struct fuse_node **node)
{
	struct stat stat;
	int error = fuse_nodes_look_up(&request->server->nodes, request->node, request->name[0], node, &stat);

	if (error)
		return error;
	give_to_requester(request, *node);
	/* The guest has applied its own umask; the host's is no part of this. */
	if (!S_ISLNK(stat.st_mode))
		chmod(fuse_node_path(*node).text, (mode & PERMISSIONS) | (stat.st_mode & S_ISGID));
	fstat((*node)->fd, &stat);
	answer_entry(request, *node, &stat);
	return 0;
}

static int answer_attributes(struct fuse_request *request)
{
	struct stat stat;

	if (fstat(request->node->fd, &stat) < 0)
		return -errno;
	request->out.attr = (struct fuse_attr_out){ .attr_valid = VALID_S, .attr = attributes(&stat) };
	return 0;
}

int fuse_getattr(struct fuse_request *request)
{
	return answer_attributes(request);
}

/* Only a regular file: to open, or to cut, something else may have effects. */
static int set_size(const struct fuse_request *request)
{
	const struct fuse_setattr_in *in = &request->in.setattr;

	if (in->valid & FATTR_FH)
		return result(ftruncate(fuse_handle(request->server, in->fh), in->size));
	if (request->node->type != S_IFREG)
		return -EINVAL;
	return result(truncate(fuse_node_path(request->node).text, in->size));
}

static struct timespec new_time(uint32_t valid, uint32_t set, uint32_t now, uint64_t s, uint32_t ns)
{
	if (valid & now)
		return (struct timespec){ .tv_nsec = UTIME_NOW };
	if (valid & set)
		return (struct timespec){ .tv_sec = s, .tv_nsec = ns };
	return (struct timespec){ .tv_nsec = UTIME_OMIT };
}

int fuse_setattr(struct fuse_request *request)
{
	const struct fuse_setattr_in *in = &request->in.setattr;
	struct fuse_node_path path = fuse_node_path(request->node);
	int error = 0;

	if (in->valid & FATTR_MODE)
		error = result(chmod(path.text, in->mode & PERMISSIONS));
	if (!error && in->valid & (FATTR_UID | FATTR_GID))
		error = result(fchownat(request->node->fd, "", in->valid & FATTR_UID ? in->uid : (uid_t)-1,
					in->valid & FATTR_GID ? in->gid : (gid_t)-1, AT_EMPTY_PATH));
	if (!error && in->valid & FATTR_SIZE)
		error = set_size(request);
	if (!error && in->valid & (FATTR_ATIME | FATTR_MTIME)) {
		struct timespec times[] = {
			new_time(in->valid, FATTR_ATIME, FATTR_ATIME_NOW, in->atime, in->atimensec),
			new_time(in->valid, FATTR_MTIME, FATTR_MTIME_NOW, in->mtime, in->mtimensec),
		};

		error = result(utimensat(AT_FDCWD, path.text, times, 0));
	}
	return error ? error : answer_attributes(request);
}

int fuse_readlink(struct fuse_request *request)
{
	char target[PATH_MAX];
	ssize_t size = readlinkat(request->node->fd, "", target, sizeof(target));

	if (size < 0)
		return -errno;
	request->written = buffers_put(request->answer, target, size);
	return 0;
}

int fuse_symlink(struct fuse_request *request)
{
	struct fuse_node *node;

	if (symlinkat(request->name[1], request->node->fd, request->name[0]) < 0)
		return -errno;
	return fuse_made(request, 0, &node);
}

int fuse_mkdir(struct fuse_request *request)
{
	struct fuse_node *node;

	if (mkdirat(request->node->fd, request->name[0], request->in.mkdir.mode & PERMISSIONS) < 0)
		return -errno;
	return fuse_made(request, request->in.mkdir.mode, &node);
}

int fuse_unlink(struct fuse_request *request)
{
	return result(unlinkat(request->node->fd, request->name[0], 0));
}

int fuse_rmdir(struct fuse_request *request)
{
	return result(unlinkat(request->node->fd, request->name[0], AT_REMOVEDIR));
}

static int rename_to(struct fuse_request *request, uint64_t id, unsigned int flags)
{
	const struct fuse_node *folder = fuse_nodes_find(&request->server->nodes, id);

	if (!folder)
		return -ESTALE;
	return result(renameat2(request->node->fd, request->name[0], folder->fd, request->name[1], flags));
}

int fuse_rename(struct fuse_request *request)
{
	return rename_to(request, request->in.rename.newdir, 0);
}

int fuse_rename2(struct fuse_request *request)
{
	/* A whiteout is a device node, which a guest cannot make otherwise. */
	if (request->in.rename2.flags & ~(RENAME_NOREPLACE | RENAME_EXCHANGE))
		return -EINVAL;
	return rename_to(request, request->in.rename2.newdir, request->in.rename2.flags);
}

int fuse_link(struct fuse_request *request)
{
	const struct fuse_node *node = fuse_nodes_find(&request->server->nodes, request->in.link.oldnodeid);

	if (!node)
		return -ESTALE;
	if (linkat(AT_FDCWD, fuse_node_path(node).text, request->node->fd, request->name[0],
		   AT_SYMLINK_FOLLOW) < 0)
		return -errno;
	return fuse_lookup(request);
}

int fuse_statfs(struct fuse_request *request)
{
	struct statfs statfs;

	if (fstatfs(request->node->fd, &statfs) < 0)
		return -errno;
	request->out.statfs.st = (struct fuse_kstatfs){
		.blocks		= statfs.f_blocks,
		.bfree		= statfs.f_bfree,
		.bavail		= statfs.f_bavail,
		.files		= statfs.f_files,
		.ffree		= statfs.f_ffree,
		.bsize		= statfs.f_bsize,
		.namelen	= statfs.f_namelen,
		.frsize		= statfs.f_frsize,
	};
	return 0;
}
