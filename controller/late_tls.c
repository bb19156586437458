/* libcrypto, libssl and libevent_openssl, as far as the program uses them.
 *
 * The linker finds these here, ahead of the libraries, and so leaves those out of what the loader binds (providers/net/late.h); programs
 * of the tests, which are without this file, are linked with the libraries. What the parameters mean is in the libraries' headers. */
#include "controller/sonames.h"
#include "providers/net/late.h"

#include <event2/bufferevent_ssl.h>
#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>

/* NOLINTBEGIN(readability-inconsistent-declaration-parameter-name,readability-function-size): theirs, but shorter */
/* clang-format off */
DG_LATE_MUST(LIBCRYPTO, int, ASN1_TIME_to_tm, (const ASN1_TIME *a, struct tm *b), (a, b))
DG_LATE_MUST(LIBCRYPTO, long, BIO_ctrl, (BIO *a, int b, long c, void *d), (a, b, c, d))
DG_LATE_MUST(LIBCRYPTO, int, BIO_free, (BIO *a), (a))
DG_LATE_MUST(LIBCRYPTO, BIO *, BIO_new, (const BIO_METHOD *a), (a))
DG_LATE_MUST(LIBCRYPTO, BIO *, BIO_new_file, (const char *a, const char *b), (a, b))
DG_LATE_MUST(LIBCRYPTO, BIO *, BIO_new_mem_buf, (const void *a, int b), (a, b))
DG_LATE_MUST(LIBCRYPTO, int, BIO_read, (BIO *a, void *b, int c), (a, b, c))
DG_LATE_MUST(LIBCRYPTO, const BIO_METHOD *, BIO_s_mem, (void), ())
DG_LATE_MUST_VOID(LIBCRYPTO, CRYPTO_clear_free, (void *a, size_t b, const char *c, int d), (a, b, c, d))
DG_LATE_MUST_VOID(LIBCRYPTO, CRYPTO_free, (void *a, const char *b, int c), (a, b, c))
DG_LATE_MUST(LIBCRYPTO, void *, CRYPTO_malloc, (size_t a, const char *b, int c), (a, b, c))
DG_LATE_MUST(LIBCRYPTO, int, CRYPTO_memcmp, (const void *a, const void *b, size_t c), (a, b, c))
DG_LATE_MUST_VOID(LIBCRYPTO, ERR_clear_error, (void), ())
DG_LATE_MUST(LIBCRYPTO, unsigned long, ERR_get_error, (void), ())
DG_LATE_MUST(LIBCRYPTO, unsigned long, ERR_peek_last_error, (void), ())
DG_LATE_MUST(LIBCRYPTO, const char *, ERR_reason_error_string, (unsigned long a), (a))
DG_LATE_MUST(LIBCRYPTO, int, EVP_DecodeBlock, (unsigned char *a, const unsigned char *b, int c), (a, b, c))
DG_LATE_MUST(LIBCRYPTO, int, EVP_Digest, (const void *a, size_t b, unsigned char *c, unsigned int *d, const EVP_MD *e, ENGINE *f), (a, b, c, d, e, f))
DG_LATE_MUST(LIBCRYPTO, int, EVP_DigestFinal_ex, (EVP_MD_CTX *a, unsigned char *b, unsigned int *c), (a, b, c))
DG_LATE_MUST(LIBCRYPTO, int, EVP_DigestInit_ex, (EVP_MD_CTX *a, const EVP_MD *b, ENGINE *c), (a, b, c))
DG_LATE_MUST(LIBCRYPTO, int, EVP_DigestSign, (EVP_MD_CTX *a, unsigned char *b, size_t *c, const unsigned char *d, size_t e), (a, b, c, d, e))
DG_LATE_MUST(LIBCRYPTO, int, EVP_DigestSignInit, (EVP_MD_CTX *a, EVP_PKEY_CTX **b, const EVP_MD *c, ENGINE *d, EVP_PKEY *e), (a, b, c, d, e))
DG_LATE_MUST(LIBCRYPTO, int, EVP_DigestUpdate, (EVP_MD_CTX *a, const void *b, size_t c), (a, b, c))
DG_LATE_MUST(LIBCRYPTO, int, EVP_DigestVerify, (EVP_MD_CTX *a, const unsigned char *b, size_t c, const unsigned char *d, size_t e), (a, b, c, d, e))
DG_LATE_MUST(LIBCRYPTO, int, EVP_DigestVerifyInit, (EVP_MD_CTX *a, EVP_PKEY_CTX **b, const EVP_MD *c, ENGINE *d, EVP_PKEY *e), (a, b, c, d, e))
DG_LATE_MUST(LIBCRYPTO, int, EVP_EncodeBlock, (unsigned char *a, const unsigned char *b, int c), (a, b, c))
DG_LATE_MUST(LIBCRYPTO, EVP_MAC_CTX *, EVP_MAC_CTX_dup, (const EVP_MAC_CTX *a), (a))
DG_LATE_MUST_VOID(LIBCRYPTO, EVP_MAC_CTX_free, (EVP_MAC_CTX *a), (a))
DG_LATE_MUST(LIBCRYPTO, EVP_MAC_CTX *, EVP_MAC_CTX_new, (EVP_MAC *a), (a))
DG_LATE_MUST(LIBCRYPTO, EVP_MAC *, EVP_MAC_fetch, (OSSL_LIB_CTX *a, const char *b, const char *c), (a, b, c))
DG_LATE_MUST(LIBCRYPTO, int, EVP_MAC_final, (EVP_MAC_CTX *a, unsigned char *b, size_t *c, size_t d), (a, b, c, d))
DG_LATE_MUST_VOID(LIBCRYPTO, EVP_MAC_free, (EVP_MAC *a), (a))
DG_LATE_MUST(LIBCRYPTO, int, EVP_MAC_init, (EVP_MAC_CTX *a, const unsigned char *b, size_t c, const OSSL_PARAM *d), (a, b, c, d))
DG_LATE_MUST(LIBCRYPTO, int, EVP_MAC_update, (EVP_MAC_CTX *a, const unsigned char *b, size_t c), (a, b, c))
DG_LATE_MUST_VOID(LIBCRYPTO, EVP_MD_CTX_free, (EVP_MD_CTX *a), (a))
DG_LATE_MUST(LIBCRYPTO, EVP_MD_CTX *, EVP_MD_CTX_new, (void), ())
DG_LATE_MUST_VOID(LIBCRYPTO, EVP_PKEY_free, (EVP_PKEY *a), (a))
DG_LATE_MUST(LIBCRYPTO, int, EVP_PKEY_get_base_id, (const EVP_PKEY *a), (a))
DG_LATE_MUST(LIBCRYPTO, int, EVP_PKEY_get_bits, (const EVP_PKEY *a), (a))
DG_LATE_MUST(LIBCRYPTO, int, EVP_PKEY_get_raw_public_key, (const EVP_PKEY *a, unsigned char *b, size_t *c), (a, b, c))
DG_LATE_MUST(LIBCRYPTO, EVP_PKEY *, EVP_PKEY_new_raw_public_key, (int a, ENGINE *b, const unsigned char *c, size_t d), (a, b, c, d))
DG_LATE_MUST(LIBCRYPTO, const EVP_MD *, EVP_sha1, (void), ())
DG_LATE_MUST(LIBCRYPTO, const EVP_MD *, EVP_sha256, (void), ())
DG_LATE_MUST(LIBCRYPTO, unsigned char *, HMAC, (const EVP_MD *a, const void *b, int c, const unsigned char *d, size_t e, unsigned char *f, unsigned int *g), (a, b, c, d, e, f, g))
DG_LATE_MUST(LIBCRYPTO, const char *, OBJ_nid2sn, (int a), (a))
DG_LATE_MUST_VOID(LIBCRYPTO, OPENSSL_cleanse, (void *a, size_t b), (a, b))
DG_LATE_MUST(LIBCRYPTO, int, OPENSSL_sk_num, (const OPENSSL_STACK *a), (a))
DG_LATE_MUST_VOID(LIBCRYPTO, OPENSSL_sk_pop_free, (OPENSSL_STACK *a, void (*b)(void *)), (a, b))
DG_LATE_MUST(LIBCRYPTO, void *, OPENSSL_sk_value, (const OPENSSL_STACK *a, int b), (a, b))
DG_LATE_MUST(LIBCRYPTO, OSSL_PARAM, OSSL_PARAM_construct_end, (void), ())
DG_LATE_MUST(LIBCRYPTO, OSSL_PARAM, OSSL_PARAM_construct_utf8_string, (const char *a, char *b, size_t c), (a, b, c))
DG_LATE_MUST(LIBCRYPTO, int, PEM_read_bio, (BIO *a, char **b, char **c, unsigned char **d, long *e), (a, b, c, d, e))
DG_LATE_MUST(LIBCRYPTO, EVP_PKEY *, PEM_read_bio_PrivateKey, (BIO *a, EVP_PKEY **b, pem_password_cb *c, void *d), (a, b, c, d))
DG_LATE_MUST(LIBCRYPTO, X509_CRL *, PEM_read_bio_X509_CRL, (BIO *a, X509_CRL **b, pem_password_cb *c, void *d), (a, b, c, d))
DG_LATE_MUST(LIBCRYPTO, int, RAND_bytes, (unsigned char *a, int b), (a, b))
DG_LATE_MUST(LIBCRYPTO, unsigned char *, SHA256, (const unsigned char *a, size_t b, unsigned char *c), (a, b, c))
DG_LATE_MUST_VOID(LIBCRYPTO, X509_CRL_free, (X509_CRL *a), (a))
DG_LATE_MUST(LIBCRYPTO, const ASN1_TIME *, X509_CRL_get0_lastUpdate, (const X509_CRL *a), (a))
DG_LATE_MUST(LIBCRYPTO, const ASN1_TIME *, X509_CRL_get0_nextUpdate, (const X509_CRL *a), (a))
DG_LATE_MUST(LIBCRYPTO, X509_NAME *, X509_CRL_get_issuer, (const X509_CRL *a), (a))
DG_LATE_MUST(LIBCRYPTO, int, X509_CRL_verify, (X509_CRL *a, EVP_PKEY *b), (a, b))
DG_LATE_MUST(LIBCRYPTO, int, X509_NAME_cmp, (const X509_NAME *a, const X509_NAME *b), (a, b))
DG_LATE_MUST_VOID(LIBCRYPTO, X509_NAME_free, (X509_NAME *a), (a))
DG_LATE_MUST(LIBCRYPTO, int, X509_NAME_print_ex, (BIO *a, const X509_NAME *b, int c, unsigned long d), (a, b, c, d))
DG_LATE_MUST(LIBCRYPTO, X509 *, X509_OBJECT_get0_X509, (const X509_OBJECT *a), (a))
DG_LATE_MUST(LIBCRYPTO, int, X509_STORE_add_crl, (X509_STORE *a, X509_CRL *b), (a, b))
DG_LATE_MUST(LIBCRYPTO, struct stack_st_X509_OBJECT *, X509_STORE_get0_objects, (const X509_STORE *a), (a))
DG_LATE_MUST(LIBCRYPTO, int, X509_VERIFY_PARAM_set_flags, (X509_VERIFY_PARAM *a, unsigned long b), (a, b))
DG_LATE_MUST(LIBCRYPTO, int, X509_cmp_time, (const ASN1_TIME *a, time_t *b), (a, b))
DG_LATE_MUST(LIBCRYPTO, int, X509_digest, (const X509 *a, const EVP_MD *b, unsigned char *c, unsigned int *d), (a, b, c, d))
DG_LATE_MUST_VOID(LIBCRYPTO, X509_free, (X509 *a), (a))
DG_LATE_MUST(LIBCRYPTO, const ASN1_TIME *, X509_get0_notAfter, (const X509 *a), (a))
DG_LATE_MUST(LIBCRYPTO, const ASN1_TIME *, X509_get0_notBefore, (const X509 *a), (a))
DG_LATE_MUST(LIBCRYPTO, EVP_PKEY *, X509_get0_pubkey, (const X509 *a), (a))
DG_LATE_MUST(LIBCRYPTO, X509_NAME *, X509_get_subject_name, (const X509 *a), (a))
DG_LATE_MUST(LIBCRYPTO, EVP_PKEY *, d2i_PUBKEY, (EVP_PKEY **a, const unsigned char **b, long c), (a, b, c))
DG_LATE_MUST(LIBCRYPTO, EVP_PKEY *, d2i_PublicKey, (int a, EVP_PKEY **b, const unsigned char **c, long d), (a, b, c, d))
DG_LATE_MUST(LIBCRYPTO, int, i2d_PUBKEY, (const EVP_PKEY *a, unsigned char **b), (a, b))

DG_LATE_MUST(LIBSSL, long, SSL_CTX_ctrl, (SSL_CTX *a, int b, long c, void *d), (a, b, c, d))
DG_LATE_MUST_VOID(LIBSSL, SSL_CTX_free, (SSL_CTX *a), (a))
DG_LATE_MUST(LIBSSL, X509 *, SSL_CTX_get0_certificate, (const SSL_CTX *a), (a))
DG_LATE_MUST(LIBSSL, X509_VERIFY_PARAM *, SSL_CTX_get0_param, (SSL_CTX *a), (a))
DG_LATE_MUST(LIBSSL, X509_STORE *, SSL_CTX_get_cert_store, (const SSL_CTX *a), (a))
DG_LATE_MUST(LIBSSL, int, SSL_CTX_load_verify_locations, (SSL_CTX *a, const char *b, const char *c), (a, b, c))
DG_LATE_MUST(LIBSSL, SSL_CTX *, SSL_CTX_new, (const SSL_METHOD *a), (a))
DG_LATE_MUST_VOID(LIBSSL, SSL_CTX_set_client_CA_list, (SSL_CTX *a, struct stack_st_X509_NAME *b), (a, b))
DG_LATE_MUST(LIBSSL, int, SSL_CTX_set_num_tickets, (SSL_CTX *a, size_t b), (a, b))
DG_LATE_MUST(LIBSSL, uint64_t, SSL_CTX_set_options, (SSL_CTX *a, uint64_t b), (a, b))
DG_LATE_MUST_VOID(LIBSSL, SSL_CTX_set_verify, (SSL_CTX *a, int b, SSL_verify_cb c), (a, b, c))
DG_LATE_MUST(LIBSSL, int, SSL_CTX_up_ref, (SSL_CTX *a), (a))
DG_LATE_MUST(LIBSSL, int, SSL_CTX_use_PrivateKey, (SSL_CTX *a, EVP_PKEY *b), (a, b))
DG_LATE_MUST(LIBSSL, int, SSL_CTX_use_certificate_chain_file, (SSL_CTX *a, const char *b), (a, b))
DG_LATE_MUST(LIBSSL, X509 *, SSL_get1_peer_certificate, (const SSL *a), (a))
DG_LATE_MUST(LIBSSL, int, SSL_is_init_finished, (const SSL *a), (a))
DG_LATE_MUST(LIBSSL, struct stack_st_X509_NAME *, SSL_load_client_CA_file, (const char *a), (a))
DG_LATE_MUST(LIBSSL, SSL *, SSL_new, (SSL_CTX *a), (a))
DG_LATE_MUST(LIBSSL, int, SSL_shutdown, (SSL *a), (a))
DG_LATE_MUST(LIBSSL, const SSL_METHOD *, TLS_server_method, (void), ())

DG_LATE_MUST(LIBEVENT_OPENSSL, struct ssl_st *, bufferevent_openssl_get_ssl, (struct bufferevent *a), (a))
DG_LATE_MUST(LIBEVENT_OPENSSL, struct bufferevent *, bufferevent_openssl_socket_new, (struct event_base *a, int b, struct ssl_st *c, enum bufferevent_ssl_state d, int e), (a, b, c, d, e))
/* clang-format on */
/* NOLINTEND(readability-inconsistent-declaration-parameter-name,readability-function-size) */
