#include "controller/command/screen.h"

#include "zones/base/buf.h"
#include "zones/base/err.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#define CTRL_C       3
#define SCREEN_MAX   ((size_t)1 << 20)
#define ROWS_ELSE    24u
#define COLUMNS_ELSE 80u
#define ESC          '\x1b'

struct dg_screen {
	struct termios before;
	int resized; /* readable after SIGWINCH */
};

int dg_screen_new(struct dg_screen **ret_screen, struct dg_err *err)
{
	struct dg_screen *s = calloc(1, sizeof(*s));
	sigset_t winch;

	if (!s) {
		abort();
	}
	if (!isatty(STDOUT_FILENO) || tcgetattr(STDIN_FILENO, &s->before) != 0) {
		free(s);
		return dg_fail(err, DG_EINPUT, "--live needs a terminal");
	}
	(void)sigemptyset(&winch);
	(void)sigaddset(&winch, SIGWINCH);
	(void)pthread_sigmask(SIG_BLOCK, &winch, NULL);
	s->resized = signalfd(-1, &winch, SFD_CLOEXEC | SFD_NONBLOCK);
	struct termios raw = s->before;
	raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO | ISIG);
	(void)tcsetattr(STDIN_FILENO, TCSANOW, &raw);
	*ret_screen = s;
	return 0;
}

struct dg_screen *dg_screen_free(struct dg_screen *s)
{
	if (s) {
		(void)tcsetattr(STDIN_FILENO, TCSANOW, &s->before);
		if (s->resized >= 0) {
			(void)close(s->resized);
		}
		free(s);
	}
	return NULL;
}

/* One line without its newline; sequences take no room, and are never cut. */
static void put_line(struct dg_buf *b, const char *line, size_t n, size_t columns)
{
	size_t n_shown = 0;

	for (size_t i = 0; i < n; i++) {
		if (line[i] == ESC) {
			size_t len = strcspn(line + i, "m") + 1;

			len = len < n - i ? len : n - i;
			dg_buf_put(b, line + i, len);
			i += len - 1;
		} else if (n_shown < columns) {
			dg_buf_putc(b, line[i]);
			n_shown++;
		}
	}
}

static size_t count_lines(const char *text)
{
	size_t n = 0;

	for (; *text != '\0'; text++) {
		n += *text == '\n';
	}
	return n;
}

void dg_screen_fit(struct dg_buf *b, const char *text, size_t rows, size_t columns)
{
	size_t n_lines = count_lines(text);
	size_t n_shown = n_lines < rows ? n_lines : rows > 1 ? rows - 2 : 0;

	for (size_t i = 0; i < n_shown; i++) {
		size_t n = strcspn(text, "\n");

		put_line(b, text, n, columns);
		dg_buf_puts(b, "\x1b[K\n");
		text += n + 1;
	}
	if (n_shown < n_lines) {
		char more[64];
		int n = snprintf(more, sizeof(more), "... %zu more lines", n_lines - n_shown);

		put_line(b, more, (size_t)n, columns);
		dg_buf_puts(b, "\x1b[K\n");
	}
}

void dg_screen_draw(struct dg_screen *s, const char *text)
{
	struct winsize size = {0};
	struct dg_buf b;

	(void)s;
	(void)ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
	dg_buf_init(&b, SCREEN_MAX);
	dg_buf_puts(&b, "\x1b[H");
	dg_screen_fit(&b, text, size.ws_row > 0 ? size.ws_row : ROWS_ELSE,
		size.ws_col > 0 ? size.ws_col : COLUMNS_ELSE);
	dg_buf_puts(&b, "\x1b[J");
	(void)fwrite(b.data, 1, b.len, stdout);
	(void)fflush(stdout);
	dg_buf_done(&b);
}

bool dg_screen_wait(struct dg_screen *s, int ms)
{
	struct pollfd in[2] = {
		{.fd = STDIN_FILENO, .events = POLLIN}, {.fd = s->resized, .events = POLLIN}};
	struct signalfd_siginfo ignored;
	char c = 0;

	if (poll(in, 2, ms) <= 0) {
		return false;
	}
	if (in[1].revents) {
		(void)!read(s->resized, &ignored, sizeof(ignored));
	}
	return in[0].revents &&
	       (read(STDIN_FILENO, &c, 1) != 1 || c == 'q' || c == 'Q' || c == CTRL_C);
}
