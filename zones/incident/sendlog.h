/* zones/incident/sendlog.h: how each message that went out came into our own servers, by their logs. Pure.
 *
 * Shape    dg_sendlog_add() for each passage of the logs (zones/watch/maillog.h), dg_sendlog_take() for each bounce. Lines of one
 *          message are joined by its Message-ID: what a content filter on loopback hands back is what the first line says of it.
 * Rule     What our own log says goes before Received lines. But a Message-ID can be copied from any letter of ours into a million
 *          others, so each delivery pays for DG_SENDLOG_CREDIT answers (a delay and a bounce); later ones are not known.
 * Limits   DG_SENDLOG_MAX messages; further ones are counted (dg_sendlog_dropped()) and not known.
 * Memory   Heap, 64 octets a message and as much again; texts in the arena, which must outlive it.
 */
#pragma once

#include "zones/base/address.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dg_arena;
struct dg_evidence;
struct dg_mail_passage;
struct dg_owner;

#define DG_SENDLOG_MAX    (1u << 18)
#define DG_SENDLOG_CREDIT 2u

struct dg_sendlog;

struct dg_sendlog *dg_sendlog_new(struct dg_arena *a);
struct dg_sendlog *dg_sendlog_free(struct dg_sendlog *l); /* NULL is fine; returns NULL */

void dg_sendlog_add(struct dg_sendlog *l, const struct dg_mail_passage *p);
size_t dg_sendlog_n(const struct dg_sendlog *l); /* messages */
uint64_t dg_sendlog_dropped(const struct dg_sendlog *l);

/* One answer to the message with the Message-ID of e: what the log says of how it came in is put into e (entry, user, client, is_logged). False: the
 * log does not have it, or it has paid for as many answers already; e is as it was. */
bool dg_sendlog_take(struct dg_sendlog *l, const struct dg_owner *o, struct dg_evidence *e);
