/* A comparison for people and as JSON. */
#include <string.h>

#include "controller/lookup/verify.h"
#include "zones/base/buf.h"

static void put_text(struct dg_buf *b, const char *text)
{
	dg_buf_put_safe(b, text, strlen(text));
}

static bool is_resolver(const struct dg_verify *v)
{
	return v->n > 0 && v->servers[0].view->is_resolver;
}

static void print_head(struct dg_buf *b, const struct dg_verify *v)
{
	size_t n = v->n - v->n_no_route;

	if (n == 0) {
		dg_buf_puts(b, "no name server could be asked\n");
	} else if (is_resolver(v)) {
		dg_buf_puts(b, v->is_in_force         ? "the resolver sees it\n"
			       : v->n_unknown == v->n ? "what the resolver sees is not known\n"
						      : "the resolver does not see it\n");
	} else if (v->is_in_force) {
		dg_buf_printf(
			b, n == 1 ? "the name server has it" : "all %zu name servers have it", n);
		if (v->has_serial) {
			dg_buf_printf(b, " (serial %u)", v->serial);
		}
		dg_buf_putc(b, '\n');
	} else {
		dg_buf_printf(b, "%zu of %zu name server%s it\n", v->n_in_force, n,
			n == 1 ? " has" : "s have");
	}
}

static void print_server(struct dg_buf *b, const struct dg_verify_server *s)
{
	dg_buf_puts(b, "  ");
	put_text(b, s->view->text);
	dg_buf_puts(b, ": ");
	put_text(b, s->text);
	dg_buf_putc(b, '\n');
	if (s->remedy) {
		dg_buf_puts(b, "    ");
		put_text(b, s->remedy);
		dg_buf_putc(b, '\n');
	}
	if (s->view->tcp_why) {
		dg_buf_puts(b, "    over TCP it does not answer (RFC 7766): ");
		put_text(b, s->view->tcp_why);
		dg_buf_puts(b, "\n    open TCP port 53 to it: long answers, such as DKIM keys, "
			       "come over TCP alone\n");
	}
}

void dg_verify_print(struct dg_buf *b, const struct dg_verify *v, bool is_verbose)
{
	print_head(b, v);
	for (size_t i = 0; i < v->n; i++) {
		const struct dg_verify_server *s = &v->servers[i];
		if (is_verbose || s->verdict != DG_VERDICT_IN_FORCE || s->view->tcp_why) {
			print_server(b, s);
		}
	}
}

/* --- JSON ------------------------------------------------------------------------------------- */
/* What dg_buf_put_safe() leaves is well-formed UTF-8 without control characters. */
static void put_string(struct dg_buf *b, const char *text)
{
	struct dg_buf safe;

	if (!text) {
		dg_buf_puts(b, "null");
		return;
	}
	dg_buf_init(&safe, 16 * strlen(text) + 1);
	put_text(&safe, text);
	dg_buf_putc(b, '"');
	for (size_t i = 0; i < safe.len; i++) {
		if (safe.data[i] == '"' || safe.data[i] == '\\') {
			dg_buf_putc(b, '\\');
		}
		dg_buf_putc(b, safe.data[i]);
	}
	dg_buf_putc(b, '"');
	dg_buf_done(&safe);
}

static void put_member(struct dg_buf *b, const char *key, const char *text)
{
	dg_buf_printf(b, ",\"%s\":", key);
	put_string(b, text);
}

static void put_serial(struct dg_buf *b, bool has_serial, uint32_t serial)
{
	if (has_serial) {
		dg_buf_printf(b, ",\"serial\":%u", serial);
	} else {
		dg_buf_puts(b, ",\"serial\":null");
	}
}

static void put_server(struct dg_buf *b, const struct dg_verify_server *s)
{
	const struct dg_view *w = s->view;

	dg_buf_puts(b, "{\"name\":");
	put_string(b, w->name);
	put_member(b, "address", w->address);
	dg_buf_printf(b, ",\"resolver\":%s", w->is_resolver ? "true" : "false");
	put_member(b, "state", dg_view_state_text(w->state));
	put_member(b, "verdict", dg_verdict_text(s->verdict));
	put_serial(b, w->has_serial, w->serial);
	dg_buf_printf(b,
		",\"behind\":%u,\"in_force\":%zu,\"old\":%zu,\"other\":%zu,\"unknown\":%zu",
		s->n_behind, s->n_in_force, s->n_old, s->n_other, s->n_unknown);
	dg_buf_printf(b, ",\"group\":%zu", s->group);
	put_member(b, "trust", dg_trust_text(w->trust));
	put_member(b, "text", s->text);
	put_member(b, "remedy", s->remedy);
	put_member(b, "tcp", w->tcp_why);
	dg_buf_putc(b, '}');
}

void dg_verify_json(struct dg_buf *b, const struct dg_verify *v)
{
	dg_buf_puts(b, "{\"zone\":");
	put_string(b, v->zone);
	dg_buf_printf(b, ",\"is_in_force\":%s", v->is_in_force ? "true" : "false");
	put_serial(b, v->has_serial, v->serial);
	dg_buf_printf(b,
		",\"in_force\":%zu,\"old\":%zu,\"other\":%zu,\"unknown\":%zu,\"no_route\":%zu,"
		"\"old_ttl\":%u",
		v->n_in_force, v->n_old, v->n_other, v->n_unknown, v->n_no_route, v->old_ttl);
	dg_buf_puts(b, ",\"servers\":[");
	for (size_t i = 0; i < v->n; i++) {
		dg_buf_puts(b, i > 0 ? "," : "");
		put_server(b, &v->servers[i]);
	}
	dg_buf_puts(b, "],\"groups\":[");
	for (size_t g = 0; g < v->n_groups; g++) {
		dg_buf_printf(b, "%s{\"verdict\":\"%s\",\"servers\":%zu}", g > 0 ? "," : "",
			dg_verdict_text(v->groups[g].verdict), v->groups[g].n_servers);
	}
	dg_buf_puts(b, "]}");
}
