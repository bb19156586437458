"""The rfc2136 provider against Knot (plain and signed), BIND and PowerDNS: reading, swapping, every way of being refused."""
import os
import pathlib
import socket
import subprocess
import threading

import lab as lablib
import pytest
import servers

ZONE = 'example.test'
RECORDS = '''@ A 192.0.2.10
@ MX 10 Mx1
@ MX 20 mx2
@ TXT "v=spf1 " "mx ~all"
www A 192.0.2.10
mx1 A 192.0.2.25
mx2 A 192.0.2.26
* TXT "wild"
real TXT "wild"
al CNAME www
'''
KINDS = {
    'knot': servers.Knot,
    'knot-signed': lambda lab, zones, **options: servers.Knot(lab, zones, signed=True, **options),
    'bind': servers.Bind,
    'pdns': servers.Pdns,
}
each = pytest.mark.parametrize('kind', KINDS)
NULL_MX = f'- {ZONE} 300 MX 10 mx1.{ZONE}.\n- {ZONE} 300 MX 20 mx2.{ZONE}.\n+ {ZONE} 60 MX 0 .\n'
MARKER = f'0 _dnsguard.{ZONE} TXT\n+ _dnsguard.{ZONE} 60 TXT "v=dg1 x=1"\n'
NEW = f'0 m.{ZONE} MX\n+ m.{ZONE} 60 MX 10 mx1.{ZONE}.\n'


class Driver:
    """Runs rfc2136_driver, which the build put beside the program under test."""

    def __init__(self, lab):
        self.lab = lab
        build = pathlib.Path(lab.program).resolve().parent.parent
        self.path = os.environ.get('RFC2136_DRIVER') or build / 'tests/functional/rfc2136_driver'
        if not os.path.exists(self.path):
            pytest.fail(f'{self.path}: not built')

    def __call__(self, server, command, *args, options=(), key=None, stdin='', port=53):
        address = getattr(server, 'address', server)
        done = self.lab.run(self.path, '-k', key or self.lab.key_file(), *options, address, port, command, *args,
                            stdin=stdin)
        assert done.rc in (0, 1), str(done)
        assert self.lab.key.secret not in done.stdout + done.stderr
        return done.stdout

    def apply(self, server, swaps, *options, **more):
        """(outcome, text)"""
        first, _, rest = self(server, 'apply', ZONE, options=options, stdin=swaps, **more).partition('\n')
        return first.split()[0], rest


@pytest.fixture
def drive(lab):
    return Driver(lab)


def start(lab, kind, **options):
    return KINDS[kind](lab, {ZONE: RECORDS}, **options)


@each
def test_read_whole(lab, drive, kind):
    server = start(lab, kind)
    text = drive(server, 'read', ZONE)
    first, *lines = text.splitlines()
    assert first == f'from {server.address}@53 (AXFR) version {server.serial(ZONE)} complete 1'
    assert f'{ZONE}. 300 IN MX 10 mx1.{ZONE}.' in lines
    assert f'{ZONE}. 300 IN TXT "v=spf1 " "mx ~all"' in lines
    ours = sorted(line for line in lines if line.split()[3] in ('A', 'MX', 'TXT', 'CNAME', 'NS'))
    assert len(ours) == len(server.axfr(ZONE))


@each
def test_read_by_questions(lab, drive, kind):
    server = start(lab, kind)
    before = server.serial(ZONE)
    keys = {(ZONE, 'MX'): 'present', (f'www.{ZONE}', 'MX'): 'absent', (f'x.y.{ZONE}', 'TXT'): 'absent',
            (f'real.{ZONE}', 'TXT'): 'present', (f'nix.{ZONE}', 'MX'): 'absent', (f'al.{ZONE}', 'TXT'): 'absent',
            (f'*.{ZONE}', 'TXT'): 'present'}
    text = drive(server, 'read', ZONE, *(word for key in keys for word in key), options=['-q'])
    for (owner, rtype), state in keys.items():
        assert f'key {owner}. {rtype} {state}\n' in text
    assert f'al.{ZONE}. 300 IN CNAME www.{ZONE}.\n' in text  # what stands in the way is shown
    assert 'complete 0' in text and f'version {before}' in text
    assert server.serial(ZONE) == before  # asking what is real changed nothing


def test_transfer_refused_falls_back(lab, drive):
    server = start(lab, 'bind', extra='allow-transfer { none; };')
    text = drive(server, 'read', ZONE, ZONE, 'MX')
    assert 'questions' in text and f'key {ZONE}. MX present' in text


@each
def test_swap_is_compare_and_swap(lab, drive, kind):
    server = start(lab, kind)
    before = server.serial(ZONE)
    assert drive.apply(server, NULL_MX + MARKER, '-d')[0] == 'applied'
    assert server.serial(ZONE) == before and server.rrset(ZONE, 'MX')[0] == 300
    assert drive.apply(server, NULL_MX + MARKER)[0] == 'applied'
    lablib.wait_for(lambda: server.rrset(ZONE, 'MX') == (60, ['0 .']), 'null MX')
    assert server.rrset(f'_dnsguard.{ZONE}', 'TXT') == (60, ['"v=dg1 x=1"'])
    outcome, text = drive.apply(server, NULL_MX + NEW)  # stale: somebody else was there
    assert outcome == 'conflict' and 'NXRRSET' in text
    outcome, text = drive.apply(server, MARKER)
    assert outcome == 'conflict' and 'YXRRSET' in text
    assert server.rrset(f'm.{ZONE}', 'MX') == (None, [])  # all or nothing


@each
def test_ttl_only(lab, drive, kind):
    server = start(lab, kind)
    mx = [f'MX 10 mx1.{ZONE}.', f'MX 20 mx2.{ZONE}.']
    swap = ''.join(f'- {ZONE} 300 {r}\n+ {ZONE} 60 {r}\n' for r in mx)
    assert drive.apply(server, swap)[0] == 'applied'
    lablib.wait_for(lambda: server.rrset(ZONE, 'MX')[0] == 60, 'TTL')
    assert len(server.rrset(ZONE, 'MX')[1]) == 2


@each
def test_text_boundaries_survive(lab, drive, kind):
    server = start(lab, kind)
    assert drive.apply(server, f'- {ZONE} 300 TXT "v=spf1 mx ~all"\n+ {ZONE} 60 TXT "x"\n')[0] == 'conflict'
    assert drive.apply(server, f'- {ZONE} 300 TXT "v=spf1 " "mx ~all"\n+ {ZONE} 300 TXT "v=spf1 mx " "-all"\n')[0] == 'applied'
    lablib.wait_for(lambda: server.dig(ZONE, 'TXT') == ['"v=spf1 mx " "-all"'], 'TXT')


@each
def test_wrong_keys(lab, drive, kind):
    server = start(lab, kind)
    secret = lab.key_file(key=lablib.Key.random(), name='secret.key')
    unknown = lab.key_file(key=lablib.Key.random(name='nokey'), name='unknown.key')
    signed = kind != 'pdns'  # PowerDNS does not say what is wrong with a key
    for path, word in ((secret, 'BADSIG'), (unknown, 'BADKEY')):
        text = drive(server, 'read', ZONE, key=path)
        assert text.startswith('failed -4') and (word in text if signed else 'not signed' in text), text
        outcome, text = drive.apply(server, NEW, key=path)
        assert outcome == 'unknown' and (word in text if signed else 'secret or clock are wrong' in text), text
    assert server.rrset(f'm.{ZONE}', 'MX') == (None, [])


@each
@pytest.mark.parametrize('shift', [-301, 301, 3600])
def test_wrong_clock(lab, drive, kind, shift):
    server = start(lab, kind)
    outcome, text = drive.apply(server, NEW, '-s', shift)
    assert outcome == 'unknown'
    if kind != 'pdns':
        assert 'BADTIME' in text and 'seconds apart' in text and abs(shift - int(
            text.split(' seconds apart')[0].split()[-1]) * (1 if shift > 0 else -1)) <= 30
    else:
        assert 'clock' in text
    assert drive.apply(server, NEW, '-s', -290 if shift < 0 else 290)[0] == 'applied'


@each
def test_zone_not_served(lab, drive, kind):
    server = start(lab, kind)
    assert drive(server, 'read', 'nozone.test').startswith('failed -4')
    text = drive(server, 'apply', 'nozone.test', stdin='0 nozone.test MX\n+ nozone.test 60 MX 0 .\n')
    assert text.split()[0] in ('not-applied', 'unknown') and 'NOTAUTH' in text
    outcome, text = drive.apply(server, '0 other.test TXT\n+ other.test 60 TXT "x"\n')
    assert outcome == 'not-applied' and 'NOTZONE' in text


def test_knot_frozen_and_narrow(lab, drive):
    server = start(lab, 'knot')
    lab.run('knotc', '-c', server.dir / 'knot.conf', '-b', 'zone-freeze', ZONE, check=True)
    outcome, text = drive.apply(server, NEW)
    assert outcome in ('not-applied', 'unknown') and 'frozen' in text
    lab.run('knotc', '-c', server.dir / 'knot.conf', '-b', 'zone-thaw', ZONE, check=True)
    lablib.wait_for(lambda: drive.apply(server, NEW)[0] != 'not-applied', 'thaw')
    server.stop()
    conf = server.dir / 'knot.conf'
    narrow = conf.read_text().replace('action: [update, transfer, notify]',
                                      'action: [update, transfer, notify]\n    update-type: [TXT]')
    conf.write_text(narrow)
    lab.daemon(server.name, ['knotd', '-c', str(conf)])
    lab.wait_ready(server.name, lambda: lablib.ask(server.address, ZONE) == (0, 1))
    outcome, text = drive.apply(server, NULL_MX)
    assert outcome in ('not-applied', 'unknown') and 'update-type' in text
    assert server.rrset(ZONE, 'MX')[0] == 300


def test_bind_wants_addresses(lab, drive):
    """BIND refuses an MX whose host lies in the zone and has no address."""
    server = start(lab, 'bind')
    outcome, text = drive.apply(server, f'0 m.{ZONE} MX\n+ m.{ZONE} 60 MX 10 al2.www.{ZONE}.\n')
    assert outcome == 'not-applied' and 'without an address' in text


@each
def test_server_away(lab, drive, kind):
    server = start(lab, kind)
    server.stop()
    assert 'Connection refused' in drive(server, 'read', ZONE)
    outcome, text = drive.apply(server, NEW)
    assert outcome == 'not-applied' and 'Connection refused' in text


def between(server, damage):
    """A relay on 127.0.0.29 that calls damage(octets from the server) -> octets for the client, or None to close."""
    listener = socket.create_server(('127.0.0.29', 53))

    def pump(source, sink, change):
        try:
            while data := source.recv(65536):
                data = change(data)
                if data is None:
                    break
                sink.sendall(data)
        except OSError:
            pass
        for end in (source, sink):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def serve():
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            upstream = socket.create_connection((server.address, 53))
            threading.Thread(target=pump, args=(client, upstream, lambda d: d), daemon=True).start()
            threading.Thread(target=pump, args=(upstream, client, damage), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    return listener


def flip_last(data):
    return data[:-10] + bytes([data[-10] ^ 1]) + data[-9:]


def unsigned_noerror(data):
    return b'\0\x0c' + data[2:4] + b'\xa8\0' + b'\0' * 8  # a header of 12 octets: NOERROR, nothing else


@each
@pytest.mark.parametrize('damage', [lambda d: None, lambda d: d[:len(d) // 2], flip_last, unsigned_noerror],
                         ids=['lost', 'half', 'altered', 'lie'])
def test_answer_damaged(lab, drive, kind, damage):
    server = start(lab, kind)
    calls = []

    def noted(data):
        calls.append(data)
        return damage(data)

    listener = between(server, noted)
    try:
        outcome, text = drive.apply('127.0.0.29', NEW, '-t', 1500)
    finally:
        listener.shutdown(socket.SHUT_RDWR)  # close() alone would leave it to the thread that accepts
        listener.close()
    assert outcome == 'unknown', text
    lablib.wait_for(lambda: server.rrset(f'm.{ZONE}', 'MX')[0] == 60, 'what had been done')
    assert len(calls) == 1  # and was not sent twice


@each
def test_two_writers_one_wins(lab, drive, kind):
    """The marker as a prerequisite and part of the same message: of those that start at the same time one wins."""
    server = start(lab, kind)
    marker = f'0 _dnsguard.{ZONE} TXT\n'
    for n in range(10):
        key = lab.key_file()
        runs = [subprocess.Popen([drive.path, '-k', key, server.address, '53', 'apply', ZONE], stdin=subprocess.PIPE,
                                 stdout=subprocess.PIPE, text=True) for _ in range(4)]
        for who, run in enumerate(runs):
            run.stdin.write(marker + f'+ _dnsguard.{ZONE} 60 TXT "{n} {who}"\n')
        for run in runs:
            run.stdin.close()
        words = [run.stdout.read().split()[0] for run in runs]
        assert [run.wait() for run in runs].count(0) == 1, words
        winner = words.index('applied')
        assert sorted(words) == ['applied', 'conflict', 'conflict', 'conflict']
        lablib.wait_for(lambda: server.dig(f'_dnsguard.{ZONE}', 'TXT') == [f'"{n} {winner}"'], 'marker')
        marker = f'- _dnsguard.{ZONE} 60 TXT "{n} {winner}"\n'


@pytest.mark.parametrize('kind', ['knot', 'bind'])
def test_many_zones(lab, drive, kind):
    zones = [f'z{n}.test' for n in range(1000)]
    server = KINDS[kind](lab, {zone: RECORDS for zone in zones})
    stdin = '\n'.join(zones) + '\n'
    for command in ('axfrs', 'updates'):
        words = drive(server, command, options=['-t', '300000'], stdin=stdin).split()
        result = dict(zip(words[0::2], words[1::2]))
        print(kind, command, result)
        assert result['ok'] == '1000' and result['bad'] == '0', words
    assert server.dig('_bench.z999.test', 'TXT') == ['"v=spf1 mx -all"']
