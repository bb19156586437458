#include "controller/command/watch_own.h"

#include "controller/command/app.h"
#include "controller/command/watch_set.h"
#include "controller/lookup/resolver.h"
#include "controller/watch/own.h"
#include "zones/base/arena.h"
#include "zones/base/buf.h"
#include "zones/mail/chars.h"
#include "zones/policy/policy.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define RECIPIENTS_MAX ((size_t)8 << 20) /* octets of the file */
#define RECORD_MAX     ((size_t)64 << 10)

/* --- files ---------------------------------------------------------------------------------------------------- */
/* is_secret: others may not read it. NULL: it is a file that will do. */
static const char *fault_of(FILE *f, size_t max, bool is_secret, size_t *ret_size)
{
	struct stat st;

	if (fstat(fileno(f), &st) != 0 || !S_ISREG(st.st_mode)) {
		return "is no file";
	}
	if (is_secret && (st.st_mode & (S_IRWXO | S_IWGRP)) != 0) {
		return "can be read by others or written by its group; chmod 0600 it";
	}
	*ret_size = (size_t)st.st_size;
	return *ret_size > max ? "is larger than anything that belongs here" : NULL;
}

struct wanted {
	const char *path;
	size_t max; /* octets */
	bool is_secret;
};

static int read_file(struct dg_arena *a, const struct wanted *w, char **ret_text, size_t *ret_n,
	struct dg_err *err)
{
	FILE *f = fopen(w->path, "re");
	size_t size = 0;

	if (!f) {
		return dg_fail(err, DG_EIO, "%.300s: %s", w->path, strerrordesc_np(errno));
	}
	const char *fault = fault_of(f, w->max, w->is_secret, &size);
	if (!fault) {
		*ret_text = dg_get(a, size + 1, 1);
		*ret_n = fread(*ret_text, 1, size, f);
	}
	(void)fclose(f);
	return fault ? dg_fail(err, DG_EINPUT, "%.300s %s", w->path, fault) : 0;
}

static int by_text(const void *x, const void *y)
{
	return strcmp(*(const char *const *)x, *(const char *const *)y);
}

/* The first word of each line, in lower case. */
static int read_recipients(
	struct dg_arena *a, const char *path, struct dg_own_name *n, struct dg_err *err)
{
	char *text = NULL;
	size_t len = 0;
	size_t n_lines = 1;
	const struct wanted file = {path, RECIPIENTS_MAX, false};
	int r = read_file(a, &file, &text, &len, err);

	for (size_t i = 0; r == 0 && i < len; i++) {
		text[i] = dg_lower(text[i]);
		n_lines += text[i] == '\n';
	}
	if (r < 0) {
		return r;
	}
	n->recipients = dg_newn(a, const char *, n_lines);
	for (char *p = text, *next = NULL; p; p = next) {
		next = strchr(p, '\n');
		next = next ? next + 1 : NULL;
		p[strcspn(p, " \t\r\n")] = '\0';
		if (*p != '\0' && *p != '#') {
			n->recipients[n->n_recipients++] = p;
		}
	}
	qsort(n->recipients, n->n_recipients, sizeof(*n->recipients), by_text);
	return 0;
}

static int read_tags(struct dg_arena *a, const struct dg_watch_spec *w, struct dg_own_name *n,
	struct dg_err *err)
{
	struct dg_batv_keys *keys = dg_new(a, struct dg_batv_keys);
	struct tm t = {0};
	char *text = NULL;
	size_t len = 0;
	const struct wanted file = {w->bounce_keys, DG_BATV_FILE_MAX, true};
	int r = read_file(a, &file, &text, &len, err);

	r = r == 0 ? dg_batv_keys_parse(text, len, w->bounce_keys, keys, err) : r;
	if (r < 0 || !text) {
		return r;
	}
	explicit_bzero(text, len);
	n->tags = keys;
	if (w->bounce_tags_since) {
		const char *end = strptime(w->bounce_tags_since, "%Y-%m-%d", &t);

		if (!end || *end != '\0') {
			return dg_fail(err, DG_EINPUT,
				"watch: bounce-tags-since: found '%.40s', expected a day, for "
				"example "
				"2026-11-01",
				w->bounce_tags_since);
		}
		n->tags_since_s = (int64_t)timegm(&t);
	}
	return 0;
}

/* --- names ------------------------------------------------------------------------------------------------------ */
static const char *without_dot(struct dg_arena *a, const char *name)
{
	return dg_strndup(a, name, strlen(name) - 1);
}

static const char *record_of(struct dg_arena *a, const struct dg_mail_spec *m)
{
	struct dg_buf b;

	if (m->spf_text || !m->spf) {
		return m->spf_text;
	}
	dg_buf_init(&b, RECORD_MAX);
	dg_spf_print(&b, m->spf);
	const char *text = dg_strdup(a, b.data);
	dg_buf_done(&b);
	return text;
}

/* The keys, as they stand at the mail name and at its subdomain. */
static void take_keys(struct dg_arena *a, const struct dg_mail_spec *m, struct dg_own_name *n)
{
	struct dg_dkim_public *keys = dg_newn(a, struct dg_dkim_public, 2 * m->n_dkim);

	for (size_t i = 0; i < m->n_dkim; i++) {
		keys[n->n_keys++] = (struct dg_dkim_public){.domain = without_dot(a, m->name),
			.selector = m->dkim[i].selector,
			.text = m->dkim[i].text};
		if (m->split) {
			keys[n->n_keys] = keys[n->n_keys - 1];
			keys[n->n_keys++].domain = without_dot(a, m->split->to);
		}
	}
	n->keys = keys;
}

static void add_mail(struct dg_arena *a, struct dg_own *own, const struct dg_mail_spec *m,
	const struct dg_own_name *of_zone)
{
	struct dg_own_name n = *of_zone;
	const char **mx = dg_newn(a, const char *, m->n_mx);

	for (size_t i = 0; i < m->n_mx; i++) {
		mx[i] = m->mx[i].host;
	}
	n.name = m->name;
	n.spf = record_of(a, m);
	n.mx = mx;
	n.n_mx = m->n_mx;
	take_keys(a, m, &n);
	dg_own_add(own, &n);
	if (m->split) {
		n.name = m->split->to;
		dg_own_add(own, &n);
	}
}

/* --- the door ----------------------------------------------------------------------------------------------------- */
static bool reads_whole_messages(const struct dg_watch_set *set)
{
	for (size_t i = 0; i < set->n_ears; i++) {
		if (set->ears[i].ops->is_whole) {
			return true;
		}
	}
	return false;
}

static int open_resolver(struct dg_app *app, const struct dg_watch_set *set,
	struct dg_resolver **ret_resolver, struct dg_err *err)
{
	struct dg_resolver_options o = {0};

	for (size_t i = 0; i < set->n && !o.at; i++) {
		o.at = set->policies[i]->verify.resolver.host ? &set->policies[i]->verify.resolver
							      : NULL;
	}
	return dg_resolver_new(app->loop, &o, ret_resolver, err);
}

static int add_zone(
	struct dg_arena *a, struct dg_own *own, const struct dg_policy *p, struct dg_err *err)
{
	struct dg_own_name of_zone = {0};
	int r = p->watch.recipients ? read_recipients(a, p->watch.recipients, &of_zone, err) : 0;

	r = r == 0 && p->watch.bounce_keys ? read_tags(a, &p->watch, &of_zone, err) : r;
	for (size_t i = 0; r == 0 && i < p->n_mail; i++) {
		add_mail(a, own, &p->mail[i], &of_zone);
	}
	return r;
}

int dg_watch_own_open(struct dg_app *app, struct dg_watch_set *set, struct dg_watch_own *ret_own,
	struct dg_err *err)
{
	struct dg_watch_own o = {0};
	int r = 0;

	if (!reads_whole_messages(set)) {
		return 0;
	}
	r = open_resolver(app, set, &o.resolver, err);
	o.own = r == 0 ? dg_own_new(app->loop, o.resolver) : NULL;
	for (size_t i = 0; r == 0 && i < set->n; i++) {
		r = add_zone(set->arena, o.own, set->policies[i], err);
	}
	if (r < 0) {
		dg_watch_own_close(&o);
		return r;
	}
	*ret_own = o;
	return 0;
}

void dg_watch_own_close(struct dg_watch_own *o)
{
	o->own = dg_own_free(o->own);
	o->resolver = dg_resolver_free(o->resolver);
}
