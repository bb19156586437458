#include "controller/serve/token.h"

#include "controller/serve/route.h"
#include "zones/base/arena.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PREFIX      "dgt_"
#define SECRET_LEN  32u
#define SECRET_TEXT 43u
#define ID_BYTES    6u
#define WORDS       ", \t\n"
#define TEXT_LEN    (sizeof(PREFIX) - 1 + DG_TOKEN_ID_LEN + 1 + SECRET_TEXT)
#define ENCODED_MAX 48u
#define MEMORY_MAX  ((size_t)1 << 20)

static const struct {
	const char *name;
	enum dg_token_verb verb;
} verbs_known[] = {
	{"plan", DG_TOKEN_PLAN},
	{"apply", DG_TOKEN_APPLY},
	{"status", DG_TOKEN_STATUS},
	{"approve", DG_TOKEN_APPROVE},
	{"stop", DG_TOKEN_STOP},
	{"incident", DG_TOKEN_INCIDENT},
};
#define N_VERBS (sizeof(verbs_known) / sizeof(verbs_known[0]))

const char *dg_token_verb_text(enum dg_token_verb v)
{
	for (size_t i = 0; i < N_VERBS; i++) {
		if (verbs_known[i].verb == v) {
			return verbs_known[i].name;
		}
	}
	return "none";
}

/* The next word of *at, of *ret_n octets; NULL: no more. */
static const char *next_word(const char **at, size_t *ret_n)
{
	const char *word = *at + strspn(*at, WORDS);

	*ret_n = strcspn(word, WORDS);
	*at = word + *ret_n;
	return *ret_n > 0 ? word : NULL;
}

static unsigned verb_of(const char *word, size_t n)
{
	for (size_t i = 0; i < N_VERBS; i++) {
		if (strlen(verbs_known[i].name) == n && memcmp(verbs_known[i].name, word, n) == 0) {
			return verbs_known[i].verb;
		}
	}
	return 0;
}

static unsigned verbs_of(const char *text)
{
	unsigned verbs = 0;
	size_t n = 0;

	for (const char *w = next_word(&text, &n); w; w = next_word(&text, &n)) {
		verbs |= verb_of(w, n);
	}
	return verbs;
}

static int check_verbs(const char *text, struct dg_err *err)
{
	size_t n_words = 0;
	size_t n = 0;

	for (const char *w = next_word(&text, &n); w; w = next_word(&text, &n)) {
		n_words++;
		if (!verb_of(w, n)) {
			return dg_fail(err, DG_EINPUT,
				"--verbs: %.*s is none of plan, apply, status, approve, stop, "
				"incident",
				(int)(n < 40 ? n : 40), w);
		}
	}
	return n_words > 0 ? 0
			   : dg_fail(err, DG_EINPUT,
				     "--verbs: expected some of plan, apply, status, approve, "
				     "stop, incident");
}

/* "*.example": a single label will do behind the star. */
static int check_pattern(
	struct dg_arena *a, const char *word, const char **ret_pattern, struct dg_err *err)
{
	bool is_wild = word[0] == '*' && word[1] == '.';
	const char *domain = NULL;
	int r = dg_route_domain(a, is_wild ? dg_printf(a, "x.%s", word + 2) : word, &domain, err);

	if (r == 0) {
		*ret_pattern = is_wild ? dg_printf(a, "*%s", domain + 1) : domain;
	}
	return r;
}

/* In canonical form, separated by single blanks. */
static int check_zones(
	struct dg_arena *a, const char *text, const char **ret_zones, struct dg_err *err)
{
	const char *all = "";
	size_t n_words = 0;
	size_t n = 0;

	for (const char *w = next_word(&text, &n); w; w = next_word(&text, &n)) {
		const char *word = dg_strndup(a, w, n);
		const char *of = word;
		int r = strcmp(word, "*") == 0 ? 0 : check_pattern(a, word, &of, err);

		if (r < 0 || ++n_words > DG_TOKEN_ZONES_MAX) {
			return r < 0 ? dg_wrap(err, r, "--zones: %.60s", word)
				     : dg_fail(err, DG_EINPUT, "--zones: at most %u patterns",
					       DG_TOKEN_ZONES_MAX);
		}
		all = dg_printf(a, "%s%s%s", all, all[0] ? " " : "", of);
	}
	*ret_zones = all;
	return n_words > 0 ? 0
			   : dg_fail(err, DG_EINPUT,
				     "--zones: expected domains, *.DOMAIN for all under one, or * "
				     "for all");
}

static int check_name(const char *name, struct dg_err *err)
{
	size_t n = strlen(name);

	for (size_t i = 0; i < n; i++) {
		if (name[i] < ' ' || name[i] > '~') {
			n = 0;
		}
	}
	return n > 0 && n < DG_TOKEN_NAME_MAX
		       ? 0
		       : dg_fail(err, DG_EINPUT,
				 "--name: expected 1 to %u printable ASCII characters, so that the "
				 "audit log says who it was",
				 DG_TOKEN_NAME_MAX - 1);
}

static void secret_text(const uint8_t secret[SECRET_LEN], char text[ENCODED_MAX])
{
	(void)EVP_EncodeBlock((uint8_t *)text, secret, (int)SECRET_LEN);
	for (char *p = text; *p; p++) {
		*p = (char)(*p == '+' ? '-' : *p == '/' ? '_' : *p);
	}
	text[SECRET_TEXT] = '\0'; /* without the padding */
}

/* NOLINTNEXTLINE(readability-function-size): what it needs is told in one call */
int dg_token_new(struct dg_store *s, const char *name, const char *zones, const char *verbs,
	int64_t now, char ret_text[DG_TOKEN_TEXT_MAX], char ret_id[DG_TOKEN_ID_LEN + 1],
	struct dg_err *err)
{
	struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new(MEMORY_MAX);
	uint8_t secret[SECRET_LEN], id[ID_BYTES], digest[DG_DIGEST_LEN];
	char encoded[ENCODED_MAX];
	const char *patterns = NULL;
	int r = check_name(name, err);

	r = r == 0 ? check_zones(a, zones, &patterns, err) : r;
	r = r == 0 ? check_verbs(verbs, err) : r;
	if (r < 0) {
		return r;
	}
	if (RAND_bytes(secret, sizeof(secret)) != 1 || RAND_bytes(id, sizeof(id)) != 1) {
		return dg_fail(err, DG_EIO, "the system has no random numbers");
	}
	secret_text(secret, encoded);
	(void)dg_digest_text(id, ID_BYTES, ret_id);
	dg_digest(encoded, strlen(encoded), digest);
	const struct dg_token_row row = {.id = ret_id,
		.name = name,
		.digest = digest,
		.zones = patterns,
		.verbs = verbs,
		.created = now};
	r = dg_store_token_put(s, &row, err);
	if (r == 0) {
		(void)snprintf(ret_text, DG_TOKEN_TEXT_MAX, PREFIX "%s_%s", ret_id, encoded);
	}
	OPENSSL_cleanse(secret, sizeof(secret));
	OPENSSL_cleanse(encoded, sizeof(encoded));
	return r > 0 ? dg_fail(err, DG_EIO, "two random numbers were the same; try again") : r;
}

static bool is_token(const char *text)
{
	const size_t n_prefix = sizeof(PREFIX) - 1;

	return strlen(text) == TEXT_LEN && memcmp(text, PREFIX, n_prefix) == 0 &&
	       strspn(text + n_prefix, "0123456789abcdef") == DG_TOKEN_ID_LEN &&
	       text[n_prefix + DG_TOKEN_ID_LEN] == '_';
}

int dg_token_check(struct dg_store *s, struct dg_arena *a, const char *text,
	struct dg_caller *ret_caller, struct dg_err *err)
{
	static const uint8_t nobody[DG_DIGEST_LEN];
	const size_t n_prefix = sizeof(PREFIX) - 1;
	struct dg_token_row row = {.digest = nobody, .revoked = 1};
	uint8_t digest[DG_DIGEST_LEN];

	if (!is_token(text)) {
		return 1;
	}
	const char *id = dg_strndup(a, text + n_prefix, DG_TOKEN_ID_LEN);
	int r = dg_store_token_get(s, a, id, &row, err);
	if (r < 0) {
		return r;
	}
	dg_digest(text + n_prefix + DG_TOKEN_ID_LEN + 1, SECRET_TEXT, digest);
	bool is_it = CRYPTO_memcmp(digest, row.digest, sizeof(digest)) == 0;
	if (!is_it || r > 0 || row.revoked != 0) {
		return 1;
	}
	*ret_caller = (struct dg_caller){.verbs = verbs_of(row.verbs), .zones = row.zones};
	(void)snprintf(
		ret_caller->name, sizeof(ret_caller->name), "token %s (%s)", row.id, row.name);
	return 0;
}

bool dg_token_covers(const char *patterns, const char *domain)
{
	size_t n_domain = strlen(domain);
	size_t n = 0;

	for (const char *w = next_word(&patterns, &n); w; w = next_word(&patterns, &n)) {
		bool is_wild = n > 2 && w[0] == '*';
		size_t n_tail = is_wild ? n - 1 : n; /* ".example.com" */

		if (n == 1 && w[0] == '*') {
			return true;
		}
		if (is_wild ? n_domain > n_tail &&
					memcmp(domain + n_domain - n_tail, w + 1, n_tail) == 0
			    : n_domain == n && memcmp(domain, w, n) == 0) {
			return true;
		}
	}
	return false;
}
