#include "providers/zonefile/zonefile.h"

#include "providers/net/loop.h"
#include "providers/provider.h"
#include "providers/zonefile/change.h"
#include "providers/zonefile/disk.h"
#include "providers/zonefile/reload.h"
#include "zones/base/arena.h"
#include "zones/base/buf.h"
#include "zones/base/digest.h"
#include "zones/policy/schema.h"
#include "zones/record/name.h"
#include "zones/record/zonefile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOCK_AGAIN_MS  5
#define DEFAULT_MS     10000 /* when a request has no deadline */
#define EDIT_TRIES     3
#define SCRATCH_MAX    ((size_t)4 << 30) /* of one edit: the largest file, scanned twice */
#define PATH_MAX_BYTES 4095u

struct options {
	const char *path;
	int serial;
	struct dg_strings reload;
};

static const char *const serial_words[] = {"auto", "increment", "date", "unix", "keep", NULL};
_Static_assert(DG_SERIAL_AUTO == 0 && DG_SERIAL_INCREMENT == 1 && DG_SERIAL_DATE == 2 &&
		       DG_SERIAL_UNIX == 3 && DG_SERIAL_KEEP == 4,
	"serial_words are in the order of enum dg_serial_scheme");

static const struct dg_field fields[] = {
	DG_FIELD_PATH(struct options, path, 1, PATH_MAX_BYTES, .is_required = true,
		.help = "The zone file. {zone} stands for the zone's name without its final dot, "
			"so that one line "
			"serves a fleet.",
		.example = "/etc/nsd/{zone}.zone"),
	DG_FIELD_ENUM(struct options, serial, serial_words, .dflt = "auto",
		.help = "How the SOA serial is raised: auto goes on in the scheme that the serial "
			"is in, increment "
			"adds one, date is YYYYMMDDnn, unix the time in seconds; keep leaves it to "
			"the name "
			"server.",
		.example = "date"),
	DG_FIELD_STRINGS(struct options, reload, 1, PATH_MAX_BYTES,
		.help = "A command to run after the file was written, as a list of its words, "
			"without a shell. "
			"{zone} and {path} are replaced. It has 30 seconds.",
		.example = "[nsd-control, reload, \"{zone}\"]"),
};

const struct dg_schema dg_schema_zonefile = {
	.name = "zonefile",
	.help = "A zone file on this machine, changed in place: only the managed records and the "
		"serial.",
	.size = sizeof(struct options),
	.fields = fields,
	.n_fields = sizeof(fields) / sizeof(fields[0]),
};

/* One read or apply on its way. It outlives neither the request nor the provider: close() drops it. */
struct job {
	struct job *next;
	struct state *state;
	struct dg_timer *timer;
	struct dg_read *read; /* or */
	struct dg_apply *apply;
	int64_t until_ms;
	const char *path; /* in the request's arena */
};

struct state {
	struct dg_provider *provider;
	struct dg_reloader *reloader; /* NULL: no command */
	struct job *jobs;
};

static struct job *job_new(struct dg_provider *p, int64_t ms)
{
	struct state *s = p->priv;
	struct job *j = calloc(1, sizeof(*j));

	if (!j) {
		abort();
	}
	*j = (struct job){.next = s->jobs, .state = s};
	j->until_ms = dg_loop_mono_ms(p->loop) + (ms > 0 ? ms : DEFAULT_MS);
	s->jobs = j;
	return j;
}

static void job_free(struct job *j)
{
	struct job **p = &j->state->jobs;

	while (*p != j) {
		p = &(*p)->next;
	}
	*p = j->next;
	(void)dg_timer_cancel(j->timer);
	free(j);
}

static int zone_open(struct dg_provider *p, struct dg_err *err)
{
	const struct options *o = p->opts;
	struct state *s = calloc(1, sizeof(*s));

	if (!s) {
		return dg_fail(err, DG_EIO, "out of memory");
	}
	s->provider = p;
	int r = o->reload.n > 0 ? dg_reloader_new(p->loop, &o->reload, &s->reloader, err) : 0;
	if (r < 0) {
		free(s);
		return r;
	}
	p->priv = s;
	return 0;
}

static void zone_close(struct dg_provider *p)
{
	struct state *s = p->priv;

	while (s->jobs) {
		job_free(s->jobs);
	}
	(void)dg_reloader_free(s->reloader);
	free(s);
}

/* Where the file of zone is. */
static int path_of(
	const struct dg_provider *p, const char *zone, struct dg_buf *b, struct dg_err *err)
{
	const struct options *o = p->opts;
	size_t n = strlen(zone);

	if (strstr(o->path, "{zone}") && strchr(zone, '/')) {
		return dg_fail(err, DG_EINPUT,
			"zone %s has a / in its name, which cannot stand for {zone} in %s: give "
			"this zone a path "
			"of its own",
			zone, o->path);
	}
	for (const char *c = o->path; *c != '\0';) {
		if (strncmp(c, "{zone}", 6) == 0) {
			dg_buf_put(b, zone, n - (n > 1 ? 1 : 0));
			c += 6;
		} else {
			dg_buf_putc(b, *c++);
		}
	}
	return b->is_full ? dg_fail(err, DG_ELIMIT, "the path of zone %s is longer than %u bytes",
				    zone, PATH_MAX_BYTES)
			  : 0;
}

static int find_path(struct job *j, struct dg_arena *a, const char *zone, struct dg_err *err)
{
	struct dg_buf b;

	dg_buf_init(&b, PATH_MAX_BYTES);
	int r = path_of(j->state->provider, zone, &b, err);
	j->path = dg_strdup(a, b.data);
	dg_buf_done(&b);
	return r;
}

static const char *zone_describe(
	const struct dg_provider *p, const char *zone, char *buf, size_t len)
{
	const struct options *o = p->opts;
	struct dg_buf b;
	struct dg_err err;

	dg_buf_init(&b, PATH_MAX_BYTES);
	int r = path_of(p, zone, &b, &err);
	(void)snprintf(buf, len, "zonefile %s", r == 0 ? b.data : o->path);
	dg_buf_done(&b);
	return buf;
}

static const char *version_of(struct dg_arena *a, const struct dg_disk_text *t)
{
	uint8_t digest[DG_DIGEST_LEN];
	char hex[DG_DIGEST_TEXT_MAX];

	dg_digest(t->data, t->len, digest);
	return dg_strdup(a, dg_digest_text(digest, DG_DIGEST_LEN, hex));
}

/* --- reading -------------------------------------------------------------------------------------------- */

/* In a file with $INCLUDE or $GENERATE: what they cannot add is known to be absent. */
static int add_absent(const struct dg_zonefile *f, struct dg_read *r, struct dg_zone *have)
{
	char type[16];
	bool is_added = false;

	for (size_t i = 0; i < r->n_keys; i++) {
		const struct dg_rrkey *key = &r->keys[i];
		struct dg_rrset set;

		if (dg_zone_get(have, key->owner, key->type, &set) == 0 &&
			!dg_zonefile_may_hide(f, key->type)) {
			continue;
		}
		if (dg_zonefile_may_hide(f, key->type)) {
			return dg_fail(&r->err, DG_EPOLICY,
				"%s: %s %s may have records that $INCLUDE or $GENERATE adds, which "
				"dnsguard does "
				"not read: put them into the file itself",
				have->from, key->owner, dg_type_text(key->type, type));
		}
		set = dg_rrset_none(key->owner, key->type);
		dg_zone_add(have, &set);
		is_added = true;
	}
	if (is_added) {
		dg_zone_seal(have);
	}
	return 0;
}

static int read_file(struct job *j)
{
	struct dg_read *r = j->read;
	struct dg_zonefile *f = NULL;
	struct dg_zone *have = NULL;
	struct dg_disk_text t;

	int rc = find_path(j, r->arena, r->zone, &r->err);
	rc = rc < 0 ? rc : dg_disk_read(j->path, DG_ZONEFILE_MAX, &t, &r->err);
	if (rc < 0) {
		return rc;
	}
	rc = dg_zonefile_scan(r->arena, t.data, t.len, r->zone, j->path, &f, &r->err);
	if (rc == 0) {
		rc = r->mail_only ? dg_zonefile_read_mail(f, &have, &r->err)
				  : dg_zonefile_read(f, &have, &r->err);
	}
	if (rc == 0) {
		have->version = version_of(r->arena, &t);
		have->from = dg_printf(r->arena, "zonefile %s", j->path);
		rc = have->is_complete ? 0 : add_absent(f, r, have);
	}
	dg_disk_text_done(&t);
	if (rc == 0) {
		r->have = have;
	}
	return rc;
}

static void on_read(void *arg)
{
	struct job *j = arg;
	struct dg_read *r = j->read;

	j->timer = NULL;
	int rc = read_file(j);
	job_free(j);
	r->done(r, rc);
}

static void zone_read(struct dg_provider *p, struct dg_read *r)
{
	struct job *j = job_new(p, r->deadline_ms);

	j->read = r;
	j->timer = dg_loop_after_ms(p->loop, 0, on_read, j);
}

/* --- applying ------------------------------------------------------------------------------------------- */

static int zone_check(
	struct dg_provider *p, const struct dg_swap *swaps, size_t n, struct dg_err *err)
{
	char type[16];

	for (size_t i = 0; i < n; i++) {
		const struct dg_rrset *after = &swaps[i].after;

		if (!dg_type_is_ours(after->type)) {
			return dg_fail(err, DG_EPOLICY, "%s %s is not a type that dnsguard changes",
				after->owner, dg_type_text(after->type, type));
		}
		if (after->ttl > p->ops->limits.ttl_max || after->n > DG_RDATA_MAX) {
			return dg_fail(err, DG_EPOLICY,
				"%s %s: TTL %u and %zu records; at most %u and %u", after->owner,
				dg_type_text(after->type, type), (unsigned)after->ttl, after->n,
				DG_TTL_MAX, DG_RDATA_MAX);
		}
	}
	return 0;
}

static void apply_done(struct job *j, enum dg_outcome outcome)
{
	struct dg_apply *a = j->apply;

	if (a->err.pos.line > 0) {
		a->err.pos.file = j->path; /* the scanner's copy is gone */
	}
	job_free(j);
	a->done(a, outcome);
}

static void on_reloaded(void *arg, int rc, const struct dg_err *err)
{
	struct job *j = arg;

	if (rc < 0) {
		(void)dg_fail(&j->apply->err, DG_EIO,
			"%s is written, but the reload failed, so name servers may still serve the "
			"old one: %s",
			j->path, err->text);
	}
	apply_done(j, rc < 0 ? DG_PARTIAL : DG_APPLIED);
}

static enum dg_outcome outcome_of(int rc)
{
	return rc == DG_ECONFLICT ? DG_CONFLICT : DG_NOT_APPLIED;
}

/* 0: *ret_outcome. 1: the file changed under our hands; again. */
static int write_text(struct job *j, const struct dg_disk *d, const struct dg_disk_text *old,
	const struct dg_buf *text, enum dg_outcome *ret_outcome)
{
	struct dg_apply *a = j->apply;
	bool is_written = false;
	int r = 0;

	*ret_outcome = DG_APPLIED;
	if (text->len == old->len && memcmp(text->data, old->data, old->len) == 0) {
		return 0;
	}
	r = a->is_dry_run ? dg_disk_check(d, &a->err)
			  : dg_disk_replace(d, old, text->data, text->len, &is_written, &a->err);
	if (r < 0) {
		*ret_outcome = is_written ? DG_UNKNOWN : outcome_of(r);
	}
	return r > 0 ? 1 : 0;
}

/* The lock is held. 0: *ret_outcome. 1: again. */
static int edit(struct job *j, const struct dg_disk *d, enum dg_outcome *ret_outcome)
{
	struct dg_apply *a = j->apply;
	const struct options *o = j->state->provider->opts;
	struct dg_arena *scratch dg_cleanup(dg_arena_freep) = dg_arena_new(SCRATCH_MAX);
	struct dg_disk_text old;
	struct dg_buf text;

	int r = dg_disk_read(d->path, DG_ZONEFILE_MAX, &old, &a->err);
	if (r < 0) {
		*ret_outcome = DG_NOT_APPLIED;
		return 0;
	}
	const struct dg_change_input in = {.zone = a->zone,
		.file = j->path,
		.text = old.data,
		.len = old.len,
		.swaps = a->swaps,
		.n_swaps = a->n_swaps,
		.scheme = (enum dg_serial_scheme)o->serial,
		.now = dg_loop_now(j->state->provider->loop)};
	dg_buf_init(&text, DG_ZONEFILE_MAX);
	r = dg_change_text(scratch, &in, &text, &a->err);
	if (r < 0) {
		*ret_outcome = outcome_of(r);
	} else {
		r = write_text(j, d, &old, &text, ret_outcome);
	}
	dg_buf_done(&text);
	dg_disk_text_done(&old);
	return r > 0 ? 1 : 0;
}

static enum dg_outcome edit_under_lock(struct job *j, const struct dg_disk *d)
{
	enum dg_outcome outcome = DG_NOT_APPLIED;

	for (int i = 0; i < EDIT_TRIES; i++) {
		if (edit(j, d, &outcome) == 0) {
			return outcome;
		}
	}
	(void)dg_fail(&j->apply->err, DG_EIO,
		"%s is being changed by somebody else, over and over; nothing was written",
		j->path);
	j->apply->err.retry_after_s = 1;
	return DG_NOT_APPLIED;
}

static void on_apply(void *arg)
{
	struct job *j = arg;
	struct dg_apply *a = j->apply;
	struct state *s = j->state;
	struct dg_disk d = {.folder = -1};

	j->timer = NULL;
	int r = j->path ? 0 : find_path(j, a->arena, a->zone, &a->err);
	r = r < 0 ? r : dg_disk_lock(a->arena, j->path, &d, &a->err);
	if (r > 0 && dg_loop_mono_ms(s->provider->loop) < j->until_ms) {
		j->timer = dg_loop_after_ms(s->provider->loop, LOCK_AGAIN_MS, on_apply, j);
		return;
	}
	if (r > 0) {
		r = dg_fail(&a->err, DG_EIO,
			"the folder of %s is locked by another program (flock); nothing was "
			"written",
			j->path);
		a->err.retry_after_s = 5;
	}
	if (r < 0) {
		apply_done(j, DG_NOT_APPLIED);
		return;
	}
	enum dg_outcome outcome = edit_under_lock(j, &d);
	dg_disk_unlock(&d);
	if (outcome == DG_APPLIED && s->reloader && !a->is_dry_run) {
		dg_reload(s->reloader, a->zone, j->path, on_reloaded, j);
		return;
	}
	apply_done(j, outcome);
}

static void zone_apply(struct dg_provider *p, struct dg_apply *a)
{
	struct job *j = job_new(p, a->deadline_ms);

	j->apply = a;
	j->timer = dg_loop_after_ms(p->loop, 0, on_apply, j);
}

const struct dg_provider_ops dg_provider_zonefile = {
	.name = "zonefile",
	.caps = DG_CAP_ATOMIC | DG_CAP_CAS | DG_CAP_WHOLE_ZONE,
	.limits = {.ttl_min = 0,
		.ttl_max = DG_TTL_MAX,
		.txt_max = 65535,
		.null_mx = DG_NULL_MX_ACCEPTED,
		.transaction = DG_TRANSACTION_SWAP,
		.verified_on = "2026-11-22 (BIND 9.18, Knot 3.2, NSD 4.6)"},
	.schema = &dg_schema_zonefile,
	.open = zone_open,
	.close = zone_close,
	.read = zone_read,
	.check = zone_check,
	.apply = zone_apply,
	.describe = zone_describe,
};
