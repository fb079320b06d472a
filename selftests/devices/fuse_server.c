// SPDX-License-Identifier: GPL-2.0
/*
 * fuse_server.c - the file system of a shared directory, request by request
 * (tools/devices/fuse_server.c, fuse_entries.c, fuse_files.c, fuse_nodes.c).
 */
#include <errno.h>
#include <linux/fuse.h>

#include "command.h"
#include "devices/fuse_server.h"
#include "folder.h"
#include "kselftest_harness.h"
#include "rig.h"

#define UID	1234
#define GID	5678

FIXTURE(fuse)
{
	struct rig rig;
	struct folder folder;
	struct fuse_server server;
	uint8_t request[8192], answer[8192];
	uint32_t length;		/* of the answer, without its header */
};

FIXTURE_SETUP(fuse)
{
	rig_init(&self->rig);
	ASSERT_TRUE(folder_make(&self->folder));
	ASSERT_EQ(0, fuse_server_open(&self->server, self->folder.share));
}

FIXTURE_TEARDOWN(fuse)
{
	fuse_server_close(&self->server);
	folder_remove(&self->folder);
}

/* The answer's error, and the length of what is behind its header. 1: there is no answer. */
static int send(struct _test_data_fuse *self, size_t size, size_t room)
{
	struct iovec in[] = { { self->request, size / 2 }, { self->request + size / 2, size - size / 2 } };
	struct iovec out[] = { { self->answer, room / 3 }, { self->answer + room / 3, room - room / 3 } };
	struct buffers request = { in, 2 }, answer = { out, 2 };
	const struct fuse_out_header *header = (const struct fuse_out_header *)self->answer;
	uint32_t length;

	if (!fuse_server_handle(&self->server, &request, &answer, &length) || !length)
		return 1;
	if (header->unique != 77 || header->len != length)
		return 1;
	self->length = length - sizeof(*header);
	return header->error;
}

/* names: `count` of them, which end in NUL. */
static int call(struct _test_data_fuse *self, uint32_t opcode, uint64_t node, const void *in, size_t size,
		const char *names, size_t names_size)
{
	struct fuse_in_header header = { .opcode = opcode, .nodeid = node, .unique = 77,
		.uid = UID, .gid = GID, .len = sizeof(header) + size + names_size };

	memcpy(self->request, &header, sizeof(header));
	memcpy(self->request + sizeof(header), in, size);
	memcpy(self->request + sizeof(header) + size, names, names_size);
	return send(self, header.len, sizeof(self->answer));
}

#define CALL(opcode, node, ...) ({ \
	__auto_type in = __VA_ARGS__; \
	call(self, opcode, node, &in, sizeof(in), "", 0); })
#define CALL_NAMES(opcode, node, names) call(self, opcode, node, "", 0, names, sizeof(names))
#define ANSWER(type) ((const struct fuse_##type##_out *)(self->answer + sizeof(struct fuse_out_header)))

static uint64_t look_up(struct _test_data_fuse *self, uint64_t folder, const char *name)
{
	if (call(self, FUSE_LOOKUP, folder, "", 0, name, strlen(name) + 1))
		return 0;
	return ANSWER(entry)->nodeid;
}

static int read_file(struct _test_data_fuse *self, uint64_t handle, uint64_t offset, uint32_t size)
{
	return CALL(FUSE_READ, 1, (struct fuse_read_in){ .fh = handle, .offset = offset, .size = size });
}

static int write_file(struct _test_data_fuse *self, uint64_t handle, uint64_t offset, const char *text,
		      uint32_t flags)
{
	struct fuse_write_in in = { .fh = handle, .offset = offset, .size = strlen(text), .flags = flags };

	return call(self, FUSE_WRITE, 1, &in, sizeof(in), text, strlen(text));
}

TEST_F(fuse, init)
{
	ASSERT_EQ(0, CALL(FUSE_INIT, 0, (struct fuse_init_in){ .major = 7, .minor = 37, .max_readahead = 99,
		  .flags = FUSE_MAX_PAGES | FUSE_WRITEBACK_CACHE }));
	EXPECT_EQ(sizeof(struct fuse_init_out), self->length);
	EXPECT_EQ(7, ANSWER(init)->major);
	EXPECT_EQ(FUSE_MAX_PAGES, ANSWER(init)->flags);
	EXPECT_EQ(FUSE_DATA_MAX, ANSWER(init)->max_write);
	/* The structure of older clients ends before flags2. */
	EXPECT_EQ(0, CALL(FUSE_INIT, 0, (struct { uint32_t field[4]; }){ { 7, 31, 0, 0 } }));
	EXPECT_EQ(-EPROTO, CALL(FUSE_INIT, 0, (struct fuse_init_in){ .major = 7, .minor = 22 }));
	EXPECT_EQ(-EPROTO, CALL(FUSE_INIT, 0, (struct fuse_init_in){ .major = 6, .minor = 99 }));
}

TEST_F(fuse, lookup_and_attributes)
{
	uint64_t node = look_up(self, 1, "file");

	ASSERT_NE(0, node);
	EXPECT_EQ(12, ANSWER(entry)->attr.size);
	EXPECT_EQ(S_IFREG | 0644, ANSWER(entry)->attr.mode);
	EXPECT_EQ(node, look_up(self, 1, "file"));
	EXPECT_EQ(0, CALL(FUSE_GETATTR, node, (struct fuse_getattr_in){ }));
	EXPECT_EQ(12, ANSWER(attr)->attr.size);
	EXPECT_EQ(0, CALL(FUSE_GETATTR, 1, (struct fuse_getattr_in){ }));
	EXPECT_TRUE(S_ISDIR(ANSWER(attr)->attr.mode));
	EXPECT_EQ(-ENOENT, CALL_NAMES(FUSE_LOOKUP, 1, "nothing"));
	EXPECT_EQ(-ENOTDIR, CALL_NAMES(FUSE_LOOKUP, node, "file"));
	EXPECT_EQ(0, call(self, FUSE_STATFS, 1, "", 0, "", 0));
	EXPECT_EQ(sizeof(struct fuse_statfs_out), self->length);
}

TEST_F(fuse, nodes_are_forgotten)
{
	uint64_t node = look_up(self, 1, "file"), generation = ANSWER(entry)->generation;

	look_up(self, 1, "file");
	EXPECT_EQ(1, CALL(FUSE_FORGET, node, (struct fuse_forget_in){ 1 }));
	EXPECT_EQ(0, CALL(FUSE_GETATTR, node, (struct fuse_getattr_in){ }));
	EXPECT_EQ(1, CALL(FUSE_FORGET, node, (struct fuse_forget_in){ ~0ull }));
	EXPECT_EQ(-ESTALE, CALL(FUSE_GETATTR, node, (struct fuse_getattr_in){ }));
	/* The number may come back, with another generation. */
	EXPECT_EQ(node, look_up(self, 1, "folder"));
	EXPECT_NE(generation, ANSWER(entry)->generation);
	EXPECT_EQ(1, CALL(FUSE_BATCH_FORGET, 0, (struct { struct fuse_batch_forget_in in;
							  struct fuse_forget_one one; }){
		  { .count = 5 }, { node, 1 } }));
	EXPECT_EQ(-ESTALE, CALL(FUSE_GETATTR, node, (struct fuse_getattr_in){ }));
	/* But not the root. */
	EXPECT_EQ(1, CALL(FUSE_FORGET, 1, (struct fuse_forget_in){ 100 }));
	EXPECT_EQ(0, CALL(FUSE_GETATTR, 1, (struct fuse_getattr_in){ }));
	EXPECT_EQ(-ESTALE, CALL(FUSE_GETATTR, 0, (struct fuse_getattr_in){ }));
	EXPECT_EQ(-ESTALE, CALL(FUSE_GETATTR, ~0ull, (struct fuse_getattr_in){ }));
}

TEST_F(fuse, read_and_write)
{
	uint64_t node = look_up(self, 1, "file"), handle;

	ASSERT_EQ(0, CALL(FUSE_OPEN, node, (struct fuse_open_in){ .flags = O_RDWR }));
	handle = ANSWER(open)->fh;
	EXPECT_EQ(0, read_file(self, handle, 7, 100));
	ASSERT_EQ(5, self->length);
	EXPECT_EQ(0, memcmp(ANSWER(open), "guest", 5));
	EXPECT_EQ(0, read_file(self, handle, 0, 5));
	EXPECT_EQ(5, self->length);
	EXPECT_EQ(0, read_file(self, handle, 1000, 5));
	EXPECT_EQ(0, self->length);
	EXPECT_EQ(-EINVAL, read_file(self, handle, ~0ull, 5));

	EXPECT_EQ(0, write_file(self, handle, 7, "world", 0));
	EXPECT_EQ(5, ANSWER(write)->size);
	EXPECT_EQ(0, write_file(self, handle, 0, "!", O_APPEND));
	EXPECT_TRUE(folder_holds(self->folder.share, "file", "hello, world!"));
	EXPECT_EQ(-EINVAL, CALL(FUSE_WRITE, node, (struct fuse_write_in){ .fh = handle, .size = 1 }));
	EXPECT_EQ(0, CALL(FUSE_FSYNC, node, (struct fuse_fsync_in){ .fh = handle }));
	EXPECT_EQ(0, CALL(FUSE_FLUSH, node, (struct fuse_flush_in){ .fh = handle }));
	EXPECT_EQ(0, CALL(FUSE_SETATTR, node, (struct fuse_setattr_in){
		  .valid = FATTR_SIZE | FATTR_FH, .fh = handle, .size = 5 }));
	EXPECT_EQ(5, ANSWER(attr)->attr.size);
	EXPECT_EQ(0, CALL(FUSE_RELEASE, node, (struct fuse_release_in){ .fh = handle }));
	EXPECT_EQ(-EBADF, CALL(FUSE_RELEASE, node, (struct fuse_release_in){ .fh = handle }));
	EXPECT_EQ(-EBADF, read_file(self, handle, 0, 1));
	EXPECT_EQ(-EBADF, read_file(self, FUSE_HANDLES, 0, 1));
	EXPECT_EQ(-EBADF, write_file(self, ~0ull, 0, "x", 0));
	EXPECT_EQ(0, CALL(FUSE_OPEN, node, (struct fuse_open_in){ .flags = O_WRONLY | O_TRUNC }));
	EXPECT_TRUE(folder_holds(self->folder.share, "file", ""));
}

static int create(struct _test_data_fuse *self, const char *name, uint32_t flags, uint32_t mode)
{
	struct fuse_create_in in = { .flags = flags, .mode = S_IFREG | mode };

	return call(self, FUSE_CREATE, 1, &in, sizeof(in), name, strlen(name) + 1);
}

TEST_F(fuse, create)
{
	const struct fuse_open_out *open_out = (const void *)(ANSWER(entry) + 1);
	mode_t mask = umask(077);

	/* The file may be written to through this handle, whatever its mode. */
	ASSERT_EQ(0, create(self, "new", O_RDWR | O_CREAT | O_EXCL, 0464));
	EXPECT_EQ(S_IFREG | 0464, ANSWER(entry)->attr.mode);
	EXPECT_EQ(geteuid() ? geteuid() : UID, ANSWER(entry)->attr.uid);
	EXPECT_EQ(0, write_file(self, open_out->fh, 0, "text", 0));
	EXPECT_TRUE(folder_holds(self->folder.share, "new", "text"));
	EXPECT_EQ(-EEXIST, create(self, "new", O_RDWR | O_CREAT | O_EXCL, 0644));
	EXPECT_EQ(0, create(self, "file", O_RDONLY | O_CREAT, 0600));
	EXPECT_EQ(S_IFREG | 0644, ANSWER(entry)->attr.mode);
	EXPECT_EQ(0, read_file(self, open_out->fh, 0, 5));
	EXPECT_EQ(5, self->length);
	umask(mask);
}

TEST_F(fuse, directories)
{
	struct fuse_mkdir_in mkdir_in = { .mode = 0751 };
	uint64_t node, handle;
	unsigned int seen = 0;
	uint64_t offset = 0;

	ASSERT_EQ(0, call(self, FUSE_MKDIR, 1, &mkdir_in, sizeof(mkdir_in), "sub", 4));
	EXPECT_EQ(S_IFDIR | 0751, ANSWER(entry)->attr.mode);
	node = ANSWER(entry)->nodeid;
	EXPECT_EQ(-EEXIST, call(self, FUSE_MKDIR, 1, &mkdir_in, sizeof(mkdir_in), "sub", 4));
	ASSERT_EQ(0, CALL(FUSE_OPENDIR, 1, (struct fuse_open_in){ }));
	handle = ANSWER(open)->fh;
	/* ., .., and the six there are, a few at a time. */
	while (!CALL(FUSE_READDIR, 1, (struct fuse_read_in){ .fh = handle, .offset = offset, .size = 100 }) &&
	       self->length) {
		for (uint32_t at = 0; at < self->length;) {
			const struct fuse_dirent *entry =
				(const void *)(self->answer + sizeof(struct fuse_out_header) + at);

			ASSERT_LE(at + FUSE_DIRENT_SIZE(entry), self->length);
			seen++;
			offset = entry->off;
			at += FUSE_DIRENT_SIZE(entry);
		}
		ASSERT_LE(self->length, 100);
	}
	EXPECT_EQ(8, seen);
	EXPECT_EQ(0, CALL(FUSE_FSYNCDIR, 1, (struct fuse_fsync_in){ .fh = handle }));
	EXPECT_EQ(0, CALL(FUSE_RELEASEDIR, 1, (struct fuse_release_in){ .fh = handle }));
	EXPECT_EQ(-ENOTDIR, CALL(FUSE_OPENDIR, look_up(self, 1, "file"), (struct fuse_open_in){ }));
	EXPECT_EQ(-EISDIR, CALL(FUSE_OPEN, node, (struct fuse_open_in){ }));
	EXPECT_EQ(0, CALL_NAMES(FUSE_RMDIR, 1, "sub"));
	EXPECT_EQ(-ENOENT, CALL_NAMES(FUSE_RMDIR, 1, "sub"));
}

TEST_F(fuse, names)
{
	struct fuse_rename_in rename_in = { .newdir = look_up(self, 1, "folder") };
	struct fuse_rename2_in rename2_in = { .newdir = 1, .flags = 1 << 0 /* RENAME_NOREPLACE */ };
	uint64_t node = look_up(self, 1, "file");
	struct fuse_link_in link_in = { .oldnodeid = node };

	EXPECT_EQ(0, call(self, FUSE_RENAME, 1, &rename_in, sizeof(rename_in), "file\0moved", 11));
	EXPECT_TRUE(folder_holds(self->folder.share, "folder/moved", "hello, guest"));
	/* It is the same node, before and after. */
	EXPECT_EQ(0, CALL(FUSE_GETATTR, node, (struct fuse_getattr_in){ }));
	EXPECT_EQ(node, look_up(self, rename_in.newdir, "moved"));
	EXPECT_EQ(0, call(self, FUSE_LINK, 1, &link_in, sizeof(link_in), "hard", 5));
	EXPECT_EQ(2, ANSWER(entry)->attr.nlink);
	EXPECT_EQ(-EEXIST, call(self, FUSE_RENAME2, 1, &rename2_in, sizeof(rename2_in), "hard\0fifo", 10));
	rename2_in.flags = 1 << 2;	/* RENAME_WHITEOUT */
	EXPECT_EQ(-EINVAL, call(self, FUSE_RENAME2, 1, &rename2_in, sizeof(rename2_in), "hard\0new", 9));
	EXPECT_EQ(0, CALL_NAMES(FUSE_UNLINK, 1, "hard"));
	EXPECT_EQ(0, CALL_NAMES(FUSE_UNLINK, rename_in.newdir, "moved"));
	/* Its name is gone, the file is not. */
	EXPECT_EQ(0, CALL(FUSE_GETATTR, node, (struct fuse_getattr_in){ }));
	EXPECT_EQ(0, ANSWER(attr)->attr.nlink);
	EXPECT_EQ(0, CALL(FUSE_OPEN, node, (struct fuse_open_in){ .flags = O_RDONLY }));

	EXPECT_EQ(0, CALL_NAMES(FUSE_SYMLINK, 1, "soft\0../../any/where"));
	node = ANSWER(entry)->nodeid;
	EXPECT_TRUE(S_ISLNK(ANSWER(entry)->attr.mode));
	EXPECT_EQ(0, call(self, FUSE_READLINK, node, "", 0, "", 0));
	ASSERT_EQ(15, self->length);
	EXPECT_EQ(0, memcmp(ANSWER(open), "../../any/where", 15));
}

TEST_F(fuse, attributes_are_set)
{
	uint64_t node = look_up(self, 1, "file");
	struct fuse_setattr_in in = { .valid = FATTR_MODE | FATTR_MTIME | FATTR_ATIME_NOW | FATTR_SIZE,
		.mode = 0600, .mtime = 1000000000, .mtimensec = 5, .size = 3 };

	EXPECT_EQ(0, CALL(FUSE_SETATTR, node, in));
	EXPECT_EQ(S_IFREG | 0600, ANSWER(attr)->attr.mode);
	EXPECT_EQ(1000000000, ANSWER(attr)->attr.mtime);
	EXPECT_EQ(5, ANSWER(attr)->attr.mtimensec);
	EXPECT_GT(ANSWER(attr)->attr.atime, 1000000000);
	EXPECT_TRUE(folder_holds(self->folder.share, "file", "hel"));
	in = (struct fuse_setattr_in){ .valid = FATTR_UID | FATTR_GID, .uid = geteuid(), .gid = getegid() };
	EXPECT_EQ(0, CALL(FUSE_SETATTR, node, in));
	in = (struct fuse_setattr_in){ .valid = FATTR_SIZE };
	EXPECT_EQ(-EINVAL, CALL(FUSE_SETATTR, look_up(self, 1, "fifo"), in));
	EXPECT_EQ(-EINVAL, CALL(FUSE_SETATTR, look_up(self, 1, "link"), in));
	in = (struct fuse_setattr_in){ .valid = FATTR_SIZE | FATTR_FH, .fh = 5 };
	EXPECT_EQ(-EBADF, CALL(FUSE_SETATTR, node, in));
}

TEST_F(fuse, no_way_out)
{
	struct fuse_setattr_in mode = { .valid = FATTR_MODE, .mode = 0 };
	uint64_t up = look_up(self, 1, "up"), link = look_up(self, 1, "link");
	uint64_t fifo = look_up(self, 1, "fifo");
	struct fuse_rename_in rename_in = { .newdir = 1 };
	char path[80];
	struct stat stat_out;

	EXPECT_EQ(-EINVAL, CALL_NAMES(FUSE_LOOKUP, 1, ".."));
	EXPECT_EQ(-EINVAL, CALL_NAMES(FUSE_LOOKUP, 1, "."));
	EXPECT_EQ(-EINVAL, CALL_NAMES(FUSE_LOOKUP, 1, ""));
	EXPECT_EQ(-EINVAL, CALL_NAMES(FUSE_LOOKUP, 1, "../outside"));
	EXPECT_EQ(-EINVAL, CALL_NAMES(FUSE_LOOKUP, 1, "/etc"));
	EXPECT_EQ(-EINVAL, CALL_NAMES(FUSE_UNLINK, 1, "up/outside"));
	EXPECT_EQ(-EINVAL, CALL_NAMES(FUSE_SYMLINK, 1, "../new\0target"));
	EXPECT_EQ(-EINVAL, call(self, FUSE_RENAME, 1, &rename_in, sizeof(rename_in), "file\0..", 8));
	/* A symbolic link is the guest's to follow, never ours. */
	EXPECT_EQ(-ENOTDIR, CALL_NAMES(FUSE_LOOKUP, up, "outside"));
	EXPECT_EQ(-ENOTDIR, CALL(FUSE_OPENDIR, up, (struct fuse_open_in){ }));
	EXPECT_EQ(-EPERM, CALL(FUSE_OPEN, link, (struct fuse_open_in){ }));
	EXPECT_EQ(-EPERM, create(self, "link", O_RDWR | O_CREAT | O_TRUNC, 0644));
	EXPECT_NE(0, CALL(FUSE_SETATTR, link, mode));
	snprintf(path, sizeof(path), "%s/outside", self->folder.path);
	ASSERT_EQ(0, stat(path, &stat_out));
	EXPECT_NE(0, stat_out.st_mode & 0777);
	/* Nobody writes into the FIFO: to open it would wait. */
	EXPECT_EQ(-EPERM, CALL(FUSE_OPEN, fifo, (struct fuse_open_in){ }));
	EXPECT_EQ(-EPERM, create(self, "fifo", O_RDONLY | O_CREAT, 0644));
	EXPECT_TRUE(folder_holds(self->folder.path, "outside", "outside"));
}

TEST_F(fuse, broken_requests)
{
	char name[300];

	memset(name, 'n', sizeof(name));
	EXPECT_EQ(-ENOSYS, call(self, 0, 1, "", 0, "", 0));
	EXPECT_EQ(-ENOSYS, call(self, FUSE_GETXATTR, 1, "", 0, "", 0));
	EXPECT_EQ(-ENOSYS, call(self, 0xffffffff, 1, "", 0, "", 0));
	EXPECT_EQ(-EINVAL, call(self, FUSE_READ, 1, "1234", 4, "", 0));
	EXPECT_EQ(-ENAMETOOLONG, call(self, FUSE_LOOKUP, 1, "", 0, "no end", 6));
	EXPECT_EQ(-ENAMETOOLONG, call(self, FUSE_RENAME, 1, "12345678", 8, "only one", 9));
	name[299] = 0;
	EXPECT_EQ(-ENAMETOOLONG, call(self, FUSE_LOOKUP, 1, "", 0, name, sizeof(name)));
	/* Too short for a header, or for its answer's. */
	EXPECT_EQ(1, send(self, sizeof(struct fuse_in_header) - 1, sizeof(self->answer)));
	EXPECT_EQ(1, send(self, sizeof(struct fuse_in_header), sizeof(struct fuse_out_header) - 1));
	/* Nothing is opened that could not be said. */
	CALL(FUSE_OPENDIR, 1, (struct fuse_open_in){ });
	EXPECT_EQ(-EINVAL, send(self, sizeof(struct fuse_in_header) + sizeof(struct fuse_open_in),
				sizeof(struct fuse_out_header) + 8));
	EXPECT_EQ(-1, self->server.handle[1]);
}

TEST_F(fuse, handles_have_a_limit)
{
	int error = 0;

	for (int i = 0; i <= FUSE_HANDLES && !error; i++)
		error = CALL(FUSE_OPENDIR, 1, (struct fuse_open_in){ });
	EXPECT_TRUE(error == -ENFILE || error == -EMFILE);
	EXPECT_EQ(0, call(self, FUSE_DESTROY, 0, "", 0, "", 0));
	EXPECT_EQ(0, CALL(FUSE_OPENDIR, 1, (struct fuse_open_in){ }));
}

TEST_F(fuse, bad_folders)
{
	struct fuse_server other;

	EXPECT_EQ(STATUS_HOST_ERROR, fuse_server_open(&other, "/no/such/folder"));
	EXPECT_NE(NULL, strstr(rig_complaint, "cannot share /no/such/folder: No such file"));
	EXPECT_EQ(STATUS_HOST_ERROR, fuse_server_open(&other, "/dev/null"));
	EXPECT_NE(NULL, strstr(rig_complaint, "Not a directory"));
}

/* Names that exist, that do not, and that must lead nowhere. */
static const char *const fuzz_names[] = {
	"file", "folder", "link", "up", "fifo", "a", "b", "..", ".", "", "../outside", "up/outside",
	"folder/x",
};

/* Where the names begin; half of the requests have another length. */
static const uint8_t fuzz_sizes[56] = {
	[FUSE_GETATTR] = 16, [FUSE_SETATTR] = 88, [FUSE_MKDIR] = 8, [FUSE_RENAME] = 8, [FUSE_LINK] = 8,
	[FUSE_OPEN] = 8, [FUSE_READ] = 40, [FUSE_WRITE] = 40, [FUSE_RELEASE] = 24, [FUSE_FSYNC] = 16,
	[FUSE_FLUSH] = 24, [FUSE_OPENDIR] = 8, [FUSE_READDIR] = 40, [FUSE_RELEASEDIR] = 24,
	[FUSE_CREATE] = 16, [FUSE_RENAME2] = 16,
};

#define FUZZ_NAMES (sizeof(fuzz_names) / sizeof(fuzz_names[0]))

/* What undoes much is rare. */
static uint32_t fuzz_opcode(struct rig *rig)
{
	uint64_t random = rig_random(rig);
	uint32_t opcode = random % 56;

	switch (opcode) {
	case FUSE_FORGET:
	case FUSE_BATCH_FORGET:
	case FUSE_INIT:
	case FUSE_DESTROY:
		return (random >> 8) % 32 ? FUSE_LOOKUP : opcode;
	default:
		return opcode;
	}
}

TEST_F(fuse, fuzz)
{
	unsigned int answered = 0, done = 0;

	for (int i = 0; i < 200000; i++) {
		uint64_t random = rig_random(&self->rig);
		struct fuse_in_header header = { .opcode = fuzz_opcode(&self->rig),
			.nodeid = random & 1 ? FUSE_ROOT_ID : (random >> 8) % 8, .unique = 77 };
		uint8_t in[128];
		char names[64];
		const char *first = fuzz_names[(random >> 16) % FUZZ_NAMES];
		const char *second = fuzz_names[(random >> 24) % FUZZ_NAMES];
		int names_size = sprintf(names, "%s%c%s", first, 0, second) + 1, error;
		size_t size = random & 1ull << 41 ? fuzz_sizes[header.opcode] : 8 * ((random >> 32) % 12);

		/* Small values are numbers of nodes and handles. */
		for (size_t at = 0; at < sizeof(in); at += 8) {
			uint64_t value = rig_random(&self->rig);

			value = value & 3 ? (value >> 2) % 16 : value >> (value >> 2) % 64;
			memcpy(in + at, &value, 8);
		}
		error = call(self, header.opcode, header.nodeid, in, size, names, names_size);
		answered += error <= 0;
		done += !error;
		ASSERT_LE(self->server.nodes.used, 4096);
	}
	EXPECT_GT(answered, 100000);
	EXPECT_GT(done, 4000);
	EXPECT_TRUE(folder_holds(self->folder.path, "outside", "outside"));
}

TEST_HARNESS_MAIN
