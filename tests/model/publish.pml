/*
 * The publishing protocol of one zone (spin 6.5); what it stands for is in doc/architecture.md, "The marker".
 * Two controllers (own journals, no shared lock), one human who edits by other means,
 * a name server that applies UPDATE messages atomically, a crash at any step of a controller,
 * a reply that may be lost (= the controller learns nothing and re-reads: crash covers it).
 *
 * Compile-time switches (0/1):
 *  BATCH    the server checks SOA prerequisites against the serial from before the batch (Knot 3.2.6, measured)
 *  G_SOA    UPDATE carries "SOA as read" as prerequisite
 *  G_RRSET  UPDATE carries the old value of the RRset it changes as prerequisite
 *  G_MARK   UPDATE carries the old marker as prerequisite and writes tx+owner into the marker
 *  JOURNAL  intent is written before the UPDATE is sent
 *  SUBFIRST apex is nulled only after the sub-domain MX was seen
 *  HOLD     three-way check: an apex that is not what the marker says => hold for a human
 */
#ifndef BATCH
#define BATCH 1
#endif
#ifndef G_SOA
#define G_SOA 1
#endif
#ifndef G_RRSET
#define G_RRSET 1
#endif
#ifndef G_MARK
#define G_MARK 1
#endif
#ifndef JOURNAL
#define JOURNAL 1
#endif
#ifndef SUBFIRST
#define SUBFIRST 1
#endif
#ifndef HOLD
#define HOLD 1
#endif
#ifndef CRASHES
#define CRASHES 2
#endif
#ifndef HUMANS
#define HUMANS 2
#endif
#ifndef FLIPS
#define FLIPS 3
#endif

#define OLD 0
#define NUL 1
#define HUM 2

/* ---- the zone as the server holds it ---- */
byte apex = OLD; bit sub = 0;
byte mk_tx = 0, mk_own = 0; byte mk_apex = OLD;  /* marker: last transaction, its owner, what apex it left */
byte serial = 0, cserial = 0;                     /* cserial: serial that prerequisites are compared with */
byte g_apex = OLD;                                /* ghost: what controllers last left at the apex */
#define TOUCHED (apex != g_apex)                  /* ghost: a human's edit stands there now */

/* ---- persistent journals ---- */
byte j_tx[2], j_to[2]; bit j_on[2]; bit held[2]; byte j_last[2]; /* j_last: what I believe I left there, used when there is no marker */
/* ---- environment ---- */
bit attack = 0; byte flips = 0, humans = 0, crashes = 0;
byte applied[12];                                 /* ghost: times that transaction (tx) was applied */

inline commit() { if :: BATCH -> serial++ :: else -> serial++; cserial = serial fi }

proctype Batch() { /* end of a batch: from now on new prerequisites see the new serial */
end: do :: atomic { (cserial != serial) -> cserial = serial } od }

proctype Env() {
end: do
  :: atomic { flips < FLIPS -> attack = 1 - attack; flips++ }
  :: atomic { humans < HUMANS && cserial == serial ->      /* a human edit is its own committed transaction */
       humans++;
       if :: apex = HUM :: apex = OLD fi;
       serial++; cserial = serial }
  od }

#define PRE_OK ( (!G_SOA || cserial == r_ser) && (!G_MARK || (mk_tx == r_tx && mk_own == r_own)) )

proctype Ctl(byte me) {
  byte r_apex, r_ser, r_tx, r_own, r_mapex; bit r_sub; byte to; byte my;
loop:
  do
  :: atomic { /* read committed zone */
       (cserial == serial) -> r_apex = apex; r_sub = sub; r_ser = serial; r_tx = mk_tx; r_own = mk_own; r_mapex = mk_apex }
     if
     :: held[me] -> goto stop                              /* waits for a human acknowledgement (not modelled: final) */
     :: (HOLD && G_MARK && r_apex != r_mapex) -> held[me] = 1; j_on[me] = 0; goto stop
     :: (HOLD && !G_MARK && r_apex != j_last[me]) -> held[me] = 1; j_on[me] = 0; goto stop
     :: else
     fi;
     if :: attack -> to = NUL :: else -> to = OLD fi;
     if
     :: (r_apex == to) -> j_on[me] = 0                     /* nothing to do */
     :: (r_apex != to) ->
          my = r_tx + 1;
          /* 1. journal */
          if
          :: JOURNAL -> if :: (j_on[me] && j_tx[me] == my && j_to[me] == to) :: else -> atomic { j_tx[me] = my; j_to[me] = to; j_on[me] = 1 } fi
          :: else
          fi;
          if :: atomic { crashes < CRASHES -> crashes++ }; goto loop :: skip fi;   /* crash after journal */
          /* 2. sub-domain first */
          if
          :: (SUBFIRST && to == NUL && !r_sub) ->
               atomic { if :: (!G_SOA || cserial == r_ser) -> sub = 1; commit() :: else fi }
          :: else ->
               /* 3. apex, in one UPDATE with the marker */
               atomic {
                 if
                 :: PRE_OK && (!G_RRSET || apex == r_apex) ->
                      assert(!JOURNAL || (j_on[me] && j_tx[me] == my));   /* I3: journaled before published */
                      assert(j_on[me]);                                   /* I3': fails when JOURNAL=0 */
                      assert(!TOUCHED);                                   /* I2: a human edit is never overwritten */
                      assert(applied[my] == 0);                           /* I4: each transaction at most once */
                      applied[my]++;
                      apex = to; g_apex = to; mk_tx = my; mk_own = me + 1; mk_apex = to; commit();
                      if :: (to == NUL && !SUBFIRST) -> skip :: else fi;
                      assert(apex != NUL || sub)                          /* I1: never null without the sub-domain */
                 :: else                                                   /* NXRRSET: read again */
                 fi }
          fi;
          if :: atomic { crashes < CRASHES -> crashes++ }; goto loop :: skip fi;   /* crash or lost reply after publish */
          if :: (!G_MARK) -> atomic { if :: (cserial == serial && apex == to) -> j_last[me] = to :: else fi } :: else fi  /* 4. note the result in the own journal */
     fi
  :: (flips == FLIPS && humans == HUMANS && 0) -> break
  od;
stop: skip
}
init { atomic { run Batch(); run Env(); run Ctl(0); run Ctl(1) } }
