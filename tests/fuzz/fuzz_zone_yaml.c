/* Any text as a zone.yaml: read, then made into what it wants, in every stage. The loader's bounds hold: an arena that would
 * pass its cap ends the process. */
#include "zones/base/arena.h"
#include "zones/base/err.h"
#include "zones/policy/load.h"
#include "zones/policy/want.h"
#include "zones/record/name.h"
#include "zones/record/zone.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define ARENA_MAX (256u << 20)
#define ZONES_MAX 64
#define WANT_MAX  200u /* mail names and silent names: more make the run slow and find nothing new */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct opts {
	struct dg_endpoint server;
	struct dg_strings names;
	struct dg_endpoints others;
	const char *path, *key_name, *secret_file;
	uint32_t batch, wait;
	bool strict;
};

/* clang-format off */
static const struct dg_field fields[] = {
	DG_FIELD_HOST(struct opts, server, .is_required = true),
	DG_FIELD_STRINGS(struct opts, names, 1, 10, .dflt = "a"),
	DG_FIELD_HOSTS(struct opts, others, .dflt = "a"),
	DG_FIELD_PATH(struct opts, path, .dflt = "a"),
	DG_FIELD_NAME(struct opts, key_name, .dflt = "a"),
	DG_FIELD_SECRET(struct opts, secret_file, .dflt = "a"),
	DG_FIELD_U32(struct opts, batch, 1, 10, .dflt = "3"),
	DG_FIELD_DURATION(struct opts, wait, 1, 100, .dflt = "5s"),
	DG_FIELD_BOOL(struct opts, strict, .dflt = "false"),
};
/* clang-format on */
static const struct dg_schema schema = {.name = "fake",
	.size = sizeof(struct opts),
	.fields = fields,
	.n_fields = sizeof(fields) / sizeof(fields[0])};
static const struct dg_schema *const providers[] = {&schema, NULL};

/* NOLINTNEXTLINE(readability-function-size): the reader's own shape */
static int read_key(void *arg, struct dg_arena *a, const char *path, size_t max,
	const char **ret_data, size_t *ret_len, struct dg_err *err)
{
	(void)arg;
	(void)max;
	(void)err;
	*ret_data = dg_printf(a, "v=DKIM1; p=%s", path);
	*ret_len = strlen(*ret_data);
	return 0;
}

/* Hosts, a cut, an alias, a wildcard and a null MX, so that all notes are reached. */
static struct dg_zone *zone_of(struct dg_arena *a, const struct dg_policy *p, bool is_complete)
{
	static const struct {
		const char *label;
		uint16_t type;
		const char *text;
	} sets[] = {{"www", DG_TYPE_A, "192.0.2.1"}, {"mx1", DG_TYPE_A, "192.0.2.2"},
		{"sub", DG_TYPE_NS, "ns.example."}, {"alias", DG_TYPE_CNAME, "www"},
		{"*", DG_TYPE_A, "192.0.2.3"}, {"old", DG_TYPE_MX, "0 ."},
		{"list", DG_TYPE_MX, "10 mx1"}};
	struct dg_zone *z = dg_zone_new(a, p->zone);
	struct dg_err err;

	for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]); i++) {
		struct dg_rdata *rd = dg_new(a, struct dg_rdata);
		const char *owner = NULL;

		if (dg_name_join(a, sets[i].label, p->zone, &owner, &err) == 0 &&
			dg_rdata_parse(a, sets[i].type, sets[i].text, strlen(sets[i].text), p->zone,
				rd, &err) == 0) {
			struct dg_rrset set = dg_rrset_make(owner, sets[i].type, 300, rd, 1);

			dg_zone_add(z, &set);
		}
	}
	z->is_complete = is_complete;
	dg_zone_seal(z);
	return z;
}

static void want(const struct dg_policy *p, const struct dg_name_state *state, bool is_complete)
{
	struct dg_arena *a = dg_arena_new(ARENA_MAX);
	struct dg_zone *have = zone_of(a, p, is_complete);
	struct dg_want *w = NULL;
	struct dg_rrkey *keys = NULL;
	struct dg_note *notes = NULL;
	struct dg_err err = {0};
	size_t n = 0;
	int r = dg_want_make(a, p, have, state, 1, &w, &err);

	assert(r == 0 ? w != NULL : r < 0 && err.text[0] != '\0');
	dg_want_keys(a, p, &keys, &n);
	dg_split_hazards(a, p, state->name, have, &notes, &n);
	dg_arena_free(a);
}

/* Every stage of the first mail name; a split also at the last of its labels, with and without the ones before it. */
static void want_all(const struct dg_policy *p)
{
	const struct dg_split_spec *split = p->n_mail > 0 ? p->mail[0].split : NULL;
	unsigned last = split ? (unsigned)dg_split_n_labels(split) - 1 : 0;
	struct dg_name_state s = {.name = p->n_mail > 0 ? p->mail[0].name : p->zone};

	for (int stage = DG_STAGE_CALM; stage <= DG_STAGE_PROBING; stage++) {
		s.stage = (enum dg_name_stage)stage;
		s.label = s.retired = 0;
		want(p, &s, stage != DG_STAGE_ARMED);
		for (s.label = last; last > 0 && s.retired <= last; s.retired += last) {
			want(p, &s, stage != DG_STAGE_ARMED);
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct dg_file_reader reader = {.read = read_key};
	struct dg_loader *l = NULL;
	struct dg_err err = {0};
	int r = dg_loader_new(
		(const char *)data, size, "a/zone.yaml", providers, &reader, &l, &err);

	for (int i = 0; r >= 0 && l && i < ZONES_MAX; i++) {
		struct dg_arena *a = dg_arena_new(ARENA_MAX);
		struct dg_policy *p = NULL;

		err = (struct dg_err){0};
		int next = dg_policy_next(l, a, &p, &err);
		assert(next >= 0 || (err.text[0] != '\0' && err.pos.line > 0));
		if (next == 0 && p->n_mail + p->n_silent < WANT_MAX) {
			want_all(p);
		}
		dg_arena_free(a);
		if (next == 1) {
			break;
		}
	}
	dg_loader_free(l);
	return 0;
}
