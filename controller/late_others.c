/* libldns, libexpat, libpsl, libidn2, libmilter and libseccomp, as far as the program uses them.
 *
 * The linker finds these here, ahead of the libraries, and so leaves those out of what the loader binds (providers/net/late.h); programs
 * of the tests, which are without this file, are linked with the libraries. What the parameters mean is in the libraries' headers. */
#include "controller/sonames.h"
#include "providers/net/late.h"

#include <expat.h>
#include <idn2.h>
#include <ldns/ldns.h>
#include <libmilter/mfapi.h>
#include <libpsl.h>
#include <seccomp.h>

/* NOLINTBEGIN(readability-inconsistent-declaration-parameter-name,misc-misplaced-const): theirs, but shorter */
/* clang-format off */
DG_LATE_MUST(LIBLDNS, const char *, ldns_get_errorstr_by_id, (ldns_status a), (a))
DG_LATE_MUST(LIBLDNS, char *, ldns_rdf2str, (const ldns_rdf *a), (a))
DG_LATE_MUST(LIBLDNS, uint8_t *, ldns_rdf_data, (const ldns_rdf *a), (a))
DG_LATE_MUST_VOID(LIBLDNS, ldns_rdf_deep_free, (ldns_rdf *a), (a))
DG_LATE_MUST(LIBLDNS, ldns_rdf *, ldns_rdf_new_frm_data, (ldns_rdf_type a, size_t b, const void *c), (a, b, c))
DG_LATE_MUST(LIBLDNS, size_t, ldns_rdf_size, (const ldns_rdf *a), (a))
DG_LATE_MUST_VOID(LIBLDNS, ldns_rr_free, (ldns_rr *a), (a))
DG_LATE_MUST(LIBLDNS, ldns_status, ldns_rr_new_frm_str, (ldns_rr **a, const char *b, uint32_t c, const ldns_rdf *d, ldns_rdf **e), (a, b, c, d, e))
DG_LATE_MUST(LIBLDNS, size_t, ldns_rr_rd_count, (const ldns_rr *a), (a))
DG_LATE_MUST(LIBLDNS, ldns_rdf *, ldns_rr_rdf, (const ldns_rr *a, size_t b), (a, b))
DG_LATE_MUST(LIBLDNS, const char *, ldns_version, (void), ())
DG_LATE_MUST(LIBLDNS, ldns_status, ldns_wire2rr, (ldns_rr **a, const uint8_t *b, size_t c, size_t *d, ldns_pkt_section e), (a, b, c, d, e))

DG_LATE_MUST(LIBEXPAT, const XML_LChar *, XML_ErrorString, (enum XML_Error a), (a))
DG_LATE_MUST(LIBEXPAT, XML_Index, XML_GetCurrentByteIndex, (XML_Parser a), (a))
DG_LATE_MUST(LIBEXPAT, XML_Size, XML_GetCurrentColumnNumber, (XML_Parser a), (a))
DG_LATE_MUST(LIBEXPAT, XML_Size, XML_GetCurrentLineNumber, (XML_Parser a), (a))
DG_LATE_MUST(LIBEXPAT, enum XML_Error, XML_GetErrorCode, (XML_Parser a), (a))
DG_LATE_MUST(LIBEXPAT, enum XML_Status, XML_Parse, (XML_Parser a, const char *b, int c, int d), (a, b, c, d))
DG_LATE_MUST(LIBEXPAT, XML_Parser, XML_ParserCreate, (const XML_Char *a), (a))
DG_LATE_MUST_VOID(LIBEXPAT, XML_ParserFree, (XML_Parser a), (a))
DG_LATE_MUST_VOID(LIBEXPAT, XML_SetCharacterDataHandler, (XML_Parser a, XML_CharacterDataHandler b), (a, b))
DG_LATE_MUST_VOID(LIBEXPAT, XML_SetElementHandler, (XML_Parser a, XML_StartElementHandler b, XML_EndElementHandler c), (a, b, c))
DG_LATE_MUST_VOID(LIBEXPAT, XML_SetStartDoctypeDeclHandler, (XML_Parser a, XML_StartDoctypeDeclHandler b), (a, b))
DG_LATE_MUST_VOID(LIBEXPAT, XML_SetUnknownEncodingHandler, (XML_Parser a, XML_UnknownEncodingHandler b, void *c), (a, b, c))
DG_LATE_MUST_VOID(LIBEXPAT, XML_SetUserData, (XML_Parser a, void *b), (a, b))
DG_LATE_MUST(LIBEXPAT, enum XML_Status, XML_StopParser, (XML_Parser a, XML_Bool b), (a, b))

DG_LATE_MUST(LIBPSL, const psl_ctx_t *, psl_builtin, (void), ())
DG_LATE_MUST(LIBPSL, const char *, psl_unregistrable_domain, (const psl_ctx_t *a, const char *b), (a, b))

DG_LATE_MUST_VOID(LIBIDN2, idn2_free, (void *a), (a))
DG_LATE_MUST(LIBIDN2, const char *, idn2_strerror, (int a), (a))
DG_LATE_MUST(LIBIDN2, int, idn2_to_ascii_8z, (const char *a, char **b, int c), (a, b, c))
DG_LATE_MUST(LIBIDN2, int, idn2_to_unicode_8z8z, (const char *a, char **b, int c), (a, b, c))

DG_LATE_MUST(LIBMILTER, void *, smfi_getpriv, (SMFICTX *a), (a))
DG_LATE_MUST(LIBMILTER, char *, smfi_getsymval, (SMFICTX *a, char *b), (a, b))
DG_LATE_MUST(LIBMILTER, int, smfi_main, (void), ())
DG_LATE_MUST(LIBMILTER, int, smfi_opensocket, (bool a), (a))
DG_LATE_MUST(LIBMILTER, int, smfi_register, (struct smfiDesc a), (a))
DG_LATE_MUST(LIBMILTER, int, smfi_setbacklog, (int a), (a))
DG_LATE_MUST(LIBMILTER, int, smfi_setconn, (char *a), (a))
DG_LATE_MUST(LIBMILTER, int, smfi_setpriv, (SMFICTX *a, void *b), (a, b))
DG_LATE_MUST(LIBMILTER, int, smfi_setreply, (SMFICTX *a, char *b, char *c, char *d), (a, b, c, d))

DG_LATE_MUST(LIBSECCOMP, scmp_filter_ctx, seccomp_init, (uint32_t a), (a))
DG_LATE_MUST(LIBSECCOMP, int, seccomp_load, (const scmp_filter_ctx a), (a))
DG_LATE_MUST(LIBSECCOMP, int, seccomp_rule_add_array, (scmp_filter_ctx a, uint32_t b, int c, unsigned int d, const struct scmp_arg_cmp *e), (a, b, c, d, e))
DG_LATE_MUST_VOID(LIBSECCOMP, seccomp_release, (scmp_filter_ctx a), (a))
/* clang-format on */
/* NOLINTEND(readability-inconsistent-declaration-parameter-name,misc-misplaced-const) */
