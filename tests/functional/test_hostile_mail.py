"""What strangers send to break the reader: 32 bombs, each refused or read within its limits; mutants by the thousand through the real reader.

Nothing here is timed: processor time and memory are bounded by the kernel, and whoever needs more dies of it, which shows.
"""
import json
import os
import re
import resource
import subprocess
import threading

import hostile_mail
import pytest

CPU_S = 60  # a hundredth of that is used, a tenth with sanitizers; what is quadratic takes minutes
MEMORY = 1 << 30  # of addresses, libraries and all: the known killers take more
DATA = 64 << 20  # of data, of each process: letters that wait, a batch of records, a message taken apart


def is_sanitized(program):
    """Its shadow memory is of all addresses."""
    with open(program, 'rb') as f:
        return b'__asan_init' in f.read()


def limited(program, cpu_s=CPU_S, **limits):
    def limit():
        if cpu_s:
            resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, cpu_s))
        if not is_sanitized(program):
            for name, most in limits.items():
                resource.setrlimit(getattr(resource, name), (most, most))
    return limit


def eat(lab, name, tmp_path):
    make, command, reason = hostile_mail.BOMBS[name]
    text = make()
    path = tmp_path / ('zone.yaml' if command == 'plan' else 'bomb')
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    done = subprocess.run([lab.program, '--state', lab.dir / 'state', command, *(['--json'] if command != 'plan' else []), path],
                          capture_output=True, text=True, check=False, preexec_fn=limited(lab.program, RLIMIT_AS=MEMORY, RLIMIT_DATA=DATA), cwd=tmp_path)
    path.unlink()
    return done, reason


def test_bombs(lab, tmp_path):
    assert len(hostile_mail.BOMBS) >= 30
    for name in hostile_mail.BOMBS:
        done, reason = eat(lab, name, tmp_path)
        assert done.returncode in (0, 1, 2, 3), (name, done.returncode, done.stderr[-500:])
        if reason is None:
            out = json.loads(done.stdout)
            assert out['messages']['read'] == 1 and 'died' not in done.stderr, (name, done.stderr)
            continue
        assert done.returncode in (1, 2) and len(done.stderr) < 2000, (name, done.returncode, done.stderr[:500])
        assert re.search(rf'^dnsguard: .*{reason}', done.stderr, re.M | re.I), (name, done.stderr)


def feed(stream, n):
    with stream:
        for text in hostile_mail.mutants(n):
            stream.write(b'From MAILER-DAEMON Mon Nov 22 00:00:00 2026\n' + text.replace(b'\nFrom ', b'\n>From ') + b'\n\n')


def through_the_reader(lab, tmp_path, n):
    """All of them are read, and no reader dies of one."""
    said = tmp_path / 'stderr'
    with said.open('wb') as complaints:
        child = subprocess.Popen([lab.program, 'triage', '--json', '--verbose', '-'], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                 stderr=complaints, preexec_fn=limited(lab.program, None if n > 100000 else 2 * CPU_S, RLIMIT_DATA=DATA))
        thread = threading.Thread(target=feed, args=(child.stdin, n))
        thread.start()
        last = b''
        for last in child.stdout:
            pass
        thread.join()
    assert child.wait() in (0, 1, 3), said.read_text(errors='replace')[-2000:]
    with said.open(errors='replace') as lines:
        died = [line for line in lines if 'died of it' in line or 'ERROR' in line or 'runtime error' in line]
    assert not died, died[:5]
    out = json.loads(last)
    assert out['messages']['read'] >= n and sum(out['kinds'].values()) > n / 10, out['messages']
    return out


def test_mutants_through_the_reader(lab, tmp_path):
    through_the_reader(lab, tmp_path, 4000)


@pytest.mark.soak
def test_a_million_mutants_through_the_reader(lab, tmp_path, record_property):
    n = int(os.environ.get('DNSGUARD_MUTANTS', '1000000'))
    record_property('messages', through_the_reader(lab, tmp_path, n)['messages'])
