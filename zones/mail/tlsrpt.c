#include "zones/base/arena.h"
#include "zones/base/buf.h"
#include "zones/mail/lint.h"
#include "zones/mail/tags.h"
#include "zones/mail/tlspolicy.h"
#include "zones/mail/uri.h"

#include <string.h>

static const char rule[] = "RFC 8460 section 3";

bool dg_tlsrpt_is_record(const char *text, size_t len)
{
	static const char head[] = "v=TLSRPTv1;";

	return len >= sizeof(head) - 1 && memcmp(text, head, sizeof(head) - 1) == 0;
}

static const char *uri_fault(const char *uri, size_t len)
{
	if (dg_uri_has_scheme(uri, len, "mailto")) {
		return dg_mailto_fault(uri, len);
	}
	if (dg_uri_has_scheme(uri, len, "https")) {
		return dg_https_fault(uri, len);
	}
	return "its scheme is neither mailto: nor https:";
}

const char *dg_tlsrpt_uri_fault(const char *uri)
{
	return uri_fault(uri, strnlen(uri, DG_URI_MAX + 1));
}

static void read_rua(struct dg_arena *a, const struct dg_tag *t, const char *const **ret_rua,
	size_t *ret_n, struct dg_lints *lints)
{
	const char **list = dg_newn(a, const char *, DG_TLSRPT_URIS_MAX);
	const char *uri = NULL;
	size_t len = 0;
	size_t n = 0;

	for (size_t pos = 0; dg_item_next(t->value, t->value_len, ',', &pos, &uri, &len);) {
		const char *fault = uri_fault(uri, len);
		size_t column = t->column + (size_t)(uri - t->name);

		if (fault) {
			dg_lint(lints, DG_LEVEL_ERROR, "tlsrpt-bad-uri", rule, column,
				"no report is sent to \"%s\": %s", dg_lint_seen(lints, uri, len),
				fault);
		} else if (n >= DG_TLSRPT_URIS_MAX) {
			dg_lint(lints, DG_LEVEL_ERROR, "tlsrpt-many-uris", rule, column,
				"more than %u addresses", DG_TLSRPT_URIS_MAX);
			break;
		} else {
			list[n++] = dg_strndup(a, uri, len);
		}
	}
	*ret_rua = list;
	*ret_n = n;
}

void dg_tlsrpt_parse(struct dg_arena *a, const char *text, size_t len, const char *const **ret_rua,
	size_t *ret_n, struct dg_lints *lints)
{
	struct dg_tag t;
	size_t pos = 0;
	bool has_rua = false;

	*ret_rua = NULL;
	*ret_n = 0;
	if (len > DG_TLS_TEXT_MAX || !dg_tlsrpt_is_record(text, len)) {
		dg_lint(lints, DG_LEVEL_ERROR, "tlsrpt-version", rule, 1,
			"\"%s\" is not a TLSRPT record of at most %u octets: it begins with "
			"\"v=TLSRPTv1;\", exactly so",
			dg_lint_seen(lints, text, len), DG_TLS_TEXT_MAX);
		return;
	}
	(void)dg_tag_next(text, len, &pos, &t);
	while (dg_tag_next(text, len, &pos, &t)) {
		if (!t.value || t.name_len == 0) {
			dg_lint(lints, DG_LEVEL_ERROR, "tlsrpt-syntax", rule, t.column,
				"\"%s\": expected name=value",
				dg_lint_seen(lints, t.name, t.name_len));
		} else if (t.name_len != 3 || memcmp(t.name, "rua", 3) != 0) {
			dg_lint(lints, DG_LEVEL_NOTE, "tlsrpt-unknown-field", rule, t.column,
				"the field \"%s\" is unknown and ignored",
				dg_lint_seen(lints, t.name, t.name_len));
		} else if (has_rua) {
			dg_lint(lints, DG_LEVEL_ERROR, "tlsrpt-duplicate-rua", rule, t.column,
				"rua= stands twice: put a comma between addresses");
		} else {
			has_rua = true;
			read_rua(a, &t, ret_rua, ret_n, lints);
		}
	}
	if (!has_rua) {
		dg_lint(lints, DG_LEVEL_ERROR, "tlsrpt-no-rua", rule, 0,
			"rua= is missing: there is nobody to send reports to");
	}
}

void dg_tlsrpt_print(struct dg_buf *b, const char *const *rua, size_t n)
{
	dg_buf_puts(b, "v=TLSRPTv1; rua=");
	for (size_t i = 0; i < n; i++) {
		if (i > 0) {
			dg_buf_putc(b, ',');
		}
		dg_buf_puts(b, rua[i]);
	}
}
