#!/usr/bin/python3
"""Every system call with which the journal writes fails once, and is once the last of its process.

store_faults.py DRIVER. After each fault the journal opens again, is whole, and still holds what was called done.
"""

import os
import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

CALLS = ["mkdir", "openat", "pwrite64", "fdatasync", "fsync", "ftruncate", "fchown", "fcntl", "unlink"]
ERRORS = {"mkdir": ["EIO"], "openat": ["EIO", "EMFILE"], "pwrite64": ["ENOSPC", "EIO"], "fdatasync": ["EIO", "ENOSPC"],
          "fsync": ["EIO"], "ftruncate": ["ENOSPC"], "fchown": ["EPERM"], "fcntl": ["ENOLCK"], "unlink": ["EIO"]}
# of openat the first ones belong to the loader; all are tried, but not without end
POINTS_MAX = 400


def driver(mode, state, inject=None):
    """The driver's exit code and what it said."""
    argv = [DRIVER, mode, state]
    if inject:
        call, fault, k = inject
        argv = ["strace", "-f", "-qqq", "-o", state + ".strace", "-e", "trace=" + call,
                "-e", f"inject={call}:{fault}:when={k}"] + argv
    r = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=600, check=False)
    return r.returncode, r.stdout


def was_injected(state):
    with open(state + ".strace", encoding="ascii", errors="replace") as f:
        text = f.read()
    os.unlink(state + ".strace")
    return "INJECTED" in text or "killed by SIGKILL" in text


def fault(call, kind, k):
    """None: the driver has no k-th such call. Else what was wrong, "" for nothing."""
    with tempfile.TemporaryDirectory(prefix="dg-faults-", dir=MEMORY) as folder:
        state = os.path.join(folder, "state")
        rc, said = driver("run", state, (call, kind, k))
        if not was_injected(state):
            return None
        if rc == 0 and "finished" not in said:
            return "ended well without an end: " + said
        if rc not in (0, 1, 127, 137, -9) or (rc == 1 and "stopped: " not in said):
            return f"ended with {rc}: {said}"  # 127: the loader could not even start it
        rc, found = driver("check", state)
        if rc != 0:
            return f"after {said!r}: {found}"
        before = found.split("batches")[0]
        done = {"intended": 0, "applied": 1, "verified": 2}
        for word, number in re.findall(r"(intended|applied|verified) (\d+)", said):
            states = [int(s) for i, s in re.findall(r"found (\d+) (\d)", before) if i == number]
            if not states or states[0] < done[word]:
                return f"{word} was called done and is not there: {said!r}, {found!r}"
        if "batch\n" in said and "batches 1" not in found:
            return f"a batch was called done and is not there: {said!r}, {found!r}"
    return ""


def all_points(call, kind):
    """How many such calls there are, and what was wrong at which of them."""
    wrong = []
    for k in range(POINTS_MAX):
        what = fault(call, kind, k + 1)
        if what is None:
            return k, wrong
        if what:
            wrong.append(f"{call} {kind} at {k + 1}: {what}")
    return POINTS_MAX, wrong


def unsynced():
    """What was called done while something that was written was not yet on disk; "" for nothing."""
    with tempfile.TemporaryDirectory(prefix="dg-faults-") as folder:
        trace = os.path.join(folder, "trace")
        subprocess.run(["strace", "-qqq", "-o", trace, "-e", "trace=pwrite64,fdatasync,fsync,write", DRIVER, "run",
                        os.path.join(folder, "state")], stdout=subprocess.DEVNULL, timeout=600, check=True)
        with open(trace, encoding="ascii", errors="replace") as f:
            lines = f.readlines()
    dirty = told = False
    for line in lines:
        if line.startswith("pwrite64"):
            dirty = True
        elif line.startswith(("fdatasync", "fsync")):
            dirty = False
        elif line.startswith("write(1,"):
            told = True
            if dirty:
                return line.strip()
    return "" if told else "nothing was said"


def main():
    tests = [(c, "signal=SIGKILL") for c in CALLS] + [(c, "error=" + e) for c in CALLS for e in ERRORS[c]]
    total = bad = 0
    print(f"TAP version 13\n1..{len(tests) + 1}")
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        for n, ((call, kind), (k, wrong)) in enumerate(zip(tests, pool.map(lambda t: all_points(*t), tests)), 1):
            for line in wrong:
                print("# " + line)
            print(f"{'not ok' if wrong else 'ok'} {n} - {call} {kind}: {k} points", flush=True)
            total += k
            bad += len(wrong)
    early = unsynced()
    print(f"{'not ok' if early else 'ok'} {len(tests) + 1} - on disk before it is called done {early}")
    bad += 1 if early else 0
    print(f"# {total} points, {bad} bad")
    return 1 if bad or total == 0 else 0


DRIVER = sys.argv[1]
MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # no disk can be slow there
sys.exit(main())
