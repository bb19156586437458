#include "zones/mail/dkim_verify.h"

#include "zones/base/arena.h"
#include "zones/base/buf.h"
#include "zones/base/digest.h"
#include "zones/mail/chars.h"
#include "zones/mail/dkim.h"
#include "zones/mail/dkim_key.h"
#include "zones/mail/lint.h"
#include "zones/mail/tags.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <string.h>
#include <strings.h>

#define OUT_MAX (2 * DG_DKIM_MESSAGE_MAX + 65536)

struct field {
	const char *p; /* with its end of line */
	size_t n, name_len;
	bool is_used;
};

struct message {
	struct field *fields;
	size_t n_fields;
	const char *body;
	size_t body_len;
};

/* The tags of one signature. */
struct signature {
	const struct field *field;
	const char *a, *d, *s, *h; /* NUL-terminated copies */
	const char *b, *bh;        /* without white space */
	bool is_relaxed_head, is_relaxed_body;
	bool has_length;
	size_t length;
	size_t b_at, b_len; /* where the value of b= stands in the field's value */
};

/* --- taking it apart ----------------------------------------------------------------------------------------- */
static size_t line_len(const char *p, const char *end)
{
	const char *lf = memchr(p, '\n', (size_t)(end - p));

	return lf ? (size_t)(lf - p) + 1 : (size_t)(end - p);
}

static bool is_empty_line(const char *p, size_t n)
{
	return (n == 1 && p[0] == '\n') || (n == 2 && p[0] == '\r' && p[1] == '\n');
}

static bool take_apart(struct dg_arena *a, const char *p, size_t len, struct message *m)
{
	const char *end = p + len;

	m->fields = dg_newn(a, struct field, DG_DKIM_FIELDS_MAX);
	while (p < end) {
		size_t n = line_len(p, end);

		if (is_empty_line(p, n)) {
			m->body = p + n;
			m->body_len = (size_t)(end - p) - n;
			return true;
		}
		if (dg_is_wsp(*p) && m->n_fields > 0) {
			m->fields[m->n_fields - 1].n += n;
		} else {
			const char *colon = memchr(p, ':', n);

			if (!colon || m->n_fields == DG_DKIM_FIELDS_MAX) {
				return false;
			}
			size_t name = (size_t)(colon - p);
			while (name > 0 && dg_is_wsp(p[name - 1])) {
				name--;
			}
			m->fields[m->n_fields++] = (struct field){.p = p, .n = n, .name_len = name};
		}
		p += n;
	}
	return false; /* no body: it is not whole */
}

static bool is_named(const struct field *f, const char *name, size_t n)
{
	return f->name_len == n && strncasecmp(f->p, name, n) == 0;
}

static const char *without_space(struct dg_arena *a, const char *p, size_t n)
{
	char *out = dg_get(a, n + 1, 1);
	size_t len = 0;

	for (size_t i = 0; i < n; i++) {
		if (!dg_is_wsp(p[i]) && p[i] != '\r' && p[i] != '\n') {
			out[len++] = p[i];
		}
	}
	out[len] = '\0';
	return out;
}

static bool is_space(char c)
{
	return dg_is_wsp(c) || c == '\r' || c == '\n';
}

/* One "name=value" of the field; value with the white space around it. */
static void take_tag(struct dg_arena *a, const char *name, const char *equals, const char *end,
	const char *field_value, struct signature *s)
{
	const char *word = without_space(a, name, (size_t)(equals - name));
	const char *text = without_space(a, equals + 1, (size_t)(end - equals - 1));

	if (strcmp(word, "bh") == 0) {
		s->bh = text;
	} else if (strcmp(word, "a") == 0) {
		s->a = text;
	} else if (strcmp(word, "d") == 0) {
		s->d = text;
	} else if (strcmp(word, "s") == 0) {
		s->s = text;
	} else if (strcmp(word, "h") == 0) {
		s->h = text;
	} else if (strcmp(word, "b") == 0) {
		s->b = text;
		s->b_at = (size_t)(equals + 1 - field_value);
		s->b_len = (size_t)(end - equals - 1);
	} else if (strcmp(word, "c") == 0) {
		const char *slash = strchr(text, '/');
		s->is_relaxed_head = strncasecmp(text, "relaxed", strlen("relaxed")) == 0;
		s->is_relaxed_body = slash && strcasecmp(slash + 1, "relaxed") == 0;
	} else if (strcmp(word, "l") == 0) {
		s->has_length = true;
		s->length = 0;
		for (const char *p = text; dg_is_digit(*p) && s->length < DG_DKIM_MESSAGE_MAX;
			p++) {
			s->length = s->length * 10 + (size_t)(*p - '0');
		}
	}
}

static bool read_signature(struct dg_arena *a, const struct field *f, struct signature *ret_s)
{
	struct signature s = {.field = f};
	const char *end = f->p + f->n;
	const char *value = memchr(f->p, ':', f->n);

	value = value ? value + 1 : end;
	for (const char *p = value; p < end;) {
		const char *semicolon = memchr(p, ';', (size_t)(end - p));
		const char *stop = semicolon ? semicolon : end;
		const char *equals = memchr(p, '=', (size_t)(stop - p));

		if (equals) {
			take_tag(a, p, equals, stop, value, &s);
		}
		p = semicolon ? semicolon + 1 : end;
	}
	*ret_s = s;
	return s.a && s.b && s.bh && s.d && s.s && s.h;
}

/* --- canonical forms (RFC 6376 section 3.4) -------------------------------------------------------------------- */
static void put_simple(struct dg_buf *b, const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (p[i] == '\n' && (i == 0 || p[i - 1] != '\r')) {
			dg_buf_putc(b, '\r');
		}
		dg_buf_putc(b, p[i]);
	}
}

/* Runs of white space as one blank; none at the end. */
static void put_relaxed(struct dg_buf *b, const char *p, size_t n)
{
	bool is_blank = false;

	for (size_t i = 0; i < n; i++) {
		if (is_space(p[i])) {
			is_blank = true;
			continue;
		}
		if (is_blank) {
			dg_buf_putc(b, ' ');
		}
		is_blank = false;
		dg_buf_putc(b, p[i]);
	}
}

static void put_field(struct dg_buf *b, const struct field *f, bool is_relaxed)
{
	if (!is_relaxed) {
		put_simple(b, f->p, f->n);
		return;
	}
	const char *value = memchr(f->p, ':', f->n);
	const char *end = f->p + f->n;

	for (size_t i = 0; i < f->name_len; i++) {
		dg_buf_putc(b, dg_lower(f->p[i]));
	}
	dg_buf_putc(b, ':');
	for (value++; value < end && is_space(*value);) {
		value++;
	}
	put_relaxed(b, value, (size_t)(end - value));
	dg_buf_puts(b, "\r\n");
}

static void put_body(struct dg_buf *b, const struct message *m, bool is_relaxed)
{
	const char *end = m->body + m->body_len;
	size_t n_empty = 0;

	for (const char *p = m->body; p < end;) {
		size_t n = line_len(p, end);
		size_t text = n;

		while (text > 0 && (p[text - 1] == '\n' || p[text - 1] == '\r' ||
					   (is_relaxed && dg_is_wsp(p[text - 1])))) {
			text--;
		}
		if (text == 0) {
			n_empty++;
		} else {
			for (; n_empty > 0; n_empty--) {
				dg_buf_puts(b, "\r\n");
			}
			if (is_relaxed) {
				put_relaxed(b, p, text);
			} else {
				dg_buf_put(b, p, text);
			}
			dg_buf_puts(b, "\r\n");
		}
		p += n;
	}
	if (b->len == 0 && !is_relaxed) {
		dg_buf_puts(b, "\r\n");
	}
}

/* --- proof ------------------------------------------------------------------------------------------------------- */
static bool body_fits(struct dg_arena *a, const struct message *m, const struct signature *s)
{
	uint8_t digest[DG_DIGEST_LEN];
	uint8_t *said = dg_get(a, strlen(s->bh) / 4 + 1, 3);
	size_t n = 0;
	struct dg_buf b;

	dg_buf_init(&b, OUT_MAX);
	put_body(&b, m, s->is_relaxed_body);
	bool is_whole = !b.is_full && (!s->has_length || s->length <= b.len);
	dg_digest(b.data, s->has_length && is_whole ? s->length : b.len, digest);
	dg_buf_done(&b);
	return is_whole && dg_dkim_base64(s->bh, strlen(s->bh), said, &n) && n == DG_DIGEST_LEN &&
	       memcmp(said, digest, n) == 0;
}

/* The last field with that name that was not taken yet. */
static void put_named(
	struct dg_buf *b, struct message *m, const char *name, size_t n, bool is_relaxed)
{
	for (size_t i = m->n_fields; i > 0; i--) {
		struct field *f = &m->fields[i - 1];

		if (!f->is_used && is_named(f, name, n)) {
			f->is_used = true;
			put_field(b, f, is_relaxed);
			return;
		}
	}
}

/* The fields that were signed, then the signature's own with an empty b= and without its end of line. */
static void put_signed(
	struct dg_arena *a, struct dg_buf *b, struct message *m, const struct signature *s)
{
	const struct field *own = s->field;
	const char *value = (const char *)memchr(own->p, ':', own->n) + 1;
	size_t before = (size_t)(value - own->p) + s->b_at;
	char *copy = dg_get(a, own->n, 1);
	const char *item = NULL;
	size_t pos = 0;
	size_t n = 0;

	for (size_t i = 0; i < m->n_fields; i++) {
		m->fields[i].is_used = false;
	}
	while (dg_item_next(s->h, strlen(s->h), ':', &pos, &item, &n)) {
		put_named(b, m, item, n, s->is_relaxed_head);
	}
	memcpy(copy, own->p, before);
	memcpy(copy + before, own->p + before + s->b_len, own->n - before - s->b_len);
	struct field emptied = {.p = copy, .n = own->n - s->b_len, .name_len = own->name_len};
	put_field(b, &emptied, s->is_relaxed_head);
	while (b->len > 0 && (b->data[b->len - 1] == '\n' || b->data[b->len - 1] == '\r')) {
		b->len--;
	}
}

static bool key_verifies(struct dg_arena *a, const struct dg_dkim_public *k,
	const struct dg_buf *text, const struct signature *s, uint8_t *ret_id)
{
	uint8_t *said = dg_get(a, strlen(s->b) / 4 + 1, 3);
	uint8_t digest[DG_DIGEST_LEN];
	size_t n = 0;
	struct dg_dkim key;
	struct dg_lints lints;

	dg_lints_init(&lints, a);
	dg_dkim_parse(a, k->text, strlen(k->text), &key, &lints);
	bool is_ed = key.key == DG_DKIM_ED25519;
	if (lints.n_errors > 0 || key.is_revoked || key.key == DG_DKIM_OTHER ||
		strcasecmp(s->a, is_ed ? "ed25519-sha256" : "rsa-sha256") != 0 ||
		!dg_dkim_base64(s->b, strlen(s->b), said, &n)) {
		return false;
	}
	EVP_PKEY *public = dg_dkim_key_read(a, key.key, key.p, strlen(key.p));
	EVP_MD_CTX *c = EVP_MD_CTX_new();
	dg_digest(text->data, text->len, digest);
	bool is_good =
		public && c &&
		EVP_DigestVerifyInit(c, NULL, is_ed ? NULL : EVP_sha256(), NULL, public) == 1 &&
		(is_ed ? EVP_DigestVerify(c, said, n, digest, sizeof(digest))
		       : EVP_DigestVerify(c, said, n, (const uint8_t *)text->data, text->len)) == 1;
	EVP_MD_CTX_free(c);
	EVP_PKEY_free(public);
	ERR_clear_error();
	if (is_good && ret_id) {
		dg_digest(said, n, ret_id);
	}
	return is_good;
}

static bool verifies(struct dg_arena *a, struct message *m, const struct signature *s,
	const struct dg_dkim_public *keys, size_t n_keys, uint8_t *ret_id)
{
	bool is_good = false;

	for (size_t i = 0; !is_good && i < n_keys; i++) {
		struct dg_buf b;

		if (strcasecmp(keys[i].domain, s->d) != 0 ||
			strcasecmp(keys[i].selector, s->s) != 0 || !body_fits(a, m, s)) {
			continue;
		}
		dg_buf_init(&b, OUT_MAX);
		put_signed(a, &b, m, s);
		is_good = !b.is_full && b.len > 0 && key_verifies(a, &keys[i], &b, s, ret_id);
		dg_buf_done(&b);
	}
	return is_good;
}

bool dg_dkim_verifies(struct dg_arena *a, const char *p, size_t len,
	const struct dg_dkim_public *keys, size_t n_keys, uint8_t ret_id[DG_DIGEST_LEN])
{
	static const char name[] = "dkim-signature";
	struct message m = {0};
	struct signature s;
	size_t n_tried = 0;

	if (len == 0 || len > DG_DKIM_MESSAGE_MAX || n_keys == 0 || !take_apart(a, p, len, &m)) {
		return false;
	}
	for (size_t i = 0; i < m.n_fields && n_tried < DG_DKIM_SIGNATURES_MAX; i++) {
		if (!is_named(&m.fields[i], name, strlen(name))) {
			continue;
		}
		n_tried++;
		if (read_signature(a, &m.fields[i], &s) &&
			verifies(a, &m, &s, keys, n_keys, ret_id)) {
			return true;
		}
	}
	return false;
}
