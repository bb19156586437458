#include "zones/base/buf.h"
#include "zones/watch/rows.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

struct words {
	const char *text, *shown;
};

static const struct words classes[DG_ROWS_CLASSES] = {
	[DG_ROWS_CLASS_OWN] = {"own", "yours, in order"},
	[DG_ROWS_CLASS_OWN_FAILING] = {"own-failing", "yours, but fails: SPF and DKIM not aligned"},
	[DG_ROWS_CLASS_PROVIDER] = {"provider", "yours, through a shared provider"},
	[DG_ROWS_CLASS_PROVIDER_FAILING] = {"provider-failing",
		"shared provider, fails: yours, or another customer's"},
	[DG_ROWS_CLASS_FORWARDED] = {"forwarded", "signed by you, sent on by others"},
	[DG_ROWS_CLASS_FORWARDED_FAILING] = {"forwarded-failing", "forwarded or a list, fails"},
	[DG_ROWS_CLASS_OTHER] = {"other", "passes, but not known as yours"},
	[DG_ROWS_CLASS_FORGED] = {"forged", "forged"},
	[DG_ROWS_CLASS_UNDECIDED] = {"undecided", "fails: forged, or changed on the way"},
};

const char *dg_rows_class_text(enum dg_rows_class c)
{
	return classes[c].text;
}

/* "2026-11-22", of the proleptic Gregorian calendar. */
static const char *day_text(int64_t day, char buf[16])
{
	int64_t z = day + 719468;
	int64_t era = z / 146097;
	int64_t of_era = z - era * 146097;
	int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
	int64_t m = (5 * of_year + 2) / 153;
	struct dg_buf b;

	dg_buf_init(&b, 15);
	dg_buf_printf(&b, "%04d-%02d-%02d", (int)(year + era * 400 + (m >= 10)),
		(int)(m < 10 ? m + 3 : m - 9), (int)(of_year - (153 * m + 2) / 5 + 1));
	memcpy(buf, b.data, b.len + 1);
	dg_buf_done(&b);
	return buf;
}

static void put_name(struct dg_buf *b, const char *name)
{
	size_t len = strlen(name);

	dg_buf_put_safe(b, name, len > 1 ? len - 1 : len);
}

static const char *source_text(const struct dg_rows_network *n, char buf[DG_ADDRESS_TEXT_MAX + 8])
{
	struct dg_buf b;

	dg_buf_init(&b, DG_ADDRESS_TEXT_MAX + 7);
	dg_address_print(&b, &n->address);
	if (n->n_sources != 1) {
		dg_buf_printf(&b, "/%u", n->prefix);
	}
	memcpy(buf, b.data, b.len + 1);
	dg_buf_done(&b);
	return buf;
}

static unsigned percent(uint64_t part, uint64_t all)
{
	return all ? (unsigned)((100 * part + all / 2) / all) : 0;
}

static void put_count(struct dg_buf *b, uint64_t n, const char *one, const char *many)
{
	dg_buf_printf(b, "%llu %s", (unsigned long long)n, n == 1 ? one : many);
}

/* --- text ------------------------------------------------------------------------------------- */
static void put_network(struct dg_buf *b, const struct dg_rows_network *n)
{
	char source[DG_ADDRESS_TEXT_MAX + 8];
	char first[16];
	char last[16];

	dg_buf_printf(b, "  %-24s %9llu  %-4s  %s .. %s  %s", source_text(n, source),
		(unsigned long long)n->count,
		n->has_dkim && n->has_spf ? "both"
		: n->has_dkim             ? "DKIM"
		: n->has_spf              ? "SPF"
					  : "-",
		day_text(n->first, first), day_text(n->last, last), classes[n->class].shown);
	if (n->provider) {
		dg_buf_puts(b, " (");
		dg_buf_put_safe(b, n->provider, strlen(n->provider));
		dg_buf_putc(b, ')');
	}
	if (n->n_sources > 1) {
		dg_buf_printf(b, ", %llu addresses", (unsigned long long)n->n_sources);
	}
	dg_buf_putc(b, '\n');
}

static void put_networks(struct dg_buf *b, const struct dg_rows_sum *s, size_t max)
{
	size_t n = max > 0 && max < s->n_networks ? max : s->n_networks;
	uint64_t rest = 0;

	dg_buf_printf(b, "  %-24s %9s  %-4s  %-24s  %s\n", "source", "messages", "pass",
		"first and last day", "what it is");
	for (size_t i = 0; i < n; i++) {
		put_network(b, &s->networks[i]);
	}
	for (size_t i = n; i < s->n_networks; i++) {
		rest += s->networks[i].count;
	}
	if (n < s->n_networks) {
		dg_buf_printf(b, "  and %zu more with %llu messages (--verbose shows all)\n",
			s->n_networks - n, (unsigned long long)rest);
	}
}

static uint64_t maybe_genuine(const struct dg_rows_sum *s)
{
	return s->n[DG_ROWS_CLASS_PROVIDER_FAILING] + s->n[DG_ROWS_CLASS_FORWARDED_FAILING] +
	       s->n[DG_ROWS_CLASS_UNDECIDED];
}

static void put_reject(struct dg_buf *b, const struct dg_rows_sum *s)
{
	uint64_t own = s->n[DG_ROWS_CLASS_OWN_FAILING];

	dg_buf_printf(b, "  p=reject asks to refuse %llu of them (%u %%): forged %llu",
		(unsigned long long)s->n_fail, percent(s->n_fail, s->n_all),
		(unsigned long long)s->n[DG_ROWS_CLASS_FORGED]);
	dg_buf_printf(b, ", yours %llu, perhaps genuine %llu\n", (unsigned long long)own,
		(unsigned long long)maybe_genuine(s));
	if (s->n_refused > 0) {
		dg_buf_printf(b, "  receivers refused or quarantined %llu\n",
			(unsigned long long)s->n_refused);
	}
}

static void put_advice(struct dg_buf *b, const struct dg_rows_sum *s)
{
	uint64_t own = s->n[DG_ROWS_CLASS_OWN_FAILING];
	uint64_t forged = s->n[DG_ROWS_CLASS_FORGED];

	dg_buf_puts(b, "  ");
	if (own > 0) {
		dg_buf_puts(b, "first: make your own servers pass (sign by DKIM with the domain in "
			       "From, or send with it in MAIL FROM)");
		dg_buf_puts(b, forged > 0 ? "; then p=reject stops what is forged\n"
					  : "; until then p=reject would cost that mail\n");
	} else if (maybe_genuine(s) > 0) {
		dg_buf_puts(b,
			"first: find out what fails and is not surely forged; p=reject would "
			"cost none of the mail seen here that is surely yours\n");
	} else if (forged > 0) {
		dg_buf_puts(b, "p=reject would cost none of the mail seen here that is yours\n");
	} else {
		dg_buf_puts(b, "nothing here is forged for sure, and none of your servers fails\n");
	}
	if (forged > 0 && s->n_forged_reporters < 2) {
		dg_buf_puts(b, "  only one organisation reports forged mail: reports can be made "
			       "up, look at another day too\n");
	}
}

void dg_rows_print(struct dg_buf *b, const struct dg_rows_sum *s, size_t max)
{
	char first[16];
	char last[16];

	put_name(b, s->domain);
	dg_buf_puts(b, ": ");
	put_count(b, s->n_all, "message", "messages");
	dg_buf_puts(b, " in its name, told by ");
	put_count(b, s->n_reporters, "organisation", "organisations");
	dg_buf_printf(b, ", %s to %s\n", day_text(s->first, first), day_text(s->last, last));
	put_networks(b, s, max);
	put_reject(b, s);
	put_advice(b, s);
}

/* --- JSON ------------------------------------------------------------------------------------- */
static json_t *json_counts(const uint64_t n[DG_ROWS_CLASSES])
{
	json_t *o = json_object();

	for (size_t c = 0; c < DG_ROWS_CLASSES; c++) {
		(void)json_object_set_new(o, classes[c].text, json_integer((json_int_t)n[c]));
	}
	return o;
}

static json_t *json_networks(const struct dg_rows_sum *s)
{
	json_t *list = json_array();
	char source[DG_ADDRESS_TEXT_MAX];
	char first[16];
	char last[16];

	for (size_t i = 0; i < s->n_networks; i++) {
		const struct dg_rows_network *n = &s->networks[i];
		(void)json_array_append_new(
			list, json_pack("{s:s, s:i, s:s, s:s?, s:I, s:I, s:I, s:b, s:b, s:s, s:s}",
				      "network", dg_address_text(&n->address, source), "prefix",
				      (int)n->prefix, "class", classes[n->class].text, "provider",
				      n->provider, "messages", (json_int_t)n->count, "refused",
				      (json_int_t)n->n_refused, "addresses",
				      (json_int_t)n->n_sources, "has_dkim_pass", (int)n->has_dkim,
				      "has_spf_pass", (int)n->has_spf, "first",
				      day_text(n->first, first), "last", day_text(n->last, last)));
	}
	return list;
}

static json_t *json_days(const struct dg_rows_sum *s)
{
	json_t *list = json_array();
	char day[16];

	for (size_t i = 0; i < s->n_days; i++) {
		(void)json_array_append_new(
			list, json_pack("{s:s, s:o}", "day", day_text(s->days[i].day, day),
				      "messages", json_counts(s->days[i].n)));
	}
	return list;
}

void dg_rows_json(struct dg_buf *b, const struct dg_rows_sum *s)
{
	char first[16];
	char last[16];
	char sent[16];
	json_t *o = json_pack("{s:s, s:s#, s:I, s:o, s:I, s:I, s:I, s:I, s:I}", "type", "reports",
		"domain", s->domain, strlen(s->domain) - (strlen(s->domain) > 1), "messages",
		(json_int_t)s->n_all, "by_class", json_counts(s->n), "fail", (json_int_t)s->n_fail,
		"refused", (json_int_t)s->n_refused, "names", (json_int_t)s->n_names, "reporters",
		(json_int_t)s->n_reporters, "forged_reporters", (json_int_t)s->n_forged_reporters);

	(void)json_object_set_new(o, "first", json_string(day_text(s->first, first)));
	(void)json_object_set_new(o, "last", json_string(day_text(s->last, last)));
	(void)json_object_set_new(o, "sent_last",
		s->sent_last >= 0 ? json_string(day_text(s->sent_last, sent)) : json_null());
	(void)json_object_set_new(o, "networks", json_networks(s));
	(void)json_object_set_new(o, "days", json_days(s));
	char *text = json_dumps(o, JSON_COMPACT);
	dg_buf_puts(b, text ? text : "{}");
	free(text);
	json_decref(o);
}
