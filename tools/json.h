/* SPDX-License-Identifier: GPL-2.0 */
/*
 * json.h - writes JSON as a stream: begin and end of objects and arrays, and values.
 *
 * Reached from doctor.c and caps.c. The caller keeps begin and end in pairs. 64-bit numbers
 * are written as strings in hexadecimal: a JSON number holds 53 bits at most in many readers.
 */
#ifndef MINIVMX_TOOLS_JSON_H
#define MINIVMX_TOOLS_JSON_H

#include <argp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct json {
	FILE *out;
	unsigned int depth;
	unsigned int lines;	/* groups deeper than this are written on one line; 0: none is */
	bool filled;	/* the innermost object or array has an element already */
};

/* An argp parser for a subcommand whose one option is --json ('j'); input: a bool. */
error_t parse_json_option(int key, char *arg, struct argp_state *state);

/* In an array, and for the outermost value, key is NULL. */
void json_object_begin(struct json *json, const char *key);
void json_object_end(struct json *json);
void json_array_begin(struct json *json, const char *key);
void json_array_end(struct json *json);
void json_string(struct json *json, const char *key, const char *value);	/* value NULL: null */
void json_number(struct json *json, const char *key, long value);
void json_thousandths(struct json *json, const char *key, uint64_t value);	/* 1234: 1.234 */
void json_hex(struct json *json, const char *key, uint64_t value);
void json_bool(struct json *json, const char *key, bool value);

#endif /* MINIVMX_TOOLS_JSON_H */
