/* What a hook is told: one JSON object an event (doc/json.md). */
#include "controller/guard/running.h"
#include "providers/net/loop.h"
#include "zones/base/arena.h"
#include "zones/base/json.h"

#include <stdlib.h>
#include <string.h>

#define MEMORY_MAX ((size_t)1 << 20)

/* What a split cannot cure, and what does. */
static const char advice[] =
	"a split would not stop this, and would hide it: find in the log of the relay who sends, "
	"change or lock that login, close the relay or take its host out of SPF, revoke its DKIM "
	"key; then `dnsguard release` lets the guard go on";

/* --- labels ----------------------------------------------------------------------------------- */
const char *dg_ward_next_label(const struct dg_ward *x)
{
	bool is_left = x->labels && x->g.label + 1 < x->limits.n_labels;

	return is_left ? x->labels[x->g.label + 1] : "";
}

static const char *label_at(const struct dg_ward *x, unsigned at)
{
	return x->labels && at < x->limits.n_labels ? x->labels[at] : NULL;
}

const char *dg_ward_label(const struct dg_ward *x)
{
	return label_at(x, x->g.label + (x->g.state == DG_GUARD_ROTATING));
}

/* All that mail may come to now. */
static json_t *labels_json(const struct dg_ward *x)
{
	unsigned first = x->g.is_overlapping ? x->g.label - 1 : x->g.label;
	unsigned last = x->g.label + (x->g.state == DG_GUARD_ROTATING);
	json_t *list = json_array();

	for (unsigned i = first; i <= last; i++) {
		const char *label = label_at(x, i);

		if (label) {
			(void)json_array_append_new(list, dg_json_text(label));
		}
	}
	return list;
}

/* --- drain ------------------------------------------------------------------------------------ */
/* Until when caches may hold what stood at the mail name before, by the TTL that was served; 0: no longer. */
static int64_t old_until(struct dg_ward *x, struct dg_arena *a, uint32_t *ret_ttl)
{
	struct dg_runner *r = x->running;
	struct dg_wait *waits = NULL;
	struct dg_err ignored;
	int64_t until = 0;
	size_t n = 0;

	if (dg_store_waits(r->o.store, a, x->zone, dg_loop_now(r->o.loop), &waits, &n, &ignored) <
		0) {
		return 0;
	}
	for (size_t i = 0; i < n; i++) {
		if (waits[i].type == DG_TYPE_MX && strcmp(waits[i].owner, x->name) == 0) {
			until = waits[i].until;
			*ret_ttl = waits[i].ttl;
		}
	}
	return until;
}

json_t *dg_ward_drain_json(struct dg_ward *x)
{
	struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new(MEMORY_MAX);
	uint32_t ttl = 0;
	int64_t until = old_until(x, a, &ttl);

	if (!x->g.is_null && until == 0) {
		return json_null();
	}
	json_t *o = json_object();
	dg_json_set(o, "until", until > 0 ? json_integer(until) : json_null());
	dg_json_set(o, "ttl", until > 0 ? json_integer(ttl) : json_null());
	dg_json_set(o, "bounces", json_integer((json_int_t)x->ear.n_residue));
	dg_json_set(o, "last",
		x->ear.residue_ms > 0 ? json_integer(x->ear.residue_ms / 1000) : json_null());
	return o;
}

/* --- writing ---------------------------------------------------------------------------------- */
static char *write_letter(struct dg_ward *x, const char *event, const char *why)
{
	bool is_open = x->g.is_proposed && x->plan[0] != '\0';
	json_t *evidence = x->evidence ? json_loads(x->evidence, 0, NULL) : NULL;
	json_t *o = json_pack("{s:s, s:s, s:I, s:s, s:s, s:o, s:s, s:s, s:o, s:o, s:o, s:o}",
		"type", "event", "event", event, "at", (json_int_t)dg_loop_now(x->running->o.loop),
		"zone", x->zone, "name", x->name, "document", dg_json_text(x->document), "state",
		dg_guard_state_text(x->g.state), "why", why, "proposal",
		dg_json_text(is_open ? x->plan : NULL), "evidence",
		evidence ? evidence : json_null(), "subdomain", dg_json_text(dg_ward_label(x)),
		"restore", dg_json_text(x->restore));

	dg_json_set(o, "proposes",
		dg_json_text(!is_open                       ? NULL
			     : x->g.asks_rotate             ? "rotate"
			     : x->g.state == DG_GUARD_SPLIT ? "unsplit"
							    : "split"));
	dg_json_set(o, "subdomains", labels_json(x));
	dg_json_set(o, "drain", dg_ward_drain_json(x));
	dg_json_set(o, "abuse", dg_json_text(x->abuse));
	dg_json_set(o, "advice", dg_json_text(x->g.is_abused ? advice : NULL));
	char *body =
		o ? json_dumps(o, JSON_COMPACT | JSON_ENSURE_ASCII | JSON_PRESERVE_ORDER) : NULL;

	json_decref(o);
	return body;
}

int dg_ward_letter(struct dg_ward *x, const char *event, const char *why, struct dg_err *err)
{
	struct dg_runner *r = x->running;
	char *body = x->n_hooks > 0 ? write_letter(x, event, why) : NULL;
	int rc = 0;

	for (size_t i = 0; body && i < x->n_hooks && rc == 0; i++) {
		const struct dg_hook *h = &x->hooks[i];
		struct dg_letter l = {.hook = h->path ? h->path : h->url,
			.body = body,
			.at = dg_loop_now(r->o.loop)};

		rc = dg_store_letter_put(r->o.store, &l, err);
		r->has_letters = true;
	}
	free(body);
	return rc;
}
