/* providers/net/late.h: libraries that are loaded when they are used first.
 *
 * Shape    libcurl, GMime, libsystemd and libunbound bring forty libraries along, which most commands never use and which cost more than all that a split does;
 *          and to bind libcrypto alone takes as long as all that `dnsguard approve` does with the journal. So the program is linked
 *          without them; files named late_*.c define what is used of them, under its own name, and hand
 *          each call on. Callers include the library's header and see no difference.
 * Errors   DG_LATE: where the library is not there, a function answers as when it fails (NULL, an error code). DG_LATE_MUST: the process
 *          ends, as it does without memory, and says which library is missing: no digest, no comparison of secrets is right without.
 * Calls    From any thread.
 * Memory   What was loaded stays. Each function keeps where its other half is, as the linker's own tables do.
 */
#pragma once

#include <string.h>

/* *at: NULL at first; where name was found. NULL: the library (its soname), or name in it, is not there. */
void *dg_late(void **at, const char *library, const char *name);

/* Never NULL: without it the process ends. */
void *dg_late_must(void **at, const char *library, const char *name);

/* NOLINTBEGIN(bugprone-macro-parentheses): types and lists of parameters bear none */
/* fn: the library's function, by find (one of the above); NULL only from dg_late(). */
#define DG_LATE_FN(find, library, type, name, params) \
	static void *at;                              \
	type(*fn) params = NULL;                      \
	void *found = find(&at, library, #name);      \
                                                      \
	memcpy(&fn, &found, sizeof(fn));

/* Each defines name as a function that calls the library's. failed: what it returns without it. */
#define DG_LATE(library, type, name, params, args, failed)       \
	type name params                                         \
	{                                                        \
		DG_LATE_FN(dg_late, library, type, name, params) \
		return fn ? fn args : (failed);                  \
	}

#define DG_LATE_VOID(library, name, params, args)                \
	void name params                                         \
	{                                                        \
		DG_LATE_FN(dg_late, library, void, name, params) \
		if (fn) {                                        \
			fn args;                                 \
		}                                                \
	}

#define DG_LATE_MUST(library, type, name, params, args)               \
	type name params                                              \
	{                                                             \
		DG_LATE_FN(dg_late_must, library, type, name, params) \
		return fn args;                                       \
	}

#define DG_LATE_MUST_VOID(library, name, params, args)                \
	void name params                                              \
	{                                                             \
		DG_LATE_FN(dg_late_must, library, void, name, params) \
		fn args;                                              \
	}
/* NOLINTEND(bugprone-macro-parentheses) */
