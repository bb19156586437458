"""HTTPS servers with certificates of the lab's own authority, which every program in the lab trusts.

    site = web.Web(lab, {'mta-sts.a.example': web.policy(), 'mta-sts.b.example': web.Answer(status=404)}, address)
    site.hits['mta-sts.a.example']       how often it was asked
    site.posts                           what was posted, to any path: (host, path, headers, body)
    site.stop()

One server for any number of hosts: the name that a client asks for by SNI chooses certificate and answer.
"""
import dataclasses
import fcntl
import http.server
import os
import pathlib
import ssl
import subprocess
import threading

import lab as lablib

PATH = '/.well-known/mta-sts.txt'
TRUSTED = '/etc/ssl/certs'
KINDS = ('right', 'wrong', 'self-signed')  # wrong: of another name


def policy(*mx, mode='enforce', max_age=604800, **options):
    """An answer with an MTA-STS policy (RFC 8461 section 3.2)."""
    lines = ['version: STSv1', f'mode: {mode}', *(f'mx: {name}' for name in mx), f'max_age: {max_age}', '']
    return Answer('\r\n'.join(lines), **options)


@dataclasses.dataclass
class Answer:
    """at: answers to other paths than that of a policy. certificate: one of KINDS. delay_s: before the answer. redirect: another URL, with status 301 unless one is given."""
    body: object = ''
    status: int = 200
    content_type: str = 'text/plain'
    certificate: str = 'right'
    delay_s: float = 0
    redirect: str = None
    is_cut: bool = False  # the connection ends in the middle
    at: dict = dataclasses.field(default_factory=dict)


def openssl(*argv, cwd):
    done = subprocess.run(['openssl', *argv], cwd=cwd, capture_output=True, text=True)
    if done.returncode:
        raise lablib.LabError(f'openssl {argv[0]}: {done.stderr.strip()}')


def make_key(folder, name):
    openssl('ecparam', '-genkey', '-name', 'prime256v1', '-noout', '-out', f'{name}.key', cwd=folder)


def authority():
    """The folder with ca.pem and ca.key. The first caller of a lab makes it and has the lab trust it."""
    folder = pathlib.Path(os.environ['LAB_DIR']) / 'authority'
    folder.mkdir(exist_ok=True)
    with open(folder / 'lock', 'w', encoding='ascii') as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / 'ca.pem').exists():
            make_key(folder, 'ca')
            openssl('req', '-x509', '-new', '-key', 'ca.key', '-subj', '/CN=lab authority', '-days', '30', '-addext',
                    'keyUsage=critical,keyCertSign,cRLSign', '-out', 'new.pem', cwd=folder)
            (folder / 'trusted').mkdir()
            (folder / 'trusted/ca-certificates.crt').write_text((folder / 'new.pem').read_text())
            lablib.mount(folder / 'trusted', TRUSTED, flags=lablib.MS_BIND)
            (folder / 'new.pem').rename(folder / 'ca.pem')
    return folder


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def log_message(self, *_):
        pass

    def do_POST(self):
        web = self.server.web
        host = self.headers.get('Host', '').partition(':')[0]
        body = self.rfile.read(int(self.headers.get('Content-Length', 0)))
        web.posts.append((host, self.path, dict(self.headers), body))
        answer = web.hosts.get(host) or Answer(status=404)
        self.send_response(301 if answer.redirect and answer.status == 200 else answer.status)
        if answer.redirect:
            self.send_header('Location', answer.redirect)
        self.send_header('Content-Length', '0')
        self.send_header('Connection', 'close')
        self.end_headers()
        self.close_connection = True

    def do_GET(self):
        web = self.server.web
        host = self.headers.get('Host', '').partition(':')[0]
        answer = web.hosts.get(host)
        web.hits[host] = web.hits.get(host, 0) + 1
        if answer is None or self.path != PATH:
            answer = answer.at.get(self.path, Answer(status=404)) if answer else Answer(status=404)
        web.is_over.wait(answer.delay_s)
        body = answer.body if isinstance(answer.body, bytes) else answer.body.encode()
        self.send_response(301 if answer.redirect and answer.status == 200 else answer.status)
        if answer.content_type is not None:
            self.send_header('Content-Type', answer.content_type)
        if answer.redirect:
            self.send_header('Location', answer.redirect)
        self.send_header('Content-Length', str(len(body) * 2 + 1 if answer.is_cut else len(body)))
        self.send_header('Connection', 'close')
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = True


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def get_request(self):
        s, peer = super().get_request()
        s.settimeout(60)
        return s, peer

    def finish_request(self, request, client_address):
        """In the thread of this connection: the handshake may hang."""
        try:
            with self.web.contexts['right'].wrap_socket(request, server_side=True) as s:
                super().finish_request(s, client_address)
        except OSError:  # the client does not like the certificate, or is gone
            pass


class Web:
    """hosts: {name: Answer}. Listens on port 443 of address."""

    def __init__(self, lab, hosts, address):
        self.hosts, self.hits, self.posts, self.is_over = dict(hosts), {}, [], threading.Event()
        self.dir = lab.dir / lab.unique('web')
        self.dir.mkdir()
        self.contexts = {kind: self.context(kind) for kind in KINDS
                         if kind == 'right' or any(a.certificate == kind for a in hosts.values())}
        self.contexts['right'].sni_callback = self.choose
        self.server = Server((address, 443), Handler)
        self.server.web = self
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True)
        self.thread.start()

    def choose(self, s, name, _context):
        answer = self.hosts.get(name)
        if answer and answer.certificate != 'right':
            s.context = self.contexts[answer.certificate]

    def context(self, kind):
        folder = authority()
        names = ['elsewhere.example'] if kind == 'wrong' else sorted(self.hosts)
        make_key(self.dir, kind)
        signer = [] if kind == 'self-signed' else ['-CA', folder / 'ca.pem', '-CAkey', folder / 'ca.key']
        openssl('req', '-x509', '-new', '-key', f'{kind}.key', *signer, '-subj', '/CN=lab', '-days', '30', '-addext',
                'subjectAltName=' + ','.join(f'DNS:{name}' for name in names), '-addext', 'basicConstraints=CA:FALSE',
                '-out', f'{kind}.pem', cwd=self.dir)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.dir / f'{kind}.pem', self.dir / f'{kind}.key')
        return context

    def stop(self):
        self.is_over.set()
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


