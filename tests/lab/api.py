"""DNS providers behind HTTP APIs, as their documentation says they behave: stateful, strict, and faulty on demand.

    site = api.Server(lab, dialects.DeSec, 'example.test', RECORDS)   # http://127.0.0.1:PORT
    site.fault('lost', on='write')              # the next write is done, its answer never comes
    site.image()                                {('@', 'MX'): (3600, ['10 mx1.example.test.']), ...}
    site.broken                                 states that no mail name may ever be in, as they were between two calls
    site.calls                                  [(method, path, body)], without what was refused for its key

A dialect (dialects.py) is a class with handle(method, path, query, body) -> (status, object, headers) on self.records.
"""
import copy
import dataclasses
import http.server
import itertools
import json
import os
import ssl
import threading
import urllib.parse

import web

TOKEN = 'lab-T0KEN-5ecretsecret'
BIG = 10 << 20
WAIT_S = 60  # nothing here waits longer; clients give up long before
FAULTS = ('429', '500', '500-done', '503', 'timeout', 'lost', 'half', 'not-json', 'error-200', 'huge', 'slow', 'redirect',
          'stale', 'reordered', 'duplicate', 'closed')


@dataclasses.dataclass
class Record:
    """value: presentation form with whole names, TXT as quoted strings."""
    name: str  # '@' is the zone
    type: str
    ttl: int
    value: str
    id: str = ''


def parse_records(text, ttl=3600):
    for line in text.strip().splitlines():
        name, *rest = line.split(None, 2)
        yield Record(name, rest[0], ttl, rest[1])


def joined(value):
    """The text of a TXT record from its quoted strings."""
    return value[1:-1].replace('" "', '').replace('\\"', '"').replace('\\\\', '\\')


def quoted(text):
    pieces = [text[i:i + 255] for i in range(0, len(text), 255)] or ['']
    return ' '.join('"' + p.replace('\\', '\\\\').replace('"', '\\"') + '"' for p in pieces)


class Refused(Exception):
    """status and body of a refusal; nothing was changed."""

    def __init__(self, status, body):
        super().__init__(status)
        self.status, self.body = status, body


class Dialect:
    """What all of them share: the records and their rules."""
    ttl_min, ttl_max, has_null_mx = 60, 86400, True
    auth = ('Authorization', f'Bearer {TOKEN}')
    token, token_option = TOKEN, 'token-file'
    error_200 = {'error': 'no'}
    name = None  # of the provider; None: the class's, in lower case
    files = {}  # further files of the provider section: {option: text}
    options = ''  # of the provider section
    places = ''  # and options that say where something of it is
    url = None  # where it is served

    def __init__(self, zone, records):
        self.zone, self.numbers = zone, itertools.count(1001)
        self.records = [dataclasses.replace(r, id=self.new_id()) for r in records]

    def new_id(self):
        return str(next(self.numbers))

    def is_authorised(self, method, path, headers, body):
        return headers.get(self.auth[0]) == self.auth[1]

    def refuse(self, status, text):
        raise Refused(status, {'message': text})

    def is_write(self, method, path, body):
        """Does this call change records?"""
        return method != 'GET'

    # RRsets

    def rrsets(self):
        sets = {}
        for r in self.records:
            sets.setdefault((r.name, r.type), []).append(r)
        return sets

    def image(self):
        return {key: (min(r.ttl for r in rs), sorted(r.value for r in rs)) for key, rs in self.rrsets().items()}

    def check(self, record):
        if not self.ttl_min <= record.ttl <= self.ttl_max:
            self.refuse(422, f'ttl {record.ttl} is out of range')
        if record.type == 'MX' and record.value.endswith(' .') and not self.has_null_mx:
            self.refuse(400, "The domain name '.' is invalid.")
        if record.type == 'TXT' and not (record.value.startswith('"') and record.value.endswith('"')):
            self.refuse(422, 'TXT must be quoted')
        if record.type == 'MX' and not record.value.endswith('.'):
            self.refuse(422, 'MX must end with a dot')

    def put(self, name, kind, ttl, values):
        """Replaces an RRset; no values: deletes it."""
        new = [Record(name, kind, ttl, v, self.new_id()) for v in values]
        for r in new:
            self.check(r)
        if len(set(values)) != len(values):
            self.refuse(409, 'duplicate record')
        self.records = [r for r in self.records if (r.name, r.type) != (name, kind)] + new

    # records

    def find(self, number):
        for r in self.records:
            if r.id == str(number):
                return r
        return self.refuse(404, 'no such record')

    def add(self, record):
        self.check(record)
        if any((r.name, r.type, r.value) == (record.name, record.type, record.value) for r in self.records):
            self.refuse(409, 'duplicate record')
        record.id = self.new_id()
        self.records.append(record)
        return record

    def update(self, number, record):
        old = self.find(number)
        self.check(record)
        old.name, old.type, old.ttl, old.value = record.name, record.type, record.ttl, record.value
        return old

    def remove(self, number):
        self.records.remove(self.find(number))

    def atomic(self, work):
        """All of it or nothing."""
        before = copy.deepcopy(self.records)
        try:
            return work()
        except Refused:
            self.records = before
            raise


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def log_message(self, *_):
        pass

    def do(self):
        body = self.rfile.read(int(self.headers.get('Content-Length') or 0)).decode()
        self.close_connection = True
        self.server.site.serve(self, body)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do

    def answer(self, status, data, headers=(), length=None):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header('Content-Length', str(len(data) if length is None else length))
        self.send_header('Connection', 'close')
        self.end_headers()
        if data:
            self.wfile.write(data)


class Listener(http.server.ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    context = None

    def finish_request(self, request, client_address):
        try:
            if self.context:
                request.settimeout(WAIT_S)
                request = self.context.wrap_socket(request, server_side=True)
            super().finish_request(request, client_address)
        except OSError:  # the client is gone, or does not like the certificate
            pass


class Server:
    """One zone at one provider. certificate: 'right' or 'wrong' for https, None for http."""

    def __init__(self, lab, dialect, zone, records, address='127.0.0.1', certificate=None, **options):
        self.dialect = dialect(zone, list(parse_records(records)), **options)
        self.zone, self.lab = zone, lab
        self.calls, self.faults, self.broken, self.n_refused = [], [], [], 0
        self.lock, self.is_over = threading.Lock(), threading.Event()
        self.retry_after = '1'  # of a 429
        self.on_write = None  # somebody else, right before each write
        self.on_read = None  # and right before each read
        self.before = copy.deepcopy(self.dialect.records)
        self.listener = Listener((address, 0), Handler)
        self.listener.site = self
        if certificate:
            self.listener.context = context_of(lab, address, certificate)
        port = self.listener.server_address[1]
        self.url = f'{"https" if certificate else "http"}://{address}:{port}'
        self.dialect.url = self.url
        self.thread = threading.Thread(target=self.listener.serve_forever, args=(0.05,), daemon=True)
        self.thread.start()
        self.files = {self.dialect.token_option: lab.write(f'{lab.unique("token")}.key', self.dialect.token + '\n', 0o600)}
        for option, text in self.dialect.files.items():
            self.files[option] = lab.write(f'{lab.unique(option)}.key', text, 0o600)

    def provider(self, more=''):
        """The provider section of a zone.yaml."""
        name = self.dialect.name or type(self.dialect).__name__.lower()
        files = ''.join(f', {option}: "{path}"' for option, path in self.files.items())
        return f'{{{name}: {{url: "{self.url}"{files}{self.dialect.places}{self.dialect.options}{more}}}}}'

    def fault(self, kind, on='write', times=1, skip=0):
        """The next times calls of that sort go wrong, after skip that do not. on: 'read', 'write' or a part of the path."""
        assert kind in FAULTS
        self.faults.append({'kind': kind, 'on': on, 'times': times, 'skip': skip})

    def image(self):
        with self.lock:
            return self.dialect.image()

    def writes(self):
        return [c for c in self.calls if self.dialect.is_write(*c)]

    def stop(self):
        self.is_over.set()
        self.listener.shutdown()
        self.listener.server_close()
        self.thread.join()

    # one call

    def next_fault(self, method, path, body):
        sort = 'write' if self.dialect.is_write(method, path, body) else 'read'
        for f in self.faults:
            if f['times'] and (f['on'] == sort or f['on'] in path):
                if f['skip']:
                    f['skip'] -= 1
                    return ''
                f['times'] -= 1
                return f['kind']
        return ''

    def serve(self, handler, body):
        url = urllib.parse.urlsplit(handler.path)
        query = dict(urllib.parse.parse_qsl(url.query, keep_blank_values=True))
        path = urllib.parse.unquote(url.path)
        with self.lock:
            if not self.dialect.is_authorised(handler.command, handler.path, handler.headers, body):
                self.n_refused += 1
                self.reply(handler, '', 401, self.unauthorised(), [])
                return
            self.calls.append((handler.command, handler.path, body))
            fault = self.next_fault(handler.command, path, body)
            if fault in EARLY:
                EARLY[fault](self, handler)
                return
            status, data, headers = self.work(handler.command, path, query, body, fault)
        self.reply(handler, fault, status, data, headers)

    def unauthorised(self):
        try:
            self.dialect.refuse(401, 'Unauthorized')
        except Refused as no:
            return (no.body if isinstance(no.body, str) else json.dumps(no.body)).encode()

    def work(self, method, path, query, body, fault):
        is_write = self.dialect.is_write(method, path, body)
        somebody = self.on_write if is_write else self.on_read
        if somebody:
            somebody(self.dialect)
        now = self.dialect.records
        if fault == 'stale':
            self.dialect.records = copy.deepcopy(self.before)
        elif fault == 'reordered':
            self.dialect.records = list(reversed(now))
        elif fault == 'duplicate':
            self.dialect.records = now + now
        elif is_write:
            self.before = copy.deepcopy(now)
        try:
            status, data, *headers = self.dialect.handle(method, path, query, body)
        except Refused as no:
            status, data, headers = no.status, no.body, []
        if fault in ('stale', 'reordered', 'duplicate'):
            self.dialect.records = now
        self.look()
        text = data if isinstance(data, str) else '' if data is None else json.dumps(data)
        return status, text.encode(), headers[0] if headers else []

    def reply(self, handler, fault, status, data, headers):
        headers = list(headers) or [('Content-Type', 'application/json')]
        if fault == 'lost':
            return
        if fault == '500-done':
            handler.answer(500, b'oops')
        elif fault == 'half':
            handler.answer(status, data[:len(data) // 2], headers, len(data) + 10)
        elif fault == 'not-json':
            handler.answer(status, b'<html>{"success": maybe</html>', headers)
        elif fault == 'huge':
            handler.answer(status, b'["' + b'x' * BIG + b'"]', headers)
        elif fault == 'slow':
            handler.answer(status, b'', headers, 4096)
            while not self.is_over.wait(1):
                handler.wfile.write(b' ')
                handler.wfile.flush()
        else:
            handler.answer(status, data, headers)

    def look(self):
        """What no mail name may ever be like, not even between two calls."""
        sets = self.dialect.rrsets()
        for (name, kind), records in sets.items():
            values = [r.value for r in records]
            if kind == 'MX' and len(values) > 1 and '0 .' in values:
                self.broken.append(f'{name}: a null MX beside another')
            if kind == 'TXT' and sum(v.startswith('"v=spf1') for v in values) > 1:
                self.broken.append(f'{name}: two SPF records')
        for name in {n for n, kind in sets if kind == 'A'}:
            had = any((r.name, r.type) == (name, 'MX') for r in self.before)
            if had and (name, 'MX') not in sets:
                self.broken.append(f'{name}: no MX, but an A')


def early_hang(site, handler):
    site.lock.release()
    try:
        site.is_over.wait(WAIT_S)
    finally:
        site.lock.acquire()


EARLY = {  # what goes wrong before anything was done
    '429': lambda site, h: h.answer(429, b'{"message": "slow down"}', [('Retry-After', site.retry_after)]),
    '500': lambda site, h: h.answer(500, b'{"message": "internal error"}'),
    '503': lambda site, h: h.answer(503, b'', [('Retry-After', '1')]),
    'redirect': lambda site, h: h.answer(302, b'', [('Location', 'http://169.254.169.254/latest')]),
    'error-200': lambda site, h: h.answer(200, json.dumps(site.dialect.error_200).encode()),
    'closed': lambda site, h: None,
    'timeout': early_hang,
}


def context_of(lab, address, certificate):
    """TLS with a certificate of the lab's authority for address, or for another one."""
    folder = web.authority()
    place = lab.dir / lab.unique('tls')
    place.mkdir()
    web.make_key(place, 'api')
    name = f'IP:{address}' if certificate == 'right' else 'DNS:elsewhere.example'
    web.openssl('req', '-x509', '-new', '-key', 'api.key', '-CA', folder / 'ca.pem', '-CAkey', folder / 'ca.key', '-subj',
                '/CN=lab', '-days', '30', '-addext', f'subjectAltName={name}', '-addext', 'basicConstraints=CA:FALSE',
                '-out', 'api.pem', cwd=place)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(place / 'api.pem', place / 'api.key')
    return context


assert os.environ.get('LAB_DIR'), 'inside a lab only'
