/* Images of what is watched, and back. */
#include "zones/watch/watched.h"

#include "zones/base/buf.h"
#include "zones/base/digest.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MAGIC       "DGW2"
#define MAGIC_LEN   4u
#define DIGEST_LEN  8u
#define TIME_MAX    ((uint64_t)1 << 52) /* Unix milliseconds */
#define GENUINE_MAX 1e9

/* --- out ---------------------------------------------------------------------------------------------------- */
static void put(struct dg_buf *b, uint64_t v, unsigned n_octets)
{
	for (unsigned i = 0; i < n_octets; i++) {
		dg_buf_putc(b, (char)(v >> (8 * i)));
	}
}

static void put_double(struct dg_buf *b, double v)
{
	uint64_t bits;

	memcpy(&bits, &v, sizeof(bits));
	put(b, bits, 8);
}

static void put_float(struct dg_buf *b, float v)
{
	uint32_t bits;

	memcpy(&bits, &v, sizeof(bits));
	put(b, bits, 4);
}

static void put_heavy(struct dg_buf *b, const struct dg_heavy *h)
{
	for (unsigned i = 0; i < DG_HEAVY_ITEMS; i++) {
		put(b, h->items[i].what, 8);
		put(b, h->items[i].count, 4);
		put(b, h->items[i].error, 4);
	}
}

static void put_heat(struct dg_buf *b, const struct dg_heat *h)
{
	put(b, h != NULL, 1);
	if (!h) {
		return;
	}
	put(b, (uint64_t)h->since_ms, 8);
	put(b, h->n_own, 4);
	put(b, h->n_unknown, 4);
	put(b, h->n_foreign, 4);
	dg_buf_put(b, h->recipients.cells, sizeof(h->recipients.cells));
	dg_buf_put(b, h->reporters.cells, sizeof(h->reporters.cells));
	put_heavy(b, &h->by_reporter);
	put_heavy(b, &h->by_recipient);
}

static void put_senders(struct dg_buf *b, const struct dg_senders *s)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < s->n; i++) {
		n += s->slots[i].key != 0;
	}
	put(b, s->n, 4);
	put(b, n, 4);
	for (uint32_t i = 0; i < s->n; i++) {
		if (s->slots[i].key != 0) {
			put(b, s->slots[i].key, 4);
			put(b, s->slots[i].at_s, 4);
			put_float(b, s->slots[i].credit);
		}
	}
}

static void put_account(struct dg_buf *b, const struct dg_account *x)
{
	dg_buf_put(b, x->user, sizeof(x->user));
	put(b, (uint64_t)x->since_ms, 8);
	put(b, (uint64_t)x->at_ms, 8);
	put_double(b, x->hour);
	put_double(b, x->usual);
	put_double(b, x->places);
	for (unsigned i = 0; i < DG_ABUSE_NETWORKS; i++) {
		put(b, x->networks[i], 4);
	}
	put(b, x->n_networks, 4);
}

static void put_abuse(struct dg_buf *b, const struct dg_abuse *a)
{
	put(b, a != NULL, 1);
	if (!a) {
		return;
	}
	for (unsigned i = 0; i < DG_ABUSE_ACCOUNTS; i++) {
		put_account(b, &a->accounts[i]);
	}
	put(b, (uint64_t)a->since_ms, 8);
	put(b, (uint64_t)a->at_ms, 8);
	put_double(b, a->sent);
	put_double(b, a->bounced);
	put_double(b, a->usual);
	put(b, (uint64_t)a->first_day, 8);
	put(b, (uint64_t)a->day, 8);
	put_double(b, a->day_count);
	put_double(b, a->busiest);
	put(b, a->day_org, 8);
	put(b, a->has_two, 1);
}

void dg_watched_encode(const struct dg_watched *w, struct dg_buf *b)
{
	static const struct dg_senders none;
	const struct dg_detector *d = &w->detector;
	uint8_t digest[DG_DIGEST_LEN];
	size_t from = b->len;

	dg_buf_put(b, MAGIC, MAGIC_LEN);
	put(b, (uint64_t)d->enrolled_ms, 8);
	put(b, (uint64_t)d->last_ms, 8);
	put_double(b, d->score);
	put_double(b, d->rate);
	put_float(b, d->learned);
	put_float(b, d->own);
	put_float(b, d->unknown);
	put_float(b, d->foreign);
	put(b, d->frozen_s, 4);
	put(b, d->raised_s, 4);
	put(b, d->low_s, 4);
	put(b, d->level, 1);
	put(b, w->level, 1);
	put_double(b, (double)w->genuine);
	put(b, (uint64_t)w->genuine_ms, 8);
	put(b, (uint64_t)(w->more ? w->more->sent_ms : 0), 8);
	put_heat(b, dg_watched_heat(w));
	put_senders(b, w->more ? &w->more->senders : &none);
	put_abuse(b, dg_watched_abuse(w));
	dg_digest(b->data + from, b->len - from, digest);
	dg_buf_put(b, digest, DIGEST_LEN);
}

/* --- in ----------------------------------------------------------------------------------------------------- */
struct reading {
	const uint8_t *p, *end;
	bool is_bad; /* too short, or a value that cannot be */
};

static uint64_t get(struct reading *r, unsigned n_octets)
{
	uint64_t v = 0;

	if ((size_t)(r->end - r->p) < n_octets) {
		r->is_bad = true;
		return 0;
	}
	for (unsigned i = 0; i < n_octets; i++) {
		v |= (uint64_t)r->p[i] << (8 * i);
	}
	r->p += n_octets;
	return v;
}

/* A time that can be reckoned with. */
static int64_t get_ms(struct reading *r)
{
	uint64_t v = get(r, 8);

	r->is_bad = r->is_bad || v > TIME_MAX;
	return (int64_t)v;
}

static double get_double(struct reading *r)
{
	uint64_t bits = get(r, 8);
	double v;

	memcpy(&v, &bits, sizeof(v));
	r->is_bad = r->is_bad || !isfinite(v) || v < 0;
	return v;
}

static float get_float(struct reading *r)
{
	uint32_t bits = (uint32_t)get(r, 4);
	float v;

	memcpy(&v, &bits, sizeof(v));
	r->is_bad = r->is_bad || !isfinite(v) || v < 0;
	return v;
}

static void get_octets(struct reading *r, uint8_t *to, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		to[i] = (uint8_t)get(r, 1);
		r->is_bad = r->is_bad || to[i] > 64;
	}
}

static void get_heavy(struct reading *r, struct dg_heavy *h)
{
	for (unsigned i = 0; i < DG_HEAVY_ITEMS; i++) {
		h->items[i].what = get(r, 8);
		h->items[i].count = (uint32_t)get(r, 4);
		h->items[i].error = (uint32_t)get(r, 4);
	}
}

static struct dg_heat *get_heat(struct reading *r)
{
	if (get(r, 1) == 0) {
		return NULL;
	}
	struct dg_heat *h = calloc(1, sizeof(*h));
	if (!h) {
		abort();
	}
	h->since_ms = get_ms(r);
	h->n_own = (uint32_t)get(r, 4);
	h->n_unknown = (uint32_t)get(r, 4);
	h->n_foreign = (uint32_t)get(r, 4);
	get_octets(r, h->recipients.cells, sizeof(h->recipients.cells));
	get_octets(r, h->reporters.cells, sizeof(h->reporters.cells));
	get_heavy(r, &h->by_reporter);
	get_heavy(r, &h->by_recipient);
	return h;
}

static void get_senders(struct reading *r, struct dg_senders *s)
{
	uint32_t size = (uint32_t)get(r, 4);
	uint32_t n = (uint32_t)get(r, 4);

	r->is_bad = r->is_bad || size > DG_SENDERS_MAX || n > size || (size & (size - 1)) != 0 ||
		    (size != 0 && size < DG_SENDERS_WAYS);
	if (r->is_bad || size == 0) {
		return;
	}
	struct dg_senders read = {.slots = calloc(size, sizeof(*read.slots)), .n = size};
	if (!read.slots) {
		abort();
	}
	for (uint32_t i = 0; i < n; i++) {
		read.slots[i].key = (uint32_t)get(r, 4);
		read.slots[i].at_s = (uint32_t)get(r, 4);
		read.slots[i].credit = get_float(r);
	}
	dg_senders_size(&read, size); /* each into its set */
	*s = read;
}

static void get_account(struct reading *r, struct dg_account *x)
{
	for (unsigned i = 0; i < DG_ABUSE_USER; i++) {
		x->user[i] = (char)get(r, 1);
	}
	x->user[DG_ABUSE_USER - 1] = '\0';
	x->since_ms = get_ms(r);
	x->at_ms = get_ms(r);
	x->hour = get_double(r);
	x->usual = get_double(r);
	x->places = get_double(r);
	for (unsigned i = 0; i < DG_ABUSE_NETWORKS; i++) {
		x->networks[i] = (uint32_t)get(r, 4);
	}
	x->n_networks = (uint32_t)get(r, 4);
}

static struct dg_abuse *get_abuse(struct reading *r)
{
	if (get(r, 1) == 0) {
		return NULL;
	}
	struct dg_abuse *a = calloc(1, sizeof(*a));
	if (!a) {
		abort();
	}
	for (unsigned i = 0; i < DG_ABUSE_ACCOUNTS; i++) {
		get_account(r, &a->accounts[i]);
	}
	a->since_ms = get_ms(r);
	a->at_ms = get_ms(r);
	a->sent = get_double(r);
	a->bounced = get_double(r);
	a->usual = get_double(r);
	a->first_day = get_ms(r);
	a->day = get_ms(r);
	a->day_count = get_double(r);
	a->busiest = get_double(r);
	a->day_org = get(r, 8);
	a->has_two = get(r, 1) != 0;
	return a;
}

static void get_detector(struct reading *r, struct dg_detector *d)
{
	d->enrolled_ms = get_ms(r);
	d->last_ms = get_ms(r);
	d->score = get_double(r);
	d->rate = get_double(r);
	d->learned = get_float(r);
	d->own = get_float(r);
	d->unknown = get_float(r);
	d->foreign = get_float(r);
	d->frozen_s = (uint32_t)get(r, 4);
	d->raised_s = (uint32_t)get(r, 4);
	d->low_s = (uint32_t)get(r, 4);
	d->level = (uint8_t)get(r, 1);
	r->is_bad = r->is_bad || d->level > DG_ALARM_ALARM;
}

static bool is_sound(const uint8_t *image, size_t len)
{
	uint8_t digest[DG_DIGEST_LEN];

	if (len < MAGIC_LEN + DIGEST_LEN || len > DG_WATCHED_IMAGE_MAX ||
		memcmp(image, MAGIC, MAGIC_LEN) != 0) {
		return false;
	}
	dg_digest(image, len - DIGEST_LEN, digest);
	return memcmp(image + len - DIGEST_LEN, digest, DIGEST_LEN) == 0;
}

/* Most names have none of it. */
static void keep_more(struct dg_watched *w, const struct dg_watched_more *more)
{
	if (more->heat || more->senders.slots || more->sent_ms != 0 || more->abuse) {
		w->more = malloc(sizeof(*w->more));
		if (!w->more) {
			abort();
		}
		*w->more = *more;
	}
}

int dg_watched_decode(struct dg_watched *w, const void *image, size_t len)
{
	if (!is_sound(image, len)) {
		return 1;
	}
	struct reading r = {.p = (const uint8_t *)image + MAGIC_LEN,
		.end = (const uint8_t *)image + len - DIGEST_LEN};
	struct dg_watched read = {.name = w->name, .zone = w->zone, .user = w->user};
	struct dg_watched_more more = {0};

	get_detector(&r, &read.detector);
	uint64_t level = get(&r, 1);
	double genuine = get_double(&r);
	read.genuine_ms = get_ms(&r);
	more.sent_ms = get_ms(&r);
	more.heat = get_heat(&r);
	get_senders(&r, &more.senders);
	more.abuse = get_abuse(&r);
	keep_more(&read, &more);
	read.genuine = genuine < GENUINE_MAX ? (float)genuine : (float)GENUINE_MAX;
	if (r.is_bad || r.p != r.end || level > DG_ALARM_ALARM) {
		dg_watched_done(&read);
		return 1;
	}
	read.level = (enum dg_alarm)level;
	*w = read;
	return 0;
}
