"""One account at a provider whose API is that of Cloudflare: any number of zones behind one address, and no more calls than it allows.

    account = Account(names, calls=300, seconds=1)     any `seconds` see at most `calls`; more are answered with 429 and Retry-After
    account.zone('p1.example').image()                 {('@', 'MX'): (3600, ['0 .']), ...}
    account.writes['p1.example']                       [body, ...] of what was done, in the order in which it was
    account.n_refused, account.n_early                 429s; calls that came before the end of a wait that was asked for
    account.n_twice                                    writes that were done before, whether they were refused or not
    account.retry_after = 900                          all calls are too many, for so long

One thread answers all, on connections that stay open, as such an API does.
"""
import asyncio
import collections
import json
import threading
import time
import urllib.parse

import api
import dialects

RECORDS = '@ A 192.0.2.2'


class Zone(dialects.Cloudflare):
    def __init__(self, name, number):
        super().__init__(name, list(api.parse_records(RECORDS)))
        self.ID = f'{number:032x}'


class Account:
    def __init__(self, names, calls, seconds):
        self.names = {name: n for n, name in enumerate(names, 1)}
        self.by_number = list(self.names)
        self.calls, self.seconds = calls, seconds
        self.zones = {}
        self.writes = collections.defaultdict(list)
        self.taken = collections.deque()  # when, of what was let in during the last `seconds`
        self.quiet_until = 0.0
        self.n_calls = self.n_refused = self.n_early = self.n_twice = self.n_lost = 0
        self.lose = set()  # numbers of writes whose answer is lost
        self.n_writes = 0
        self.retry_after = 0
        self.is_up = threading.Event()
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()
        self.is_up.wait()

    def run(self):
        asyncio.set_event_loop(self.loop)
        server = self.loop.run_until_complete(asyncio.start_server(self.visit, '127.0.0.1', 0, backlog=64))
        self.url = f'http://127.0.0.1:{server.sockets[0].getsockname()[1]}'
        self.is_up.set()
        self.loop.run_forever()

    def stop(self):
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()

    # what stands

    def zone(self, name):
        if name not in self.zones:
            self.zones[name] = Zone(name, self.names[name])
        return self.zones[name]

    # one call

    async def visit(self, reader, writer):
        try:
            while head := await reader.readuntil(b'\r\n\r\n'):
                first, *lines = head.decode().split('\r\n')
                fields = {k.lower(): v.strip() for k, _, v in (line.partition(':') for line in lines if line)}
                body = (await reader.readexactly(int(fields.get('content-length', 0)))).decode()
                method, target, _ = first.split()
                status, data, more = self.answer(method, target, fields, body)
                if status is None:
                    break
                writer.write(f'HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {len(data)}\r\n{more}\r\n'.encode() + data)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the client is gone, or was killed
        finally:
            writer.close()

    def too_many(self):
        """Seconds to wait; 0: it is let in."""
        now = time.monotonic()
        self.n_calls += 1
        self.n_early += now < self.quiet_until
        while self.taken and self.taken[0] <= now - self.seconds:
            self.taken.popleft()
        if len(self.taken) < self.calls and not self.retry_after:
            self.taken.append(now)
            return 0
        wait = self.retry_after or max(1, int(self.taken[0] + self.seconds - now + .999))
        self.quiet_until = max(self.quiet_until, now + wait)
        self.n_refused += 1
        return wait

    def answer(self, method, target, fields, body):
        wait = self.too_many()
        if wait:
            return 429, b'{"success": false, "errors": [{"code": 971, "message": "slow down"}]}', f'Retry-After: {wait}\r\n'
        if fields.get('authorization') != f'Bearer {api.TOKEN}':
            return 401, b'{"success": false, "errors": [{"code": 10000, "message": "who?"}]}', ''
        url = urllib.parse.urlsplit(target)
        query = dict(urllib.parse.parse_qsl(url.query))
        name = query['name'] if url.path == '/zones' else self.by_number[int(url.path.split('/')[2], 16) - 1]
        zone = self.zone(name)
        self.n_twice += method != 'GET' and body in self.writes[name]
        try:
            status, data = zone.handle(method, url.path, query, body)
        except api.Refused as no:
            status, data = no.status, no.body
        if method != 'GET' and status == 200:
            self.writes[name].append(body)
            self.n_writes += 1
            if self.n_writes in self.lose:
                self.n_lost += 1
                return None, b'', ''
        return status, json.dumps(data).encode(), ''
