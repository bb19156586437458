"""serve beyond loopback: TLS with client certificates in the process; who has which certificate, what else comes to that port, new certificates."""
import hashlib
import http.client
import itertools
import os
import signal
import socket
import ssl
import warnings

import lab as lablib
import pytest
import web
from lab import wait_for
from serving import Serve

ADDRESS = '198.51.100.66'  # not of loopback
PORTS = itertools.count(8443)
CONNECTIONS = 64  # as many as it talks to at once
REFUSED = (ssl.SSLError, ConnectionError)


class Authority:
    """Certificates in a folder: NAME.pem and NAME.key."""

    def __init__(self, folder):
        self.folder = folder
        folder.mkdir()
        for name in 'ca', 'other':
            self.make(name, '/CN=' + name, 'basicConstraints=critical,CA:true', signer=None)

    def make(self, name, subject, *extensions, signer='ca'):
        web.make_key(self.folder, name)
        words = ['-CA', f'{signer}.pem', '-CAkey', f'{signer}.key'] if signer else []
        words += [word for extension in extensions for word in ('-addext', extension)]
        web.openssl('req', '-x509', '-new', '-key', f'{name}.key', *words, '-subj', subject, '-days', '30', '-out', f'{name}.pem', cwd=self.folder)
        (self.folder / f'{name}.key').chmod(0o600)
        return self

    def expire(self, name, signer='ca'):
        """NAME.pem as it would have been, with an end that was yesterday."""
        web.openssl('req', '-new', '-key', f'{name}.key', '-subj', '/CN=' + name, '-out', f'{name}.csr', cwd=self.folder)
        web.openssl('x509', '-req', '-in', f'{name}.csr', '-CA', f'{signer}.pem', '-CAkey', f'{signer}.key', '-CAcreateserial', '-days', '-1',
                    '-out', f'{name}.pem', cwd=self.folder)

    def withdraw(self, *names, signer='ca', days=30, number=1):
        """SIGNER.crl names these certificates, and is good for so many days."""
        config = self.folder / f'{signer}.conf'
        config.write_text(f'[ca]\ndefault_ca=a\n[a]\ndatabase={signer}.index\ncrlnumber={signer}.number\ndefault_md=sha256\n'
                          f'certificate={signer}.pem\nprivate_key={signer}.key\nunique_subject=no\n')
        (self.folder / f'{signer}.number').write_text(f'{number:02}\n')
        (self.folder / f'{signer}.index').touch()
        for name in names:
            web.openssl('ca', '-config', config.name, '-revoke', f'{name}.pem', cwd=self.folder)
        ends = ['-crldays', str(days)] if days > 0 else ['-crl_lastupdate', '20240101000000Z', '-crl_nextupdate', '20240201000000Z']
        web.openssl('ca', '-config', config.name, '-gencrl', *ends, '-out', f'{signer}.crl', cwd=self.folder)
        return self

    def server(self, name='server', **options):
        return self.make(name, '/CN=' + name, f'subjectAltName=IP:{ADDRESS}', **options)

    def sha256(self, name):
        return hashlib.sha256(ssl.PEM_cert_to_DER_cert((self.folder / f'{name}.pem').read_text())).hexdigest()

    def context(self, name):
        made = ssl.create_default_context(cafile=self.folder / 'ca.pem')
        if name:
            made.load_cert_chain(self.folder / f'{name}.pem', self.folder / f'{name}.key')
        return made


class Tls(Serve):
    certificate = 'desk'

    def connect(self):
        return http.client.HTTPSConnection(ADDRESS, self.port, timeout=lablib.READY_S, context=self.authority.context(self.certificate))

    def open(self, name, context=None):
        """A connection on which nothing was said yet."""
        plain = socket.create_connection((ADDRESS, self.port), timeout=lablib.READY_S)
        return (context or self.authority.context(name)).wrap_socket(plain, server_hostname=ADDRESS)


def options_of(authority):
    f = authority.folder
    return {'tls_cert': f / 'server.pem', 'tls_key': f / 'server.key', 'client_ca': f / 'ca.pem'}


def make(lab, has_lists=False):
    authority = Authority(lab.dir / 'certificates').server().make('desk', '/O=Registrar, Inc./CN=desk')
    port = next(PORTS)
    more = {'client_crl': authority.withdraw().folder / 'ca.crl'} if has_lists else {}
    made = Tls(lab, f'inet:{ADDRESS}:{port}', **options_of(authority), **more)
    made.authority, made.port = authority, port
    return made.start()


@pytest.fixture(scope='module')
def serve(module_lab):
    made = make(module_lab)
    made.add_zones('a.test')
    return made


def said_to(s, text):
    s.sendall(text)
    said = b''
    while chunk := s.recv(65536):
        said += chunk
    return said


HEALTH = b'GET /v1/health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'


def test_who_has_which_certificate(serve):
    a = serve.authority
    a.make('expired', '/CN=expired').make('stranger', '/CN=desk', signer='other').make('own', '/CN=desk', signer=None)
    a.make('purpose', '/CN=server', 'extendedKeyUsage=serverAuth')
    a.expire('expired')
    token = serve.token('shop', 'a.test', 'status')
    before = len(serve.audit()) if (serve.lab.dir / 'state/audit.jsonl').exists() else 0
    serve.ask('GET', '/v1/domains/a.test').expect(401)  # a certificate opens the door, and no more
    serve.ask('GET', '/v1/domains/a.test', token=token).expect(200)
    for name in None, 'expired', 'stranger', 'own', 'purpose':
        with pytest.raises(REFUSED):
            with serve.open(name) as s:
                said = said_to(s, HEALTH)
                assert said, 'hung up'
        serve.ask('GET', '/v1/health').expect(200)
    lines = serve.audit()[before:]
    assert [(line['status'], line['from']) for line in lines] == [(401, ADDRESS), (200, ADDRESS)]
    for line in lines:
        assert line['certificate'] == {'subject': 'CN=desk,O=Registrar\\, Inc.', 'sha256': a.sha256('desk')}


def test_what_else_comes_to_the_port(serve):
    for text in HEALTH, b'\x16\x03\x01\xff\xff' + 40 * b'\0', bytes(range(256)):
        with socket.create_connection((ADDRESS, serve.port), timeout=lablib.READY_S) as s:
            try:
                said = said_to(s, text)
            except ConnectionError:
                said = b''
            assert b'HTTP' not in said
    old = serve.authority.context('desk')
    old.set_ciphers('ALL:@SECLEVEL=0')
    with warnings.catch_warnings():
        warnings.simplefilter('ignore', DeprecationWarning)
        old.minimum_version, old.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    with pytest.raises(REFUSED):
        serve.open('desk', old)
    for version in ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3:
        context = serve.authority.context('desk')
        context.minimum_version = context.maximum_version = version
        with serve.open('desk', context) as s:
            assert said_to(s, HEALTH).startswith(b'HTTP/1.1 200 OK')


def test_requests_are_read_as_anywhere(serve):
    token = serve.token('reader', '*', 'plan,status')
    c = serve.connect()
    for _ in range(3):
        serve.ask('GET', '/v1/domains/a.test', token=token, connection=c).expect(200)
    serve.ask('POST', '/v1/domains/a.test/plan', b'{"template": "%s"}' % (1000000 * b'a'), token, connection=c).expect(422)
    for text, status in ((b'nonsense\r\n\r\n', 400), (b'GET /' + 200000 * b'a', 431), (HEALTH.replace(b'GET', b'BREW'), 501),
                         (HEALTH.replace(b'Host', b'Content-Length: 2000000\r\nHost'), 413), (HEALTH.replace(b': x', b':\0x'), 400)):
        with serve.open('desk') as s:
            said = said_to(s, text)
        assert int(said.split(b' ', 2)[1]) == status and b'application/problem+json' in said, (text[:40], said)
    with serve.open('desk') as s:
        assert said_to(s, 3 * HEALTH.replace(b'Connection: close\r\n', b'') + HEALTH).count(b'HTTP/1.1 200 OK') == 4


def n_fds(process):
    return len(os.listdir(f'/proc/{process.pid}/fd'))


def test_handshakes_that_do_not_end(serve):
    """Who does not finish his keeps nobody out."""
    before = n_fds(serve.process)
    hello = ssl.MemoryBIO()
    try:
        serve.authority.context('desk').wrap_bio(ssl.MemoryBIO(), hello, server_hostname=ADDRESS).do_handshake()
    except ssl.SSLWantReadError:
        pass
    text, held = hello.read(), []
    for part in b'', text[:3], text[:-1], text:  # the last one leaves the server waiting for his certificate
        for _ in range(CONNECTIONS // 2):
            held.append(socket.create_connection((ADDRESS, serve.port), timeout=lablib.READY_S))
            try:
                held[-1].sendall(part)
            except ConnectionError:
                pass  # it was let go already
        for _ in range(3):
            serve.ask('GET', '/v1/health').expect(200)
        assert n_fds(serve.process) <= before + CONNECTIONS + 2
    for s in held:
        s.close()
    serve.ask('GET', '/v1/health').expect(200)


@pytest.mark.soak
def test_handshakes_that_do_not_end_are_ended(lab):
    made = make(lab)
    with socket.create_connection((ADDRESS, made.port), timeout=lablib.READY_S) as s:
        s.sendall(b'\x16\x03\x01')
        wait_for(lambda: s.recv(100) == b'', 'ten seconds for a handshake')
    with made.open('desk') as s:
        s.sendall(b'GET /')
        said = b''
        while chunk := s.recv(4096):
            said += chunk
        assert said.startswith(b'HTTP/1.1 408 ')


def test_new_certificates(lab):
    """SIGHUP: from then on the new one, for old connections the old one; what is no certificate changes nothing."""
    made = make(lab)
    a = made.authority
    old = made.connect()
    made.ask('GET', '/v1/health', connection=old).expect(200)

    def shown():
        with made.open('desk') as s:
            assert said_to(s, HEALTH).startswith(b'HTTP/1.1 200 OK')
            return hashlib.sha256(s.getpeercert(True)).hexdigest()
    first = a.sha256('server')
    assert shown() == first
    a.server()
    assert shown() == first
    made.process.send_signal(signal.SIGHUP)
    wait_for(lambda: shown() == a.sha256('server'), 'the new certificate')
    made.ask('GET', '/v1/health', connection=old).expect(200)
    second = a.sha256('server')
    (a.folder / 'server.pem').write_text('nothing')
    made.process.send_signal(signal.SIGHUP)
    wait_for(lambda: 'expected a certificate in PEM' in made.log.read_text(), 'the complaint')
    assert shown() == second
    made.stop()


def test_withdrawn_certificates(lab):
    """Good until SIGHUP reads that it was withdrawn; nobody comes in by an authority without a list, or with one that ran out."""
    made = make(lab, has_lists=True)
    a = made.authority.make('left', '/CN=left').make('below', '/CN=below', 'basicConstraints=critical,CA:true')
    a.make('branch', '/CN=branch', signer='below')
    with open(a.folder / 'branch.pem', 'a', encoding='ascii') as f:
        f.write((a.folder / 'below.pem').read_text())

    def may_connect(name):
        try:
            with made.open(name) as s:
                return said_to(s, HEALTH).startswith(b'HTTP/1.1 200 OK')
        except REFUSED:
            return False
    assert may_connect('left') and may_connect('desk')
    assert not may_connect('branch')  # of a sub-authority, which has no list
    a.withdraw('left', number=2)
    assert may_connect('left')
    made.process.send_signal(signal.SIGHUP)
    wait_for(lambda: not may_connect('left'), 'the new list')
    assert may_connect('desk')
    a.withdraw(days=0, number=3)
    made.process.send_signal(signal.SIGHUP)
    wait_for(lambda: 'was good until 2024-02-01' in made.log.read_text(), 'the complaint')
    assert may_connect('desk') and not may_connect('left')  # the list before it is still in force
    with open(a.folder / 'ca.pem', 'a', encoding='ascii') as f:
        f.write((a.folder / 'below.pem').read_text())
    a.withdraw(number=4).withdraw(signer='below')
    with open(a.folder / 'ca.crl', 'a', encoding='ascii') as f:
        f.write((a.folder / 'below.crl').read_text())
    made.process.send_signal(signal.SIGHUP)
    wait_for(lambda: may_connect('branch'), 'the second list')
    assert may_connect('desk') and not may_connect('left')
    made.stop()


def test_what_it_refuses_to_start_with(lab, dnsguard):
    a = Authority(lab.dir / 'certificates').server().server('late')
    a.expire('late')
    f = a.folder
    web.openssl('ec', '-in', 'server.key', '-aes128', '-passout', 'pass:secret', '-out', 'locked.key', cwd=f)
    (f / 'locked.key').chmod(0o600)
    (f / 'open.key').write_bytes((f / 'server.key').read_bytes())
    (f / 'open.key').chmod(0o644)
    (f / 'certificate.key').write_bytes((f / 'server.pem').read_bytes())
    (f / 'certificate.key').chmod(0o600)
    (f / 'zones').mkdir()
    good = {key: str(value) for key, value in options_of(a).items()}

    def fails(place=f'inet:{ADDRESS}:8443', rc=2, **changed):
        words = [w for key, value in {**good, **changed}.items() if value for w in ('--' + key.replace('_', '-'), str(value))]
        done = dnsguard('serve', f / 'zones', '--socket', place, *words)
        assert done.rc == rc, done
        return done.stderr
    assert '--client-ca' in fails(client_ca=None)
    assert '--client-ca' in fails(tls_cert=None, tls_key=None, client_ca=None)
    assert 'go together' in fails('inet:127.0.0.14:8443', tls_key=None)
    assert 'the kernel says' in fails(f'unix:{lab.dir}/api')
    assert 'No such file' in fails(rc=1, tls_cert=f / 'none.pem')
    assert 'No such file' in fails(rc=1, tls_key=f / 'none.key')
    assert 'No such file' in fails(rc=1, client_ca=f / 'none.pem')
    assert 'expected a certificate in PEM' in fails(tls_cert=f / 'server.key')
    assert 'authorities in PEM' in fails(client_ca=f / 'server.key')
    assert 'without a passphrase' in fails(tls_key=f / 'locked.key')
    assert 'without a passphrase' in fails(tls_key=f / 'certificate.key')
    assert 'not the key of the certificate' in fails(tls_key=f / 'ca.key')
    assert 'chmod 0600' in fails(tls_key=f / 'open.key')
    a.withdraw('late').withdraw(signer='other')
    (f / 'half.crl').write_text((f / 'ca.crl').read_text() + (f / 'ca.crl').read_text()[:200])
    assert 'No such file' in fails(rc=1, client_crl=f / 'none.crl')
    assert 'go together' in fails('inet:127.0.0.14:8443', tls_cert=None, tls_key=None, client_ca=None, client_crl=f / 'ca.crl')
    assert 'withdrawn certificates in PEM' in fails(client_crl=f / 'ca.pem') and 'withdrawn certificates in PEM' in fails(client_crl=f / 'half.crl')
    assert 'authorities of --client-ca signed' in fails(client_crl=f / 'other.crl')
    a.withdraw(days=0)
    assert 'was good until 2024-02-01; put a new one' in fails(client_crl=f / 'ca.crl')
    said = fails(tls_cert=f / 'late.pem', tls_key=f / 'late.key')
    assert 'expired on 20' in said and 'put a new one' in said
