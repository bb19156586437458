/* The least that plan and apply cannot do without, as bare as it gets: what bench.py divides by.
 *
 * floor yaml LIST      parses each file of LIST (one path a line) to YAML events
 * floor ldns LIST      parses each as a zone file
 * floor rewrite LIST   reads each, writes it beside itself, syncs, renames
 */
#include <errno.h>
#include <fcntl.h>
#include <ldns/ldns.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <yaml.h>

#define PATH_SIZE 4096
#define FILE_SIZE (1u << 20)

static int parse_yaml(const char *path)
{
	FILE *f = fopen(path, "re");
	yaml_parser_t parser;
	bool is_done = false;
	int ok = 1;

	if (!f) {
		return -1;
	}
	if (!yaml_parser_initialize(&parser)) {
		(void)fclose(f);
		return -1;
	}
	yaml_parser_set_input_file(&parser, f);
	while (ok && !is_done) {
		yaml_event_t event;

		ok = yaml_parser_parse(&parser, &event);
		is_done = ok && event.type == YAML_STREAM_END_EVENT;
		if (ok) {
			yaml_event_delete(&event);
		}
	}
	yaml_parser_delete(&parser);
	(void)fclose(f);
	return ok ? 0 : -1;
}

static int parse_zone(const char *path)
{
	FILE *f = fopen(path, "re");
	ldns_zone *zone = NULL;
	int line = 0;

	if (!f) {
		return -1;
	}
	ldns_status s = ldns_zone_new_frm_fp_l(&zone, f, NULL, 3600, LDNS_RR_CLASS_IN, &line);
	(void)fclose(f);
	if (s != LDNS_STATUS_OK) {
		return -1;
	}
	ldns_zone_deep_free(zone);
	return 0;
}

static int rewrite(const char *path)
{
	static char data[FILE_SIZE];
	char other[PATH_SIZE + 8];
	int in = open(path, O_RDONLY | O_CLOEXEC);

	(void)snprintf(other, sizeof(other), "%s.new", path);
	int out = open(other, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	ssize_t n = in >= 0 ? read(in, data, sizeof(data)) : -1;
	bool ok = n >= 0 && out >= 0 && write(out, data, (size_t)n) == n && fsync(out) == 0;

	if (in >= 0) {
		(void)close(in);
	}
	if (out >= 0) {
		(void)close(out);
	}
	return ok && rename(other, path) == 0 ? 0 : -1;
}

int main(int argc, char **argv)
{
	FILE *list = argc == 3 ? fopen(argv[2], "re") : NULL;
	char path[PATH_SIZE];
	int (*job)(const char *) = NULL;

	if (list) {
		job = strcmp(argv[1], "yaml") == 0      ? parse_yaml
		      : strcmp(argv[1], "ldns") == 0    ? parse_zone
		      : strcmp(argv[1], "rewrite") == 0 ? rewrite
							: NULL;
	}
	if (!job) {
		(void)fputs("usage: floor yaml|ldns|rewrite LIST\n", stderr);
		return 2;
	}
	while (fgets(path, sizeof(path), list)) {
		path[strcspn(path, "\n")] = '\0';
		if (job(path) != 0) {
			(void)fprintf(stderr, "%s %s: failed\n", argv[1], path);
			return 1;
		}
	}
	(void)fclose(list);
	return 0;
}
