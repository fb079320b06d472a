/* SPDX-License-Identifier: GPL-2.0 */
/*
 * folder.h - a temporary directory with one in it to be shared, and a file beside that one which a
 * guest must never reach.
 */
#ifndef SELFTESTS_DEVICES_FOLDER_H
#define SELFTESTS_DEVICES_FOLDER_H

#include <fcntl.h>
#include <fts.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct folder {
	char path[64];
	char share[80];
};

static inline bool folder_write(const char *folder, const char *name, const char *text)
{
	char path[128];
	int fd;
	bool done;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	done = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
	close(fd);
	return done;
}

/* Whether that is all that is in the file. */
static inline bool folder_holds(const char *folder, const char *name, const char *text)
{
	char path[128], bytes[256];
	ssize_t count;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	fd = open(path, O_RDONLY);
	count = read(fd, bytes, sizeof(bytes));
	close(fd);
	return count == (ssize_t)strlen(text) && !memcmp(bytes, text, count);
}

/* outside; share/file, share/folder/, share/link to outside, share/up to the directory, share/fifo. */
static inline bool folder_make(struct folder *folder)
{
	char path[128];

	strcpy(folder->path, "/tmp/virtio-fs.XXXXXX");
	if (!mkdtemp(folder->path))
		return false;
	snprintf(folder->share, sizeof(folder->share), "%s/share", folder->path);
	if (mkdir(folder->share, 0755) < 0 || !folder_write(folder->path, "outside", "outside") ||
	    !folder_write(folder->share, "file", "hello, guest"))
		return false;
	snprintf(path, sizeof(path), "%s/folder", folder->share);
	if (mkdir(path, 0755) < 0)
		return false;
	snprintf(path, sizeof(path), "%s/link", folder->share);
	if (symlink("../outside", path) < 0)
		return false;
	snprintf(path, sizeof(path), "%s/up", folder->share);
	if (symlink("..", path) < 0)
		return false;
	snprintf(path, sizeof(path), "%s/fifo", folder->share);
	return !mkfifo(path, 0644);
}

/* The guest may have taken away the right to look into a directory. */
static inline void folder_remove(struct folder *folder)
{
	char *paths[] = { folder->path, NULL };
	FTS *tree = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
	FTSENT *entry;

	while (tree && (entry = fts_read(tree)))
		if (entry->fts_info == FTS_D)
			chmod(entry->fts_path, 0700);
		else
			remove(entry->fts_path);
	if (tree)
		fts_close(tree);
}

#endif /* SELFTESTS_DEVICES_FOLDER_H */
