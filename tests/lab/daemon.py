"""The clock of a scene, and the watch that plays in it."""
import json
import os
import pathlib
import signal
import sqlite3
import struct
import time

import lab as lablib
import processes

IDLE_S = 3  # a command that used no processor for so long waits for time to pass


class Clock:
    """The clock of a scene: that of this machine and what it is ahead of it."""

    def __init__(self, lab):
        self.path = lab.write('clock', '\0' * 8)
        self.library = pathlib.Path(lab.program).resolve().parents[1] / 'tests/lab/sceneclock.so'
        self.ahead = 0.0
        self.before = {}

    def now(self):
        return time.time() + self.ahead

    def leap(self, seconds):
        self.ahead += max(seconds, 0)
        with open(self.path, 'r+b') as f:
            f.write(struct.pack('q', int(self.ahead * 1e9)))

    def __enter__(self):
        """Whatever is started from now on plays in the scene."""
        asan = os.environ.get('ASAN_OPTIONS', '') + ':verify_asan_link_order=0'
        for key, value in ('SCENE_CLOCK', str(self.path)), ('LD_PRELOAD', str(self.library)), ('ASAN_OPTIONS', asan):
            self.before[key] = os.environ.get(key)
            os.environ[key] = value
        return self

    def __exit__(self, *_):
        for key, value in self.before.items():
            if value is None:
                os.environ.pop(key, None)
            else:
                os.environ[key] = value


def ticks(pid):
    """Processor time that a process has used; None: it is gone."""
    try:
        return sum(map(int, pathlib.Path(f'/proc/{pid}/stat').read_text().rpartition(')')[2].split()[11:13]))
    except OSError:
        return None


class Daemon:
    """dnsguard watch in a scene: started, killed, waited for."""

    def __init__(self, lab, policies, logs, name='watch'):
        self.lab, self.policies, self.logs, self.name, self.n_starts = lab, policies, logs, name, 0
        self.state = lab.dir / ('state' if name == 'watch' else f'state.{name}')
        self.rows, self.others, self.place = [], [], 0

    def start(self):
        self.n_starts += 1
        n_before = len(self.said('watching'))
        self.process = self.lab.daemon(self.name, [self.lab.program, '--state', self.state, 'watch', '--json', *self.policies])
        self.lab.wait_ready(self.name, lambda: len(self.said('watching')) > n_before)

    def kill(self):
        self.lab.stop(self.name, 9)

    def stop(self):
        return self.lab.stop(self.name)

    def reload(self):
        """It reads its policies again."""
        n_before = len(self.said('watching'))
        self.process.send_signal(signal.SIGHUP)
        self.lab.wait_ready(self.name, lambda: len(self.said('watching')) > n_before)

    def said(self, kind=None):
        path = self.lab.dir / f'{self.name}.log'
        if path.exists():
            with open(path, encoding='utf-8', errors='replace') as f:
                f.seek(self.place)
                *lines, rest = f.read().split('\n')
                self.place = f.tell() - len(rest.encode())
            self.rows += [json.loads(line) for line in lines if line.startswith('{')]
            self.others += [line for line in lines if line and not line.startswith('{')]
        return [row for row in self.rows if kind in (None, row['type'])]

    def complaints(self):
        """What it said that is not JSON."""
        self.said()
        return self.others

    def sql(self, text):
        with sqlite3.connect(self.state / 'journal.db', timeout=30) as db:
            return db.execute(text).fetchall()

    def guard_state(self, name):
        rows = self.sql(f"SELECT state FROM guard WHERE name = '{name}.'")
        return rows[0][0] if rows else None

    def pids(self):
        """Its commands that run now, also those that outlived it."""
        if self.n_starts == 1:
            return [pid for pid in processes.children(self.process.pid) if not processes.stands_by(pid, self.state)]
        return self.all_pids()

    def all_pids(self):
        """The same by their words."""
        return processes.commands(self.state, 'arm', 'disarm', 'split', 'unsplit')

    def kill_one(self, pid):
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass  # it was quicker

    def has_read(self):
        """Is all that stands in the log read? Files are accessed by relatime: the first read after a write shows."""
        seen = [log.stat() for log in self.logs if log.exists()]
        return all(one.st_atime_ns >= one.st_mtime_ns for one in seen)

    def settle(self, timeout_s=120):
        """Until it has read its log and its commands have ended, and none is begun any more. One that only waits for time to pass
        does not count: it has used no processor for IDLE_S."""
        calm, work, since = 0, None, time.monotonic()

        def is_calm():
            nonlocal calm, work, since
            pids = self.pids()
            now = [ticks(pid) for pid in pids]
            if now != work:
                work, since = now, time.monotonic()
            is_idle = not pids or time.monotonic() - since > IDLE_S
            calm = calm + 1 if self.has_read() and is_idle else 0
            time.sleep(0.02)
            return calm >= 4
        lablib.wait_for(is_calm, 'the watch comes to rest', timeout_s)
