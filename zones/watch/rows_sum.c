#include "zones/base/arena.h"
#include "zones/watch/rows_table.h"

#include <stdlib.h>
#include <string.h>

#define PREFIX4 24u
#define PREFIX6 48u

/* --- judging ---------------------------------------------------------------------------------- */
/* The order of a sealed table: by name, then source, then day. */
static int compare(const void *p, const void *q)
{
	const struct dg_rows_entry *x = p;
	const struct dg_rows_entry *y = q;
	int order = (x->name > y->name) - (x->name < y->name);

	order = order ? order : (x->is_ip6 > y->is_ip6) - (x->is_ip6 < y->is_ip6);
	order = order ? order : memcmp(x->octets, y->octets, sizeof(x->octets));
	order = order ? order : (x->day > y->day) - (x->day < y->day);
	return order ? order : (x->evidence > y->evidence) - (x->evidence < y->evidence);
}

void dg_rows_seal(struct dg_rows *r)
{
	r->n = r->n_sound;
	if (r->n > 0) {
		qsort(r->entries, r->n, sizeof(*r->entries), compare);
	}
	free(r->index);
	r->index = NULL;
	r->n_index = 0;
}

static bool is_of_one(const struct dg_rows_entry *x, const struct dg_rows_entry *y)
{
	return x->name == y->name && x->is_ip6 == y->is_ip6 &&
	       memcmp(x->octets, y->octets, sizeof(x->octets)) == 0;
}

bool dg_rows_next(const struct dg_rows *r, size_t *cursor, struct dg_rows_source *ret_source)
{
	size_t at = *cursor;

	if (at >= r->n) {
		return false;
	}
	const struct dg_rows_entry *e = &r->entries[at];
	const struct dg_rows_name *name = r->names[e->name];
	struct dg_rows_source s = {
		.name = name->text,
		.domain = r->names[name->org]->text,
		.address.is_ip6 = e->is_ip6,
		.at = at,
	};
	memcpy(s.address.octets, e->octets, sizeof(e->octets));
	for (; at + s.n < r->n && is_of_one(e, &e[s.n]); s.n++) {
		s.count += e[s.n].count;
	}
	*cursor = at + s.n;
	*ret_source = s;
	return true;
}

static uint8_t provider_of(struct dg_rows *r, const char *provider)
{
	for (size_t i = 1; provider && i <= r->n_providers; i++) {
		if (strcmp(r->providers[i], provider) == 0) {
			return (uint8_t)i;
		}
	}
	if (!provider || r->n_providers == DG_ROWS_PROVIDERS_MAX) {
		return 0;
	}
	r->providers[++r->n_providers] = provider;
	return (uint8_t)r->n_providers;
}

void dg_rows_judge(struct dg_rows *r, const struct dg_rows_source *source,
	enum dg_rows_standing standing, const char *provider)
{
	uint8_t at = provider_of(r, provider);

	for (size_t i = 0; i < source->n; i++) {
		r->entries[source->at + i].standing = (uint8_t)standing;
		r->entries[source->at + i].provider = at;
	}
}

enum dg_rows_class dg_rows_class_of(const struct dg_rows_entry *e)
{
	bool passes = e->evidence & (DG_ROWS_DKIM | DG_ROWS_SPF);

	switch ((enum dg_rows_standing)e->standing) {
	case DG_ROWS_OWN:
		return passes ? DG_ROWS_CLASS_OWN : DG_ROWS_CLASS_OWN_FAILING;
	case DG_ROWS_SHARED:
		return passes ? DG_ROWS_CLASS_PROVIDER : DG_ROWS_CLASS_PROVIDER_FAILING;
	case DG_ROWS_FOREIGN:
	case DG_ROWS_UNKNOWN:
		break;
	}
	bool is_foreign = e->standing == DG_ROWS_FOREIGN;
	if (passes) {
		return is_foreign && !(e->evidence & DG_ROWS_SPF) ? DG_ROWS_CLASS_FORWARDED
								  : DG_ROWS_CLASS_OTHER;
	}
	if (e->evidence & DG_ROWS_PASSED_ON) {
		return DG_ROWS_CLASS_FORWARDED_FAILING;
	}
	return is_foreign && !(e->evidence & DG_ROWS_SIGNED) ? DG_ROWS_CLASS_FORGED
							     : DG_ROWS_CLASS_UNDECIDED;
}

/* --- sums ------------------------------------------------------------------------------------- */
struct total {
	uint16_t org;
	uint64_t count;
	size_t n;
};

static int by_count(const void *p, const void *q)
{
	const struct total *x = p;
	const struct total *y = q;
	int order = (x->count < y->count) - (x->count > y->count);

	return order ? order : (x->org > y->org) - (x->org < y->org);
}

static bool find_org(const struct dg_rows *r, struct dg_arena *a, size_t i, struct total *ret)
{
	struct total *totals = dg_newn(a, struct total, r->n_names);
	size_t n = 0;

	for (size_t k = 0; k < r->n; k++) {
		struct total *t = &totals[r->names[r->entries[k].name]->org];
		t->org = r->names[r->entries[k].name]->org;
		t->count += r->entries[k].count;
		t->n++;
	}
	for (size_t k = 0; k < r->n_names; k++) {
		if (totals[k].n > 0) {
			totals[n++] = totals[k];
		}
	}
	qsort(totals, n, sizeof(*totals), by_count);
	if (i < n) {
		*ret = totals[i];
	}
	return i < n;
}

struct item { /* what of an entry its network is made of */
	struct dg_address network;
	const struct dg_rows_entry *entry;
	uint8_t class;
};

static int by_network(const void *p, const void *q)
{
	const struct item *x = p;
	const struct item *y = q;
	int order = (x->class > y->class) - (x->class < y->class);

	order = order ? order
		      : (x->entry->provider > y->entry->provider) -
				(x->entry->provider < y->entry->provider);
	order = order ? order
		      : (x->network.is_ip6 > y->network.is_ip6) -
				(x->network.is_ip6 < y->network.is_ip6);
	order = order ? order : memcmp(x->network.octets, y->network.octets, 16);
	return order ? order : memcmp(x->entry->octets, y->entry->octets, 16);
}

static struct dg_address network_of(const struct dg_rows_entry *e)
{
	struct dg_address net = {.is_ip6 = e->is_ip6};

	memcpy(net.octets, e->octets, (e->is_ip6 ? PREFIX6 : PREFIX4) / 8);
	return net;
}

static bool is_of_network(const struct item *x, const struct item *y)
{
	return x->class == y->class && x->entry->provider == y->entry->provider &&
	       x->network.is_ip6 == y->network.is_ip6 &&
	       memcmp(x->network.octets, y->network.octets, 16) == 0;
}

static struct dg_rows_network begin_network(const struct dg_rows *r, const struct item *i)
{
	return (struct dg_rows_network){
		.address = i->network,
		.prefix = i->entry->is_ip6 ? PREFIX6 : PREFIX4,
		.class = (enum dg_rows_class)i->class,
		.provider = i->entry->provider ? r->providers[i->entry->provider] : NULL,
		.first = i->entry->day,
		.last = i->entry->day,
	};
}

static void add_to_network(struct dg_rows_network *net, const struct dg_rows_entry *e, bool is_new)
{
	net->count += e->count;
	net->n_refused += e->refused;
	net->n_sources += is_new;
	net->has_dkim |= (e->evidence & DG_ROWS_DKIM) != 0;
	net->has_spf |= (e->evidence & DG_ROWS_SPF) != 0;
	net->first = e->day < net->first ? e->day : net->first;
	net->last = e->day > net->last ? e->day : net->last;
}

static int by_weight(const void *p, const void *q)
{
	const struct dg_rows_network *x = p;
	const struct dg_rows_network *y = q;
	int order = (x->count < y->count) - (x->count > y->count);

	order = order ? order : (x->class > y->class) - (x->class < y->class);
	return order ? order : memcmp(x->address.octets, y->address.octets, 16);
}

/* A network of one source is shown as that source. */
static void end_network(struct dg_rows_network *net, const struct dg_rows_entry *last)
{
	if (net->n_sources == 1) {
		memcpy(net->address.octets, last->octets, sizeof(last->octets));
		net->prefix = last->is_ip6 ? 128 : 32;
	}
}

static void sum_networks(const struct dg_rows *r, struct dg_arena *a, struct item *items, size_t n,
	struct dg_rows_sum *s)
{
	qsort(items, n, sizeof(*items), by_network);
	s->networks = dg_newn(a, struct dg_rows_network, n);
	for (size_t i = 0; i < n; i++) {
		bool is_next = i == 0 || !is_of_network(&items[i - 1], &items[i]);
		bool is_new = is_next ||
			      memcmp(items[i - 1].entry->octets, items[i].entry->octets, 16) != 0;

		if (is_next && i > 0) {
			end_network(&s->networks[s->n_networks - 1], items[i - 1].entry);
		}
		if (is_next) {
			s->networks[s->n_networks++] = begin_network(r, &items[i]);
		}
		add_to_network(&s->networks[s->n_networks - 1], items[i].entry, is_new);
	}
	end_network(&s->networks[s->n_networks - 1], items[n - 1].entry);
	qsort(s->networks, s->n_networks, sizeof(*s->networks), by_weight);
}

static int by_day(const void *p, const void *q)
{
	const struct item *x = p;
	const struct item *y = q;

	return (x->entry->day > y->entry->day) - (x->entry->day < y->entry->day);
}

static bool is_sent(uint8_t class)
{
	return class == DG_ROWS_CLASS_OWN || class == DG_ROWS_CLASS_OWN_FAILING ||
	       class == DG_ROWS_CLASS_PROVIDER || class == DG_ROWS_CLASS_FORWARDED ||
	       class == DG_ROWS_CLASS_OTHER;
}

static void sum_days(struct dg_arena *a, struct item *items, size_t n, struct dg_rows_sum *s)
{
	qsort(items, n, sizeof(*items), by_day);
	s->days = dg_newn(a, struct dg_rows_day, n);
	s->sent_last = -1;
	s->first = items[0].entry->day;
	for (size_t i = 0; i < n; i++) {
		const struct dg_rows_entry *e = items[i].entry;

		if (s->n_days == 0 || s->days[s->n_days - 1].day != e->day) {
			s->days[s->n_days++].day = e->day;
		}
		s->days[s->n_days - 1].n[items[i].class] += e->count;
		s->n[items[i].class] += e->count;
		s->n_all += e->count;
		s->n_fail += e->evidence & (DG_ROWS_DKIM | DG_ROWS_SPF) ? 0 : e->count;
		s->n_refused += e->refused;
		s->last = e->day;
		s->sent_last = is_sent(items[i].class) ? e->day : s->sent_last;
	}
}

bool dg_rows_sum(const struct dg_rows *r, struct dg_arena *a, size_t i, struct dg_rows_sum *ret_sum)
{
	struct total t;

	if (!find_org(r, a, i, &t)) {
		return false;
	}
	struct item *items = dg_newn(a, struct item, t.n);
	const struct dg_rows_name *org = r->names[t.org];
	struct dg_rows_sum s = {.domain = org->text};
	size_t n = 0;
	uint16_t last = UINT16_MAX;

	for (size_t k = 0; k < r->n; k++) {
		const struct dg_rows_entry *e = &r->entries[k];
		if (r->names[e->name]->org == t.org) {
			items[n++] = (struct item){network_of(e), e, (uint8_t)dg_rows_class_of(e)};
			s.n_names += e->name != last;
			last = e->name;
		}
	}
	sum_networks(r, a, items, n, &s);
	sum_days(a, items, n, &s);
	s.n_reporters = (uint64_t)(dg_distinct_count(&org->reporters) + 0.5);
	s.n_forged_reporters = (uint64_t)(dg_distinct_count(&org->forged_reporters) + 0.5);
	*ret_sum = s;
	return true;
}
