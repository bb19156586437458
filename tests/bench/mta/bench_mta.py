#!/usr/bin/env python3
"""bench_mta.py [N]: what the sensors inside a mail server cost it: processor time a policy request and a milter session.

The policy service gets N requests over ten connections; the milter, and beside it a libmilter that does nothing, N sessions of
a null sender with a refused recipient.
"""
import os
import pathlib
import socket
import struct
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[3]
BUILD = pathlib.Path(os.environ.get('DNSGUARD', ROOT / 'build/controller/dnsguard')).resolve().parents[1]
TICK = os.sysconf('SC_CLK_TCK')
DUNNO = b'action=DUNNO\n\n'
REQUEST = ('request=smtpd_access_policy\nprotocol_state=RCPT\nprotocol_name=ESMTP\nclient_address=198.51.100.25\n'
           'client_name=mx.reporter.example\nclient_port=49237\nreverse_client_name=mx.reporter.example\n'
           'server_address=192.0.2.1\nserver_port=25\nhelo_name=mx.reporter.example\nsender=\n'
           'recipient=alice@good.example\nrecipient_count=0\nqueue_id=\ninstance=4735.6b033ca6.fa20.0\nsize=0\n'
           'etrn_domain=\nstress=\nsasl_method=\nsasl_username=\nsasl_sender=\nccert_subject=\nccert_issuer=\n'
           'ccert_fingerprint=\nccert_pubkey_fingerprint=\nencryption_protocol=\nencryption_cipher=\n'
           'encryption_keysize=0\npolicy_context=\n\n').encode()


def seconds(stat):
    fields = stat.read_text().rpartition(') ')[2].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def cpu(process, without_main=False):
    """Seconds of all threads that live."""
    return sum(seconds(task / 'stat') for task in pathlib.Path(f'/proc/{process.pid}/task').iterdir()
               if not without_main or task.name != str(process.pid))


def process_cpu(process):
    return seconds(pathlib.Path(f'/proc/{process.pid}/stat'))


def started(argv, path):
    process = subprocess.Popen([str(a) for a in argv], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while not connectable(path):
        time.sleep(0.01)
    return process


def connectable(path):
    with socket.socket(socket.AF_UNIX) as s:
        return s.connect_ex(str(path)) == 0


def connect(path):
    s = socket.socket(socket.AF_UNIX)
    s.connect(str(path))
    return s


def ended(process):
    process.terminate()
    process.wait()


def policy(folder, n):
    """One request at a time, as smtpd asks."""
    process = started([BUILD / 'tests/functional/sensor_driver', f'policy=unix:{folder}/policy'], folder / 'policy')
    clients = [connect(folder / 'policy') for _ in range(10)]
    before, start = cpu(process, True), time.monotonic()
    for i in range(n):
        s = clients[i % 10]
        s.sendall(REQUEST)
        assert s.recv(100) == DUNNO
    used, wall = cpu(process, True) - before, time.monotonic() - start
    ended(process)
    print(f'policy service: {n} requests, {used:.2f} s of processor time: {used / n * 1e6:.0f} us a request, '
          f'{n / max(used, 1 / TICK):.0f} a processor second ({n / wall:.0f}/s from one client)')


def packet(command, data=b''):
    return struct.pack('>I', len(data) + 1) + command + data


OPTNEG = packet(b'O', struct.pack('>III', 6, 0x1ff, 0x1fffff))
CONNECT = packet(b'C', b'mx.reporter.example\x004\xc0\x05198.51.100.25\0')
MAIL = packet(b'D', b'M{mail_addr}\0\0{auth_authen}\0\0') + packet(b'M', b'<>\0')
RCPT = packet(b'D', b'R{rcpt_mailer}\0error\0{rcpt_host}\x005.1.1\0') + packet(b'R', b'<nosuch@good.example>\0')


def answer(s):
    head = b''
    while len(head) < 4:
        head += s.recv(4 - len(head))
    n, text = struct.unpack('>I', head)[0], b''
    while len(text) < n:
        text += s.recv(n - len(text))
    return text


def session(path):
    with connect(path) as s:
        s.sendall(OPTNEG)
        assert answer(s)[:1] == b'O'
        for text in (CONNECT, MAIL, RCPT):
            s.sendall(text)
            assert answer(s) == b'c'
        s.sendall(packet(b'A') + packet(b'Q'))
        s.recv(1)


def milter(name, argv, path, n):
    process = started(argv, path)
    session(path)
    before, start = process_cpu(process), time.monotonic()
    for _ in range(n):
        session(path)
    used, wall = process_cpu(process) - before, time.monotonic() - start
    ended(process)
    print(f'{name}: {n} sessions, {used:.2f} s of processor time: {used / n * 1e3:.3f} ms a session ({n / wall:.0f}/s from one client)')


def main():
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 20000
    targets = ['controller/dnsguard', 'tests/functional/sensor_driver', 'tests/bench/bench_null_milter']
    subprocess.run(['ninja', '-C', BUILD, *targets], check=True, stdout=subprocess.DEVNULL)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        policy(folder, n)
        milter('libmilter alone', [BUILD / 'tests/bench/bench_null_milter', f'unix:{folder}/null'], folder / 'null', n)
        controller = started([BUILD / 'tests/functional/sensor_driver', f'sensors=unix:{folder}/sensors'], folder / 'sensors')
        milter('our milter', [BUILD / 'controller/dnsguard', 'sensor', 'milter', '--socket', f'unix:{folder}/milter', '--to',
                              f'unix:{folder}/sensors'], folder / 'milter', n)
        print(f'the controller, for {n + 1} lines: {process_cpu(controller):.2f} s')
        ended(controller)


if __name__ == '__main__':
    main()
