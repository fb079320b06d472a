// SPDX-License-Identifier: GPL-2.0
/*
 * snapshot_parse.c - reads a snapshot's text file, from wherever it may come.
 *
 * Reached from snapshot_file.c; snapshot_parse() stands last. The format is described in
 * snapshot_file.h. What is not exactly that is refused, with its line: a tool that guesses would
 * explain a machine that never was.
 */
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "snapshot_file.h"
#include "vmcs_fields.h"

#define LINE_SIZE	256
#define WORDS		4

struct parser {
	struct snapshot *snapshot;
	struct snapshot_error *error;
	unsigned int pdptes;		/* a bit for each that has come */
	bool has_end;
};

static bool __attribute__((format(printf, 2, 3))) refuse(struct parser *parser, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(parser->error->text, sizeof(parser->error->text), format, args);
	va_end(args);
	return false;
}

/* ------------------------------------------------------------------------------ words */

static bool number(struct parser *parser, const char *word, uint64_t max, uint64_t *value)
{
	char *end;

	/* strtoull() takes signs and spaces, too. */
	if (!isdigit((unsigned char)word[0]))
		return refuse(parser, "\"%s\" is no number", word);
	errno = 0;
	*value = strtoull(word, &end, strncmp(word, "0x", 2) ? 10 : 16);
	if (*end)
		return refuse(parser, "\"%s\" is no number", word);
	if (errno || *value > max)
		return refuse(parser, "%s is too large: at most 0x%llx fits here", word, (unsigned long long)max);
	return true;
}

/* How many words there are, at most one more than asked for. */
static unsigned int split(char *line, char *words[WORDS + 1])
{
	unsigned int count = 0;
	char *rest = line;

	while (count <= WORDS && (words[count] = strtok_r(rest, " \t", &rest)))
		count++;
	return count;
}

/* ------------------------------------------------------------------------------ lines */

static bool parse_text(struct parser *parser, const char *key, char *name, const char *rest)
{
	if (name[0])
		return refuse(parser, "a second line \"%s\"", key);
	if (!rest[0] || strlen(rest) >= SNAPSHOT_NAME_SIZE)
		return refuse(parser, "\"%s\" takes 1 to %d characters", key, SNAPSHOT_NAME_SIZE - 1);
	strcpy(name, rest);
	return true;
}

static bool parse_host(struct parser *parser, char **words)
{
	if (strcmp(words[1], "hidden"))
		return refuse(parser, "\"host\" is \"hidden\", not \"%s\"", words[1]);
	if (parser->snapshot->host_hidden)
		return refuse(parser, "a second line \"host\"");
	parser->snapshot->host_hidden = true;
	return true;
}

static bool parse_failed(struct parser *parser, char **words)
{
	struct snapshot *snapshot = parser->snapshot;

	if (snapshot->failed)
		return refuse(parser, "a second line \"failed\"");
	snapshot->failed = true;
	return number(parser, words[1], UINT32_MAX, &snapshot->failure_reason) &&
	       number(parser, words[2], UINT64_MAX, &snapshot->failure_qualification);
}

static bool parse_address_bits(struct parser *parser, char **words)
{
	struct snapshot *snapshot = parser->snapshot;
	uint64_t physical, linear;

	if (snapshot->physical_address_bits)
		return refuse(parser, "a second line \"address-bits\"");
	if (!number(parser, words[1], 52, &physical) || !number(parser, words[2], 57, &linear))
		return false;
	if (physical < 32 || linear < 32)
		return refuse(parser, "no 64-bit CPU has addresses of less than 32 bits");
	snapshot->physical_address_bits = physical;
	snapshot->linear_address_bits = linear;
	return true;
}

static bool parse_pdpte(struct parser *parser, char **words)
{
	uint64_t index;

	if (!number(parser, words[1], 3, &index))
		return false;
	if (parser->pdptes >> index & 1)
		return refuse(parser, "a second line for PDPTE %s", words[1]);
	parser->pdptes |= 1u << index;
	return number(parser, words[2], UINT64_MAX, &parser->snapshot->pdpte[index]);
}

static bool parse_msr(struct parser *parser, char **words)
{
	uint64_t index, value, old;

	if (!number(parser, words[1], UINT32_MAX, &index) || !number(parser, words[2], UINT64_MAX, &value))
		return false;
	if (snapshot_msr(parser->snapshot, index, &old))
		return refuse(parser, "a second line for MSR %s", words[1]);
	return snapshot_set_msr(parser->snapshot, index, value) ||
	       refuse(parser, "more than %d MSRs", SNAPSHOT_MSRS);
}

static bool parse_entry_msr(struct parser *parser, char **words)
{
	struct snapshot *snapshot = parser->snapshot;
	uint64_t index, value;

	if (!number(parser, words[1], UINT32_MAX, &index) || !number(parser, words[2], UINT64_MAX, &value))
		return false;
	if (snapshot->entry_msrs == SNAPSHOT_AREA_ENTRIES)
		return refuse(parser, "more than %d entries of the VM-entry MSR-load area", SNAPSHOT_AREA_ENTRIES);
	snapshot->entry_msr[snapshot->entry_msrs++] = (struct snapshot_pair){ .number = index, .value = value };
	return true;
}

static bool parse_field(struct parser *parser, char **words)
{
	const struct vmcs_field *field;
	const char *name;
	uint64_t encoding, value, old;
	unsigned int width;

	if (!number(parser, words[1], UINT32_MAX, &encoding))
		return false;
	if (!vmcs_encoding_is_legal(encoding))
		return refuse(parser, "no field has the encoding %s", words[1]);
	field = vmcs_field_find(encoding);
	name = field ? field->name : "-";
	if (strcmp(words[2], name))
		return refuse(parser, "the field %s is called %s, not %s", words[1], name, words[2]);
	width = vmcs_field_bits(encoding);
	if (!number(parser, words[3], UINT64_MAX >> (64 - width), &value))
		return false;
	if (snapshot_field(parser->snapshot, encoding, &old))
		return refuse(parser, "a second line for the field %s", words[1]);
	return snapshot_set_field(parser->snapshot, encoding, value) ||
	       refuse(parser, "more than %d fields", SNAPSHOT_FIELDS);
}

static bool parse_end(struct parser *parser, char **words)
{
	(void)words;
	parser->has_end = true;
	if (parser->pdptes != 0 && parser->pdptes != 0xf)
		return refuse(parser, "of the four PDPTEs some are missing");
	parser->snapshot->has_pdptes = parser->pdptes;
	return true;
}

static const struct keyword {
	const char *name;
	unsigned int words;	/* with the keyword itself */
	bool (*parse)(struct parser *parser, char **words);
} keywords[] = {
	{ "field", 4, parse_field },
	{ "msr", 3, parse_msr },
	{ "entry-msr", 3, parse_entry_msr },
	{ "pdpte", 3, parse_pdpte },
	{ "address-bits", 3, parse_address_bits },
	{ "failed", 3, parse_failed },
	{ "host", 2, parse_host },
	{ "end", 1, parse_end },
};

static bool parse_words(struct parser *parser, char *line)
{
	char *words[WORDS + 1];
	unsigned int count = split(line, words);

	for (size_t i = 0; i < sizeof(keywords) / sizeof(keywords[0]); i++) {
		if (strcmp(words[0], keywords[i].name))
			continue;
		if (count != keywords[i].words)
			return refuse(parser, "\"%s\" takes %u words, and %s", words[0], keywords[i].words - 1,
				      count > keywords[i].words ? "here are more" : "some are missing");
		return keywords[i].parse(parser, words);
	}
	return refuse(parser, "\"%s\" is no word of this format's version %d", words[0], SNAPSHOT_VERSION);
}

static bool parse_line(struct parser *parser, char *line)
{
	struct snapshot *snapshot = parser->snapshot;
	const struct {
		const char *key;
		char *name;
	} texts[] = { { "device", snapshot->device }, { "kernel", snapshot->kernel }, { "cpu", snapshot->cpu } };

	line += strspn(line, " \t");
	if (!line[0] || line[0] == '#')
		return true;
	if (parser->has_end)
		return refuse(parser, "there is more behind the line \"end\"");
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		size_t length = strlen(texts[i].key);

		if (!strncmp(line, texts[i].key, length) && line[length] == ' ')
			return parse_text(parser, texts[i].key, texts[i].name, line + length + 1);
	}
	return parse_words(parser, line);
}

static bool parse_first_line(struct parser *parser, char *line)
{
	char *words[WORDS + 1];
	unsigned int count = split(line, words);
	uint64_t version;

	if (count != 2 || strcmp(words[0], SNAPSHOT_MAGIC))
		return refuse(parser, "no snapshot of a VMCS: the first line is not \"%s %d\"", SNAPSHOT_MAGIC,
			      SNAPSHOT_VERSION);
	if (!number(parser, words[1], UINT32_MAX, &version))
		return false;
	return version == SNAPSHOT_VERSION ||
	       refuse(parser, "version %s of the format; this program reads version %d", words[1], SNAPSHOT_VERSION);
}

enum line { LINE, NO_MORE, BAD_LINE };

static enum line read_line(struct parser *parser, FILE *in, char line[LINE_SIZE])
{
	size_t length = 0;
	int c;

	while ((c = getc(in)) != EOF && c != '\n') {
		/* A CPU may be called anything that prints. */
		if (c == 0x7f || (c < 0x20 && c != '\t')) {
			refuse(parser, "byte 0x%02x is no text", c);
			return BAD_LINE;
		}
		if (length == LINE_SIZE - 1) {
			refuse(parser, "the line has more than %d characters", LINE_SIZE - 1);
			return BAD_LINE;
		}
		line[length++] = c;
	}
	line[length] = '\0';
	if (c == '\n')
		return LINE;
	if (!ferror(in) && !length)
		return NO_MORE;
	refuse(parser, "%s", ferror(in) ? "cannot be read" : "cut off: the line has no end");
	return BAD_LINE;
}

bool snapshot_parse(struct snapshot *snapshot, FILE *in, struct snapshot_error *error)
{
	struct parser parser = { .snapshot = snapshot, .error = error };
	char text[LINE_SIZE];
	enum line line;

	*snapshot = (struct snapshot){ 0 };
	*error = (struct snapshot_error){ 0 };
	while ((line = read_line(&parser, in, text)) == LINE) {
		error->line++;
		if (!(error->line == 1 ? parse_first_line(&parser, text) : parse_line(&parser, text)))
			return false;
	}
	if (line == NO_MORE && parser.has_end)
		return true;
	error->line++;
	if (line == NO_MORE)
		refuse(&parser, error->line == 1 ? "the file is empty" : "cut off: the line \"end\" is missing");
	return false;
}
