/* floor RESOLVER WINDOW <FILE: asks libunbound (its event interface, the cheapest it has) for each "NAME TYPE" of standard input, looks
 * at nothing but the header of what comes, and says what a question cost: "done N found N failed N cpu_us N". */
#include <event2/event.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unbound-event.h>
#include <unbound.h>

#define LINE_MAX_LEN 600

struct counts {
	unsigned long n_open, n_done, n_found, n_failed;
};

/* NOLINTNEXTLINE(readability-function-size): libunbound has this form */
static void on_answer(void *arg, int rcode, void *packet, int len, int sec, char *why, int limited)
{
	struct counts *c = arg;
	const unsigned char *p = packet;

	(void)sec;
	(void)why;
	(void)limited;
	c->n_open--;
	c->n_done++;
	if (rcode != 0 || len < 12) {
		c->n_failed++;
	} else if (p[6] != 0 || p[7] != 0) {
		c->n_found++;
	}
}

static int type_of(const char *text)
{
	static const struct {
		const char *text;
		int type;
	} types[] = {{"A", 1}, {"NS", 2}, {"MX", 15}, {"TXT", 16}, {"AAAA", 28}};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (strcmp(types[i].text, text) == 0) {
			return types[i].type;
		}
	}
	return 0;
}

/* False: no more lines. */
static bool ask_next(struct ub_ctx *ctx, struct counts *c)
{
	char line[LINE_MAX_LEN];

	if (!fgets(line, sizeof(line), stdin)) {
		return false;
	}
	line[strcspn(line, "\n")] = '\0';
	char *type = strchr(line, ' ');
	if (!type) {
		return true;
	}
	*type++ = '\0';
	c->n_open++;
	return ub_resolve_event(ctx, line, type_of(type), 1, c, on_answer, NULL) == 0;
}

static struct ub_ctx *context(struct event_base *base, const char *resolver)
{
	struct ub_ctx *ctx = ub_ctx_create_event(base);

	if (!ctx || ub_ctx_set_fwd(ctx, resolver) != 0 ||
		ub_ctx_set_option(ctx, "module-config:", "iterator") != 0 ||
		ub_ctx_set_option(ctx, "outgoing-range:", "4096") != 0 ||
		ub_ctx_set_option(ctx, "num-queries-per-thread:", "2048") != 0) {
		return NULL;
	}
	return ctx;
}

static double cpu_us(void)
{
	struct rusage u;

	(void)getrusage(RUSAGE_SELF, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1e6 +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
}

int main(int argc, char **argv)
{
	struct event_base *base = event_base_new();
	struct ub_ctx *ctx = base && argc == 3 ? context(base, argv[1]) : NULL;
	struct counts c = {0};
	bool has_more = true;

	if (!ctx) {
		(void)fputs("usage: floor ADDRESS WINDOW <LOOKUPS\n", stderr);
		return 2;
	}
	unsigned long window = strtoul(argv[2], NULL, 10);
	while (has_more || c.n_open > 0) {
		while (has_more && c.n_open < window) {
			has_more = ask_next(ctx, &c);
		}
		if (c.n_open > 0) {
			(void)event_base_loop(base, EVLOOP_ONCE);
		}
	}
	(void)printf("done %lu found %lu failed %lu cpu_us %.2f\n", c.n_done, c.n_found, c.n_failed,
		cpu_us() / (double)(c.n_done ? c.n_done : 1));
	ub_ctx_delete(ctx);
	event_base_free(base);
	return 0;
}
