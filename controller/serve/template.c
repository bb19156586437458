#include "controller/serve/template.h"

#include "controller/engine/files.h"
#include "controller/serve/route.h"
#include "providers/provider.h"
#include "zones/base/arena.h"
#include "zones/base/buf.h"
#include "zones/policy/load.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MARK       "# made by dnsguard serve from the template "
#define MARK_END   "; edits are replaced\n"
#define HERE       "{zone}"
#define TRIED_WITH "a.template.example"
#define MEMORY_MAX ((size_t)64 << 20)
#define HEAD_BYTES 200u
#define MADE_MAX   ((size_t)2 * DG_POLICY_FILE_MAX)

struct template
{
	const char *name, *path, *text;
};

struct dg_templates {
	struct dg_arena *arena;
	struct template list[DG_TEMPLATES_MAX];
	size_t n;
};

static const struct template *find(const struct dg_templates *t, const char *name)
{
	for (size_t i = 0; i < t->n; i++) {
		if (strcmp(t->list[i].name, name) == 0) {
			return &t->list[i];
		}
	}
	return NULL;
}

bool dg_templates_has(const struct dg_templates *t, const char *name)
{
	return find(t, name) != NULL;
}

static void fill(struct dg_buf *b, const char *text, const char *domain)
{
	const char *at = NULL;

	while ((at = strstr(text, HERE)) != NULL) {
		dg_buf_put(b, text, (size_t)(at - text));
		dg_buf_puts(b, domain);
		text = at + sizeof(HERE) - 1;
	}
	dg_buf_puts(b, text);
}

/* Key files of the template are looked at when a zone is planned. */
static int check(const struct template *x, const char *text, struct dg_err *err)
{
	struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new(MEMORY_MAX);
	struct dg_file_reader reader = dg_file_reader_real();
	struct dg_loader *l = NULL;
	struct dg_policy *p = NULL;
	struct dg_policy *second = NULL;

	int r = dg_loader_new(
		text, strlen(text), x->path, dg_provider_schemas_all(), &reader, &l, err);
	if (r < 0) {
		return r;
	}
	r = dg_policy_next(l, a, &p, err);
	if (r == 0 && strcmp(p->zone, TRIED_WITH ".") != 0) {
		r = dg_fail_at(err, &p->pos, DG_EINPUT,
			"a template is the policy of the domain it is used for: zone: \"{zone}\"");
	}
	if (r == 0) {
		r = dg_policy_next(l, a, &second, err);
		r = r == 0  ? dg_fail_at(err, &second->pos, DG_EINPUT,
				      "a template is the policy of one zone")
		    : r < 0 ? r
			    : 0;
	} else if (r > 0) {
		r = dg_fail(err, DG_EINPUT, "%s: there is no zone: in it", x->path);
	}
	(void)dg_loader_free(l);
	return r;
}

static int add(struct dg_templates *t, const char *folder, const char *file, struct dg_err *err)
{
	char *name = dg_strndup(t->arena, file, strlen(file) - sizeof(".yaml") + 1);
	struct template *x = &t->list[t->n];
	char *text = NULL;
	struct dg_buf b;
	size_t len = 0;

	if (!dg_route_is_template(name)) {
		return dg_fail(err, DG_EINPUT,
			"%s/%s: the name of a template is lower-case letters, digits, - and _",
			folder, file);
	}
	if (t->n == DG_TEMPLATES_MAX) {
		return dg_fail(
			err, DG_ELIMIT, "%s: at most %u templates", folder, DG_TEMPLATES_MAX);
	}
	*x = (struct template){.name = name, .path = dg_printf(t->arena, "%s/%s", folder, file)};
	int r = dg_file_read(x->path, DG_POLICY_FILE_MAX, &text, &len, err);
	if (r < 0) {
		return r;
	}
	x->text = dg_strndup(t->arena, text, len);
	free(text);
	dg_buf_init(&b, MADE_MAX);
	fill(&b, x->text, TRIED_WITH);
	r = b.is_full ? dg_fail(err, DG_ELIMIT, "%s: too large", x->path) : check(x, b.data, err);
	dg_buf_done(&b);
	t->n += r == 0 ? 1 : 0;
	return r;
}

static int is_template(const struct dirent *e)
{
	size_t n = strlen(e->d_name);

	return e->d_name[0] != '.' && n > 5 && strcmp(e->d_name + n - 5, ".yaml") == 0;
}

int dg_templates_load(const char *folder, struct dg_templates **ret_templates, struct dg_err *err)
{
	struct dg_templates *t = calloc(1, sizeof(*t));
	struct dirent **list = NULL;
	int r = 0;

	if (!t) {
		abort();
	}
	t->arena = dg_arena_new(MEMORY_MAX);
	int n = folder ? scandir(folder, &list, is_template, alphasort) : 0;
	if (n < 0) {
		r = dg_fail(err, DG_EIO, "%s: %s", folder, strerrordesc_np(errno));
	}
	for (int i = 0; i < n; i++) {
		r = r == 0 ? add(t, folder, list[i]->d_name, err) : r;
		free(list[i]);
	}
	free(list);
	if (r < 0) {
		(void)dg_templates_free(t);
		return r;
	}
	*ret_templates = t;
	return 0;
}

struct dg_templates *dg_templates_free(struct dg_templates *t)
{
	if (t) {
		dg_arena_free(t->arena);
		free(t);
	}
	return NULL;
}

/* --- policies of domains ------------------------------------------------------------------------ */
const char *dg_template_path(struct dg_arena *a, const char *zones, const char *domain)
{
	return dg_printf(a, "%s/%s.yaml", zones, domain);
}

const char *dg_template_of(struct dg_arena *a, const char *path)
{
	char head[HEAD_BYTES + 1];
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);

	if (fd < 0) {
		return errno == ENOENT ? NULL : "";
	}
	ssize_t n = read(fd, head, HEAD_BYTES);
	(void)close(fd);
	head[n > 0 ? n : 0] = '\0';
	const size_t n_mark = sizeof(MARK) - 1;
	const char *end = strstr(head, MARK_END);
	if (strncmp(head, MARK, n_mark) != 0 || !end) {
		return "";
	}
	return dg_strndup(a, head + n_mark, (size_t)(end - head) - n_mark);
}

static int write_all(const char *path, const struct dg_buf *b, struct dg_err *err)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
	size_t at = 0;

	while (fd >= 0 && at < b->len) {
		ssize_t n = write(fd, b->data + at, b->len - at);

		if (n <= 0) {
			break;
		}
		at += (size_t)n;
	}
	int code = errno;
	bool is_good = fd >= 0 && at == b->len;
	if (fd >= 0 && close(fd) != 0) {
		is_good = false;
	}
	return is_good ? 0 : dg_fail(err, DG_EIO, "%s: %s", path, strerrordesc_np(code));
}

int dg_template_try(const struct dg_templates *t, struct dg_arena *a, const char *name,
	const char *domain, const char *path, struct dg_err *err)
{
	const struct template *x = find(t, name);
	struct dg_buf b;

	(void)a;
	if (!x) {
		return dg_fail(err, DG_EINPUT, "there is no template %s", name);
	}
	dg_buf_init(&b, MADE_MAX);
	dg_buf_printf(&b, MARK "%s" MARK_END, name);
	fill(&b, x->text, domain);
	int r = b.is_full ? dg_fail(err, DG_ELIMIT, "%s: too large", x->path)
			  : write_all(path, &b, err);
	dg_buf_done(&b);
	return r;
}

/* NOLINTNEXTLINE(readability-function-size): what it needs is told in one call */
int dg_template_write(const struct dg_templates *t, struct dg_arena *a, const char *name,
	const char *zones, const char *domain, bool replaces, struct dg_err *err)
{
	const char *path = dg_template_path(a, zones, domain);
	const char *temporary = dg_printf(a, "%s/.%s.new", zones, domain);
	const char *was = dg_template_of(a, path);

	if (was && was[0] == '\0' && !replaces) {
		return dg_fail(err, DG_ECONFLICT,
			"%s has a policy of its own that no template made; with replace: true it "
			"is replaced",
			domain);
	}
	int r = dg_template_try(t, a, name, domain, temporary, err);
	if (r == 0 && rename(temporary, path) != 0) {
		r = dg_fail(err, DG_EIO, "%s: %s", path, strerrordesc_np(errno));
	}
	return r;
}
