#include "controller/serve/tls.h"

#include "providers/net/secret.h"

#include <errno.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* The newest reason is the one of the outermost call; the oldest says what was wrong with the file. */
static const char *reason(void)
{
	unsigned long code = ERR_get_error();
	const char *text = code != 0 ? ERR_reason_error_string(code) : NULL;

	ERR_clear_error();
	return text ? text : "not in PEM";
}

static int check_there(const char *option, const char *path, struct dg_err *err)
{
	return access(path, R_OK) == 0
		       ? 0
		       : dg_fail(err, DG_EIO, "%s %s: %s", option, path, strerrordesc_np(errno));
}

/* A key with a passphrase would be asked for at a terminal. */
/* NOLINTNEXTLINE(readability-non-const-parameter): the type is OpenSSL's */
static int no_passphrase(char *buf, int size, int is_writing, void *arg)
{
	(void)buf;
	(void)size;
	(void)is_writing;
	(void)arg;
	return -1;
}

static int take_key(SSL_CTX *tls, const char *path, struct dg_err *err)
{
	char *text = OPENSSL_malloc(DG_SECRET_DOCUMENT_MAX);
	size_t n = 0;

	if (!text) {
		abort();
	}
	int r = dg_secret_document(path, text, DG_SECRET_DOCUMENT_MAX, &n, err);
	BIO *in = r == 0 ? BIO_new_mem_buf(text, (int)n) : NULL;
	EVP_PKEY *key = in ? PEM_read_bio_PrivateKey(in, NULL, no_passphrase, NULL) : NULL;
	OPENSSL_clear_free(text, DG_SECRET_DOCUMENT_MAX);
	BIO_free(in);
	if (r < 0) {
		return r;
	}
	if (!key) {
		r = dg_fail(err, DG_EINPUT,
			"--tls-key %s: expected a private key in PEM without a passphrase (%s)",
			path, reason());
	} else if (SSL_CTX_use_PrivateKey(tls, key) != 1) {
		r = dg_fail(err, DG_EINPUT,
			"--tls-key %s: that is not the key of the certificate of --tls-cert (%s)",
			path, reason());
	}
	EVP_PKEY_free(key);
	return r;
}

static void say_day(const ASN1_TIME *t, char day[16])
{
	struct tm tm;

	if (ASN1_TIME_to_tm(t, &tm) != 1 || strftime(day, 16, "%Y-%m-%d", &tm) == 0) {
		memcpy(day, "?", 2);
	}
}

static int take_certificate(SSL_CTX *tls, const char *path, int64_t now, struct dg_err *err)
{
	time_t at = (time_t)now;
	char day[16];
	int r = check_there("--tls-cert", path, err);

	if (r < 0) {
		return r;
	}
	if (SSL_CTX_use_certificate_chain_file(tls, path) != 1) {
		return dg_fail(err, DG_EINPUT,
			"--tls-cert %s: expected a certificate in PEM, and its chain behind it "
			"(%s)",
			path, reason());
	}
	const X509 *x = SSL_CTX_get0_certificate(tls);
	if (X509_cmp_time(X509_get0_notAfter(x), &at) <= 0) {
		say_day(X509_get0_notAfter(x), day);
		return dg_fail(err, DG_EINPUT,
			"--tls-cert %s: this certificate expired on %s; put a new one in its place",
			path, day);
	}
	if (X509_cmp_time(X509_get0_notBefore(x), &at) > 0) {
		say_day(X509_get0_notBefore(x), day);
		return dg_fail(err, DG_EINPUT,
			"--tls-cert %s: this certificate is good from %s on; is the clock right?",
			path, day);
	}
	return 0;
}

static int take_clients(SSL_CTX *tls, const char *path, struct dg_err *err)
{
	int r = check_there("--client-ca", path, err);

	if (r < 0) {
		return r;
	}
	STACK_OF(X509_NAME) *names = SSL_load_client_CA_file(path);
	if (!names || SSL_CTX_load_verify_locations(tls, path, NULL) != 1) {
		sk_X509_NAME_pop_free(names, X509_NAME_free);
		return dg_fail(err, DG_EINPUT,
			"--client-ca %s: expected certificates of authorities in PEM (%s)", path,
			reason());
	}
	SSL_CTX_set_client_CA_list(tls, names); /* taken over */
	return 0;
}

/* The authority that made the list, among those whose clients may connect. */
static bool is_of_an_authority(SSL_CTX *tls, X509_CRL *list)
{
	const STACK_OF(X509_OBJECT) *known = X509_STORE_get0_objects(SSL_CTX_get_cert_store(tls));
	bool is_signed = false;

	for (int i = 0; i < sk_X509_OBJECT_num(known) && !is_signed; i++) {
		X509 *x = X509_OBJECT_get0_X509(sk_X509_OBJECT_value(known, i));

		is_signed =
			x &&
			X509_NAME_cmp(X509_get_subject_name(x), X509_CRL_get_issuer(list)) == 0 &&
			X509_CRL_verify(list, X509_get0_pubkey(x)) == 1;
	}
	ERR_clear_error();
	return is_signed;
}

static int take_list(
	SSL_CTX *tls, X509_CRL *list, const char *path, int64_t now, struct dg_err *err)
{
	const ASN1_TIME *end = X509_CRL_get0_nextUpdate(list);
	time_t at = (time_t)now;
	char day[16];

	if (!is_of_an_authority(tls, list)) {
		return dg_fail(err, DG_EINPUT,
			"--client-crl %s: expected lists that authorities of --client-ca signed; "
			"where a sub-authority issues certificates, it stands there too",
			path);
	}
	if (end && X509_cmp_time(end, &at) <= 0) {
		say_day(end, day);
		return dg_fail(err, DG_EINPUT,
			"--client-crl %s: this list was good until %s; put a new one in its place",
			path, day);
	}
	if (X509_cmp_time(X509_CRL_get0_lastUpdate(list), &at) > 0) {
		say_day(X509_CRL_get0_lastUpdate(list), day);
		return dg_fail(err, DG_EINPUT,
			"--client-crl %s: this list is good from %s on; is the clock right?", path,
			day);
	}
	if (X509_STORE_add_crl(SSL_CTX_get_cert_store(tls), list) != 1) {
		return dg_fail(err, DG_EINPUT, "--client-crl %s: %s", path, reason());
	}
	return 0;
}

/* A file that ends in the middle of a list would be one that names fewer. */
static int take_lists(SSL_CTX *tls, const char *path, int64_t now, struct dg_err *err)
{
	int r = check_there("--client-crl", path, err);
	BIO *in = r == 0 ? BIO_new_file(path, "r") : NULL;
	X509_CRL *list = NULL;
	unsigned n = 0;

	while (r == 0 && in && (list = PEM_read_bio_X509_CRL(in, NULL, no_passphrase, NULL))) {
		r = take_list(tls, list, path, now, err);
		X509_CRL_free(list);
		n++;
	}
	bool is_at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
	if (r == 0 && (n == 0 || !is_at_end)) {
		r = dg_fail(err, DG_EINPUT,
			"--client-crl %s: expected lists of withdrawn certificates in PEM (%s)",
			path, reason());
	}
	ERR_clear_error();
	BIO_free(in);
	(void)X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(tls), X509_V_FLAG_CRL_CHECK);
	return r;
}

int dg_tls_load(
	const struct dg_tls_files *f, int64_t now, struct ssl_ctx_st **ret_tls, struct dg_err *err)
{
	if (!f->certificate && !f->key && !f->client_ca && !f->client_crl) {
		*ret_tls = NULL;
		return 0;
	}
	if (!f->certificate || !f->key || !f->client_ca) {
		return dg_fail(err, DG_EINPUT,
			"--tls-cert, --tls-key and --client-ca go together: who may connect is "
			"said by certificates");
	}
	SSL_CTX *tls = SSL_CTX_new(TLS_server_method());
	if (!tls) {
		abort();
	}
	ERR_clear_error();
	(void)SSL_CTX_set_min_proto_version(tls, TLS1_2_VERSION);
	(void)SSL_CTX_set_options(tls, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION |
					       SSL_OP_NO_COMPRESSION |
					       SSL_OP_CIPHER_SERVER_PREFERENCE);
	(void)SSL_CTX_set_session_cache_mode(tls, SSL_SESS_CACHE_OFF);
	(void)SSL_CTX_set_num_tickets(tls, 0);
	SSL_CTX_set_verify(tls, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	int r = take_certificate(tls, f->certificate, now, err);
	r = r == 0 ? take_key(tls, f->key, err) : r;
	r = r == 0 ? take_clients(tls, f->client_ca, err) : r;
	r = r == 0 && f->client_crl ? take_lists(tls, f->client_crl, now, err) : r;
	if (r < 0) {
		SSL_CTX_free(tls);
		return r;
	}
	*ret_tls = tls;
	return 0;
}

struct ssl_ctx_st *dg_tls_free(struct ssl_ctx_st *tls)
{
	SSL_CTX_free(tls);
	return NULL;
}

void dg_tls_name(const struct ssl_st *ssl, struct dg_tls_peer *ret_peer)
{
	X509 *x = SSL_get1_peer_certificate(ssl);
	uint8_t digest[EVP_MAX_MD_SIZE];
	unsigned n = 0;
	BIO *out = BIO_new(BIO_s_mem());

	*ret_peer = (struct dg_tls_peer){.subject = ""};
	if (!out) {
		abort();
	}
	if (x && X509_digest(x, EVP_sha256(), digest, &n) == 1) {
		for (unsigned i = 0; i < n; i++) {
			(void)snprintf(ret_peer->sha256 + (size_t)i * 2, 3, "%02x", digest[i]);
		}
		if (X509_NAME_print_ex(out, X509_get_subject_name(x), 0,
			    XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB) > 0) {
			int len = BIO_read(
				out, ret_peer->subject, (int)sizeof(ret_peer->subject) - 1);

			ret_peer->subject[len > 0 ? len : 0] = '\0';
		}
	}
	BIO_free(out);
	X509_free(x);
}
