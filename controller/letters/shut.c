#include "controller/letters/shut.h"

#include "controller/letters/letters.h"

#include <errno.h>
#include <seccomp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#if defined(__SANITIZE_ADDRESS__)
#define HAS_SHADOW true /* it maps terabytes that it does not use */
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HAS_SHADOW true
#endif
#endif
#ifndef HAS_SHADOW
#define HAS_SHADOW false
#endif

static bool limit(unsigned what, rlim_t n)
{
	const struct rlimit r = {n, n};

	return setrlimit(what, &r) == 0;
}

static bool limits(void)
{
	return limit(RLIMIT_CORE, 0) && limit(RLIMIT_FSIZE, 0) && limit(RLIMIT_NOFILE, 3) &&
	       limit(RLIMIT_CPU, DG_LETTERS_CPU_S) &&
	       (HAS_SHADOW || limit(RLIMIT_AS, DG_LETTERS_MEMORY));
}

/* getrandom: expat salts its tables, and the C library ends the process when it cannot. A map that can be run is not given, so that what is read cannot become code. */
static bool rules(scmp_filter_ctx filter)
{
	static const int allowed[] = {SCMP_SYS(read), SCMP_SYS(write), SCMP_SYS(exit_group),
		SCMP_SYS(exit), SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(madvise),
		SCMP_SYS(brk), SCMP_SYS(futex), SCMP_SYS(rt_sigreturn), SCMP_SYS(rt_sigprocmask),
		SCMP_SYS(restart_syscall), SCMP_SYS(clock_gettime), SCMP_SYS(getpid),
		SCMP_SYS(getrandom), SCMP_SYS(gettid), SCMP_SYS(tgkill), SCMP_SYS(sched_yield)};
	const struct scmp_arg_cmp no_exec = SCMP_A2(SCMP_CMP_MASKED_EQ, 4, 0);
	bool is_sound = true;

	for (size_t i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++) {
		is_sound = is_sound &&
			   seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, allowed[i], 0, NULL) == 0;
	}
	return is_sound &&
	       seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1, &no_exec) == 0 &&
	       seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1, &no_exec) == 0;
}

bool dg_shut_in(void)
{
	/* First of all: the library is loaded now, and no file can be opened after limits(). */
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	bool is_shut = filter && prctl(PR_SET_DUMPABLE, 0) == 0 &&
		       prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && limits();

	if (filter) { /* seccomp_load() sets no_new_privs first */
		is_shut = is_shut && rules(filter) && seccomp_load(filter) == 0;
		seccomp_release(filter);
	}
	return is_shut;
}
