#include "controller/command/triage_owner.h"

#include "controller/command/app.h"
#include "controller/command/command.h"
#include "controller/command/reports_own.h"
#include "controller/command/triage_dkim.h"
#include "controller/command/world.h"
#include "controller/engine/fleet.h"
#include "zones/base/arena.h"
#include "zones/base/err.h"
#include "zones/base/map.h"
#include "zones/incident/owner.h"
#include "zones/mail/idn.h"
#include "zones/policy/policy.h"
#include "zones/record/name.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define OWN_NETWORKS_MAX 4096u
#define OWN_HOSTS_MAX    1024u
#define OWN_LISTS_MAX    1024u
#define ID_MAX           998u /* octets of a Message-ID: a line (RFC 5322 section 2.1.1) */
#define ADDRESS_MAX      320u

struct name_list {
	const char **names;
	size_t n, max;
};

/* What grows while the sources of knowledge are read one after the other. */
struct building {
	struct dg_app *app;
	struct dg_arena *arena;
	struct dg_triage_dkim *keys;
	struct name_list domains, hosts, lists;
	struct dg_owner_network *networks;
	size_t n_networks;
	const char *unresolved;
};

static void add_name(struct name_list *to, const char *name)
{
	for (size_t i = 0; i < to->n; i++) {
		if (strcmp(to->names[i], name) == 0) {
			return;
		}
	}
	if (to->n < to->max) {
		to->names[to->n++] = name;
	}
}

static void add_network(struct building *x, const struct dg_network *n, const char *provider)
{
	if (x->n_networks < OWN_NETWORKS_MAX) {
		x->networks[x->n_networks++] =
			(struct dg_owner_network){.network = *n, .provider = provider};
	}
}

/* --- the command line ------------------------------------------------------------------------- */
static int take_names(
	struct building *x, const char *text, struct name_list *to, struct dg_err *err)
{
	const char *const *words = NULL;
	size_t n_words = text ? dg_world_words(x->arena, text, &words) : 0;

	for (size_t i = 0; i < n_words; i++) {
		const char *name = NULL;
		int r = dg_domain_parse(x->arena, words[i], strlen(words[i]), &name, err);
		if (r < 0) {
			return r;
		}
		add_name(to, dg_name_plain(x->arena, name));
	}
	return 0;
}

/* Whole addresses: "news@lists.example.com". */
static int take_lists(struct building *x, const char *text, struct dg_err *err)
{
	const char *const *words = NULL;
	size_t n_words = text ? dg_world_words(x->arena, text, &words) : 0;

	for (size_t i = 0; i < n_words; i++) {
		const char *local = NULL;
		const char *domain = NULL;
		int r = dg_mail_address_domain(
			x->arena, words[i], strlen(words[i]), &local, &domain, err);
		if (r != 0) {
			return r > 0 ? dg_fail(err, DG_EINPUT, "--list wants addresses, not <>")
				     : dg_wrap(err, r, "--list");
		}
		const char *address =
			dg_printf(x->arena, "%s@%s", local, dg_name_plain(x->arena, domain));
		add_name(&x->lists, dg_text_lower(x->arena, address));
	}
	return 0;
}

static int take_given(struct building *x, struct dg_err *err)
{
	const struct dg_args *args = x->app->args;
	struct dg_own own = {0};
	int r = take_names(x, args->domain, &x->domains, err);

	if (r < 0) {
		return dg_wrap(err, r, "--domain");
	}
	r = take_names(x, args->host, &x->hosts, err);
	if (r < 0) {
		return dg_wrap(err, r, "--host");
	}
	r = take_lists(x, args->list, err);
	r = r == 0 ? dg_own_parse(x->arena, args->own, &own, err) : r;
	for (size_t i = 0; r == 0 && i < own.n; i++) {
		add_network(x, &own.networks[i], NULL);
	}
	return r;
}

/* --- a policy --------------------------------------------------------------------------------- */
static void take_term(struct building *x, const struct dg_spf_term *t)
{
	struct dg_network n = {.address.is_ip6 = t->kind == DG_SPF_IP6};

	if (t->qualifier != '+' && t->kind != DG_SPF_REDIRECT) {
		return;
	}
	switch (t->kind) {
	case DG_SPF_IP4:
		memcpy(n.address.octets, t->address, 4);
		n.prefix = t->prefix4 < 0 ? 32 : (unsigned)t->prefix4;
		add_network(x, &n, NULL);
		break;
	case DG_SPF_IP6:
		memcpy(n.address.octets, t->address, 16);
		n.prefix = t->prefix6 < 0 ? 128 : (unsigned)t->prefix6;
		add_network(x, &n, NULL);
		break;
	case DG_SPF_INCLUDE:
	case DG_SPF_A:
	case DG_SPF_MX:
	case DG_SPF_PTR:
	case DG_SPF_EXISTS:
	case DG_SPF_REDIRECT:
		if (!x->unresolved) {
			x->unresolved = t->domain ? dg_printf(x->arena, "%s:%s", t->name, t->domain)
						  : dg_strdup(x->arena, t->name);
		}
		break;
	case DG_SPF_ALL:
	case DG_SPF_EXP:
	case DG_SPF_UNKNOWN:
		break;
	}
}

static void take_mail_name(struct building *x, const struct dg_mail_spec *m)
{
	add_name(&x->domains, dg_name_plain(x->arena, m->name));
	dg_triage_dkim_policy(x->keys, m);
	for (size_t i = 0; i < m->n_mx; i++) {
		add_name(&x->hosts, dg_name_plain(x->arena, m->mx[i].host));
	}
	for (size_t i = 0; m->spf && i < m->spf->n; i++) {
		take_term(x, &m->spf->terms[i]);
	}
}

static int take_policy(struct building *x, struct dg_err *err)
{
	struct dg_policy *p = NULL;
	const char *document = NULL;
	int r = x->app->args->policy ? dg_app_open_fleet(x->app, &x->app->args->policy, 1, err) : 1;

	while (r == 0) {
		r = dg_fleet_next(x->app->fleet, x->arena, &p, &document, err);
		for (size_t i = 0; r == 0 && i < p->n_mail; i++) {
			take_mail_name(x, &p->mail[i]);
		}
		for (size_t i = 0; r == 0 && i < p->helo.n; i++) {
			add_name(&x->hosts, dg_name_plain(x->arena, p->helo.list[i].text));
		}
	}
	return r < 0 ? r : 0;
}

/* --- files ------------------------------------------------------------------------------------ */
static int slurp(
	struct dg_arena *a, const char *path, char **ret_text, size_t *ret_n, struct dg_err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	size_t n = 0;

	if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		const char *why = fd < 0 ? strerrordesc_np(errno) : "it is no file";
		if (fd >= 0) {
			(void)close(fd);
		}
		return dg_fail(err, DG_EINPUT, "%s: %s", path, why);
	}
	if ((size_t)st.st_size > DG_TRIAGE_FILE_MAX) {
		(void)close(fd);
		return dg_fail(
			err, DG_ELIMIT, "%s: more than %zu MiB", path, DG_TRIAGE_FILE_MAX >> 20);
	}
	char *text = dg_get(a, (size_t)st.st_size + 1, 1);
	while (n < (size_t)st.st_size) {
		ssize_t got = read(fd, text + n, (size_t)st.st_size - n);
		if (got <= 0) {
			break;
		}
		n += (size_t)got;
	}
	(void)close(fd);
	*ret_text = text;
	*ret_n = n;
	return 0;
}

/* Every "<...@...>" of the text. */
static void take_ids(struct dg_arena *a, char *text, size_t n, struct dg_map *map)
{
	char *end = text + n;

	for (char *p = text; p < end && (p = memchr(p, '<', (size_t)(end - p))) != NULL;) {
		size_t room = (size_t)(end - p) < ID_MAX ? (size_t)(end - p) : ID_MAX;
		char *close =
			memchr(p, '>', room); /* not further: a file of '<' would take forever */
		size_t len = close ? (size_t)(close - p) + 1 : 0;

		if (len >= 5 && memchr(p, '@', len) && !memchr(p, '\n', len) &&
			!memchr(p + 1, '<', len - 1)) {
			(void)dg_map_put(map, dg_strndup(a, p, len), map);
			p = close;
		}
		p++;
	}
}

static void take_addresses(struct dg_arena *a, char *text, size_t n, struct dg_map *map)
{
	char *end = text + n;

	for (char *p = text; p < end;) {
		char *lf = memchr(p, '\n', (size_t)(end - p));
		size_t len = (size_t)((lf ? lf : end) - p);
		size_t first = strspn(p, " \t");

		while (len > 0 && strchr(" \t\r", p[len - 1]) && p[len - 1] != '\0') {
			len--;
		}
		if (first < len && len - first < ADDRESS_MAX) {
			const char *address = dg_strndup(a, p + first, len - first);
			(void)dg_map_put(map, dg_text_lower(a, address), map);
		}
		p = lf ? lf + 1 : end;
	}
}

static int take_file(struct building *x, const char *path,
	void (*take)(struct dg_arena *a, char *text, size_t n, struct dg_map *map),
	const struct dg_map **ret_map, struct dg_err *err)
{
	struct dg_map *map = dg_new(x->arena, struct dg_map);
	char *text = NULL;
	size_t n = 0;
	int r = path ? slurp(x->arena, path, &text, &n, err) : 0;

	if (r < 0 || !text) {
		return r;
	}
	dg_map_init(map, x->arena);
	take(x->arena, text, n, map);
	*ret_map = map;
	return 0;
}

int dg_triage_owner(struct dg_app *app, struct dg_arena *a, struct dg_triage_dkim *keys,
	struct dg_owner *ret_owner, struct dg_err *err)
{
	struct building x = {.app = app,
		.arena = a,
		.keys = keys,
		.domains = {dg_newn(a, const char *, DG_OWNER_DOMAINS_MAX), 0,
			DG_OWNER_DOMAINS_MAX},
		.hosts = {dg_newn(a, const char *, OWN_HOSTS_MAX), 0, OWN_HOSTS_MAX},
		.lists = {dg_newn(a, const char *, OWN_LISTS_MAX), 0, OWN_LISTS_MAX},
		.networks = dg_newn(a, struct dg_owner_network, OWN_NETWORKS_MAX)};
	struct dg_owner o = {0};
	int r = take_given(&x, err);

	r = r == 0 ? take_policy(&x, err) : r;
	r = r == 0 ? take_file(&x, app->args->sent, take_ids, &o.sent, err) : r;
	r = r == 0 ? take_file(&x, app->args->recipients, take_addresses, &o.recipients, err) : r;
	if (r < 0) {
		return r;
	}
	o.domains = x.domains.names;
	o.n_domains = x.domains.n;
	o.hosts = x.hosts.names;
	o.n_hosts = x.hosts.n;
	o.lists = x.lists.names;
	o.n_lists = x.lists.n;
	o.networks = x.networks;
	o.n_networks = x.n_networks;
	o.unresolved = app->args->own ? NULL : x.unresolved; /* --own says all */
	*ret_owner = o;
	return 0;
}

/* --- times ------------------------------------------------------------------------------------ */
static const char *parse_calendar(const char *text, int64_t *ret_at)
{
	static const char *const forms[] = {"%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M", "%Y-%m-%d"};

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		struct tm tm = {0};
		const char *end = strptime(text, forms[i], &tm);
		if (end && *end == '\0') {
			*ret_at = timegm(&tm);
			return end;
		}
	}
	return NULL;
}

int dg_triage_time(
	const char *option, const char *text, int64_t now, int64_t *ret_at, struct dg_err *err)
{
	char *end = NULL;
	int64_t at = 0;

	if (parse_calendar(text, &at)) {
		*ret_at = at;
		return 0;
	}
	errno = 0;
	unsigned long n = strtoul(text, &end, 10);
	int64_t unit = *end == 'h' ? 3600 : *end == 'd' ? 86400 : 0;
	if (text[0] < '0' || text[0] > '9' || errno != 0 || n > 100000 || unit == 0 || end[1]) {
		return dg_fail(err, DG_EINPUT,
			"--%s wants a day (2026-11-22), a time (2026-11-22T20:13, UTC) or a span "
			"before now (36h, 4d), not %s",
			option, text);
	}
	*ret_at = now - (int64_t)n * unit;
	return 0;
}
