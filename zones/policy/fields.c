/* zones/policy/fields.c: a mapping into a struct, by its table. */
#include "zones/policy/internal.h"

#include "zones/base/arena.h"
#include "zones/base/buf.h"
#include "zones/base/near.h"

#include <assert.h>
#include <string.h>

#define KEY_SHOWN_MAX 40u /* bytes */
#define WORDS_MAX     64u

bool dg_field_is_key(const struct dg_field *f, const char *key)
{
	const char *p = f->key;

	for (; *p != '\0' && *key == (*p == '_' ? '-' : *p); p++) {
		key++;
	}
	return *p == '\0' && *key == '\0';
}

const struct dg_field *dg_schema_field(const struct dg_schema *s, const char *key)
{
	for (size_t i = 0; i < s->n_fields; i++) {
		if (dg_field_is_key(&s->fields[i], key)) {
			return &s->fields[i];
		}
	}
	return NULL;
}

/* A key is its field's name with '-' for '_'. */
static char shown(char c)
{
	if (c == '_') {
		c = '-';
	}
	return c;
}

static void put_key(struct dg_buf *b, const char *key)
{
	for (; *key != '\0'; key++) {
		dg_buf_putc(b, shown(*key));
	}
}

int dg_key_unknown(const struct dg_loader *l, const struct dg_node *key, const char *const *known,
	size_t n, struct dg_err *err)
{
	struct dg_near near = {.meant = key->text};
	struct dg_buf b;

	for (size_t i = 0; i < n; i++) {
		dg_near(&near, known[i]);
	}
	const char *best = dg_near_word(&near);
	dg_buf_init(&b, DG_ERR_TEXT_MAX);
	dg_buf_puts(&b, "unknown key '");
	dg_buf_put_safe(&b, key->text, key->len < KEY_SHOWN_MAX ? key->len : KEY_SHOWN_MAX);
	dg_buf_puts(&b, "'; ");
	if (best) {
		dg_buf_puts(&b, "did you mean '");
		put_key(&b, best);
		dg_buf_puts(&b, "'?");
	} else {
		dg_buf_puts(&b, "known here: ");
		for (size_t i = 0; i < n; i++) {
			dg_buf_puts(&b, i > 0 ? ", " : "");
			put_key(&b, known[i]);
		}
	}
	int r = dg_node_fail(l, key, err, "%s", b.data);
	dg_buf_done(&b);
	return r;
}

/* A key that sounds like the value of one of the section's secrets; NULL: it does not. */
static const struct dg_field *secret_meant(const struct dg_schema *s, const char *key)
{
	static const char *const words[] = {
		"secret", "password", "passwd", "token", "key", "api-key", "apikey", "tsig-key"};
	bool is_secret = false;

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		is_secret = is_secret || strcmp(key, words[i]) == 0;
	}
	for (size_t i = 0; i < s->n_fields; i++) {
		const struct dg_field *f = &s->fields[i];

		if (f->kind == DG_SECRET &&
			(is_secret || strncmp(f->key, key, strcspn(key, "-_")) == 0)) {
			return f;
		}
	}
	return NULL;
}

static int unknown_field(const struct dg_loader *l, const struct dg_node *key,
	const struct dg_schema *s, struct dg_err *err)
{
	const struct dg_field *secret = secret_meant(s, key->text);
	const char *known[DG_FIELDS_MAX];
	struct dg_buf b;

	for (size_t i = 0; i < s->n_fields; i++) {
		known[i] = s->fields[i].key;
	}
	if (!secret) {
		return dg_key_unknown(l, key, known, s->n_fields, err);
	}
	dg_buf_init(&b, WORDS_MAX);
	put_key(&b, secret->key);
	int r = dg_node_fail(l, key, err,
		"unknown key '%.40s': a secret never stands in zone.yaml; put it into a file that "
		"only its owner may read (mode 0600) and name that file: %s: %s",
		key->text, b.data, secret->example ? secret->example : "PATH");
	dg_buf_done(&b);
	return r;
}

/* Which value each field has; NULL: none. */
static int match_keys(const struct dg_loader *l, const struct dg_node *map,
	const struct dg_schema *s, const struct dg_node **found, struct dg_err *err)
{
	size_t next = 0; /* keys mostly stand in the order of the table */

	for (size_t i = 0; i < map->n; i++) {
		const struct dg_node *key = &map->list[2 * i];
		size_t tried = 0;

		while (tried < s->n_fields && !dg_field_is_key(&s->fields[next], key->text)) {
			next = next + 1 < s->n_fields ? next + 1 : 0;
			tried++;
		}
		if (tried == s->n_fields) {
			return unknown_field(l, key, s, err);
		}
		found[next] = &map->list[2 * i + 1];
	}
	return 0;
}

/* NOLINTBEGIN(misc-no-recursion): the depth of the tables bounds it */
static int read_field(struct dg_loader *l, const struct dg_node *node, const struct dg_field *f,
	void *at, struct dg_err *err)
{
	switch (f->kind) {
	case DG_BOOL:
	case DG_U32:
	case DG_DURATION:
	case DG_STRING:
	case DG_ENUM:
	case DG_PATH:
	case DG_SECRET:
		return dg_scalar_read(l, node, f, at, err);
	case DG_NAME:
		return dg_node_name(l, node, at, err);
	case DG_HOST:
		return dg_node_endpoint(l, node, at, err);
	case DG_HOSTS:
		return dg_node_endpoints(l, node, at, err);
	case DG_STRINGS:
		return dg_node_strings(l, node, f->min, f->max, at, err);
	case DG_STRUCT: {
		void *sub = dg_get(l->out, 1, f->sub->size);

		*(void **)at = sub;
		return dg_fields_read(l, node, f->sub, sub, err);
	}
	case DG_CUSTOM:
		return f->custom(l, node, at, err);
	}
	return 0;
}

static int wrap_key(const struct dg_field *f, struct dg_err *err)
{
	char key[WORDS_MAX] = {0};

	for (size_t i = 0; f->key[i] != '\0' && i + 1 < sizeof(key); i++) {
		key[i] = f->key[i];
		if (key[i] == '_') {
			key[i] = '-';
		}
	}
	return dg_wrap(err, (int)err->rc, "%s", key);
}

static int missing(const struct dg_loader *l, const struct dg_node *map, const struct dg_field *f,
	struct dg_err *err)
{
	char key[WORDS_MAX] = {0};

	for (size_t i = 0; f->key[i] != '\0' && i + 1 < sizeof(key); i++) {
		key[i] = f->key[i];
		if (key[i] == '_') {
			key[i] = '-';
		}
	}
	return dg_node_fail(l, map, err, "the key '%s' is missing%s%s", key,
		f->example ? ", for example " : "", f->example ? f->example : "");
}

int dg_fields_read(struct dg_loader *l, const struct dg_node *node, const struct dg_schema *schema,
	void *out, struct dg_err *err)
{
	const struct dg_node *found[DG_FIELDS_MAX] = {0};
	int r = 0;

	assert(schema->n_fields <= DG_FIELDS_MAX);
	if (node->kind == DG_NODE_MAP) {
		r = match_keys(l, node, schema, found, err);
	} else if (!dg_node_is_empty(node)) {
		r = dg_node_expected(l, node, err, "a mapping of keys to values");
	}
	for (size_t i = 0; r == 0 && i < schema->n_fields; i++) {
		const struct dg_field *f = &schema->fields[i];
		struct dg_node dflt = {.kind = DG_NODE_SCALAR,
			.is_plain = true,
			.line = node->line,
			.column = node->column};

		if (!found[i] && f->dflt) {
			dflt.text = f->dflt;
			dflt.len = strlen(f->dflt);
			found[i] = &dflt;
		}
		if (!found[i]) {
			r = f->is_required ? missing(l, node, f, err) : 0;
		} else if (read_field(l, found[i], f, (char *)out + f->offset, err) < 0) {
			r = wrap_key(f, err);
		}
	}
	return r;
}
/* NOLINTEND(misc-no-recursion) */
