"""A program on a terminal of its own: what it prints there, and answers to what it asks."""
import os
import pty
import re
import select
import signal
import subprocess
import time

CONTROL = re.compile(r'\x1b\[[0-9;]*[A-Za-z]')


class Terminal:
    """Runs argv with all three standard streams on one new terminal. `with`, or end with finish()."""

    def __init__(self, argv, cwd=None, env=None):
        self.end, other = pty.openpty()
        self.process = subprocess.Popen([str(a) for a in argv], stdin=other, stdout=other, stderr=other, cwd=cwd,
                                        env={**os.environ, 'TERM': 'xterm', **(env or {})}, start_new_session=True,
                                        preexec_fn=self.hear)
        os.close(other)
        self.raw = ''

    @staticmethod
    def hear():
        """Ctrl-C works also where the tests run in the background of a shell, which ignores it for its children."""
        signal.signal(signal.SIGINT, signal.SIG_DFL)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        os.close(self.end)

    def read(self, timeout_s):
        """Reads what there is; False at the end."""
        if not select.select([self.end], [], [], timeout_s)[0]:
            return True
        try:
            data = os.read(self.end, 65536)
        except OSError:  # the other side is closed
            return False
        self.raw += data.decode(errors='replace').replace('\r\n', '\n')
        return bool(data)

    def wait_for(self, text, timeout_s=120):
        end = time.monotonic() + timeout_s
        while text not in self.raw:
            assert self.read(0.1) and time.monotonic() < end, f'no {text!r} in\n{self.raw}'

    def wait_for_count(self, text, n, timeout_s=120):
        """Until it was said n times."""
        end = time.monotonic() + timeout_s
        while self.raw.count(text) < n:
            assert self.read(0.1) and time.monotonic() < end, f'not {n} times {text!r} in\n{self.raw}'

    def type(self, text):
        os.write(self.end, text.encode())

    def finish(self, timeout_s=300):
        """Waits for the program's end; its exit code."""
        end = time.monotonic() + timeout_s
        while self.read(0.1):
            assert time.monotonic() < end, f'still running\n{self.raw}'
        return self.process.wait()

    @property
    def text(self):
        """Without colours and other control sequences."""
        return CONTROL.sub('', self.raw)
