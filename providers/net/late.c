#include "providers/net/late.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

/* Global, so that what else it brings along is found too; and a library that is there already is used. */
void *dg_late(void **at, const char *library, const char *name)
{
	void *found = __atomic_load_n(at, __ATOMIC_ACQUIRE);

	if (!found) {
		found = dlsym(RTLD_DEFAULT, name);
		if (!found && dlopen(library, RTLD_NOW | RTLD_GLOBAL)) {
			found = dlsym(RTLD_DEFAULT, name);
		}
		__atomic_store_n(at, found, __ATOMIC_RELEASE);
	}
	return found;
}

void *dg_late_must(void **at, const char *library, const char *name)
{
	void *found = dg_late(at, library, name);

	if (!found) {
		(void)fprintf(stderr,
			"dnsguard: %s, or %s in it, cannot be loaded: install the library\n",
			library, name);
		abort();
	}
	return found;
}
