/* tests/unit/zones/policy/policy_unit.h: loading a zone.yaml from a string, with one made-up provider. */
#pragma once

#include "tests/unit/unit.h"

#include "zones/base/arena.h"
#include "zones/base/err.h"
#include "zones/policy/load.h"
#include "zones/policy/node.h"

#include <string.h>

struct fake_tsig {
	const char *name;
	int algorithm;
	const char *secret_file;
};

struct fake_opts {
	struct dg_endpoint server;
	struct dg_strings names;
	const char *path;
	const char *secret_file;
	uint32_t batch;
	uint32_t wait;
	bool strict;
	struct fake_tsig *tsig;
	struct dg_endpoints others;
};

static const char *const fake_words[] = {"hmac-sha256", "hmac-sha512", NULL};

static const struct dg_field fake_tsig_fields[] = {
	DG_FIELD_STRING(
		struct fake_tsig, name, 1, 100, .is_required = true, .help = "The key's name."),
	DG_FIELD_ENUM(struct fake_tsig, algorithm, fake_words, .dflt = "hmac-sha256"),
	DG_FIELD_SECRET(struct fake_tsig, secret_file, .example = "tsig.key"),
};
static const struct dg_schema fake_tsig_schema = {.name = "tsig",
	.size = sizeof(struct fake_tsig),
	.fields = fake_tsig_fields,
	.n_fields = 3};

static const struct dg_field fake_fields[] = {
	DG_FIELD_HOST(struct fake_opts, server, .is_required = true, .help = "The server.",
		.example = "192.0.2.1"),
	DG_FIELD_STRINGS(struct fake_opts, names, 1, 10, .help = "Any."),
	DG_FIELD_PATH(struct fake_opts, path, .help = "Any."),
	DG_FIELD_SECRET(struct fake_opts, secret_file, .example = "api.key"),
	DG_FIELD_U32(struct fake_opts, batch, 1, 10, .dflt = "3"),
	DG_FIELD_DURATION(struct fake_opts, wait, 1, 100, .dflt = "5s"),
	DG_FIELD_BOOL(struct fake_opts, strict, .help = "Any."),
	DG_FIELD_STRUCT(
		struct fake_opts, tsig, struct fake_tsig, &fake_tsig_schema, .help = "A key."),
	DG_FIELD_HOSTS(struct fake_opts, others, .help = "Any."),
};
static const struct dg_schema fake_schema = {.name = "fake",
	.help = "Made up.",
	.size = sizeof(struct fake_opts),
	.fields = fake_fields,
	.n_fields = sizeof(fake_fields) / sizeof(fake_fields[0])};
static const struct dg_schema *const fake_providers[] = {&fake_schema, NULL};

static int fake_read(void *arg, struct dg_arena *a, const char *path, size_t max,
	const char **ret_data, size_t *ret_len, struct dg_err *err)
{
	(void)arg;
	(void)max;
	if (strstr(path, "gone")) {
		return dg_fail(err, DG_EIO, "%s: no such file", path);
	}
	*ret_data =
		dg_printf(a, "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=");
	*ret_len = strlen(*ret_data);
	return 0;
}
static const struct dg_file_reader fake_reader = {.read = fake_read};

/* Loads the first zone of text. */
static inline int load_text(
	struct dg_arena *a, const char *text, struct dg_policy **ret_policy, struct dg_err *err)
{
	struct dg_loader *l = NULL;
	int r = dg_loader_new(
		text, strlen(text), "etc/zone.yaml", fake_providers, &fake_reader, &l, err);

	if (r == 0) {
		r = dg_policy_next(l, a, ret_policy, err);
		dg_loader_free(l);
	}
	return r;
}

static inline struct dg_policy *load_ok(struct dg_arena *a, const char *text)
{
	struct dg_policy *p = NULL;
	struct dg_err err = {0};

	if (load_text(a, text, &p, &err) != 0) {
		fail_msg("%u:%u: %s", err.pos.line, err.pos.column, err.text);
	}
	return p;
}

/* The error's line, column and a piece of its text. */
static inline void assert_refused(
	const char *text, unsigned line, unsigned column, const char *piece)
{
	struct dg_arena *a = dg_arena_new(1u << 30);
	struct dg_policy *p = NULL;
	struct dg_err err = {0};
	int r = load_text(a, text, &p, &err);

	assert_int_equal(r, DG_EINPUT);
	if (err.pos.line != line || err.pos.column != column || !strstr(err.text, piece)) {
		fail_msg("%.200s\ngave %u:%u: %s\nexpected %u:%u: ...%s", text, err.pos.line,
			err.pos.column, err.text, line, column, piece);
	}
	assert_string_equal(err.pos.file, "etc/zone.yaml");
	dg_arena_free(a);
}
