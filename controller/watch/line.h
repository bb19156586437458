/* controller/watch/line.h: how sensors on other hosts and in other processes speak to the controller: lines of text.
 *
 * Shape    controller:  dnsguard-sensors 1 NONCE
 *          sensor:      hello NAME EPOCH NONCE MAC
 *          controller:  welcome SEQ POSITION MAC      what it has of this NAME and EPOCH; "-": no position
 *          sensor:      e SEQ KIND MS CLIENT ADDRESS MAC     CLIENT "-": not known
 *                       p SEQ POSITION MAC            where the source of the events is to be read on
 *          controller:  ack SEQ MAC
 *                       shed N ENTRY MAC              what is refused at RCPT (shed.h), one entry a line, N counting up by one; ENTRY "."
 *                                                     ends the set: it replaces the one before. Again every 20 seconds
 *          SEQ counts from 1 and up by one for each line of an EPOCH; EPOCH is made when the sensor starts. What was not acknowledged is sent again
 *          after a reconnect, and what the controller has already is passed over: each event counts once.
 * Keys     HMAC-SHA256 (RFC 2104), the first 16 octets in hex. Hello and welcome by the shared key over the line and both nonces, the others
 *          by a key made from it and the nonces: no line of another connection, and none in the other direction,
 *          is ever good. Within one connection SEQ goes up. On a Unix socket there is no key: MAC is "-".
 * Limits   DG_LINE_MAX octets a line; an address of DG_LINE_ADDRESS_MAX octets, printable, without control characters.
 */
#pragma once

#include "zones/watch/maillog.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dg_err;

#define DG_LINE_MAX          1024u
#define DG_LINE_ADDRESS_MAX  320u /* 64 + "@" + 255, RFC 5321 section 4.5.3.1 */
#define DG_LINE_CLIENT_MAX   64u
#define DG_LINE_POSITION_MAX 400u
#define DG_LINE_NAME_MAX     64u
#define DG_LINE_NONCE_HEX    32u
#define DG_LINE_MAC_HEX      32u
#define DG_LINE_KEY_MIN      16u
#define DG_LINE_KEY_MAX      1024u

struct dg_line_key {
	uint8_t octets[DG_LINE_KEY_MAX];
	size_t n; /* 0: none is used */
};

/* A secret from a file that others may not read: what is in it, without white space at the end. DG_EINPUT, DG_EIO. */
int dg_line_key_read(const char *path, struct dg_line_key *ret_key, struct dg_err *err);
/* The key of one connection. */
void dg_line_key_session(const struct dg_line_key *key, const char *controller_nonce,
	const char *sensor_nonce, struct dg_line_key *ret_key);
void dg_line_nonce(char ret_nonce[DG_LINE_NONCE_HEX + 1]);

/* Puts " MAC\n" after the n octets in line, which has room for DG_LINE_MAX + 1; what: the text that is meant as well, and not sent.
 * Returns the new length. */
size_t dg_line_seal(const struct dg_line_key *key, const char *what, char *line, size_t n);
/* A line without its newline. 0: *n is its length without the MAC, and a NUL stands there; 1: not sealed with this key. */
int dg_line_open(const struct dg_line_key *key, const char *what, char *line, size_t *n);

/* "alice@example.com" of an address that can go over the line. */
bool dg_line_can_carry(const struct dg_mail_event *e);
/* Without MAC and newline. 0: its length; negative: cannot be carried. */
int dg_line_put_event(char line[DG_LINE_MAX], uint64_t seq, const struct dg_mail_event *e);
int dg_line_put_position(char line[DG_LINE_MAX], uint64_t seq, const char *position);

struct dg_line_said {
	uint64_t seq;
	bool is_event;
	struct dg_mail_event event;
	const char *position; /* NUL-terminated */
};

/* An opened line, NUL-terminated. 0, or 1: not such a line. */
int dg_line_parse(const char *line, size_t n, struct dg_line_said *ret_said);
bool dg_line_is_name(const char *name);
/* The next word of *text, cut off by a NUL; NULL: none. */
char *dg_line_word(char **text);
/* Decimal digits alone. 0, or 1: no number. */
int dg_line_number(const char *word, uint64_t *ret_number);
