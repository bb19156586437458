#!/usr/bin/env python3
"""A private place to run real name servers in: launcher and library, standard library only.

    lab.py PROGRAM [ARGUMENT...]      runs PROGRAM in the lab and ends with its exit code

The program gets network, process, mount, host name and IPC namespaces of its own (and a user
namespace when the caller is not root). So every port is free, nothing reaches another machine, two
labs never meet, and when the launcher dies the kernel takes everything inside with it.

Inside: loopback with the addresses of ADDRESSES, an empty tmpfs as LAB_DIR, /etc/resolv.conf that
names RESOLVER. With LAB_LOGS=FOLDER in the environment the run directory of a failure is copied there.
"""
import ctypes
import dataclasses
import os
import pathlib
import re
import secrets
import shutil
import signal
import base64
import json
import socket
import struct
import subprocess
import sys
import tempfile
import time

RESOLVER = '127.0.0.53'
ADDRESSES = [f'127.0.0.{n}' for n in (*range(10, 30), 53)] + ['198.51.100.66']
RUN_DIRS = ('/mnt', '/media', '/srv', '/opt')  # an empty one is covered by the tmpfs: nothing to remove afterwards
READY_S = 60  # of whatever is waited for: far more than it takes, since a loaded machine is no fault
HERE = pathlib.Path(__file__).resolve()
ROOT = HERE.parent.parent.parent
CLONE_NEWNET = 0x40000000
PR_SET_PDEATHSIG = 1
MS_BIND, MS_REC, MS_PRIVATE = 0x1000, 0x4000, 0x40000
QTYPE = {'A': 1, 'NS': 2, 'SOA': 6, 'MX': 15, 'TXT': 16, 'AAAA': 28, 'DNSKEY': 48}


class LabError(Exception):
    """The lab itself failed, not what is tested in it."""


# --- namespaces -------------------------------------------------------------------------------------

def is_inside():
    return 'LAB_DIR' in os.environ


def die_with_parent():
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def enter(argv):
    """Outside: starts the inner half in its namespaces, waits for it, returns its exit code."""
    unshare = ['unshare', '--net', '--pid', '--mount', '--uts', '--ipc', '--fork', '--kill-child',
               '--propagation', 'unchanged']
    if os.getuid() != 0:
        unshare += ['--user', '--map-root-user']
    child = subprocess.Popen([*unshare, sys.executable, str(HERE), '--inside', *argv],
                             preexec_fn=die_with_parent)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal sends it to those inside as well
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: child.kill())
    code = child.wait()
    return code if code >= 0 else 128 - code


def bring_up_loopback():
    batch = 'link set lo up\n' + ''.join(
        f'addr add {a}/{8 if a.startswith("127.") else 32} dev lo\n' for a in ADDRESSES)
    done = subprocess.run(['ip', '-batch', '-'], input=batch, text=True, capture_output=True)
    if done.returncode:
        raise LabError(f'loopback: {done.stderr.strip()}')


def choose_run_dir(needed):
    for folder in RUN_DIRS:
        is_needed = any(str(path).startswith(folder + '/') for path in needed)
        if not is_needed and os.path.isdir(folder) and not os.listdir(folder):
            return folder
    raise LabError(f'none of {", ".join(RUN_DIRS)} is there, empty and free for the run directory')


def mount(source, target, kind=None, flags=0, data=None):
    """mount(2): a call of its own, because what we need comes before /proc is right."""
    libc = ctypes.CDLL(None, use_errno=True)
    words = [None if word is None else str(word).encode() for word in (source, target, kind)]
    if libc.mount(*words, ctypes.c_ulong(flags), None if data is None else data.encode()):
        raise LabError(f'mount {target}: {os.strerror(ctypes.get_errno())}')


def hide_mounts():
    """What we mount from now on is not seen outside. In a chroot the mount to say that of lies above our root."""
    try:
        mount(None, '/', flags=MS_REC | MS_PRIVATE)
        return
    except LabError:
        root = os.open('/', os.O_RDONLY | os.O_DIRECTORY)
    somewhere = tempfile.mkdtemp()
    os.chroot(somewhere)
    for _ in range(100):
        os.chdir('..')
    os.chroot('.')
    mount(None, '/', flags=MS_REC | MS_PRIVATE)
    os.fchdir(root)
    os.chroot('.')
    os.rmdir(somewhere)


def inside(argv):
    """First process of the process namespace: prepares the place, runs argv, reaps what it leaves."""
    cwd = os.getcwd()
    hide_mounts()
    mount('proc', '/proc', 'proc')
    os.chdir(cwd)
    bring_up_loopback()
    folder = choose_run_dir([ROOT, cwd, sys.executable, os.environ.get('LAB_LOGS', ''),
                             os.environ.get('DNSGUARD', '')])
    mount('lab', folder, 'tmpfs', data='mode=755')
    run = pathlib.Path(folder) / 'lab'
    run.mkdir()
    (run / 'resolv.conf').write_text(f'nameserver {RESOLVER}\noptions timeout:1 attempts:2\n')
    if os.path.exists('/etc/resolv.conf'):
        mount(run / 'resolv.conf', os.path.realpath('/etc/resolv.conf'), flags=MS_BIND)
    os.environ['LAB_DIR'] = str(run)
    os.environ['TMPDIR'] = str(run)

    pid = os.fork()
    if pid == 0:
        try:
            os.execvp(argv[0], argv)
        except OSError as why:
            print(f'lab: {argv[0]}: {why.strerror}', file=sys.stderr)
            os._exit(127)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda n, _: os.kill(pid, n))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    status = None
    while status is None:
        who, how = os.wait()
        if who == pid:
            status = os.waitstatus_to_exitcode(how)
    if status and 'LAB_LOGS' in os.environ:
        save_logs(run, 'run')
    return status if status >= 0 else 128 - status


def isolate():
    """Gives the calling thread, and what it starts from now on, a network of its own inside the lab."""
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNET):
        raise LabError(f'unshare: {os.strerror(ctypes.get_errno())}')
    bring_up_loopback()


def save_logs(folder, name):
    """Copies configurations and logs of folder to LAB_LOGS/name; databases and sockets stay."""
    goal = pathlib.Path(os.environ['LAB_LOGS']) / name
    for path in pathlib.Path(folder).rglob('*'):
        if path.is_file() and not path.is_symlink() and path.stat().st_size < 1 << 20:
            to = goal / path.relative_to(folder)
            to.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, to)


# --- DNS, as little as polling needs ------------------------------------------------------------------

def ask(address, name, qtype='SOA', port=53, timeout_s=1):
    """One question over UDP: (rcode, number of answers), or None when nothing came."""
    number = secrets.randbits(16)
    labels = [part for part in name.rstrip('.').split('.') if part]
    question = b''.join(bytes([len(part)]) + part.encode() for part in labels) + b'\0'
    packet = struct.pack('!6H', number, 0x0100, 1, 0, 0, 0) + question + struct.pack('!2H', QTYPE[qtype], 1)
    with socket.socket(socket.AF_INET6 if ':' in address else socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(timeout_s)
        try:
            s.connect((address, port))
            s.send(packet)
            reply = s.recv(65535)
        except OSError:
            return None
    if len(reply) < 12 or reply[:2] != packet[:2]:
        return None
    return reply[3] & 15, struct.unpack('!H', reply[6:8])[0]


def wait_for(is_true, what, timeout_s=READY_S):
    """Polls until is_true() gives something true, and returns that."""
    end = time.monotonic() + timeout_s
    while True:
        result = is_true()
        if result:
            return result
        if time.monotonic() > end:
            raise LabError(f'{what}: not after {timeout_s} s')
        time.sleep(0.01)


def wait_hears(process, number):
    """Until the process has said what it does about the signal: before that the signal would simply end it."""
    def hears():
        assert process.poll() is None, process.args
        status = pathlib.Path(f'/proc/{process.pid}/status').read_text()
        caught, blocked = (int(re.search(rf'^{name}:\s*(\w+)', status, re.M)[1], 16) for name in ('SigCgt', 'SigBlk'))
        if blocked >> signal.SIGWINCH - 1 & 1:  # all of them, for a moment, while a thread or a process starts
            blocked = 0
        return (caught | blocked) >> number - 1 & 1
    wait_for(hears, f'a handler of signal {int(number)}')


def zone_text(zone, addresses, records='', ttl=300, serial=1):
    """A zone file: SOA, one name server an address, and the records given."""
    zone = zone.rstrip('.')
    lines = [f'$ORIGIN {zone}.', f'$TTL {ttl}', f'@ SOA ns1 hostmaster {serial} 3600 600 604800 {ttl}']
    for n, address in enumerate(addresses, 1):
        lines += [f'@ NS ns{n}', f'ns{n} A {address}']
    return '\n'.join(lines) + '\n' + records.strip('\n') + '\n'


@dataclasses.dataclass
class Key:
    """A TSIG key."""
    name: str
    algorithm: str
    secret: str

    @classmethod
    def random(cls, name='labkey', algorithm='hmac-sha256'):
        return cls(name, algorithm, base64.b64encode(secrets.token_bytes(32)).decode())

    def text(self, form):
        if form == 'bind':
            return f'key "{self.name}" {{\n\talgorithm {self.algorithm};\n\tsecret "{self.secret}";\n}};\n'
        if form == 'knot':
            return f'{self.algorithm}:{self.name}:{self.secret}\n'
        return self.secret + '\n'


@dataclasses.dataclass
class Result:
    """What a program said and how it ended."""
    rc: int
    stdout: str
    stderr: str
    seconds: float
    argv: list

    def json(self):
        return json.loads(self.stdout)

    def expect(self, rc):
        """Fails, with all that was said, when the program ended otherwise."""
        if self.rc != rc:
            raise AssertionError(f'expected exit {rc}\n{self}')
        return self

    def __str__(self):
        return f'$ {" ".join(self.argv)}\nexit {self.rc}\n{self.stdout}{self.stderr}'


class Lab:
    """A folder, a key, and the processes started in them. Use as a context manager."""

    def __init__(self, folder=None, dnsguard=None):
        if not is_inside():
            raise LabError(f'not in a lab: start with {HERE} PROGRAM')
        self.dir = pathlib.Path(folder or os.environ['LAB_DIR'])
        self.dir.mkdir(parents=True, exist_ok=True)
        self.program = dnsguard or os.environ.get('DNSGUARD') or str(ROOT / 'build/controller/dnsguard')
        self.key = Key.random()
        self.processes = {}
        self.used = {}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop_all()

    # files

    def write(self, name, text, mode=0o644):
        path = self.dir / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(mode)
        return path

    def key_file(self, form='bind', key=None, name=None):
        """The key as a file: BIND's form, Knot's (algorithm:name:secret), or the plain secret."""
        return self.write(name or f'{(key or self.key).name}.{form}.key', (key or self.key).text(form), 0o600)

    # processes

    def daemon(self, name, argv):
        """Starts a server in the foreground; its output goes to NAME.log."""
        log = open(self.dir / f'{name}.log', 'ab')
        self.processes[name] = subprocess.Popen(
            self.binary(argv), stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
            cwd=self.dir)
        log.close()
        return self.processes[name]

    def binary(self, argv):
        """A security profile that is bound to the path of a server would keep it from our folder: run a copy."""
        try:
            has_profiles = pathlib.Path('/sys/module/apparmor/parameters/enabled').read_text().startswith('Y')
        except OSError:
            has_profiles = False
        path = shutil.which(argv[0], path=os.environ['PATH'] + ':/usr/sbin:/sbin')
        if path is None:
            raise LabError(f'{argv[0]}: not installed (./dev deps)')
        if has_profiles:
            copy = self.dir / 'bin' / os.path.basename(path)
            if not copy.exists():
                copy.parent.mkdir(exist_ok=True)
                shutil.copy(path, copy)
            path = str(copy)
        return [path, *argv[1:]]

    def stop(self, name, number=signal.SIGTERM):
        process = self.processes.pop(name)
        process.send_signal(number)
        try:
            return process.wait(READY_S)
        except subprocess.TimeoutExpired:
            process.kill()
            return process.wait()

    def stop_all(self):
        for process in self.processes.values():
            process.terminate()
        for name in list(self.processes):
            self.stop(name)

    def wait_ready(self, name, is_ready):
        """Waits until is_ready(); says what the log holds when the server dies or stays silent."""
        def check():
            if self.processes[name].poll() is not None:
                raise LabError(f'{name} ended with {self.processes[name].returncode}')
            return is_ready()
        try:
            return wait_for(check, name)
        except LabError as why:
            log = (self.dir / f'{name}.log').read_text(errors='replace')[-3000:]
            raise LabError(f'{why}\n{log}') from None

    def unique(self, name):
        """knot, knot2, knot3: names of servers of one kind."""
        self.used[name] = self.used.get(name, 0) + 1
        return name if self.used[name] == 1 else f'{name}{self.used[name]}'

    def run(self, *argv, stdin=None, timeout_s=600, env=None, check=False, cwd=None):
        start = time.monotonic()
        env = {**os.environ, **(env or {})}
        if argv[0] == 'strace':  # a sanitizer cannot look for leaks then, and its files are not the program's
            for name, more in ('ASAN_OPTIONS', ':detect_leaks=0:log_path=stderr'), ('UBSAN_OPTIONS', ':log_path=stderr'):
                env[name] = env.get(name, '') + more
        done = subprocess.run([str(a) for a in argv], input=stdin if stdin is not None else '', text=True,
                              capture_output=True, timeout=timeout_s, cwd=cwd or self.dir, env=env)
        result = Result(done.returncode, done.stdout, done.stderr, time.monotonic() - start,
                        [str(a) for a in argv])
        if check and done.returncode:
            raise LabError(str(result))
        return result

    def dnsguard(self, *args, state=None, **options):
        """Runs the program under test with a state folder of this lab."""
        return self.run(self.program, '--state', state or self.dir / 'state', *args, **options)


def main(argv):
    if len(argv) > 2 and argv[1] == '--inside':
        return inside(argv[2:])
    if len(argv) < 2 or argv[1] in ('-h', '--help'):
        print(__doc__.strip())
        return 0 if len(argv) > 1 else 2
    return enter(argv[1:])


if __name__ == '__main__':
    try:
        sys.exit(main(sys.argv))
    except LabError as error:
        print(f'lab: {error}', file=sys.stderr)
        sys.exit(99)
