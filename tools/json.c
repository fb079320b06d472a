// SPDX-License-Identifier: GPL-2.0
/*
 * json.c - writes JSON as a stream, one element a line.
 *
 * Reached from doctor.c, caps.c, timeline.c and others; see json.h.
 */
#include <inttypes.h>

#include "json.h"

error_t parse_json_option(int key, char *arg, struct argp_state *state)
{
	(void)arg;
	if (key == 'j')
		*(bool *)state->input = true;
	else if (key == ARGP_KEY_ARG)
		argp_usage(state);
	else
		return ARGP_ERR_UNKNOWN;
	return 0;
}

static void put_text(FILE *out, const char *text)
{
	fputc('"', out);
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			fprintf(out, "\\%c", *text);
		else if ((unsigned char)*text < 0x20)
			fprintf(out, "\\u%04x", *text);
		else
			fputc(*text, out);
	}
	fputc('"', out);
}

static void put_line(struct json *json, unsigned int depth)
{
	if (json->lines && json->depth > json->lines)
		fputc(' ', json->out);
	else
		fprintf(json->out, "\n%*s", 2 * (int)depth, "");
}

/* What stands before any value: comma, line, key. */
static void begin_value(struct json *json, const char *key)
{
	if (json->filled)
		fputc(',', json->out);
	if (json->depth)
		put_line(json, json->depth);
	if (key) {
		put_text(json->out, key);
		fputs(": ", json->out);
	}
	json->filled = true;
}

static void begin_group(struct json *json, const char *key, char bracket)
{
	begin_value(json, key);
	fputc(bracket, json->out);
	json->depth++;
	json->filled = false;
}

static void end_group(struct json *json, char bracket)
{
	if (json->filled)
		put_line(json, json->depth - 1);
	json->depth--;
	fputc(bracket, json->out);
	json->filled = true;
	if (!json->depth)
		fputc('\n', json->out);
}

void json_object_begin(struct json *json, const char *key)
{
	begin_group(json, key, '{');
}

void json_object_end(struct json *json)
{
	end_group(json, '}');
}

void json_array_begin(struct json *json, const char *key)
{
	begin_group(json, key, '[');
}

void json_array_end(struct json *json)
{
	end_group(json, ']');
}

void json_string(struct json *json, const char *key, const char *value)
{
	begin_value(json, key);
	if (value)
		put_text(json->out, value);
	else
		fputs("null", json->out);
}

void json_number(struct json *json, const char *key, long value)
{
	begin_value(json, key);
	fprintf(json->out, "%ld", value);
}

void json_thousandths(struct json *json, const char *key, uint64_t value)
{
	begin_value(json, key);
	fprintf(json->out, "%" PRIu64 ".%03u", value / 1000, (unsigned int)(value % 1000));
}

void json_hex(struct json *json, const char *key, uint64_t value)
{
	begin_value(json, key);
	fprintf(json->out, "\"0x%" PRIx64 "\"", value);
}

void json_bool(struct json *json, const char *key, bool value)
{
	begin_value(json, key);
	fputs(value ? "true" : "false", json->out);
}
