#include "controller/command/triage_dkim.h"

#include "controller/command/app.h"
#include "controller/command/world.h"
#include "zones/base/arena.h"
#include "zones/base/err.h"
#include "zones/bounce/bounce.h"
#include "zones/mail/dkim.h"
#include "zones/mail/dkim_verify.h"
#include "zones/mail/facts.h"
#include "zones/policy/policy.h"
#include "zones/record/name.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define INFIX "._domainkey."

/* One that was looked up, or waits for it. */
struct place {
	const char *name; /* canonical, of the TXT record */
	struct dg_dkim_public key;
	bool is_done;
};

struct dg_triage_dkim {
	struct dg_app *app;
	struct dg_arena *arena;
	struct dg_world *world; /* NULL: nothing is looked up */
	struct dg_dkim_public keys[DG_TRIAGE_KEYS_MAX];
	size_t n_keys;
	struct place places[DG_TRIAGE_KEYS_MAX];
	size_t n_places;
};

struct dg_triage_dkim *dg_triage_dkim_new(struct dg_app *app, struct dg_arena *a)
{
	struct dg_triage_dkim *d = dg_new(a, struct dg_triage_dkim);

	d->app = app;
	d->arena = a;
	return d;
}

bool dg_triage_dkim_has_any(const struct dg_triage_dkim *d)
{
	return d->n_keys > 0 || d->world != NULL;
}

void dg_triage_dkim_ask(struct dg_triage_dkim *d, struct dg_world *world)
{
	d->world = world;
}

static void add_key(struct dg_triage_dkim *d, const struct dg_dkim_public *key)
{
	if (d->n_keys < DG_TRIAGE_KEYS_MAX) {
		d->keys[d->n_keys++] = *key;
	}
}

/* --- files ------------------------------------------------------------------------------------ */
static int read_key(struct dg_arena *a, const char *path, const char **ret_text, struct dg_err *err)
{
	char *data = dg_get(a, DG_DKIM_FILE_MAX + 1, 1);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, data, DG_DKIM_FILE_MAX + 1);
	int error = errno;

	if (fd >= 0) {
		(void)close(fd);
	}
	if (n < 0) {
		return dg_fail(err, DG_EINPUT, "--dkim-key %s: %s", path, strerrordesc_np(error));
	}
	if ((size_t)n > DG_DKIM_FILE_MAX) {
		return dg_fail(err, DG_EINPUT, "--dkim-key %s: more than %u octets: no key", path,
			DG_DKIM_FILE_MAX);
	}
	return dg_dkim_from_file(a, data, (size_t)n, path, ret_text, err);
}

static int take_word(struct dg_triage_dkim *d, const char *word, struct dg_err *err)
{
	const char *equals = strchr(word, '=');
	const char *infix = strstr(word, INFIX);
	const char *name = NULL;
	struct dg_dkim_public key = {0};

	if (!equals || !infix || infix == word || infix > equals || equals[1] == '\0') {
		return dg_fail(err, DG_EINPUT,
			"--dkim-key wants SELECTOR._domainkey.DOMAIN=FILE, for example "
			"s2026._domainkey.example.com=s2026.pub, not %s",
			word);
	}
	int r = dg_name_parse(d->arena, word, (size_t)(equals - word), NULL, &name, err);
	if (r < 0) {
		return dg_wrap(err, r, "--dkim-key");
	}
	infix = strstr(name, INFIX); /* it is in lower case now */
	if (!infix || infix[strlen(INFIX)] == '\0') {
		return dg_fail(err, DG_EINPUT, "--dkim-key %s: no domain in it", word);
	}
	key.selector = dg_strndup(d->arena, name, (size_t)(infix - name));
	key.domain = dg_name_plain(d->arena, infix + strlen(INFIX));
	r = read_key(d->arena, equals + 1, &key.text, err);
	if (r == 0) {
		add_key(d, &key);
	}
	return r;
}

int dg_triage_dkim_files(struct dg_triage_dkim *d, const char *text, struct dg_err *err)
{
	const char *const *words = NULL;
	size_t n = text ? dg_world_words(d->arena, text, &words) : 0;
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++) {
		r = take_word(d, words[i], err);
	}
	return r;
}

void dg_triage_dkim_policy(struct dg_triage_dkim *d, const struct dg_mail_spec *m)
{
	for (size_t i = 0; i < m->n_dkim; i++) {
		struct dg_dkim_public key = {.domain = dg_name_plain(d->arena, m->name),
			.selector = m->dkim[i].selector,
			.text = m->dkim[i].text};
		add_key(d, &key);
		if (m->split) {
			key.domain = dg_name_plain(d->arena, m->split->to);
			add_key(d, &key);
		}
	}
}

/* --- DNS -------------------------------------------------------------------------------------- */
static bool is_known(const struct dg_triage_dkim *d, const struct dg_bounce_signature *s)
{
	for (size_t i = 0; i < d->n_keys; i++) {
		if (strcasecmp(d->keys[i].domain, s->domain) == 0 &&
			strcasecmp(d->keys[i].selector, s->selector) == 0) {
			return true;
		}
	}
	for (size_t i = 0; i < d->n_places; i++) {
		if (strcasecmp(d->places[i].key.domain, s->domain) == 0 &&
			strcasecmp(d->places[i].key.selector, s->selector) == 0) {
			return true;
		}
	}
	return false;
}

/* What is no name is nobody's key. */
static void add_place(struct dg_triage_dkim *d, const struct dg_bounce_signature *s)
{
	struct dg_err err;
	const char *name = NULL;
	const char *text = dg_printf(d->arena, "%s" INFIX "%s", s->selector, s->domain);

	if (s->selector[0] == '\0' || d->n_places == DG_TRIAGE_KEYS_MAX ||
		dg_name_parse(d->arena, text, strlen(text), NULL, &name, &err) < 0) {
		return;
	}
	d->places[d->n_places++] = (struct place){.name = name,
		.key = {.domain = dg_strdup(d->arena, s->domain),
			.selector = dg_strdup(d->arena, s->selector)}};
}

static void rule(void *arg, struct dg_arena *a, const struct dg_facts *facts)
{
	struct dg_triage_dkim *d = arg;

	(void)a;
	for (size_t i = 0; i < d->n_places; i++) {
		struct place *p = &d->places[i];
		if (p->is_done) {
			continue;
		}
		const struct dg_fact *fact = dg_fact(facts, p->name, DG_TYPE_TXT);
		if (fact->state == DG_FACT_FOUND && fact->set.n > 0) {
			p->key.text = dg_txt_join(d->arena, &fact->set.rdata[0]);
		}
		p->is_done = fact->state != DG_FACT_PENDING;
	}
}

void dg_triage_dkim_keys(struct dg_triage_dkim *d, const struct dg_bounce_signature *signatures,
	size_t n, const struct dg_dkim_public **ret_keys, size_t *ret_n)
{
	size_t n_before = d->n_places;

	for (size_t i = 0; d->world && i < n; i++) {
		if (!is_known(d, &signatures[i])) {
			add_place(d, &signatures[i]);
		}
	}
	if (d->n_places > n_before) {
		dg_world_inquire(d->app, d->world, rule, d);
	}
	for (size_t i = n_before; i < d->n_places; i++) {
		d->places[i].is_done = true; /* what did not come in its time is not asked again */
		if (d->places[i].key.text) {
			add_key(d, &d->places[i].key);
		}
	}
	*ret_keys = d->keys;
	*ret_n = d->n_keys;
}
