// SPDX-License-Identifier: GPL-2.0
/*
 * event_stream.c - reads tracepoints from a tracing instance of its own, so that nobody else's
 * tracing is disturbed.
 *
 * Reached from recording.c; see event_stream.h. A kernel's buffers are one for each CPU: what has been
 * read is sorted, and held back until nothing older can come. libtracefs knows the files,
 * libtraceevent the format of what is in them.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <x86intrin.h>

#include <event-parse.h>
#include <kbuffer.h>
#include <tracefs.h>

#include "command.h"
#include "event_stream.h"

#define SYSTEM "minivmx"
#define INSTANCE "minivmx-"		/* and the process's number */

struct parsed_format {
	int id;					/* common_type in the buffers */
	struct tep_format_field *vcpu, *field[EVENT_VALUES];
};

struct cpu_buffer {
	int number, fd;
};

struct event_stream {
	struct tracefs_instance *instance;
	struct tep_handle *tep;
	struct tep_format_field *type, *thread;
	unsigned int kinds;
	struct parsed_format format[EVENT_KINDS];
	struct kbuffer *kbuffer;
	void *page;
	struct cpu_buffer *cpu;
	size_t cpus;
	struct event *event;			/* not given out yet */
	size_t events, room;
	uint64_t round;				/* when the buffers were looked at last */
};

/*
 * In the place of libtraceevent's, which belongs to its plug-ins: a static program has none, and is
 * linked without dlopen().
 */
void free_tep_plugin_paths(struct tep_handle *tep);
void free_tep_plugin_paths(struct tep_handle *tep)
{
	(void)tep;
}

/* ------------------------------------------------------------------------- opening */

/* Instances of processes that were killed; one that is in use can't be removed. */
static int remove_leftover(const char *name, void *context)
{
	struct tracefs_instance *instance;
	char *end;
	long process;

	(void)context;
	if (strncmp(name, INSTANCE, strlen(INSTANCE)))
		return 0;
	process = strtol(name + strlen(INSTANCE), &end, 10);
	if (*end || process <= 0 || !kill(process, 0) || errno != ESRCH)
		return 0;
	instance = tracefs_instance_create(name);
	if (instance) {
		tracefs_instance_destroy(instance);
		tracefs_instance_free(instance);
	}
	return 0;
}

bool event_stream_possible(void)
{
	const char *tracefs;
	char *events;
	int error;

	tracefs_set_loglevel(TEP_LOG_NONE);
	if (geteuid()) {
		complain("tracing needs root; try again with sudo");
		return false;
	}
	tracefs = tracefs_tracing_dir();
	if (!tracefs) {
		complain("no tracefs at /sys/kernel/tracing: this kernel has no CONFIG_TRACING");
		return false;
	}
	events = tracefs_get_tracing_file("events/" SYSTEM);
	error = events && !access(events, F_OK) ? 0 : errno;
	tracefs_put_tracing_file(events);
	if (!error)
		return true;
	if (access("/sys/module/minivmx", F_OK))
		complain("the module is not loaded: modprobe minivmx");
	else
		complain("the module has no tracepoints in %s/events/" SYSTEM " (%s): is CONFIG_TRACEPOINTS off?",
			 tracefs, strerror(error));
	return false;
}

static bool parse_page_header(struct event_stream *stream)
{
	int size;
	char *text = tracefs_instance_file_read(NULL, "events/header_page", &size);
	bool good = text && !tep_parse_header_page(stream->tep, text, size, sizeof(long));

	free(text);
	return good;
}

static bool parse_format(struct event_stream *stream, enum event_kind kind)
{
	struct parsed_format *format = &stream->format[kind];
	struct tep_event *event;
	char name[64], file[96], *text;
	int size;

	snprintf(name, sizeof(name), "minivmx_%s", event_formats[kind].name);
	snprintf(file, sizeof(file), "events/" SYSTEM "/%s/format", name);
	text = tracefs_instance_file_read(NULL, file, &size);
	if (!text || tep_parse_event(stream->tep, text, size, SYSTEM)) {
		free(text);
		return false;
	}
	free(text);
	event = tep_find_event_by_name(stream->tep, SYSTEM, name);
	if (!event)
		return false;
	format->id = event->id;
	format->vcpu = tep_find_field(event, "vcpu");
	for (unsigned int i = 0; i < EVENT_VALUES && event_formats[kind].field[i]; i++) {
		format->field[i] = tep_find_field(event, event_formats[kind].field[i]);
		if (!format->field[i])
			return false;
	}
	stream->type = tep_find_common_field(event, "common_type");
	stream->thread = tep_find_common_field(event, "common_pid");
	return stream->type && stream->thread;
}

static bool parse_formats(struct event_stream *stream)
{
	stream->tep = tep_alloc();
	if (!stream->tep || !parse_page_header(stream))
		return false;
	for (unsigned int kind = 0; kind < stream->kinds; kind++)
		if (!parse_format(stream, kind)) {
			complain("the tracepoint minivmx_%s is not what this program expects: "
				 "is the module of another version?", event_formats[kind].name);
			return false;
		}
	return true;
}

static bool open_cpus(struct event_stream *stream)
{
	char name[64];
	long configured = sysconf(_SC_NPROCESSORS_CONF);

	stream->cpu = calloc(configured, sizeof(*stream->cpu));
	for (int number = 0; stream->cpu && number < configured; number++) {
		struct cpu_buffer *cpu = &stream->cpu[stream->cpus];

		snprintf(name, sizeof(name), "per_cpu/cpu%d/trace_pipe_raw", number);
		cpu->number = number;
		cpu->fd = tracefs_instance_file_open(stream->instance, name,
						     O_RDONLY | O_NONBLOCK | O_CLOEXEC);
		if (cpu->fd >= 0)
			stream->cpus++;
	}
	return stream->cpus > 0;
}

static bool set(struct event_stream *stream, const char *file, const char *value)
{
	if (tracefs_instance_file_write(stream->instance, file, value) >= 0)
		return true;
	complain("writing \"%s\" to %s of the tracing instance: %s", value, file, strerror(errno));
	return false;
}

static bool enable(struct event_stream *stream, const struct event_stream_options *options)
{
	char file[64];

	if (!set(stream, "trace_clock", "x86-tsc"))
		return false;
	if (tracefs_instance_set_buffer_size(stream->instance, options->buffer_kib, -1)) {
		complain("no memory for buffers of %u KiB for each CPU: try a smaller --buffer",
			 options->buffer_kib);
		return false;
	}
	if (options->threads && (!set(stream, "options/event-fork", "1") ||
				 !set(stream, "set_event_pid", options->threads)))
		return false;
	for (unsigned int kind = 0; kind < stream->kinds; kind++) {
		snprintf(file, sizeof(file), "events/" SYSTEM "/minivmx_%s/enable", event_formats[kind].name);
		if (!set(stream, file, "1"))
			return false;
	}
	return true;
}

static bool make_instance(struct event_stream *stream)
{
	char name[32];

	tracefs_instances_walk(remove_leftover, NULL);
	snprintf(name, sizeof(name), INSTANCE "%d", (int)getpid());
	stream->instance = tracefs_instance_create(name);
	if (!stream->instance)
		complain("making a tracing instance in %s/instances: %s", tracefs_tracing_dir(),
			 strerror(errno));
	return stream->instance;
}

struct event_stream *event_stream_open(const struct event_stream_options *options)
{
	struct event_stream *stream = calloc(1, sizeof(*stream));

	if (!stream)
		return NULL;
	stream->kinds = options->lanes_only ? EVENT_LANE_KINDS : EVENT_KINDS;
	if (parse_formats(stream) && make_instance(stream) && open_cpus(stream) && enable(stream, options)) {
		stream->kbuffer = kbuffer_alloc(KBUFFER_LSIZE_SAME_AS_HOST, KBUFFER_ENDIAN_SAME_AS_HOST);
		stream->page = malloc(getpagesize());
		if (stream->kbuffer && stream->page)
			return stream;
	}
	event_stream_close(stream);
	return NULL;
}

/* ------------------------------------------------------------------------- reading */

static struct event *new_event(struct event_stream *stream)
{
	struct event *bigger;

	if (stream->events == stream->room) {
		bigger = realloc(stream->event, (2 * stream->room + 1024) * sizeof(*bigger));
		if (!bigger)
			return NULL;
		stream->event = bigger;
		stream->room = 2 * stream->room + 1024;
	}
	return &stream->event[stream->events++];
}

static uint64_t field_value(struct tep_format_field *field, const void *data)
{
	unsigned long long value = 0;

	if (field)
		tep_read_number_field(field, data, &value);
	return value;
}

static bool take_record(struct event_stream *stream, const void *data, uint64_t time)
{
	int id = field_value(stream->type, data);
	struct event *event;
	unsigned int kind = 0;

	while (kind < stream->kinds && stream->format[kind].id != id)
		kind++;
	if (kind == stream->kinds)
		return true;
	event = new_event(stream);
	if (!event)
		return false;
	*event = (struct event) { .kind = kind, .time = time, .thread = field_value(stream->thread, data),
				  .vcpu = field_value(stream->format[kind].vcpu, data) };
	for (unsigned int i = 0; i < EVENT_VALUES; i++)
		event->value[i] = field_value(stream->format[kind].field[i], data);
	return true;
}

static bool take_page(struct event_stream *stream)
{
	unsigned long long time;
	struct event *lost;
	void *data;

	kbuffer_load_subbuffer(stream->kbuffer, stream->page);
	data = kbuffer_read_event(stream->kbuffer, &time);
	if (kbuffer_missed_events(stream->kbuffer)) {
		lost = new_event(stream);
		if (!lost)
			return false;
		*lost = (struct event) { .kind = EVENT_LOST, .time = time };
	}
	for (; data; data = kbuffer_next_event(stream->kbuffer, &time))
		if (!take_record(stream, data, time))
			return false;
	return true;
}

static bool read_cpu(struct event_stream *stream, const struct cpu_buffer *cpu)
{
	ssize_t size;

	while ((size = read(cpu->fd, stream->page, getpagesize())) > 0)
		if (!take_page(stream)) {
			complain("no memory for the events");
			return false;
		}
	if (!size || errno == EAGAIN || errno == EINTR)
		return true;
	complain("reading the events of CPU %d: %s", cpu->number, strerror(errno));
	return false;
}

static int compare_times(const void *a, const void *b)
{
	const struct event *first = a, *second = b;

	if (first->time != second->time)
		return first->time < second->time ? -1 : 1;
	/* One CPU has no two at once, but a loss has the time of what it precedes. */
	return (second->kind == EVENT_LOST) - (first->kind == EVENT_LOST);
}

bool event_stream_read(struct event_stream *stream, bool last,
		       void (*take)(void *context, const struct event *event), void *context)
{
	/* An event that was not in its buffer yet when this round began is younger than the last round. */
	uint64_t sure = stream->round;
	bool good = true;
	size_t given = 0;

	if (last)
		tracefs_trace_off(stream->instance);
	stream->round = __rdtsc();
	for (size_t i = 0; i < stream->cpus && good; i++)
		good = read_cpu(stream, &stream->cpu[i]);
	qsort(stream->event, stream->events, sizeof(*stream->event), compare_times);
	while (given < stream->events && (last || stream->event[given].time < sure))
		take(context, &stream->event[given++]);
	stream->events -= given;
	memmove(stream->event, stream->event + given, stream->events * sizeof(*stream->event));
	return good;
}

uint64_t event_stream_lost(struct event_stream *stream)
{
	static const char * const counts[] = { "\noverrun: ", "\ndropped events: " };
	char name[64], *text, *count;
	uint64_t lost = 0;

	for (size_t i = 0; i < stream->cpus; i++) {
		snprintf(name, sizeof(name), "per_cpu/cpu%d/stats", stream->cpu[i].number);
		text = tracefs_instance_file_read(stream->instance, name, NULL);
		for (unsigned int j = 0; text && j < sizeof(counts) / sizeof(counts[0]); j++) {
			count = strstr(text, counts[j]);
			if (count)
				lost += strtoull(count + strlen(counts[j]), NULL, 10);
		}
		free(text);
	}
	return lost;
}

void event_stream_close(struct event_stream *stream)
{
	for (size_t i = 0; i < stream->cpus; i++)
		close(stream->cpu[i].fd);
	if (stream->instance) {
		tracefs_instance_destroy(stream->instance);
		tracefs_instance_free(stream->instance);
	}
	kbuffer_free(stream->kbuffer);
	tep_free(stream->tep);
	free(stream->page);
	free(stream->cpu);
	free(stream->event);
	free(stream);
}
