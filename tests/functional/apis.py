"""What the tests of providers behind HTTP APIs share: one zone at one of them, and a policy for it."""
import json

import api

ZONE = 'example.test'
RECORDS = '''@ A 192.0.2.10
@ MX 10 oldmx.example.test.
@ MX 20 mx1.example.test.
@ TXT "v=spf1 mx ?all"
@ TXT "somebody=else"
www A 192.0.2.10
oldmx A 192.0.2.24
mx1 A 192.0.2.25
lists CNAME elsewhere.example.
'''
MAIL = '''mail:
  "@": {mx: [10 mx1.example.test], spf: [mx], dmarc: {policy: reject}}
'''
NULLED = '''mail:
  "@": {mx: null, spf: [], dmarc: {policy: reject}}
'''
MARKER = ('_dnsguard', 'TXT')


class Site(api.Server):
    """state: its journal."""

    def __init__(self, lab, dialect, records=RECORDS, **options):
        super().__init__(lab, dialect, ZONE, records, **options)
        self.state = lab.dir / lab.unique('state')
        self.first = self.image()

    def policy(self, body=MAIL, more='', ttl='1h', name='zone.yaml'):
        return self.lab.write(name, f'zone: {ZONE}\nprovider: {self.provider(more)}\nttl: {ttl}\n{body}hosts: ignore\n'
                                    'mx-hosts: ignore\nverify: {servers: none}\n')

    def run(self, *args, **options):
        return self.lab.dnsguard(*args, state=self.state, **options)

    def apply(self, policy, *args, **options):
        return self.run('apply', '--yes', '--adopt', '--force', *args, policy, **options)

    def restore_all(self):
        """Undoes every step, the newest first (a null MX comes in a step of its own); how many there were."""
        steps = [json.loads(line) for line in self.run('log', '--json').stdout.splitlines()]
        steps = [s for s in steps if s['type'] == 'step']
        undone = {s['restores'] for s in steps}
        todo = [s['change'] for s in steps
                if s['state'] in ('applied', 'verified') and not s['restores'] and s['change'] not in undone]
        for change in todo:
            self.run('restore', '--yes', str(change)).expect(0)
        return len(todo)

    def secrets(self):
        """What must be seen nowhere: of a key file in JSON the key itself."""
        texts = [self.dialect.token, *self.dialect.files.values()]
        texts = [json.loads(t)['private_key'].splitlines()[1] if t.startswith('{') else t.strip() for t in texts]
        return [t for t in texts if not t.startswith('AKIA')]  # that one is a name, and is sent as one

    def mail(self):
        """The zone without the marker."""
        return {key: value for key, value in self.image().items() if key != MARKER}


def wanted(first, ttl=3600):
    """What MAIL makes of RECORDS."""
    return {**first,
            ('@', 'MX'): (ttl, ['10 mx1.example.test.']),
            ('@', 'TXT'): (3600, sorted(['"v=spf1 mx -all"', '"somebody=else"'])),
            ('_dmarc', 'TXT'): (ttl, ['"v=DMARC1; p=reject"'])}


def nulled(first, ttl=3600):
    """What NULLED makes of RECORDS."""
    return {**first,
            ('@', 'MX'): (ttl, ['0 .']),
            ('@', 'TXT'): (ttl, sorted(['"v=spf1 -all"', '"somebody=else"'])),
            ('_dmarc', 'TXT'): (ttl, ['"v=DMARC1; p=reject"'])}
