/*
 * The guard of one mail name (spin 6.5): the table of zones/watch/guard_table.c, the runner that keeps its state and starts commands, the
 * commands with their journal, the zone, a person who edits, says yes, stops and releases, and an attacker. What it stands for is in doc/guard.md.
 *
 * guard_table.inc is printed from the code's own table (guard_promela.c): states, events, actions, conditions, find_row(). What a condition
 * means and what a row does beyond its state stands here a second time; traces of this model are replayed in dg_guard_step().
 *
 * Time: whether the deadline, the expiry, the cooldown have passed is free at each event. Simulations print each step ("STEP ...").
 *
 * Switches: MODE (0 never, 1 approved, 2 automatic), SINK, LABELS; how often: CRASHES (of the daemon or a command), EDITS, FLIPS of the
 * attack, SAYS (stop), ABUSES, FAULTS (a name server that fails, or lies); ADOPTS: a person's edit may be one of the policy. Weaker variants, each 1 in the program:
 *  SAVES    the state is on disk before anything is done about it
 *  JOURNAL  a command writes its intent down before it sends
 *  COMPARE  three ways: what stands there is not what we left there last: a conflict
 *  SWAPS    the UPDATE carries what was read and the marker as prerequisites
 *  ARMS     a split waits for the subdomain to be published and seen to take mail
 *  FLOORS   what moves an MX is evidence, not volume
 *  DIGEST   a yes is bound to the plan that it was said to
 *  LOCK     one command a zone, also after a crash of the daemon
 *  QUITS    a command that is not wanted any more is ended
 *  READS    a step is done when it was read back, not when it was sent
 *  ORDER    on the way back mail first, senders when the null MX is gone
 */
#ifndef MODE
#define MODE 2
#endif
#ifndef SINK
#define SINK 1
#endif
#ifndef LABELS
#define LABELS 1
#endif
#ifndef CRASHES
#define CRASHES 1
#endif
#ifndef EDITS
#define EDITS 1
#endif
#ifndef FLIPS
#define FLIPS 2
#endif
#ifndef SAYS
#define SAYS 1
#endif
#ifndef ABUSES
#define ABUSES 0
#endif
#ifndef FAULTS
#define FAULTS 1
#endif
#ifndef ADOPTS
#define ADOPTS 1
#endif
#ifndef SAVES
#define SAVES 1
#endif
#ifndef JOURNAL
#define JOURNAL 1
#endif
#ifndef COMPARE
#define COMPARE 1
#endif
#ifndef SWAPS
#define SWAPS 1
#endif
#ifndef ARMS
#define ARMS 1
#endif
#ifndef FLOORS
#define FLOORS 1
#endif
#ifndef DIGEST
#define DIGEST 1
#endif
#ifndef LOCK
#define LOCK 1
#endif
#ifndef QUITS
#define QUITS 1
#endif
#ifndef READS
#define READS 1
#endif
#ifndef ORDER
#define ORDER 1
#endif

/* --- the guard -------------------------------------------------------------------------------- */
typedef Guard {
	byte state, back, label;
	bit armed, proposed, alarm, nulled, sink, listening, overlapping, retiring, asks_rotate, followed, abused, was_split
};
Guard g, d; /* in memory, on disk */
#define COPY(a, b) a.state = b.state; a.back = b.back; a.label = b.label; a.armed = b.armed; a.proposed = b.proposed; a.alarm = b.alarm; \
	a.nulled = b.nulled; a.sink = b.sink; a.listening = b.listening; a.overlapping = b.overlapping; a.retiring = b.retiring; \
	a.asks_rotate = b.asks_rotate; a.followed = b.followed; a.abused = b.abused; a.was_split = b.was_split

/* Of the event: free. */
hidden byte is_due; hidden byte is_expired; hidden byte is_cool; hidden byte has_budget;

#define STEP_UP (g.armed && !g.abused)
#define ACTING (MODE == 2 && has_budget && is_cool)
#define CAN_ROTATE (g.label + 1 < LABELS && !g.overlapping && !g.sink && !g.abused && MODE != 0)
#define ROTATE_YES (g.proposed && g.asks_rotate)
#define IF_ALWAYS true
#define IF_WATCHED (MODE != 0)
#define IF_ACTS (STEP_UP && ACTING)
#define IF_ASKS (STEP_UP && !ACTING && !g.proposed && MODE != 0)
#define IF_ASKED (STEP_UP && g.proposed && has_budget)
#define IF_DUE is_due
#define IF_OVERLAPS (g.overlapping && !g.retiring)
#define IF_OVERLAPS_DUE (is_due && g.overlapping)
#define IF_RETIRES g.retiring
#define IF_PROBES (is_due && SINK && !g.abused)
#define IF_BLIND (is_due && !SINK && (!g.proposed || g.asks_rotate))
#define IF_WAITED (is_due && !SINK && g.proposed)
#define IF_EXPIRED (g.was_split && is_expired && !g.proposed)
#define IF_ROTATES (CAN_ROTATE && MODE == 2 && has_budget)
#define IF_ASKS_ROTATE (CAN_ROTATE && !(MODE == 2 && has_budget) && !ROTATE_YES)
#define IF_LAST_LABEL (g.label + 1 >= LABELS && !g.followed)
#define IF_ROTATE_ASKED (CAN_ROTATE && ROTATE_YES && has_budget)
#define IF_SUNK g.sink
#define IF_SUNK_ABUSED (g.sink && g.abused)
#define IF_OPENS (!g.listening)
#define IF_LISTENS g.listening
#define IF_ALARMED (is_due && g.alarm && MODE != 0)
#define IF_BACK_ASKED (g.nulled && !g.asks_rotate && MODE != 0)
#define IF_UNSETTLED (g.nulled && MODE != 0 && (g.back == S_SPLITTING || g.back == S_RESTORING))
#define IF_NULLED (g.nulled && MODE != 0)
#define IF_NOT_NULLED (!g.nulled)
#define IF_ABUSED g.abused
#define IF_NEW_ABUSE (!g.abused)
#include "guard_table.inc"
#ifdef WALK /* a simulation, in which time and the world are slower than commands */
#define SELDOM :: skip :: skip :: skip :: skip :: skip :: skip :: skip :: skip :: skip :: skip :: skip :: skip :: skip :: skip :: skip
#else
#define SELDOM
#endif
#define HAS(what) ((acts & DO_##what) != 0)

hidden byte ev; hidden byte row; hidden byte to; hidden byte was; hidden byte was_proposed; hidden short acts; /* scratch */

/* --- the zone --------------------------------------------------------------------------------- */
mtype = { OLD, NUL, SNK, HUM, HI, LO, POLICY, DENY };
mtype mx = OLD, ttl = HI, spf = POLICY;
byte marker = 0;
mtype left = OLD;        /* ghost: the MX that we left */
#define TOUCHED (mx != left)
/* --- the journal, on disk --------------------------------------------------------------------- */
mtype j_mx = OLD, t_mx = OLD, pre = OLD; /* what we left last; what an open intent leads to; what the split replaced */
byte j_marker = 0, t_marker = 0;
bit j_open = 0;
/* --- the runner ------------------------------------------------------------------------------- */
mtype = { NONE, ARM, DISARM, LOOK, SPLIT_OP, RENULL, PROBE, ROTATE, RETIRE, BACK };
mtype = { SILENCE, WELL, LATER, BAD, CONFLICTING };
mtype running = NONE;     /* what the daemon waits for */
mtype plan = NONE;        /* what is proposed or being done: the MX that it replaces; NONE: not looked at */
bit wish = 0; mtype said_yes_to = NONE;
bit arming_done = 0, arming = 0, disarming = 0, unsaved = 0;
mtype result = SILENCE; mtype looked = NONE;
bit sub_ok[2];            /* ghost: published, and seen to take mail */
/* --- ghosts of the story ---------------------------------------------------------------------- */
bit attack = 0, forged = 0, proved = 0, is_abused = 0, is_stopped = 0, orphan = 0;
byte n_flips = 0, n_crashes = 0, n_edits = 0, n_says = 0, n_abuses = 0, n_faults = 0;

#define PHASE_OUT (g.state == S_SPLITTING || g.state == S_SPLIT || g.state == S_PROBING || g.state == S_ROTATING)

/* dg_guard_fault() */
inline check_guard()
{
	assert(!PHASE_OUT || g.nulled);
	assert(!PHASE_OUT || g.armed);
	assert(!(g.state == S_CALM || g.state == S_ELEVATED || g.state == S_COOLDOWN) || !g.nulled);
	assert(MODE != 0 || !PHASE_OUT);
	assert(!g.sink || g.nulled);
	assert(!g.listening || g.state == S_PROBING);
	assert(g.label == 0 || g.nulled);
	assert(!g.overlapping || g.label > 0);
	assert(!g.abused || g.state == S_HELD || g.state == S_RESTORING || (g.state == S_SPLIT && g.sink))
}

inline act_done()
{
	if
	:: was == S_PROBING -> g.listening = 1
	:: was == S_ROTATING -> g.label++; g.overlapping = 1
	:: was == S_RESTORING ->
		g.nulled = 0; g.sink = 0; g.armed = 0; g.overlapping = 0; g.retiring = 0; g.label = 0; g.was_split = 0
	:: was == S_SPLIT ->
		if :: g.sink -> g.sink = 0 :: else -> g.overlapping = 0; g.retiring = 0 fi
	:: else
	fi
}

/* dg_guard_step() */
inline step()
{
	d_step {
		was = g.state; was_proposed = g.proposed;
		find_row();
		if
		:: ev == EV_ALARM -> g.alarm = 1
		:: ev == EV_QUIET -> g.alarm = 0; g.proposed = (g.state == S_SPLIT && g.proposed)
		:: ev == EV_ABUSED -> g.abused = 1
		:: else
		fi;
		if
		:: row != NO_ROW ->
			if :: HAS(ARM) || HAS(DISARM) -> g.armed = 0 :: else fi;
			if
			:: ev == EV_ARMED -> g.armed = 1
			:: ev == EV_DONE -> act_done()
			:: ev == EV_RELEASE -> g.abused = 0
			:: else
			fi;
			if
			:: HAS(PROPOSE) || HAS(PROPOSE_RESTORE) || HAS(PROPOSE_ROTATE) -> g.proposed = 1; g.asks_rotate = HAS(PROPOSE_ROTATE)
			:: else
			fi;
			if :: HAS(SPLIT) -> g.nulled = 1 :: else fi;
			if :: HAS(PROBE) -> g.sink = 1 :: else fi;
			if :: HAS(RETIRE) -> g.retiring = 1 :: else fi;
			g.state = to;
			if
			:: to != was -> g.proposed = 0; g.asks_rotate = 0; g.followed = 0; g.listening = 0
			:: else
			fi;
			if :: to == S_SPLIT && was == S_SPLITTING -> g.was_split = 1 :: else fi;
			if :: to == S_HELD && was != S_HELD -> g.back = was :: to != S_HELD -> g.back = 0 :: else fi;
			if :: row_is_last_label(row) -> g.followed = 1 :: else fi
		:: else
		fi;
		printf("STEP %d %d%d%d%d row %d state %d label %d flags %d%d%d%d%d%d%d%d%d%d%d%d\n", ev, is_due, is_expired, is_cool,
			has_budget, row, g.state, g.label, g.armed, g.proposed, g.alarm, g.nulled, g.sink, g.listening, g.overlapping,
			g.retiring, g.asks_rotate, g.followed, g.abused, g.was_split);
		check_guard();
		after_step()
	}
}

/* dg_ward_op() */
#define TO_LOOK (g.proposed && (plan == NONE || wish))
#define MAY_ARM (!g.armed && !arming_done && MODE != 0)
#define wanted (g.state == S_CALM -> (disarming -> DISARM : NONE) : \
	(g.state == S_ELEVATED -> (MAY_ARM -> ARM : (TO_LOOK -> LOOK : NONE)) : \
	(g.state == S_COOLDOWN -> (MAY_ARM && arming -> ARM : (TO_LOOK -> LOOK : NONE)) : \
	(g.state == S_SPLITTING -> (plan == NONE -> LOOK : SPLIT_OP) : \
	(g.state == S_SPLIT -> (g.sink -> RENULL : (g.retiring -> RETIRE : (TO_LOOK -> LOOK : NONE))) : \
	(g.state == S_PROBING -> (g.listening -> NONE : PROBE) : \
	(g.state == S_ROTATING -> ROTATE : \
	(g.state == S_RESTORING -> BACK : NONE))))))))

/* The runner: what it keeps beside the guard (clear_old, note_actions). */
inline after_step()
{
	if
	:: row != NO_ROW && (HAS(ARM) || HAS(DISARM)) -> arming_done = 0; arming = HAS(ARM); disarming = HAS(DISARM)
	:: else
	fi;
	if
	:: g.state != was || !g.proposed -> wish = 0
	:: else
	fi;
	if
	:: (g.state != was && ev != EV_APPROVED) || (g.state == was && was_proposed && !g.proposed) -> plan = NONE
	:: else
	fi;
	if
	:: g.state == S_SPLIT && was == S_SPLITTING -> assert(TOUCHED || mx == NUL) /* done is done */
	:: g.state == S_COOLDOWN && was == S_RESTORING -> assert(TOUCHED || (mx == pre && ttl == HI && spf == POLICY)) /* as before */
	:: else
	fi;
	if
	:: SAVES -> COPY(d, g); unsaved = 0
	:: else -> unsaved = 1
	fi;
	if :: QUITS && running != NONE && running != wanted -> result = SILENCE; quit = 1 :: else fi
}

bit quit = 0;                 /* the command is to end now */
bit busy[2];                  /* the lock, and the commands that live */
mtype todo[2] = NONE; mtype todo_plan[2] = NONE;

inline free_event() { is_due = 0; is_expired = 0; is_cool = 1; has_budget = 1 }

inline conclude() /* judge() */
{
	if
	:: result == CONFLICTING -> running = NONE; ev = EV_CONFLICT
	:: result == WELL && running == ARM -> running = NONE; arming_done = 1
	:: result == BAD && running == ARM -> running = NONE; ev = EV_FAILED
	:: result == WELL && running == DISARM -> running = NONE; disarming = 0
	:: result == WELL && running == LOOK ->
		running = NONE;
		if
		:: plan == NONE -> plan = looked
		:: plan != NONE && wish && plan == looked -> wish = 0; ev = EV_APPROVED
		:: plan != NONE && wish && plan != looked ->
			if
			:: DIGEST -> plan = looked            /* proposed again */
			:: else -> plan = looked; ev = EV_APPROVED
			fi;
			wish = 0
		:: else
		fi
	:: result == WELL && running != ARM && running != DISARM && running != LOOK -> running = NONE; ev = EV_DONE
	:: result == LATER -> running = NONE        /* tried again, until the deadline */
	:: result == BAD && running != ARM && running != DISARM && running != LOOK -> running = NONE; ev = EV_FAILED
	:: else -> running = NONE
	fi;
	result = SILENCE; looked = NONE
}

/* dg_ward_act() */
inline begin_work()
{
	if
	:: running == NONE && wanted != NONE && !(LOCK && (busy[0] || busy[1])) ->
		if
		:: !busy[0] -> busy[0] = 1; todo[0] = wanted; todo_plan[0] = plan; running = wanted
		:: busy[0] && !busy[1] && !LOCK -> busy[1] = 1; todo[1] = wanted; todo_plan[1] = plan; running = wanted
		:: else
		fi;
		assert(!is_stopped);
		assert(running != SPLIT_OP || !is_abused)
	:: else
	fi
}

active proctype Daemon()
{
	do
	:: atomic {
	ev = NO_EVENT; free_event();
	if
	:: unsaved && !SAVES -> COPY(d, g); unsaved = 0
	:: n_crashes < CRASHES -> n_crashes++; COPY(g, d); running = NONE; result = SILENCE; wish = 0; unsaved = 0; quit = 0;
		plan = (g.state == S_SPLITTING || g.state == S_RESTORING || g.proposed -> plan : NONE);
		if :: busy[0] || busy[1] -> orphan = 1 :: else fi
	:: result != SILENCE && !quit ->
		if :: running != wanted -> running = NONE; result = SILENCE :: else -> conclude() fi
	:: quit && !busy[0] && !busy[1] -> quit = 0; running = NONE; result = SILENCE
	:: !quit && wanted != NONE && running == NONE && !busy[0] -> skip
	/* the detector */
	:: attack && !g.alarm -> if :: ev = EV_NOTICE :: ev = EV_ALARM fi
	:: attack && (forged || !FLOORS) && g.alarm && (g.state == S_ELEVATED || g.state == S_COOLDOWN) ->
		if :: has_budget = 0 :: skip fi; if :: is_cool = 0 :: skip fi; ev = EV_READY
	:: !attack && (g.alarm || g.state == S_ELEVATED) -> ev = EV_QUIET
	:: arming_done && !g.armed -> arming_done = 0; ev = EV_ARMED
	/* time */
	:: g.state != S_CALM && (g.state != S_HELD) -> if :: is_due = 1 SELDOM SELDOM SELDOM SELDOM SELDOM SELDOM fi; if :: is_expired = 1 :: skip fi; ev = EV_TICK
	/* the probe, and what follows */
	:: g.state == S_PROBING && g.listening ->
		if :: attack -> ev = EV_LOUD :: !attack -> ev = EV_SILENT fi
	:: g.state == S_SPLIT && attack && LABELS > 1 -> if :: has_budget = 0 :: skip fi; ev = EV_FOLLOWED
	:: g.state == S_SPLIT && g.overlapping && !g.retiring -> ev = EV_DRAINED
	/* abuse, and a person */
	:: n_abuses < ABUSES -> n_abuses++; is_abused = 1; ev = EV_ABUSED
	:: g.proposed && plan != NONE && !wish && running == NONE -> wish = 1; said_yes_to = plan
	:: n_says < SAYS && g.state != S_HELD && g.state != S_CALM -> n_says++; is_stopped = 1; ev = EV_STOP
	:: g.state == S_HELD && !quit && !busy[0] && !busy[1] -> is_stopped = 0; is_abused = 0; ev = EV_RELEASE
	fi;
	if :: ev != NO_EVENT -> step() :: else fi;
	if :: ev != EV_STOP -> begin_work() :: else fi }
	od
}

/* --- the world -------------------------------------------------------------------------------- */
active proctype World()
{
	do
	:: atomic { n_flips < FLIPS -> n_flips++; attack = 1 - attack; forged = attack;
		if :: FLOORS -> proved = proved || forged :: else -> forged = 0 fi }
	:: atomic { n_edits < EDITS -> n_edits++; if :: mx = HUM :: mx = OLD fi }
	/* a person changes the policy, and applies it: ours now */
	:: atomic { n_edits < EDITS && ADOPTS && mx == OLD && !busy[0] && !busy[1] && !j_open ->
		n_edits++; mx = HUM; left = HUM; j_mx = HUM; pre = HUM; marker = (marker + 1) % 4; j_marker = marker }
	SELDOM SELDOM SELDOM
	od
}

/* --- a command -------------------------------------------------------------------------------- */
#define UNLIKE (READS && (mx != goal || ttl != g_ttl || spf != g_spf))
proctype Command(bit me)
{
	mtype r_mx, r_ttl, r_spf, op, goal, g_ttl, g_spf; byte r_marker; bit second, is_applied;
wait:
	atomic { todo[me] != NONE -> op = todo[me]; todo[me] = NONE; second = 0 }
again:
	/* what is there; a run that ended in between is cleared up */
	atomic {
		if :: quit && !orphan -> goto done :: else fi;
		if
		:: n_faults < FAULTS -> n_faults++; if :: running == op -> result = LATER :: else fi; goto done /* a failed read: nothing is done */
		:: skip
		fi;
		r_mx = mx; r_ttl = ttl; r_spf = spf; r_marker = marker;
		if
		:: j_open && marker == t_marker -> j_mx = t_mx; j_marker = t_marker; j_open = 0
		:: j_open && marker != t_marker -> j_open = 0
		:: else
		fi;
		if
		:: op == LOOK -> if :: running == LOOK -> looked = r_mx; result = WELL :: else fi; goto done
		:: else
		fi;
		if
		:: COMPARE && r_mx != j_mx -> if :: running == op -> result = CONFLICTING :: else fi; goto done
		:: else
		fi;
		goal = r_mx; g_ttl = r_ttl; g_spf = r_spf;
		if
		:: op == ARM && r_mx != NUL && r_mx != SNK -> g_ttl = LO
		:: op == ARM && (r_mx == NUL || r_mx == SNK) -> if :: running == op -> result = BAD :: else fi; goto done
		:: op == DISARM && r_mx != NUL && r_mx != SNK -> g_ttl = HI
		:: op == SPLIT_OP && DIGEST && r_mx != NUL && todo_plan[me] != r_mx -> if :: running == op -> result = CONFLICTING :: else fi; goto done
		:: op == SPLIT_OP && r_mx != NUL && r_spf == POLICY && !(DIGEST && todo_plan[me] != r_mx) -> g_spf = DENY
		:: op == SPLIT_OP && (r_spf == DENY || r_mx == NUL) && !(DIGEST && r_mx != NUL && todo_plan[me] != r_mx) -> goal = NUL; g_spf = DENY; second = 1
		:: op == RENULL -> goal = NUL; g_spf = DENY; second = 1
		:: op == PROBE && r_mx == NUL -> goal = SNK; second = 1
		:: op == BACK && ORDER && (r_mx == NUL || r_mx == SNK) -> goal = pre
		:: op == BACK && (!ORDER || (r_mx != NUL && r_mx != SNK)) ->
			if :: r_mx == NUL || r_mx == SNK -> second = (r_spf == POLICY); if :: r_spf == POLICY -> goal = pre :: else fi :: else -> second = 1 fi;
			g_spf = POLICY; if :: second -> g_ttl = HI :: else fi
		:: else -> second = 1
		fi;
		if :: op == ARM || op == ROTATE || op == RETIRE || op == DISARM -> second = 1 :: else fi;
	}
	/* the intent */
	atomic {
		if :: quit && !orphan -> goto done :: else fi;
		if
		:: JOURNAL -> j_open = 1; t_mx = goal; t_marker = (r_marker + 1) % 4; is_applied = 0
		:: else -> t_mx = goal; t_marker = (r_marker + 1) % 4; is_applied = 0
		fi
	}
	if
	:: atomic { n_crashes < CRASHES -> n_crashes++; goto die }
	:: skip
	fi;
	/* the UPDATE */
	atomic {
		if :: quit && !orphan -> goto done :: else fi;
		if
		:: !SWAPS || (marker == r_marker && mx == r_mx && ttl == r_ttl && spf == r_spf) ->
			if
			:: goal != r_mx || g_ttl != r_ttl || g_spf != r_spf || op == ARM || op == ROTATE || op == RETIRE ->
				assert(j_open);                                       /* nothing that was not journaled */
				assert(!is_applied);                                  /* each transaction once */
				assert(!TOUCHED);                                     /* a person's edit is never written over */
				assert(!is_stopped || orphan);                        /* stop means stop */
				if
				:: (goal == NUL || goal == SNK) && mx != NUL && mx != SNK ->
					assert(sub_ok[0] || sub_ok[1]);               /* never without a subdomain that takes mail */
					assert(proved);                               /* never for volume alone */
					assert(d.nulled);                             /* what is begun is on disk */
					assert(MODE == 2 || said_yes_to == mx);       /* a yes is to this plan */
					assert(g_spf == DENY);
					pre = mx
				:: else
				fi;
				assert(!(g_spf == POLICY && spf == DENY) || (goal != NUL && goal != SNK)); /* senders not before mail */
				if
				:: n_faults < FAULTS -> n_faults++; goto sent      /* the server said yes, and did nothing */
				:: skip
				fi;
				mx = goal; left = goal; ttl = g_ttl; spf = g_spf; marker = t_marker; is_applied = 1;
				if
				:: op == RETIRE -> assert(sub_ok[1]); sub_ok[0] = 0 /* one at least takes mail */
				:: else
				fi
			:: else -> j_open = 0
			fi
		:: else -> /* NXRRSET: somebody else was there */
			j_open = 0; if :: running == op -> result = LATER :: else fi; goto done
		fi
	}
	if
	:: atomic { n_crashes < CRASHES -> n_crashes++; goto die }
	:: skip
	fi;
sent:	/* what came of it, read back */
	atomic {
		if
		:: j_open && marker == t_marker -> j_mx = t_mx; j_marker = t_marker; j_open = 0
		:: else
		fi;
		if
		:: !second && !(quit && !orphan) -> goto again     /* the next step of the same command */
		:: else
		fi;
		if
		:: running != op -> skip
		:: running == op && UNLIKE -> result = LATER
		:: running == op && !UNLIKE && n_faults < FAULTS -> n_faults++; if :: result = LATER :: result = BAD fi /* not at every name server; refused mail */
		:: running == op && !UNLIKE ->
			result = WELL;
			if
			:: op == ARM -> sub_ok[0] = ARMS
			:: op == ROTATE -> sub_ok[1] = 1
			:: else
			fi
		fi;
		goto done
	}
die:
	atomic { if :: running == op -> result = LATER :: else fi }
done:
	atomic { busy[me] = 0; op = NONE; r_mx = OLD; r_ttl = HI; r_spf = POLICY; r_marker = 0; second = 0; is_applied = 0; goal = OLD; g_ttl = HI; g_spf = POLICY;
		if :: !busy[1 - me] -> orphan = 0 :: else fi; goto wait }
}

init { atomic { COPY(d, g); run Command(0); if :: !LOCK -> run Command(1) :: else fi } }
