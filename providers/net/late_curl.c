/* libcurl, as far as it is used (late.h). */
#include "providers/net/late.h"

#include <curl/curl.h>
#include <stdarg.h>

#define CURL_LIBRARY "libcurl.so.4" /* its soname since 2006 */
#define MISSING      CURL_LIBRARY " cannot be loaded"

/* They look like functions in the header, too. */
#undef curl_easy_setopt
#undef curl_easy_getinfo
#undef curl_multi_setopt
#undef curl_share_setopt

/* NOLINTBEGIN(readability-inconsistent-declaration-parameter-name): shorter ones than in the header */
/* clang-format off */
DG_LATE(CURL_LIBRARY, CURLcode, curl_global_init, (long flags), (flags), CURLE_FAILED_INIT)
DG_LATE_VOID(CURL_LIBRARY, curl_global_cleanup, (void), ())
DG_LATE(CURL_LIBRARY, curl_version_info_data *, curl_version_info, (CURLversion age), (age), NULL)
DG_LATE_VOID(CURL_LIBRARY, curl_free, (void *p), (p))
DG_LATE(CURL_LIBRARY, struct curl_slist *, curl_slist_append, (struct curl_slist *list, const char *text), (list, text), NULL)
DG_LATE_VOID(CURL_LIBRARY, curl_slist_free_all, (struct curl_slist *list), (list))

DG_LATE(CURL_LIBRARY, CURL *, curl_easy_init, (void), (), NULL)
DG_LATE_VOID(CURL_LIBRARY, curl_easy_cleanup, (CURL *h), (h))
DG_LATE_VOID(CURL_LIBRARY, curl_easy_reset, (CURL *h), (h))
DG_LATE(CURL_LIBRARY, CURLcode, curl_easy_perform, (CURL *h), (h), CURLE_FAILED_INIT)
DG_LATE(CURL_LIBRARY, CURLcode, curl_easy_recv, (CURL *h, void *p, size_t len, size_t *n), (h, p, len, n), CURLE_FAILED_INIT)
DG_LATE(CURL_LIBRARY, CURLcode, curl_easy_send, (CURL *h, const void *p, size_t len, size_t *n), (h, p, len, n), CURLE_FAILED_INIT)
DG_LATE(CURL_LIBRARY, const char *, curl_easy_strerror, (CURLcode code), (code), MISSING)
DG_LATE(CURL_LIBRARY, CURLHcode, curl_easy_header,
	(CURL *h, const char *name, size_t at_n, unsigned int origin, int request, struct curl_header **ret_header),
	(h, name, at_n, origin, request, ret_header), CURLHE_NOT_BUILT_IN)

DG_LATE(CURL_LIBRARY, CURLM *, curl_multi_init, (void), (), NULL)
DG_LATE(CURL_LIBRARY, CURLMcode, curl_multi_cleanup, (CURLM *m), (m), CURLM_INTERNAL_ERROR)
DG_LATE(CURL_LIBRARY, CURLMcode, curl_multi_add_handle, (CURLM *m, CURL *h), (m, h), CURLM_INTERNAL_ERROR)
DG_LATE(CURL_LIBRARY, CURLMcode, curl_multi_remove_handle, (CURLM *m, CURL *h), (m, h), CURLM_INTERNAL_ERROR)
DG_LATE(CURL_LIBRARY, CURLMcode, curl_multi_assign, (CURLM *m, curl_socket_t fd, void *p), (m, fd, p), CURLM_INTERNAL_ERROR)
DG_LATE(CURL_LIBRARY, CURLMsg *, curl_multi_info_read, (CURLM *m, int *left), (m, left), NULL)
DG_LATE(CURL_LIBRARY, CURLMcode, curl_multi_socket_action, (CURLM *m, curl_socket_t fd, int what, int *n), (m, fd, what, n),
	CURLM_INTERNAL_ERROR)
DG_LATE(CURL_LIBRARY, const char *, curl_multi_strerror, (CURLMcode code), (code), MISSING)

DG_LATE(CURL_LIBRARY, CURLSH *, curl_share_init, (void), (), NULL)
DG_LATE(CURL_LIBRARY, CURLSHcode, curl_share_cleanup, (CURLSH *s), (s), CURLSHE_INVALID)

DG_LATE(CURL_LIBRARY, CURLU *, curl_url, (void), (), NULL)
DG_LATE_VOID(CURL_LIBRARY, curl_url_cleanup, (CURLU *u), (u))
DG_LATE(CURL_LIBRARY, CURLUcode, curl_url_get, (CURLU *u, CURLUPart what, char **part, unsigned int flags), (u, what, part, flags),
	CURLUE_OUT_OF_MEMORY)
DG_LATE(CURL_LIBRARY, CURLUcode, curl_url_set, (CURLU *u, CURLUPart what, const char *part, unsigned int flags), (u, what, part, flags),
	CURLUE_OUT_OF_MEMORY)
/* clang-format on */
/* NOLINTEND(readability-inconsistent-declaration-parameter-name) */

/* NOLINTBEGIN(readability-inconsistent-declaration-parameter-name,bugprone-branch-clone): branches differ in a type */
/* --- a setting's number says of which type its value is ----------------------------------------- */
#define CALL(type, name, handle, option, values, n, failed)                            \
	do {                                                                           \
		static void *at;                                                       \
		type (*fn)(__typeof__(handle), __typeof__(option), ...) = NULL;        \
		void *found = dg_late(&at, CURL_LIBRARY, #name);                       \
		type rc = (failed);                                                    \
                                                                                       \
		memcpy(&fn, &found, sizeof(fn));                                       \
		if (fn && (n) < CURLOPTTYPE_OBJECTPOINT) {                             \
			rc = fn(handle, option, va_arg(values, long));                 \
		} else if (fn && (n) >= CURLOPTTYPE_OFF_T && (n) < CURLOPTTYPE_BLOB) { \
			rc = fn(handle, option, va_arg(values, curl_off_t));           \
		} else if (fn) {                                                       \
			rc = fn(handle, option, va_arg(values, void *));               \
		}                                                                      \
		va_end(values);                                                        \
		return rc;                                                             \
	} while (0)

CURLcode curl_easy_setopt(CURL *h, CURLoption option, ...)
{
	va_list values;

	va_start(values, option);
	CALL(CURLcode, curl_easy_setopt, h, option, values, (int)option, CURLE_FAILED_INIT);
}

CURLMcode curl_multi_setopt(CURLM *m, CURLMoption option, ...)
{
	va_list values;

	va_start(values, option);
	CALL(CURLMcode, curl_multi_setopt, m, option, values, (int)option, CURLM_INTERNAL_ERROR);
}

/* Always where the answer goes to. */
CURLcode curl_easy_getinfo(CURL *h, CURLINFO info, ...)
{
	va_list values;

	va_start(values, info);
	CALL(CURLcode, curl_easy_getinfo, h, info, values, CURLOPTTYPE_OBJECTPOINT,
		CURLE_FAILED_INIT);
}

/* The one that is used takes a number of type int (CURLSHOPT_SHARE); others take pointers. */
CURLSHcode curl_share_setopt(CURLSH *s, CURLSHoption option, ...)
{
	static void *at;
	CURLSHcode (*fn)(CURLSH *, CURLSHoption, ...) = NULL;
	void *found = dg_late(&at, CURL_LIBRARY, "curl_share_setopt");
	CURLSHcode rc = CURLSHE_INVALID;
	va_list values;

	memcpy(&fn, &found, sizeof(fn));
	va_start(values, option);
	if (fn && (option == CURLSHOPT_SHARE || option == CURLSHOPT_UNSHARE)) {
		rc = fn(s, option, va_arg(values, int));
	} else if (fn) {
		rc = fn(s, option, va_arg(values, void *));
	}
	va_end(values);
	return rc;
}
/* NOLINTEND(readability-inconsistent-declaration-parameter-name,bugprone-branch-clone) */
