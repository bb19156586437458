/* zones/mail/batv.h: bounce address tags (draft-levine-smtp-batv-01, "prvs"): is the address that a bounce came to one that we gave out?
 *
 * Shape    "prvs=KDDDSSSSSS=local@domain": K the number of the key, DDD the day (of 1970, modulo 1000) on which it ends, SSSSSS the first
 *          three octets of HMAC-SHA1(key, K DDD local@domain). Also "prvs=local=KDDDSSSSSS@domain", as some write it.
 * Keys     As a file has them, a line each: a digit, white space, the secret; "#" begins a comment. Older keys stay in it while their
 *          tags may come back.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dg_err;

#define DG_BATV_KEYS_MAX 10u
#define DG_BATV_KEY_MAX  128u
#define DG_BATV_FILE_MAX 4096u
#define DG_BATV_DAYS     7 /* how long a tag lives */

struct dg_batv_keys {
	struct {
		size_t n; /* 0: no such key */
		uint8_t octets[DG_BATV_KEY_MAX];
	} keys[DG_BATV_KEYS_MAX];
};

enum dg_batv {
	DG_BATV_NONE,  /* no tag */
	DG_BATV_VALID, /* ours, also one that ended within the last week: bounces take their time */
	DG_BATV_INVALID, /* made up, or too old */
};

/* file: for messages. */
int dg_batv_keys_parse(const char *text, size_t len, const char *file,
	struct dg_batv_keys *ret_keys, struct dg_err *err);
enum dg_batv dg_batv_check(const struct dg_batv_keys *k, const char *address, int64_t now_s);
/* The address without its tag; itself when it has none. buf: as long as the address. */
const char *dg_batv_plain(const char *address, char *buf, size_t size);
