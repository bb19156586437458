/* sceneclock: the clock of a scene. Loaded before the C library (LD_PRELOAD) into every program that plays in it.
 *
 * Shape    The file named by SCENE_CLOCK holds one int64_t, nanoseconds: how far the scene is ahead of this machine. Who writes a greater
 *          number lets time leap for all of them at once. Between leaps time goes as it always does, so that no timeout gets shorter than
 *          it is: what is slow here is slow in the scene.
 *          A second int64_t, where there is one, is how far the clock of the wall alone is wrong beside that; it may be behind.
 * Clocks   Those of the wall and those that never go back. Waits until a point in time are handed on as the time of this
 *          machine; waits for so long are left alone. CPU clocks are left alone.
 * Errors   A program that cannot have the clock of its scene does not start.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define SECOND_NS 1000000000L
#define SLICE_NS  100000000L
#define AGES_S    1000000000L /* no machine is up for so long */
#define EXIT_CODE 98

static volatile const int64_t *ahead_ns;

__attribute__((constructor)) static void open_clock(void)
{
	const char *path = getenv("SCENE_CLOCK"); /* NOLINT(concurrency-mt-unsafe): before main */
	int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	void *at = fd < 0 ? MAP_FAILED
			  : mmap(NULL, 2 * sizeof(*ahead_ns), PROT_READ, MAP_SHARED, fd, 0);

	if (at == MAP_FAILED) {
		_exit(EXIT_CODE);
	}
	(void)close(fd);
	ahead_ns = at;
}

static int64_t ahead(clockid_t clock)
{
	switch (clock) {
	case CLOCK_REALTIME:
	case CLOCK_REALTIME_COARSE:
		return ahead_ns ? ahead_ns[0] + ahead_ns[1] : 0; /* of a shorter file: nothing */
	case CLOCK_MONOTONIC:
	case CLOCK_MONOTONIC_COARSE:
	case CLOCK_MONOTONIC_RAW:
	case CLOCK_BOOTTIME:
		return ahead_ns ? ahead_ns[0] : 0;
	default:
		return 0;
	}
}

static struct timespec moved(const struct timespec *at, int64_t by_ns)
{
	int64_t ns = at->tv_nsec + by_ns % SECOND_NS;
	struct timespec t = {.tv_sec = at->tv_sec + by_ns / SECOND_NS};

	t.tv_sec += ns >= SECOND_NS ? 1 : ns < 0 ? -1 : 0;
	t.tv_nsec = (ns + SECOND_NS) % SECOND_NS;
	return t;
}

/* --- what time it is -------------------------------------------------------------------------- */
int clock_gettime(clockid_t clock, struct timespec *ret_now)
{
	struct timespec now;
	int r = (int)syscall(SYS_clock_gettime, clock, &now);

	if (r == 0) {
		*ret_now = moved(&now, ahead(clock));
	}
	return r;
}

int gettimeofday(struct timeval *restrict ret_now, void *restrict zone)
{
	struct timespec now;

	(void)zone;
	(void)clock_gettime(CLOCK_REALTIME, &now);
	*ret_now = (struct timeval){.tv_sec = now.tv_sec, .tv_usec = now.tv_nsec / 1000};
	return 0;
}

time_t time(time_t *ret_now)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	if (ret_now) {
		*ret_now = now.tv_sec;
	}
	return now.tv_sec;
}

int timespec_get(struct timespec *ret_now, int base)
{
	return base == TIME_UTC && clock_gettime(CLOCK_REALTIME, ret_now) == 0 ? base : 0;
}

/* --- waits until a point in time -------------------------------------------------------------- */
/* Until at, or for a moment: then the caller looks again, as after any wake-up without a cause, and notices a leap. */
static struct timespec soon(clockid_t clock, const struct timespec *at, bool *ret_is_cut)
{
	struct timespec t = moved(at, -ahead(clock));
	struct timespec now;

	(void)syscall(SYS_clock_gettime, clock, &now);
	now = moved(&now, SLICE_NS);
	*ret_is_cut = now.tv_sec < t.tv_sec || (now.tv_sec == t.tv_sec && now.tv_nsec < t.tv_nsec);
	return *ret_is_cut ? now : t;
}

/* The condition variable's own clock is not known here; that of the wall counts from 1970. */
int pthread_cond_timedwait(
	pthread_cond_t *restrict c, pthread_mutex_t *restrict m, const struct timespec *restrict at)
{
	int (*next)(pthread_cond_t *, pthread_mutex_t *, const struct timespec *) = NULL;
	bool is_cut = false;
	struct timespec t =
		soon(at->tv_sec > AGES_S ? CLOCK_REALTIME : CLOCK_MONOTONIC, at, &is_cut);

	*(void **)&next = dlvsym(RTLD_NEXT, "pthread_cond_timedwait", "GLIBC_2.3.2");
	int r = next(c, m, &t);
	return r == ETIMEDOUT && is_cut ? 0 : r;
}

int pthread_cond_clockwait(pthread_cond_t *restrict c, pthread_mutex_t *restrict m, clockid_t clock,
	const struct timespec *restrict at)
{
	int (*next)(pthread_cond_t *, pthread_mutex_t *, clockid_t, const struct timespec *) = NULL;
	bool is_cut = false;
	struct timespec t = soon(clock, at, &is_cut);

	*(void **)&next = dlsym(RTLD_NEXT, "pthread_cond_clockwait");
	int r = next(c, m, clock, &t);
	return r == ETIMEDOUT && is_cut ? 0 : r;
}

int sem_timedwait(sem_t *restrict s, const struct timespec *restrict at)
{
	int (*next)(sem_t *, const struct timespec *) = NULL;
	struct timespec t = moved(at, -ahead(CLOCK_REALTIME));

	*(void **)&next = dlsym(RTLD_NEXT, "sem_timedwait");
	return next(s, &t);
}

int sem_clockwait(sem_t *restrict s, clockid_t clock, const struct timespec *restrict at)
{
	int (*next)(sem_t *, clockid_t, const struct timespec *) = NULL;
	struct timespec t = moved(at, -ahead(clock));

	*(void **)&next = dlsym(RTLD_NEXT, "sem_clockwait");
	return next(s, clock, &t);
}

int clock_nanosleep(
	clockid_t clock, int flags, const struct timespec *at, struct timespec *ret_left)
{
	struct timespec t = moved(at, flags & TIMER_ABSTIME ? -ahead(clock) : 0);

	return syscall(SYS_clock_nanosleep, clock, flags, &t, ret_left) == 0 ? 0 : EINTR;
}

int timerfd_settime(int fd, int flags, const struct itimerspec *at, struct itimerspec *ret_before)
{
	struct itimerspec t = *at;
	bool is_set = at->it_value.tv_sec != 0 || at->it_value.tv_nsec != 0;

	if ((flags & TFD_TIMER_ABSTIME) && is_set) {
		t.it_value = moved(&at->it_value, -ahead(CLOCK_MONOTONIC));
	}
	return (int)syscall(SYS_timerfd_settime, fd, flags, &t, ret_before);
}
