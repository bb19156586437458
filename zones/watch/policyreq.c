#include "zones/watch/policyreq.h"

#include "zones/base/err.h"

#include <string.h>

int dg_policyreq_scan(struct dg_policyreq_scan *s, const char *text, size_t len, size_t *ret_len)
{
	while (s->at < len) {
		const char *end = memchr(text + s->at, '\n', len - s->at);
		size_t to = end ? (size_t)(end - text) : len;

		if (to - s->line > DG_POLICYREQ_LINE_MAX || to >= DG_POLICYREQ_MAX) {
			return DG_ELIMIT;
		}
		s->at = to;
		if (!end) {
			break;
		}
		s->at++;
		if (to == s->line) {
			*ret_len = s->at;
			return 0;
		}
		s->line = s->at;
		if (++s->n_lines > DG_POLICYREQ_ATTRIBUTES_MAX) {
			return DG_ELIMIT;
		}
	}
	return 1;
}

static bool is_text(struct dg_text t, const char *word)
{
	return t.n == strlen(word) && memcmp(t.p, word, t.n) == 0;
}

static void keep(struct dg_policyreq *r, struct dg_text name, struct dg_text value)
{
	const struct {
		const char *name;
		struct dg_text *value;
	} wanted[] = {
		{"request", &r->request},
		{"protocol_state", &r->state},
		{"client_address", &r->client},
		{"sender", &r->sender},
		{"recipient", &r->recipient},
		{"sasl_username", &r->user},
	};

	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		if (is_text(name, wanted[i].name)) {
			*wanted[i].value = value;
		}
	}
}

int dg_policyreq_parse(const char *text, size_t len, struct dg_policyreq *ret_request)
{
	struct dg_policyreq r = {.sender = {"", 0}};

	if (memchr(text, '\0', len)) {
		return DG_EINPUT;
	}
	for (size_t at = 0; at < len;) {
		const char *line = text + at;
		const char *end = memchr(line, '\n', len - at);
		size_t n = end ? (size_t)(end - line) : len - at;
		const char *equals = memchr(line, '=', n);

		at += n + 1;
		if (n == 0) {
			break;
		}
		if (!equals || equals == line) {
			return DG_EINPUT;
		}
		size_t n_name = (size_t)(equals - line);
		keep(&r, (struct dg_text){line, n_name},
			(struct dg_text){equals + 1, n - n_name - 1});
	}
	if (!is_text(r.request, "smtpd_access_policy")) {
		return DG_EINPUT;
	}
	*ret_request = r;
	return 0;
}

static bool is_loopback(struct dg_text client)
{
	return (client.n >= 4 && memcmp(client.p, "127.", 4) == 0) || is_text(client, "::1");
}

int dg_policyreq_event(
	const struct dg_policyreq *r, int64_t now_ms, struct dg_mail_event *ret_event)
{
	struct dg_mail_event e = {.at_ms = now_ms, .address = r->recipient, .client = r->client};

	if (!is_text(r->state, "RCPT")) {
		return 1;
	}
	if (r->sender.n > 0 && r->user.n > 0) {
		e.kind = DG_MAIL_SENT;
		e.address = r->sender;
	} else if (is_loopback(r->client)) {
		return 1;
	} else {
		e.kind = r->sender.n > 0 ? DG_MAIL_RECEIVED : DG_MAIL_TAKEN;
	}
	if (e.address.n == 0) {
		return 1;
	}
	*ret_event = e;
	return 0;
}
