#include "zones/mail/dkim_key.h"

#include "zones/base/arena.h"
#include "zones/base/err.h"
#include "zones/mail/chars.h"
#include "zones/mail/lint.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <string.h>

#define ED25519_LEN  32u
#define ED25519_BITS 256u

static int base64_value(char c)
{
	if (c >= 'A' && c <= 'Z') {
		return c - 'A';
	}
	if (c >= 'a' && c <= 'z') {
		return c - 'a' + 26;
	}
	if (dg_is_digit(c)) {
		return c - '0' + 52;
	}
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* RFC 4648 section 4, padding and all. False: not base64. */
static bool decode(const char *p, size_t len, uint8_t *out, size_t *ret_len)
{
	size_t n_pad = len > 0 && p[len - 1] == '=' ? (len > 1 && p[len - 2] == '=' ? 2 : 1) : 0;
	size_t n = 0;
	uint32_t bits = 0;

	if (len == 0 || len % 4 != 0) {
		return false;
	}
	for (size_t i = 0; i < len - n_pad; i++) {
		int value = base64_value(p[i]);

		if (value < 0) {
			return false;
		}
		bits = bits << 6 | (uint32_t)value;
		if (i % 4 > 0) {
			out[n++] = (uint8_t)(bits >> (6 - 2 * (i % 4)));
		}
	}
	*ret_len = n;
	return true;
}

static EVP_PKEY *read_rsa(const uint8_t *der, size_t len)
{
	const unsigned char *at = der;
	EVP_PKEY *key = d2i_PUBKEY(NULL, &at, (long)len);

	if (!key) {
		at = der;
		key = d2i_PublicKey(EVP_PKEY_RSA, NULL, &at, (long)len);
	}
	ERR_clear_error();
	if (key && at != der + len) {
		EVP_PKEY_free(key);
		return NULL;
	}
	return key;
}

const char *dg_dkim_key_fault(
	struct dg_arena *a, enum dg_dkim_key kind, const char *p, size_t len, unsigned *ret_bits)
{
	uint8_t *der = dg_get(a, len / 4 + 1, 3);
	size_t der_len = 0;

	*ret_bits = 0;
	if (len > DG_DKIM_TEXT_MAX || !decode(p, len, der, &der_len)) {
		return "it is not base64 text with its padding";
	}
	if (kind == DG_DKIM_ED25519) {
		*ret_bits = der_len == ED25519_LEN ? ED25519_BITS : 0;
		return der_len == ED25519_LEN
			       ? NULL
			       : "an Ed25519 key has 32 octets, 44 characters of base64";
	}
	if (kind == DG_DKIM_OTHER) {
		return NULL;
	}
	EVP_PKEY *key = read_rsa(der, der_len);
	const char *fault = !key ? "it is not a public key in DER form" : NULL;
	if (key && EVP_PKEY_get_base_id(key) != EVP_PKEY_RSA) {
		fault = "it is not an RSA key";
	} else if (key) {
		*ret_bits = (unsigned)EVP_PKEY_get_bits(key);
	}
	EVP_PKEY_free(key);
	return fault;
}

struct evp_pkey_st *dg_dkim_key_read(
	struct dg_arena *a, enum dg_dkim_key kind, const char *p, size_t len)
{
	uint8_t *der = dg_get(a, len / 4 + 1, 3);
	size_t der_len = 0;

	if (len > DG_DKIM_TEXT_MAX || !decode(p, len, der, &der_len)) {
		return NULL;
	}
	if (kind == DG_DKIM_ED25519) {
		return EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, der, der_len);
	}
	return kind == DG_DKIM_RSA ? read_rsa(der, der_len) : NULL;
}

bool dg_dkim_base64(const char *p, size_t len, uint8_t *out, size_t *ret_len)
{
	return decode(p, len, out, ret_len);
}

/* --- PEM --------------------------------------------------------------------- */

struct pem {
	char *name;
	char *header;
	unsigned char *der;
	long len;
};

static void pem_done(struct pem *pem)
{
	OPENSSL_free(pem->name);
	OPENSSL_free(pem->header);
	OPENSSL_free(pem->der);
}

static size_t skip_space(const char *p, size_t len)
{
	size_t i = 0;

	while (i < len && (dg_is_wsp(p[i]) || p[i] == '\r' || p[i] == '\n')) {
		i++;
	}
	return i;
}

static bool begins_pem(const char *p, size_t len)
{
	static const char head[] = "-----BEGIN ";

	return len >= sizeof(head) - 1 && memcmp(p, head, sizeof(head) - 1) == 0;
}

/* One PEM block and nothing beside it. pem is to be freed by the caller, whatever is returned. */
static int read_pem(
	const char *data, size_t len, const char *file, struct pem *pem, struct dg_err *err)
{
	size_t start = skip_space(data, len);
	char *rest = NULL;

	if (!begins_pem(data + start, len - start)) {
		return dg_fail(err, DG_EINPUT,
			"%s: there is other text before -----BEGIN: leave the key alone in its "
			"file",
			file);
	}
	BIO *bio = BIO_new_mem_buf(data + start, (int)(len - start));
	if (!bio) {
		return dg_fail(err, DG_ELIMIT, "%s: out of memory", file);
	}
	int is_read = PEM_read_bio(bio, &pem->name, &pem->header, &pem->der, &pem->len);
	long rest_len = BIO_get_mem_data(bio, &rest);
	size_t n_rest = rest && rest_len > 0 ? (size_t)rest_len : 0;
	const char *after = n_rest > 0 ? rest : "";
	size_t i = skip_space(after, n_rest);
	int rc = DG_OK;

	ERR_clear_error();
	if (is_read != 1 || !pem->name || !pem->header) {
		rc = dg_fail(
			err, DG_EINPUT, "%s: the PEM text is damaged or cut off (RFC 7468)", file);
	} else if (begins_pem(after + i, n_rest - i)) {
		rc = dg_fail(err, DG_EINPUT, "%s: holds several keys: one file, one key", file);
	} else if (i < n_rest) {
		rc = dg_fail(err, DG_EINPUT,
			"%s: there is other text behind -----END: leave the key alone in its file",
			file);
	} else if (pem->header[0] != '\0') {
		rc = dg_fail(err, DG_EINPUT, "%s: the PEM text has headers, as encrypted keys have",
			file);
	}
	(void)BIO_free(bio);
	return rc;
}

static bool is_named(const struct pem *pem, const char *name)
{
	return pem->name && strcmp(pem->name, name) == 0;
}

static EVP_PKEY *read_key(const struct pem *pem)
{
	const unsigned char *at = pem->der;
	EVP_PKEY *key = is_named(pem, "PUBLIC KEY")
				? d2i_PUBKEY(NULL, &at, pem->len)
				: d2i_PublicKey(EVP_PKEY_RSA, NULL, &at, pem->len);

	ERR_clear_error();
	if (key && at != pem->der + pem->len) {
		EVP_PKEY_free(key);
		return NULL;
	}
	return key;
}

static const char *encode(struct dg_arena *a, const unsigned char *der, size_t len)
{
	char *text = dg_get(a, (len + 2) / 3 * 4 + 1, 1);

	(void)EVP_EncodeBlock((unsigned char *)text, der, (int)len);
	return text;
}

static int rsa_text(struct dg_arena *a, const EVP_PKEY *key, const char *file,
	const char **ret_text, struct dg_err *err)
{
	unsigned char *der = NULL;
	int bits = EVP_PKEY_get_bits(key);

	if (bits < (int)DG_DKIM_RSA_MIN || bits > (int)DG_DKIM_RSA_MAX) {
		return dg_fail(err, DG_EINPUT,
			"%s: an RSA key of %d bits: receivers know %u to %u (RFC 8301 section "
			"3.2); make one of 2048",
			file, bits, DG_DKIM_RSA_MIN, DG_DKIM_RSA_MAX);
	}
	int len = i2d_PUBKEY(key, &der);
	if (len <= 0) {
		ERR_clear_error();
		return dg_fail(err, DG_EINPUT, "%s: the key cannot be written as DER", file);
	}
	*ret_text = dg_printf(a, "v=DKIM1; k=rsa; p=%s", encode(a, der, (size_t)len));
	OPENSSL_free(der);
	return DG_OK;
}

static int key_text(struct dg_arena *a, const EVP_PKEY *key, const char *file,
	const char **ret_text, struct dg_err *err)
{
	unsigned char raw[ED25519_LEN];
	size_t len = sizeof(raw);
	int type = EVP_PKEY_get_base_id(key);

	if (type == EVP_PKEY_RSA) {
		return rsa_text(a, key, file, ret_text, err);
	}
	if (type == EVP_PKEY_ED25519 && EVP_PKEY_get_raw_public_key(key, raw, &len) == 1) {
		*ret_text = dg_printf(a, "v=DKIM1; k=ed25519; p=%s", encode(a, raw, len));
		return DG_OK;
	}
	return dg_fail(err, DG_EINPUT,
		"%s: a key of type %s: DKIM knows RSA and Ed25519 (RFC 8463 section 3)", file,
		OBJ_nid2sn(type));
}

int dg_dkim_from_pem(struct dg_arena *a, const char *data, size_t len, const char *file,
	const char **ret_text, struct dg_err *err)
{
	struct pem pem = {.name = NULL};
	struct dg_lints lints;
	EVP_PKEY *key = NULL;
	int r = read_pem(data, len, file, &pem, err);

	dg_lints_init(&lints, a);
	if (r == 0 && !is_named(&pem, "PUBLIC KEY") && !is_named(&pem, "RSA PUBLIC KEY")) {
		r = dg_fail(err, DG_EINPUT,
			"%s: holds a %s: expected a PUBLIC KEY or RSA PUBLIC KEY", file,
			dg_lint_seen(&lints, pem.name, pem.name ? strlen(pem.name) : 0));
	}
	if (r == 0) {
		key = read_key(&pem);
		r = key ? key_text(a, key, file, ret_text, err)
			: dg_fail(err, DG_EINPUT,
				  "%s: the PEM text does not hold a public key that can be read",
				  file);
	}
	EVP_PKEY_free(key);
	pem_done(&pem);
	return r;
}
