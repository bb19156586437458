#include "controller/engine/fleet.h"

#include "controller/engine/files.h"
#include "zones/base/arena.h"
#include "zones/base/map.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define NAMES_MAX ((size_t)512 << 20) /* bytes of paths and zone names */

struct dg_fleet {
	struct dg_arena *arena;      /* paths */
	struct dg_arena *zone_arena; /* names of the zones seen, of this pass */
	struct dg_map zones;
	const char **documents;
	size_t n, cap;
	size_t at;
	dg_provider_schemas providers;
	struct dg_file_reader reader;
	struct dg_loader *loader;
	char *text;
};

static void add_document(struct dg_fleet *f, const char *path)
{
	if (f->n == f->cap) {
		size_t cap = f->cap > 0 ? f->cap * 2 : 16;
		const char **grown = dg_newn(f->arena, const char *, cap);

		if (f->n > 0) {
			memcpy(grown, f->documents, f->n * sizeof(*grown));
		}
		f->documents = grown;
		f->cap = cap;
	}
	f->documents[f->n++] = dg_strdup(f->arena, path);
}

static int is_yaml(const struct dirent *e)
{
	const char *dot = strrchr(e->d_name, '.');

	return e->d_name[0] != '.' && dot &&
	       (strcmp(dot, ".yaml") == 0 || strcmp(dot, ".yml") == 0);
}

static int add_folder(struct dg_fleet *f, const char *path, struct dg_err *err)
{
	struct dirent **list = NULL;
	int n = scandir(path, &list, is_yaml, alphasort);

	if (n < 0) {
		return dg_fail(err, DG_EIO, "%s: %s", path, strerrordesc_np(errno));
	}
	struct dg_arena *scratch = dg_arena_new(NAMES_MAX);
	for (int i = 0; i < n; i++) {
		add_document(f, dg_printf(scratch, "%s/%s", path, list[i]->d_name));
		free(list[i]);
	}
	free(list);
	dg_arena_free(scratch);
	if (n == 0) {
		return dg_fail(err, DG_EINPUT, "%s: no *.yaml or *.yml file in this folder", path);
	}
	return 0;
}

int dg_fleet_open(const char *const *paths, size_t n, dg_provider_schemas providers,
	struct dg_fleet **ret_fleet, struct dg_err *err)
{
	struct dg_fleet *f = calloc(1, sizeof(*f));
	int r = 0;

	if (!f) {
		return dg_fail(err, DG_EIO, "out of memory");
	}
	f->arena = dg_arena_new(NAMES_MAX);
	f->providers = providers;
	f->reader = dg_file_reader_real();
	for (size_t i = 0; i < n && r == 0; i++) {
		bool is_file = strcmp(paths[i], "-") != 0;
		struct stat st;

		if (is_file && stat(paths[i], &st) != 0) {
			r = dg_fail(err, DG_EIO, "%s: %s", paths[i], strerrordesc_np(errno));
		} else if (is_file && S_ISDIR(st.st_mode)) {
			r = add_folder(f, paths[i], err);
		} else {
			add_document(f, paths[i]);
		}
	}
	if (r < 0) {
		dg_fleet_close(f);
		return r;
	}
	dg_fleet_rewind(f);
	*ret_fleet = f;
	return 0;
}

static void close_document(struct dg_fleet *f)
{
	f->loader = dg_loader_free(f->loader);
	free(f->text);
	f->text = NULL;
}

struct dg_fleet *dg_fleet_close(struct dg_fleet *f)
{
	if (f) {
		close_document(f);
		dg_arena_free(f->zone_arena);
		dg_arena_free(f->arena);
		free(f);
	}
	return NULL;
}

void dg_fleet_rewind(struct dg_fleet *f)
{
	close_document(f);
	dg_arena_free(f->zone_arena);
	f->zone_arena = dg_arena_new(NAMES_MAX);
	dg_map_init(&f->zones, f->zone_arena);
	f->at = 0;
}

static int open_document(struct dg_fleet *f, struct dg_err *err)
{
	const char *path = f->documents[f->at++];
	size_t len = 0;

	int r = dg_file_read(path, DG_POLICY_FLEET_MAX, &f->text, &len, err);
	if (r == 0) {
		r = dg_loader_new(f->text, len, path, f->providers, &f->reader, &f->loader, err);
	}
	if (r < 0) {
		close_document(f);
	}
	return r;
}

/* The same zone twice would be two opinions about one name. */
static int check_once(struct dg_fleet *f, const struct dg_policy *p, struct dg_err *err)
{
	char *zone = dg_strdup(f->zone_arena, p->zone);
	struct dg_pos *pos = dg_new(f->zone_arena, struct dg_pos);

	*pos = p->pos;
	pos->file = f->documents[f->at - 1];
	const struct dg_pos *first = dg_map_put(&f->zones, zone, pos);
	if (first) {
		return dg_fail_at(err, &p->pos, DG_EINPUT,
			"zone %s is already declared at %s:%u; one zone has one policy", zone,
			first->file, first->line);
	}
	return 0;
}

int dg_fleet_next(struct dg_fleet *f, struct dg_arena *a, struct dg_policy **ret_policy,
	const char **ret_document, struct dg_err *err)
{
	for (;;) {
		if (!f->loader) {
			if (f->at == f->n) {
				return 1;
			}
			int r = open_document(f, err);

			if (r < 0) {
				return r;
			}
		}
		struct dg_policy *p = NULL;
		int r = dg_policy_next(f->loader, a, &p, err);

		if (r < 0) {
			return r;
		}
		if (r == 0) {
			r = check_once(f, p, err);
			if (r == 0) {
				*ret_policy = p;
				*ret_document = f->documents[f->at - 1];
			}
			return r;
		}
		close_document(f);
	}
}

size_t dg_fleet_n_documents(const struct dg_fleet *f)
{
	return f->n;
}

size_t dg_fleet_at(const struct dg_fleet *f)
{
	return f->at;
}
