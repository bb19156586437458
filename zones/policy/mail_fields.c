/* zones/policy/mail_fields.c: mx:, spf: and dkim: of one mail name. */
#include "zones/policy/internal.h"

#include "zones/base/arena.h"
#include "zones/mail/dkim.h"
#include "zones/mail/lint.h"
#include "zones/record/name.h"

#include <arpa/inet.h>
#include <stddef.h>
#include <string.h>

static struct dg_mail_spec *mail_of(void *field, size_t offset)
{
	return (struct dg_mail_spec *)(void *)((char *)field - offset);
}

static bool is_address(const char *host)
{
	uint8_t address[16];
	char last = host[strlen(host) - 1];

	if (!strchr(host, ':') &&
		(last < '0' || last > '9')) { /* nearly all: no need to look closer */
		return false;
	}
	return inet_pton(AF_INET, host, address) == 1 || inet_pton(AF_INET6, host, address) == 1;
}

/* "10 mx1.example.com" */
static int read_mx(
	struct dg_loader *l, const struct dg_node *node, struct dg_mx_spec *out, struct dg_err *err)
{
	static const char expected[] =
		"a preference from 0 to 65535 and a host, for example 10 mx1.example.com";
	uint32_t preference = 0;
	size_t n = 0;

	if (node->kind != DG_NODE_SCALAR) {
		return dg_node_expected(l, node, err, expected);
	}
	for (; node->text[n] >= '0' && node->text[n] <= '9' && preference <= UINT16_MAX; n++) {
		preference = preference * 10 + (uint32_t)(node->text[n] - '0');
	}
	size_t at = n + strspn(node->text + n, " \t");
	if (n == 0 || at == n || preference > UINT16_MAX || node->text[at] == '\0') {
		return dg_node_expected(l, node, err, expected);
	}
	struct dg_node host = *node;
	host.text += at;
	host.len -= at;
	if (strcmp(host.text, ".") == 0) {
		return dg_node_expected(
			l, node, err, "a host; for a null MX (RFC 7505) write mx: null, alone");
	}
	if (is_address(host.text)) {
		return dg_node_expected(
			l, node, err, "a host name: an MX names no address (RFC 5321 section 5.1)");
	}
	out->preference = (uint16_t)preference;
	out->pos = dg_node_pos(l, node);
	return dg_node_name(l, &host, &out->host, err);
}

static int read_hosts(struct dg_loader *l, const struct dg_node *node, const char *expected,
	struct dg_mx_spec **ret_list, size_t *ret_n, struct dg_err *err)
{
	const struct dg_node *list = node->kind == DG_NODE_LIST ? node->list : node;
	size_t n = node->kind == DG_NODE_LIST ? node->n : 1;
	int r = 0;

	if (dg_node_is_empty(node) || node->kind == DG_NODE_MAP || n == 0) {
		return dg_node_expected(l, node, err, expected);
	}
	*ret_list = dg_newn(l->out, struct dg_mx_spec, n);
	for (size_t i = 0; r == 0 && i < n; i++) {
		r = read_mx(l, &list[i], &(*ret_list)[i], err);
	}
	*ret_n = n;
	return r;
}

int dg_mx_read_spec(
	struct dg_loader *l, const struct dg_node *node, void *field, struct dg_err *err)
{
	struct dg_mail_spec *m = mail_of(field, offsetof(struct dg_mail_spec, mx));

	m->has_mx = true;
	if (dg_node_is(node, "null") || dg_node_is(node, "none")) {
		m->is_null_mx = true;
		return 0;
	}
	/* never a null MX by oversight */
	return read_hosts(l, node,
		"a list of hosts, for example [10 mx1.example.com], or null for a name that takes "
		"no mail",
		&m->mx, &m->n_mx, err);
}

int dg_sink_read(struct dg_loader *l, const struct dg_node *node, void *field, struct dg_err *err)
{
	struct dg_split_spec *s =
		(struct dg_split_spec *)(void *)((char *)field -
						 offsetof(struct dg_split_spec, sink));

	return read_hosts(l, node, "a list of hosts, for example [10 sink.example.com]", &s->sink,
		&s->n_sink, err);
}

/* A whole record, as one text. */
static int read_spf_record(
	struct dg_loader *l, const struct dg_node *node, struct dg_spf *out, struct dg_err *err)
{
	struct dg_lints lints;

	dg_lints_init(&lints, l->out);
	dg_spf_parse(l->out, node->text, node->len, out, &lints);
	for (size_t i = 0; i < lints.n; i++) {
		if (lints.list[i].level == DG_LEVEL_ERROR) {
			return dg_node_fail(l, node, err, "column %zu of the record: %s (%s)",
				lints.list[i].column, lints.list[i].text, lints.list[i].rule);
		}
	}
	return 0;
}

static int read_spf_terms(struct dg_loader *l, const struct dg_node *node, struct dg_mail_spec *m,
	struct dg_spf *out, struct dg_err *err)
{
	const struct dg_node *list = node->kind == DG_NODE_LIST ? node->list : node;
	size_t n = node->kind == DG_NODE_LIST ? node->n : 1;

	if (n >= DG_SPF_TERMS_MAX) {
		return dg_node_fail(l, node, err, "found %zu terms, expected fewer than %u", n,
			DG_SPF_TERMS_MAX);
	}
	out->terms = dg_newn(l->out, struct dg_spf_term, n + 1);
	m->spf_terms = dg_newn(l->out, struct dg_pos, n + 1);
	for (; out->n < n; out->n++) {
		const struct dg_node *term = &list[out->n];
		m->spf_terms[out->n] = dg_node_pos(l, term);

		if (term->kind != DG_NODE_SCALAR || term->len == 0 ||
			dg_spf_is_record(term->text, term->len)) {
			return dg_node_expected(l, term, err,
				"a term of an SPF record, for example mx or \"ip4:192.0.2.0/24\"");
		}
		int r = dg_spf_term_parse(l->out, term->text, term->len, &out->terms[out->n], err);
		if (r < 0) {
			err->pos = m->spf_terms[out->n];
			return r;
		}
	}
	m->n_spf_terms = n;
	return 0;
}

int dg_spf_read_spec(
	struct dg_loader *l, const struct dg_node *node, void *field, struct dg_err *err)
{
	struct dg_mail_spec *m = mail_of(field, offsetof(struct dg_mail_spec, spf));
	struct dg_spf *spf = dg_new(l->out, struct dg_spf);
	bool has_end = false;
	int r = 0;

	if (node->kind == DG_NODE_MAP || dg_node_is_empty(node)) {
		return dg_node_expected(l, node, err,
			"a list of SPF terms, for example [mx, \"ip4:192.0.2.0/24\"]");
	}
	bool is_text = node->kind == DG_NODE_SCALAR && dg_spf_is_record(node->text, node->len);
	if (is_text) {
		r = read_spf_record(l, node, spf, err);
		m->spf_text = dg_strdup(l->out, node->text);
	} else {
		r = read_spf_terms(l, node, m, spf, err);
	}
	if (r < 0) {
		return r;
	}
	for (size_t i = 0; i < spf->n; i++) {
		has_end = has_end || spf->terms[i].kind == DG_SPF_ALL ||
			  spf->terms[i].kind == DG_SPF_REDIRECT;
	}
	if (!has_end && !is_text) {
		struct dg_spf_term *terms = dg_newn(l->out, struct dg_spf_term, spf->n + 1);

		if (spf->n > 0) {
			memcpy(terms, spf->terms, spf->n * sizeof(*terms));
		}
		terms[spf->n] = (struct dg_spf_term){.kind = DG_SPF_ALL,
			.qualifier = '-',
			.name = "all",
			.prefix4 = -1,
			.prefix6 = -1};
		*spf = (struct dg_spf){.terms = terms, .n = spf->n + 1};
	}
	m->spf = spf;
	m->spf_pos = dg_node_pos(l, node);
	return 0;
}

static int read_key_file(
	struct dg_loader *l, const struct dg_node *node, const char **ret_text, struct dg_err *err)
{
	const char *data = NULL;
	size_t len = 0;

	if (!l->reader) {
		return dg_node_fail(l, node, err, "key files cannot be read here");
	}
	int r = l->reader->read(
		l->reader->arg, l->out, node->text, DG_DKIM_TEXT_MAX, &data, &len, err);
	if (r == 0) {
		r = dg_dkim_from_file(l->out, data, len, node->text, ret_text, err);
	}
	if (r < 0) {
		err->pos = dg_node_pos(l, node);
	}
	return r;
}

static int read_dkim(struct dg_loader *l, const struct dg_node *key, const struct dg_node *value,
	struct dg_dkim_spec *out, struct dg_err *err)
{
	const char *name = NULL;
	int r = dg_name_parse(l->out, key->text, key->len, NULL, &name, err);

	out->pos = dg_node_pos(l, key);
	if (r < 0) {
		err->pos = out->pos;
		return r;
	}
	if (strcmp(name, ".") == 0 || strcmp(key->text, "@") == 0) {
		return dg_node_expected(l, key, err, "a selector, for example s2026");
	}
	out->selector = dg_strndup(l->out, name, strlen(name) - 1);
	if (value->kind != DG_NODE_SCALAR || dg_node_is_empty(value)) {
		return dg_node_expected(l, value, err, "the path of a key file, or revoked");
	}
	if (dg_node_is(value, "revoked")) {
		out->text = DG_DKIM_REVOKED;
		return 0;
	}
	if (dg_dkim_is_record(value->text, value->len)) {
		out->text = dg_strdup(l->out, value->text);
		return 0;
	}
	return read_key_file(l, value, &out->text, err);
}

int dg_dkim_read_spec(
	struct dg_loader *l, const struct dg_node *node, void *field, struct dg_err *err)
{
	struct dg_mail_spec *m = mail_of(field, offsetof(struct dg_mail_spec, dkim));
	int r = 0;

	if (node->kind != DG_NODE_MAP) {
		return dg_node_expected(l, node, err,
			"a mapping of selectors to key files, for example {s2026: dkim/s2026.pub}");
	}
	m->dkim = dg_newn(l->out, struct dg_dkim_spec, node->n);
	for (; r == 0 && m->n_dkim < node->n; m->n_dkim++) {
		r = read_dkim(l, &node->list[2 * m->n_dkim], &node->list[2 * m->n_dkim + 1],
			&m->dkim[m->n_dkim], err);
	}
	return r;
}
