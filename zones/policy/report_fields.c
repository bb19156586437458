/* zones/policy/report_fields.c: dmarc:, mta-sts:, tlsrpt:, split: and shed: of one mail name. */
#include "zones/policy/internal.h"

#include "zones/base/arena.h"
#include "zones/mail/lint.h"

#include <stddef.h>
#include <string.h>

/* Report addresses, checked by fault(). */
static int read_uris(
	struct dg_err *err, const struct dg_strings *uris, const char *(*fault)(const char *uri))
{
	for (size_t i = 0; i < uris->n; i++) {
		const char *why = fault(uris->list[i].text);

		if (why) {
			return dg_fail_at(err, &uris->list[i].pos, DG_EINPUT,
				"found '%.100s': %s%s", uris->list[i].text, why,
				strchr(uris->list[i].text, ':')
					? ""
					: "; write mailto: before an address");
		}
	}
	return 0;
}

static const char *const *texts(struct dg_loader *l, const struct dg_strings *s)
{
	const char **out = dg_newn(l->out, const char *, s->n);

	for (size_t i = 0; i < s->n; i++) {
		out[i] = s->list[i].text;
	}
	return out;
}

/* A whole record, as one text. */
static int read_dmarc_record(
	struct dg_loader *l, const struct dg_node *node, struct dg_mail_spec *m, struct dg_err *err)
{
	struct dg_lints lints;

	dg_lints_init(&lints, l->out);
	m->dmarc = dg_new(l->out, struct dg_dmarc);
	m->dmarc_pos = dg_node_pos(l, node);
	m->dmarc_text = dg_strdup(l->out, node->text);
	dg_dmarc_parse(l->out, node->text, node->len, m->dmarc, &lints);
	for (size_t i = 0; i < lints.n; i++) {
		if (lints.list[i].level == DG_LEVEL_ERROR) {
			return dg_node_fail(l, node, err, "column %zu of the record: %s (%s)",
				lints.list[i].column, lints.list[i].text, lints.list[i].rule);
		}
	}
	return 0;
}

int dg_dmarc_read_spec(
	struct dg_loader *l, const struct dg_node *node, void *field, struct dg_err *err)
{
	static const char alignments[] = {0, 'r', 's'};
	static const char psds[] = {0, 'y', 'n', 'u'};
	struct dg_mail_spec *m =
		(struct dg_mail_spec *)(void *)((char *)field -
						offsetof(struct dg_mail_spec, dmarc));
	struct dg_dmarc_yaml y = {0};

	if (node->kind == DG_NODE_SCALAR && dg_dmarc_is_record(node->text, node->len)) {
		return read_dmarc_record(l, node, m, err);
	}
	int r = dg_fields_read(l, node, &dg_schema_dmarc, &y, err);

	if (r == 0) {
		r = read_uris(err, &y.aggregate, dg_dmarc_uri_fault);
	}
	if (r == 0) {
		r = read_uris(err, &y.failure, dg_dmarc_uri_fault);
	}
	if (r == 0 && y.failure_options &&
		y.failure_options[strspn(y.failure_options, "01ds:")] != '\0') {
		r = dg_node_expected(l, dg_node_get(node, "failure-options"), err,
			"0, 1, d or s, with colons between them, for example 1:d (RFC 9989 section "
			"4.7)");
	}
	if (r < 0) {
		return r;
	}
	m->dmarc = dg_new(l->out, struct dg_dmarc);
	m->dmarc_pos = dg_node_pos(l, node);
	*m->dmarc = (struct dg_dmarc){
		.p = (enum dg_dmarc_policy)y.policy,
		.sp = (enum dg_dmarc_policy)y.subdomains,
		.np = (enum dg_dmarc_policy)y.nonexistent,
		.adkim = alignments[y.dkim_alignment],
		.aspf = alignments[y.spf_alignment],
		.psd = psds[y.psd],
		.fo = y.failure_options,
		.rua = texts(l, &y.aggregate),
		.n_rua = y.aggregate.n,
		.ruf = texts(l, &y.failure),
		.n_ruf = y.failure.n,
	};
	if (y.testing) {
		m->dmarc->t = 'y';
	}
	return 0;
}

/* mx1.example.com: as the policy file has it, without the final dot. */
static const char *const *policy_hosts(struct dg_loader *l, const struct dg_mail_spec *m)
{
	const char **out = dg_newn(l->out, const char *, m->n_mx);

	for (size_t i = 0; i < m->n_mx; i++) {
		out[i] = dg_strndup(l->out, m->mx[i].host, strlen(m->mx[i].host) - 1);
	}
	return out;
}

int dg_sts_read_spec(
	struct dg_loader *l, const struct dg_node *node, void *field, struct dg_err *err)
{
	struct dg_mail_spec *m =
		(struct dg_mail_spec *)(void *)((char *)field -
						offsetof(struct dg_mail_spec, mta_sts));
	struct dg_sts_yaml y = {0};
	int r = dg_fields_read(l, node, &dg_schema_sts, &y, err);

	if (r == 0 && y.id && dg_sts_id_fault(y.id)) {
		r = dg_node_fail(l, dg_node_get(node, "id"), err, "id: found '%.40s': %s", y.id,
			dg_sts_id_fault(y.id));
	}
	if (r == 0 && y.mode != DG_STS_NONE && y.mx.n == 0 && m->n_mx == 0) {
		r = dg_node_fail(l, node, err,
			"the key 'mx' is missing: mode %s needs the hosts that may take mail "
			"(RFC 8461 section 3.2)",
			y.mode == DG_STS_ENFORCE ? "enforce" : "testing");
	}
	if (r < 0) {
		return r;
	}
	m->mta_sts = dg_new(l->out, struct dg_sts_spec);
	m->mta_sts->id = y.id;
	m->mta_sts->host = dg_printf(l->out, "mta-sts.%s", m->name);
	m->mta_sts->policy = (struct dg_sts_policy){.mode = (enum dg_sts_mode)y.mode,
		.max_age = y.max_age,
		.mx = y.mx.n > 0 ? texts(l, &y.mx) : policy_hosts(l, m),
		.n_mx = y.mx.n > 0 ? y.mx.n : m->n_mx};
	return 0;
}

int dg_tlsrpt_read_spec(
	struct dg_loader *l, const struct dg_node *node, void *field, struct dg_err *err)
{
	struct dg_strings *uris = field;
	int r = dg_node_strings(l, node, 1, 1000, uris, err);

	return r < 0 ? r : read_uris(err, uris, dg_tlsrpt_uri_fault);
}

int dg_split_read_spec(
	struct dg_loader *l, const struct dg_node *node, void *field, struct dg_err *err)
{
	struct dg_split_spec *split = dg_new(l->out, struct dg_split_spec);
	const struct dg_node *to = dg_node_get(node, "to");
	const char *owner = NULL;
	int r = dg_fields_read(l, node, &dg_schema_split, split, err);

	if (r == 0 && dg_split_n_labels(split) > DG_LABELS_MAX) {
		r = dg_node_fail(l, node, err, "rotate: found %zu names, expected at most %u",
			split->rotate.n, DG_LABELS_MAX - 1);
	}
	if (r == 0 && to && dg_node_owner(l, to, &owner, err) < 0) {
		r = dg_wrap(err, (int)err->rc, "to");
	}
	split->pos = dg_node_pos(l, node);
	if (r == 0) {
		*(struct dg_split_spec **)field = split;
	}
	return r;
}

/* An address at the mail name itself, which is all that is known to be ours. */
static int check_address(struct dg_loader *l, const struct dg_string *address, struct dg_err *err)
{
	const char *at = strrchr(address->text, '@');

	if (!at || at == address->text || at[1] == '\0' || strpbrk(address->text, " \t<>")) {
		return dg_fail_at(err, &address->pos, DG_EINPUT,
			"found '%.100s', expected an address, for example list@lists.example.com",
			address->text);
	}
	(void)l;
	return 0;
}

int dg_shed_read_spec(
	struct dg_loader *l, const struct dg_node *node, void *field, struct dg_err *err)
{
	struct dg_shed_spec *shed = dg_new(l->out, struct dg_shed_spec);
	int r = 0;

	if (dg_node_is(node, "attack")) { /* one word alone */
		shed->when = DG_SHED_ATTACK;
	} else {
		r = dg_fields_read(l, node, &dg_schema_shed, shed, err);
	}
	for (size_t i = 0; r == 0 && i < shed->always.n; i++) {
		r = check_address(l, &shed->always.list[i], err);
	}
	if (r == 0) {
		*(struct dg_shed_spec **)field = shed;
	}
	return r;
}
