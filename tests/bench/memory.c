/* memory NAMES: octets a mail name in the hub of `dnsguard watch` (controller/watch/hub.h): quiet, and with an attack on each of them; beside the least that
 * a detector needs: its own struct, and its name, bare. Of the heap as malloc counts it, and of the process as the kernel does (Pss of
 * smaps_rollup). */
#include "controller/watch/hub.h"
#include "providers/net/loop.h"
#include "zones/base/err.h"

#include <inttypes.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define AT_MS  INT64_C(1795396377000)
#define FORGED 9u /* bounces to one name: more than a notice needs */

static int64_t now(void *arg)
{
	(void)arg;
	return AT_MS / 1000;
}

static int64_t mono_ms(void *arg)
{
	(void)arg;
	return 1;
}

struct used {
	size_t heap;
	long pss_kib;
};

static struct used used(void)
{
	struct mallinfo2 m = mallinfo2();
	struct used u = {.heap = m.uordblks + m.hblkhd};
	char line[256];
	FILE *f = fopen("/proc/self/smaps_rollup", "re");

	while (f && fgets(line, sizeof(line), f)) {
		(void)sscanf(line, "Pss: %ld", &u.pss_kib);
	}
	if (f) {
		(void)fclose(f);
	}
	return u;
}

static void say(const char *what, unsigned n, struct used from, struct used to)
{
	printf("%7u names, %-38s %8.1f octets a name on the heap, %8.1f in memory (%ld KiB)\n", n,
		what, (double)(to.heap - from.heap) / n,
		(double)(to.pss_kib - from.pss_kib) * 1024 / n, to.pss_kib - from.pss_kib);
}

static void name_of(unsigned i, char name[40])
{
	(void)snprintf(name, 40, "n%05u.example.", i);
}

/* Bare: one block of detectors, one of names. */
static void least(unsigned n)
{
	struct used from = used();
	struct dg_detector *d = malloc(n * sizeof(*d));
	size_t size = strlen("n00000.example.") + 1;
	char *names = malloc(n * size);

	for (unsigned i = 0; d && names && i < n; i++) {
		char name[40];

		dg_detector_init(&d[i], AT_MS);
		name_of(i, name);
		memcpy(names + i * size, name, size);
	}
	say("bare detectors and names", n, from, used());
	free(d);
	free(names);
}

static void attack(struct dg_hub *hub, unsigned i)
{
	char address[64], client[32], name[40];

	name_of(i, name);
	for (unsigned k = 0; k < FORGED; k++) {
		int n = snprintf(address, sizeof(address), "r%u@%s", k, name);
		int c = snprintf(client, sizeof(client), "198.51.%u.25", k);
		struct dg_mail_event e = {.kind = DG_MAIL_UNKNOWN,
			.at_ms = AT_MS,
			.address = {address, (size_t)n},
			.client = {client, (size_t)c}};

		dg_hub_event(hub, "bench", &e);
	}
}

int main(int argc, char **argv)
{
	static const struct dg_clock clock = {.now = now, .mono_ms = mono_ms};
	unsigned n = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 100000;
	struct dg_hub_options o = {0};
	struct dg_watched *w = NULL;
	struct dg_err err;
	unsigned n_hot = 0;
	int r = n == 0 || n > 99999 + 1 ? -1 : dg_loop_new(&clock, &o.loop, &err);

	if (r < 0) {
		(void)fputs("usage: memory NAMES (1 to 100000)\n", stderr);
		return 2;
	}
	least(n);
	struct used before = used();
	r = dg_hub_new(&o, (struct dg_hub **)&o.arg, &err);
	struct dg_hub *hub = o.arg;
	for (unsigned i = 0; r == 0 && i < n; i++) {
		char name[40];

		name_of(i, name);
		r = dg_hub_add(hub, name, name, &w, &err);
	}
	if (r < 0) {
		(void)fprintf(stderr, "%s\n", err.text);
		return 1;
	}
	struct used quiet = used();
	for (unsigned i = 0; i < n; i++) {
		attack(hub, i);
	}
	struct used active = used();
	for (unsigned i = 0; i < n; i++) {
		n_hot += dg_watched_heat(dg_hub_at(hub, i)) != NULL;
	}
	say("the hub, all quiet", n, before, quiet);
	say("the hub, all under attack", n, before, active);
	(void)dg_hub_free(hub);
	(void)dg_loop_free(o.loop);
	return n_hot == n ? 0 : 1;
}
