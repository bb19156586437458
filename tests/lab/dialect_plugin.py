"""Our own format (doc/plugin.md) over HTTP: POST for everything."""
import base64
import hashlib
import hmac
import json

import api
from api import Dialect

MEDIA = 'application/vnd.dnsguard.provider+json;version=1'
SECRET = b'0123456789abcdef0123456789abcdef'


class Webhook(Dialect):
    ttl_min, ttl_max = 0, 2147483647
    error_200 = {'error': 'no'}
    files = {'secret-file': f'whsec_{base64.b64encode(SECRET).decode()}\n'}
    told = {}  # what it says of itself, beside the protocol

    def is_authorised(self, method, path, headers, body):
        text = f'{headers["webhook-id"]}.{headers["webhook-timestamp"]}.{body}'.encode()
        right = base64.b64encode(hmac.new(SECRET, text, hashlib.sha256).digest()).decode()
        assert method == 'POST' and headers['Accept'] == headers['Content-Type'] == MEDIA
        return headers['webhook-signature'] == f'v1,{right}' and super().is_authorised(method, path, headers, body)

    def is_write(self, method, path, body):
        return json.loads(body)['verb'] == 'apply'

    def refuse(self, status, text):
        raise api.Refused(200, {'outcome': 'not-applied', 'error': text})

    def whole(self, name):
        return f'{self.zone}.' if name == '@' else f'{name}.{self.zone}.'

    def change(self, o):
        name = '@' if o['name'] == f'{self.zone}.' else o['name'].removesuffix(f'.{self.zone}.')
        now = self.image().get((name, o['type']))
        before = o['before'] and (o['before']['ttl'], sorted(o['before']['values']))
        if now != before:
            raise api.Refused(200, {'outcome': 'conflict', 'error': f'{o["name"]} {o["type"]} is another'})
        self.put(name, o['type'], o['after']['ttl'] if o['after'] else 0, o['after']['values'] if o['after'] else [])

    def handle(self, method, path, query, body):
        o = json.loads(body)
        assert (o['protocol'], o['zone']) == (1, f'{self.zone}.')
        if o['verb'] == 'describe':
            return 200, {'protocol': 1, **self.told}
        if o['verb'] == 'apply':
            self.atomic(lambda: [self.change(c) for c in o['changes']])
            return 200, {'outcome': 'applied'}
        assert o['verb'] == 'read'
        sets = sorted(self.rrsets().items())
        at, size = int(o.get('page', 0)), 4
        page = [{'name': self.whole(n), 'type': t, 'ttl': rs[0].ttl, 'values': [r.value for r in rs]}
                for (n, t), rs in sets[at:at + size]]
        return 200, {'rrsets': page, 'next': str(at + size) if at + size < len(sets) else None}
