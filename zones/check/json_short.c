/* The short form of a check as JSON. */
#include "zones/check/jsons.h"

#include "zones/base/buf.h"

#include <string.h>

static bool is_plain(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (text[i] < ' ' || text[i] > '~' || text[i] == '"' || text[i] == '\\') {
			return false;
		}
	}
	return true;
}

/* What needs escapes is written by the writer of all other JSON, as the only element of a list. */
static void put_escaped(struct dg_buf *b, const char *text)
{
	struct dg_buf list;
	json_t *j = json_array();

	(void)json_array_append_new(j, dg_json_text(text));
	dg_buf_init(&list, b->max);
	dg_json_put(&list, j);
	b->is_full = b->is_full || list.is_full;
	if (list.len > 2) {
		dg_buf_put(b, list.data + 1, list.len - 2);
	}
	dg_buf_done(&list);
}

static void put_text(struct dg_buf *b, const char *text)
{
	size_t len = text ? strlen(text) : 0;

	if (!text) {
		dg_buf_puts(b, "null");
	} else if (is_plain(text, len)) {
		dg_buf_putc(b, '"');
		dg_buf_put(b, text, len);
		dg_buf_putc(b, '"');
	} else {
		put_escaped(b, text);
	}
}

/* before: what stands before it, the key with it. */
static void put(struct dg_buf *b, const char *before, const char *text)
{
	dg_buf_puts(b, before);
	put_text(b, text);
}

static void put_flag(struct dg_buf *b, const char *before, bool is_known, bool is)
{
	dg_buf_puts(b, before);
	dg_buf_puts(b, !is_known ? "null" : is ? "true" : "false");
}

/* {"from":{"domain":"protected"}} */
static void put_verdicts(struct dg_buf *b, const struct dg_check *c)
{
	for (unsigned i = 0; i < DG_IDENTITIES; i++) {
		size_t n = 0;

		put(b, i == 0 ? "{" : ",", dg_identity_text((enum dg_identity)i));
		dg_buf_puts(b, ":{");
		for (unsigned k = 0; k < DG_CLASSES; k++) {
			const struct dg_ruling *r = &c->rulings[i][k];

			if (r->name) {
				put(b, n++ == 0 ? "" : ",",
					dg_name_class_text((enum dg_name_class)k));
				put(b, ":", dg_forgery_text(r->forgery));
			}
		}
		dg_buf_putc(b, '}');
	}
	dg_buf_putc(b, '}');
}

static void put_findings(struct dg_buf *b, const struct dg_check *c)
{
	size_t n = 0;

	dg_buf_putc(b, '[');
	for (size_t i = 0; i < c->n_findings; i++) {
		const struct dg_finding *f = &c->findings[i];

		if (f->severity != DG_SEVERITY_GOOD) {
			put(b, n++ == 0 ? "{\"code\":" : ",{\"code\":", f->kind->code);
			put(b, ",\"severity\":", dg_severity_text(f->severity));
			dg_buf_putc(b, '}');
		}
	}
	dg_buf_putc(b, ']');
}

static const char *policy_of(const struct dg_dmarc_found *found)
{
	return found->state == DG_DMARC_FOUND ? dg_dmarc_policy_text(found->applied) : NULL;
}

void check_json_short(struct dg_buf *b, const struct dg_check *c)
{
	put(b, "{\"domain\":", c->domain);
	put_flag(b, ",\"exists\":", !c->is_unknown, c->exists);
	put_flag(b, ",\"unknown\":", true, c->is_unknown);
	put_flag(b, ",\"sends\":", c->is_sends_known, c->sends);
	put_flag(b, ",\"receives\":", c->is_receives_known, c->receives);
	put_flag(b, ",\"parked\":", true, c->is_parked);
	dg_buf_puts(b, ",\"verdicts\":");
	put_verdicts(b, c);
	put(b, ",\"backscatter\":", check_backscatter_text(c->backscatter));
	dg_buf_puts(b, ",\"findings\":");
	put_findings(b, c);
	put(b, ",\"spf\":", c->spf_record);
	put(b, ",\"dmarc\":", c->walk.record);
	put(b, ",\"policy\":", policy_of(&c->walk));
	put(b, ",\"mx\":", check_mx_text(c));
	dg_buf_putc(b, '}');
}
