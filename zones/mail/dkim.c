#include "zones/mail/dkim.h"

#include "zones/base/arena.h"
#include "zones/mail/chars.h"
#include "zones/mail/dkim_key.h"
#include "zones/mail/lint.h"
#include "zones/mail/tags.h"

#include <string.h>

static const char record_rule[] = "RFC 6376 section 3.6.1";
static const char list_rule[] = "RFC 6376 section 3.2";
static const char strength_rule[] = "RFC 8301 section 3.2";

enum tag_name {
	TAG_V,
	TAG_K,
	TAG_P,
	TAG_H,
	TAG_S,
	TAG_T,
	TAG_N,
	N_TAGS,
};

static const char tag_letters[] = "vkphstn";

struct reader {
	struct dg_arena *arena;
	struct dg_lints *lints;
	struct dg_dkim *d;
	struct dg_tag seen[N_TAGS]; /* name NULL: not there */
};

static bool is_value(const struct dg_tag *t, const char *text)
{
	return t->value_len == strlen(text) && memcmp(t->value, text, t->value_len) == 0;
}

bool dg_dkim_is_record(const char *text, size_t len)
{
	struct dg_tag t;
	bool has_p = false;
	size_t n = 0;

	for (size_t pos = 0; dg_tag_next(text, len, &pos, &t); n++) {
		if (t.value && t.name_len == 1 && t.name[0] == 'v' &&
			(n > 0 || !is_value(&t, "DKIM1"))) {
			return false;
		}
		has_p = has_p || (t.value && t.name_len == 1 && t.name[0] == 'p');
	}
	return has_p;
}

static bool is_tag_name(const struct dg_tag *t)
{
	for (size_t i = 0; i < t->name_len; i++) {
		if (!dg_is_alnum(t->name[i]) && t->name[i] != '_') {
			return false;
		}
	}
	return t->name_len > 0 && dg_is_alpha(t->name[0]);
}

static bool is_printable(const struct dg_tag *t)
{
	for (size_t i = 0; i < t->value_len; i++) {
		char c = t->value[i];

		if (!dg_is_visible(c) && !dg_is_wsp(c) && c != '\r' && c != '\n') {
			return false;
		}
	}
	return true;
}

static void read_tag(struct reader *r, const struct dg_tag *t, size_t place)
{
	const char *letter = t->name_len == 1 ? strchr(tag_letters, t->name[0]) : NULL;

	if (!t->value || !is_tag_name(t) || !is_printable(t)) {
		dg_lint(r->lints, DG_LEVEL_ERROR, "dkim-syntax", list_rule, t->column,
			"\"%s\" is not of the form tag=value in visible ASCII characters",
			dg_lint_seen(r->lints, t->name,
				t->value ? t->name_len + 1 + t->value_len : t->name_len));
		return;
	}
	if (!letter || *letter == '\0') {
		dg_lint(r->lints, DG_LEVEL_NOTE, "dkim-unknown-tag", record_rule, t->column,
			"the tag \"%s\" is unknown and ignored",
			dg_lint_seen(r->lints, t->name, t->name_len));
		return;
	}
	if (r->seen[letter - tag_letters].name) {
		dg_lint(r->lints, DG_LEVEL_ERROR, "dkim-duplicate-tag", list_rule, t->column,
			"%c= stands twice: the whole record is void", *letter);
		return;
	}
	r->seen[letter - tag_letters] = *t;
	if (*letter == 'v' && (place > 1 || !is_value(t, "DKIM1"))) {
		dg_lint(r->lints, DG_LEVEL_ERROR, "dkim-version", record_rule, t->column,
			"v=%s: if there is a version, it is v=DKIM1 and stands first",
			dg_lint_seen(r->lints, t->value, t->value_len));
	}
}

/* Is one of the words in the list between colons? */
static bool list_has(const struct dg_tag *t, const char *word, const char *other)
{
	const char *item = NULL;
	size_t len = 0;

	for (size_t pos = 0; dg_item_next(t->value, t->value_len, ':', &pos, &item, &len);) {
		if ((len == strlen(word) && memcmp(item, word, len) == 0) ||
			(len == strlen(other) && memcmp(item, other, len) == 0)) {
			return true;
		}
	}
	return false;
}

static void read_lists(struct reader *r)
{
	const struct dg_tag *h = &r->seen[TAG_H];
	const struct dg_tag *s = &r->seen[TAG_S];
	const struct dg_tag *t = &r->seen[TAG_T];

	if (h->name) {
		r->d->h = dg_strndup(r->arena, h->value, h->value_len);
		if (!list_has(h, "sha256", "sha256")) {
			dg_lint(r->lints, DG_LEVEL_ERROR, "dkim-no-sha256", "RFC 8301 section 3.1",
				h->column,
				"h=%s does not allow sha256, the only hash that is still taken",
				dg_lint_seen(r->lints, h->value, h->value_len));
		}
	}
	if (s->name) {
		r->d->s = dg_strndup(r->arena, s->value, s->value_len);
		if (!list_has(s, "*", "email")) {
			dg_lint(r->lints, DG_LEVEL_WARNING, "dkim-service", record_rule, s->column,
				"s=%s: the key is not for mail, expected * or email",
				dg_lint_seen(r->lints, s->value, s->value_len));
		}
	}
	if (t->name) {
		r->d->is_testing = list_has(t, "y", "y");
		r->d->is_strict = list_has(t, "s", "s");
	}
}

static void read_type(struct reader *r)
{
	const struct dg_tag *k = &r->seen[TAG_K];

	if (!k->name || is_value(k, "rsa")) {
		r->d->key = DG_DKIM_RSA;
	} else if (is_value(k, "ed25519")) {
		r->d->key = DG_DKIM_ED25519;
	} else {
		r->d->key = DG_DKIM_OTHER;
		dg_lint(r->lints, DG_LEVEL_ERROR, "dkim-key-type", "RFC 8463 section 3", k->column,
			"k=%s: verifiers know rsa and ed25519 and ignore other keys",
			dg_lint_seen(r->lints, k->value, k->value_len));
	}
}

static void read_key(struct reader *r)
{
	const struct dg_tag *p = &r->seen[TAG_P];
	size_t n = 0;

	if (!p->name) {
		dg_lint(r->lints, DG_LEVEL_ERROR, "dkim-no-key", record_rule, 0,
			"p= is missing: it holds the key, or nothing to revoke it");
		return;
	}
	char *key = dg_get(r->arena, p->value_len + 1, 1);
	for (size_t i = 0; i < p->value_len; i++) {
		if (dg_is_visible(p->value[i])) {
			key[n++] = p->value[i];
		}
	}
	r->d->p = key;
	r->d->is_revoked = n == 0;
	const char *fault =
		n > 0 ? dg_dkim_key_fault(r->arena, r->d->key, key, n, &r->d->n_bits) : NULL;
	if (fault) {
		dg_lint(r->lints, DG_LEVEL_ERROR, "dkim-bad-key", record_rule, p->column,
			"the key in p= cannot be read: %s", fault);
	} else if (r->d->key == DG_DKIM_RSA && n > 0 && r->d->n_bits < DG_DKIM_RSA_MIN) {
		dg_lint(r->lints, DG_LEVEL_ERROR, "dkim-short-key", strength_rule, p->column,
			"an RSA key of %u bits: verifiers must not accept less than %u",
			r->d->n_bits, DG_DKIM_RSA_MIN);
	}
}

void dg_dkim_parse(struct dg_arena *a, const char *text, size_t len, struct dg_dkim *ret_dkim,
	struct dg_lints *lints)
{
	struct reader r = {.arena = a, .lints = lints, .d = ret_dkim};
	struct dg_tag t;
	size_t place = 0;

	*ret_dkim = (struct dg_dkim){.key = DG_DKIM_RSA};
	if (len > DG_DKIM_TEXT_MAX) {
		dg_lint(lints, DG_LEVEL_ERROR, "dkim-too-long", record_rule, 0,
			"the record has %zu octets: more than %u", len, DG_DKIM_TEXT_MAX);
		return;
	}
	for (size_t pos = 0; dg_tag_next(text, len, &pos, &t);) {
		read_tag(&r, &t, ++place);
	}
	read_type(&r);
	read_key(&r);
	read_lists(&r);
}

void dg_dkim_lint(const struct dg_dkim *d, struct dg_lints *lints)
{
	if (d->is_revoked) {
		dg_lint(lints, DG_LEVEL_NOTE, "dkim-revoked", record_rule, 0,
			"p= is empty: the key has been revoked");
		return;
	}
	if (d->is_testing) {
		dg_lint(lints, DG_LEVEL_WARNING, "dkim-testing", record_rule, 0,
			"t=y: verifiers treat a failed signature as if there were none; leave it "
			"out when it works");
	}
	if (d->key != DG_DKIM_RSA || d->n_bits == 0) {
		return;
	}
	if (d->n_bits >= DG_DKIM_RSA_MIN && d->n_bits < DG_DKIM_RSA_GOOD) {
		dg_lint(lints, DG_LEVEL_WARNING, "dkim-weak-key", strength_rule, 0,
			"an RSA key of %u bits: signers should use %u or more", d->n_bits,
			DG_DKIM_RSA_GOOD);
	}
	if (d->n_bits > DG_DKIM_RSA_MAX) {
		dg_lint(lints, DG_LEVEL_WARNING, "dkim-long-key", strength_rule, 0,
			"an RSA key of %u bits: verifiers need not know more than %u", d->n_bits,
			DG_DKIM_RSA_MAX);
	}
}
