/* measure OUT PROGRAM ARGUMENT...: runs the program, writes "CPU WALL PEAK" (seconds, seconds, KiB) to OUT and ends as it ended.
 *
 * A process of its own, because the kernel counts into a child's peak what its parent had when it forked. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double seconds(struct timeval t)
{
	return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

static double now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
	struct rusage used;
	int status = 0;

	if (argc < 3) {
		(void)fputs("usage: measure OUT PROGRAM ARGUMENT...\n", stderr);
		return 2;
	}
	double start = now();
	pid_t pid = fork();
	if (pid == 0) {
		(void)execvp(argv[2], argv + 2);
		perror(argv[2]);
		_exit(127);
	}
	if (pid < 0 || wait4(pid, &status, 0, &used) != pid) {
		perror("measure");
		return 1;
	}
	FILE *out = fopen(argv[1], "we");
	if (!out) {
		perror(argv[1]);
		return 1;
	}
	(void)fprintf(out, "%.6f %.6f %ld\n", seconds(used.ru_utime) + seconds(used.ru_stime),
		now() - start, used.ru_maxrss);
	(void)fclose(out);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
