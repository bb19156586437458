"""The processes that run here: which are commands on a state folder, and which only stand by to be one."""
import os
import pathlib

STANDS_BY = [b'--stand-by']


def words_of(pid):
    """Its command line; []: it is gone."""
    try:
        return pathlib.Path(f'/proc/{pid}/cmdline').read_bytes().split(b'\0')[:-1]
    except OSError:
        return []


def all_pids():
    return [int(entry.name) for entry in pathlib.Path('/proc').iterdir() if entry.name.isdigit()]


def holds_lock_in(pid, state):
    """Is it a command of a guard with that state folder? One that stood by has no words of its own, but a lock there."""
    try:
        return any(os.readlink(fd).startswith(f'{state}/guard-') for fd in pathlib.Path(f'/proc/{pid}/fd').iterdir())
    except OSError:
        return False


def stands_by(pid, state):
    return words_of(pid)[1:] == STANDS_BY and not holds_lock_in(pid, state)


def commands(state, *names):
    """What runs now of these commands on a state folder, whoever started it."""
    wanted, found = {os.fsencode(name) for name in names}, []
    for pid in all_pids():
        words = words_of(pid)
        if (os.fsencode(state) in words and wanted.intersection(words)) or (words[1:] == STANDS_BY and holds_lock_in(pid, state)):
            found.append(pid)
    return found


def children(pid):
    try:
        return [int(word) for word in pathlib.Path(f'/proc/{pid}/task/{pid}/children').read_text().split()]
    except OSError:
        return []
