/* zones/policy/json_schema.c: the tables as a JSON Schema (draft 2020-12), for editors. It says less than the loader checks: names,
 * addresses and records are plain strings to it. */
#include "zones/policy/internal.h"

#include "zones/base/buf.h"

#include <string.h>

#define DURATION_PATTERN "^(0|[1-9][0-9]*|(?=.)([0-9]+w)?([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?)$"

static void put_char(struct dg_buf *b, char c)
{
	if (c == '"' || c == '\\') {
		dg_buf_putc(b, '\\');
	}
	dg_buf_putc(b, c);
}

static void put_string(struct dg_buf *b, const char *text)
{
	dg_buf_putc(b, '"');
	for (; *text != '\0'; text++) {
		put_char(b, *text);
	}
	dg_buf_putc(b, '"');
}

/* Help is written with the manual's marks (*bold*, \* for a star). */
static void put_help(struct dg_buf *b, const struct dg_field *f)
{
	const char *help = f->help ? f->help : "";

	dg_buf_puts(b, "\"description\": \"");
	for (const char *p = help; *p != '\0'; p++) {
		if (*p == '\\' && p[1] != '\0') {
			p++;
			put_char(b, *p);
		} else if (*p != '*') {
			put_char(b, *p);
		}
	}
	if (f->example) {
		dg_buf_puts(b, *help != '\0' ? " Example: " : "Example: ");
		for (const char *p = f->example; *p != '\0'; p++) {
			put_char(b, *p);
		}
	}
	dg_buf_putc(b, '"');
}

static void put_key(struct dg_buf *b, const char *key)
{
	dg_buf_putc(b, '"');
	for (; *key != '\0'; key++) {
		char c = *key;

		if (c == '_') {
			c = '-';
		}
		dg_buf_putc(b, c);
	}
	dg_buf_putc(b, '"');
}

static void put_words(struct dg_buf *b, const char *const *words)
{
	bool is_first = true;

	dg_buf_puts(b, "\"enum\": [");
	for (size_t i = 0; words[i]; i++) {
		if (words[i][0] != '\0') {
			dg_buf_puts(b, is_first ? "" : ", ");
			put_string(b, words[i]);
			is_first = false;
		}
	}
	dg_buf_putc(b, ']');
}

static void put_lengths(struct dg_buf *b, const struct dg_field *f)
{
	dg_buf_printf(b, ", \"minLength\": %u", f->min > 0 ? f->min : 1);
	dg_buf_printf(b, ", \"maxLength\": %u", f->max > 0 ? f->max : DG_POLICY_TEXT_MAX);
}

/* NOLINTBEGIN(misc-no-recursion): the depth of the tables bounds it */
static void put_object(struct dg_buf *b, const struct dg_schema *s, const char *more);

/* The type alone, as members of an object that is open. */
static void put_type(struct dg_buf *b, const struct dg_field *f)
{
	switch (f->kind) {
	case DG_BOOL:
		dg_buf_puts(b, "\"type\": \"boolean\"");
		break;
	case DG_U32:
		dg_buf_printf(b, "\"type\": \"integer\", \"minimum\": %u, \"maximum\": %u", f->min,
			f->max);
		break;
	case DG_DURATION:
		dg_buf_printf(b,
			"\"oneOf\": [{\"type\": \"integer\", \"minimum\": %u, \"maximum\": %u}, "
			"{\"type\": \"string\", \"pattern\": \"" DURATION_PATTERN "\"}]",
			f->min, f->max);
		break;
	case DG_STRING: /* "1" may stand without quotes */
		dg_buf_puts(b, "\"type\": [\"string\", \"integer\"]");
		put_lengths(b, f);
		break;
	case DG_PATH:
	case DG_SECRET:
		dg_buf_puts(b, "\"type\": \"string\"");
		put_lengths(b, f);
		break;
	case DG_NAME:
	case DG_HOST:
		dg_buf_puts(b, "\"type\": \"string\", \"minLength\": 1");
		break;
	case DG_ENUM:
		put_words(b, f->words);
		break;
	case DG_STRINGS:
	case DG_HOSTS:
		dg_buf_puts(b,
			"\"oneOf\": [{\"type\": \"string\"}, {\"type\": \"array\", \"items\": "
			"{\"type\": \"string\"}}]");
		break;
	case DG_STRUCT:
		put_object(b, f->sub, "");
		break;
	case DG_CUSTOM:
		if (f->json) { /* an object: without its braces it joins this one */
			dg_buf_put(b, f->json + 1, strlen(f->json) - 2);
		} else if (f->sub) {
			dg_buf_printf(b, "\"$ref\": \"#/$defs/%s\"", f->sub->name);
		}
		break;
	}
}

static bool has_type(const struct dg_field *f)
{
	return f->kind != DG_CUSTOM || f->json || f->sub;
}

static void put_default(struct dg_buf *b, const struct dg_field *f)
{
	if (!f->dflt || f->dflt[0] == '\0') {
		return;
	}
	dg_buf_puts(b, ", \"default\": ");
	if (f->kind == DG_BOOL || f->kind == DG_U32) {
		dg_buf_puts(b, f->dflt);
	} else {
		put_string(b, f->dflt);
	}
}

/* more: members of "properties" that stand before the table's. */
static void put_object(struct dg_buf *b, const struct dg_schema *s, const char *more)
{
	bool is_first = true;

	dg_buf_puts(b, "\"type\": \"object\", \"additionalProperties\": false, \"properties\": {");
	dg_buf_puts(b, more);
	for (size_t i = 0; i < s->n_fields; i++) {
		const struct dg_field *f = &s->fields[i];

		dg_buf_puts(b, i > 0 || more[0] != '\0' ? ",\n  " : "\n  ");
		put_key(b, f->key);
		dg_buf_puts(b, ": {");
		put_help(b, f);
		dg_buf_puts(b, has_type(f) ? ", " : "");
		put_type(b, f);
		put_default(b, f);
		dg_buf_putc(b, '}');
	}
	dg_buf_puts(b, "}");
	for (size_t i = 0; i < s->n_fields; i++) {
		if (s->fields[i].is_required) {
			dg_buf_puts(b, is_first ? ", \"required\": [" : ", ");
			put_key(b, s->fields[i].key);
			is_first = false;
		}
	}
	dg_buf_puts(b, is_first ? "" : "]");
}

/* NOLINTEND(misc-no-recursion) */

static bool needs_options(const struct dg_schema *s)
{
	for (size_t i = 0; i < s->n_fields; i++) {
		if (s->fields[i].is_required) {
			return true;
		}
	}
	return false;
}

/* A name alone where all options have defaults, or one name with its options. */
static void put_provider(struct dg_buf *b, dg_provider_schemas providers)
{
	bool is_first = true;

	dg_buf_puts(b, "\"provider\": {\"oneOf\": [");
	for (size_t i = 0; providers[i]; i++) {
		if (!needs_options(providers[i])) {
			dg_buf_puts(b, is_first ? "{\"enum\": [" : ", ");
			put_string(b, providers[i]->name);
			is_first = false;
		}
	}
	dg_buf_puts(b, is_first ? "" : "]}, ");
	dg_buf_puts(b, "{\"type\": \"object\", \"minProperties\": 1, \"maxProperties\": 1, "
		       "\"additionalProperties\": false, \"properties\": {");
	for (size_t i = 0; providers[i]; i++) {
		dg_buf_puts(b, i > 0 ? ",\n " : "\n ");
		put_string(b, providers[i]->name);
		dg_buf_puts(b, needs_options(providers[i])
				       ? ": {"
				       : ": {\"oneOf\": [{\"type\": \"null\"}, {");
		put_object(b, providers[i], "");
		dg_buf_puts(b, needs_options(providers[i]) ? "}" : "}]}");
	}
	dg_buf_puts(b, "}}]}");
}

void dg_policy_json_schema(struct dg_buf *b, dg_provider_schemas providers)
{
	static const struct dg_schema *const parts[] = {&dg_schema_zone, &dg_schema_mail,
		&dg_schema_dmarc, &dg_schema_sts, &dg_schema_split, &dg_schema_shed,
		&dg_schema_verify, &dg_schema_watch, &dg_schema_webhook};
	static const char zone[] = "\n  \"zone\": {\"description\": \"The zone's name.\", "
				   "\"type\": \"string\", \"minLength\": 1}";

	dg_buf_puts(b,
		"{\"$schema\": \"https://json-schema.org/draft/2020-12/schema\",\n"
		"\"title\": \"zone.yaml of dnsguard\",\n"
		"\"oneOf\": [{\"$ref\": \"#/$defs/named\"}, {\"$ref\": \"#/$defs/fleet\"}],\n"
		"\"$defs\": {\n");
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		put_string(b, parts[i]->name);
		dg_buf_puts(b, ": {");
		put_object(b, parts[i], "");
		dg_buf_puts(b, "},\n");
	}
	dg_buf_puts(b, "\"named\": {");
	put_object(b, &dg_schema_zone, zone);
	dg_buf_puts(b,
		", \"required\": [\"zone\"]},\n"
		"\"fleet\": {\"type\": \"object\", \"additionalProperties\": false, \"required\": "
		"[\"zones\"], \"properties\": {\n"
		"  \"defaults\": {\"oneOf\": [{\"type\": \"null\"}, {\"$ref\": "
		"\"#/$defs/zone\"}]},\n"
		"  \"zones\": {\"oneOf\": [{\"type\": \"object\", \"additionalProperties\": "
		"{\"oneOf\": "
		"[{\"type\": \"null\"}, {\"$ref\": \"#/$defs/zone\"}]}},\n"
		"    {\"type\": \"array\", \"items\": {\"$ref\": \"#/$defs/named\"}}]}}},\n"
		"\"hook\": {\"oneOf\": [{\"type\": \"string\", \"pattern\": \"^/\"}, {\"$ref\": "
		"\"#/$defs/webhook\"}]},\n"
		"\"mx\": {\"type\": \"string\", \"pattern\": \"^[0-9]+[ \\t]+[^ \\t]+$\"},\n");
	put_provider(b, providers);
	dg_buf_puts(b, "\n}}\n");
}
