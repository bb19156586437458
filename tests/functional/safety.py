"""What the safety tests share: one zone at one provider, and looks at it, at its journal and at the program's
system calls that do not go through the program itself.
"""
import collections
import os
import re
import shutil
import sqlite3
import time

import dns.name
import dns.query
import dns.rcode
import dns.rdatatype
import dns.tsigkeyring
import dns.update
import dns.zone
import lab as lablib
import pytest
import servers

ZONE = 'example.test'
MARKER = f'_dnsguard.{ZONE}.'
KEY_FILE = 'tsig.key'
RECORDS = '''@ A 192.0.2.10
@ MX 10 mx1
@ TXT "somebody=else"
www A 192.0.2.10
mx1 A 192.0.2.25
mx2 A 192.0.2.26
'''
SERVERS = {'knot': servers.Knot, 'bind': servers.Bind, 'pdns': servers.Pdns}
RFC2136 = list(SERVERS)
EVERYWHERE = ['zonefile', *SERVERS, 'powerdns']
MAIL = '''mail:
  "@":
    mx: [{mx}]
    spf: [mx]
    dmarc: {{policy: {dmarc}}}
    split: {{to: m, armed-ttl: 60s}}
'''
SIGNS = ('SOA', 'RRSIG', 'NSEC', 'NSEC3', 'NSEC3PARAM', 'DNSKEY', 'CDS', 'CDNSKEY', 'TYPE65534')


class Site:
    """A zone at a provider: 'zonefile', 'knot', 'bind', 'pdns' (UPDATE) or 'powerdns' (its HTTP API)."""

    def __init__(self, lab, kind, records=RECORDS, **options):
        self.lab, self.kind = lab, kind
        self.state = lab.dir / 'state'
        self.path = lab.dir / 'zones' / f'{ZONE}.zone'
        self.server = None
        self.keyring = dns.tsigkeyring.from_text({lab.key.name: (lab.key.algorithm, lab.key.secret)})
        lab.key_file(name=KEY_FILE)
        if kind == 'zonefile':
            lab.write(f'zones/{ZONE}.zone', lablib.zone_text(ZONE, ['192.0.2.53'], records))
        else:
            make = SERVERS['pdns' if kind == 'powerdns' else kind]
            self.server = make(lab, {ZONE: records}, **options)
        self.first = self.image()
        self.first_bytes = self.path.read_bytes() if kind == 'zonefile' else None

    def provider(self, address=None, more=''):
        """The provider section; address: host:port of somebody between us and the server."""
        if self.kind == 'zonefile':
            return f'zonefile: {{path: "{self.path}"}}'
        if self.kind == 'powerdns':
            return (f'powerdns: {{url: "http://{address or self.server.address + ":8081"}", '
                    f'api-key-file: "{self.server.api_key_file}"{more}}}')
        return (f'rfc2136: {{server: "{address or self.server.address + ":53"}", '
                f'tsig: {{name: {self.lab.key.name}, secret-file: {KEY_FILE}}}{more}}}')

    def policy(self, name='zone.yaml', mx='10 mx1.example.test', dmarc='reject', ttl='10m', address=None, body=None,
               more='', verify='{servers: none}'):
        text = body if body is not None else MAIL.format(mx=mx, dmarc=dmarc)
        return self.lab.write(name, f'zone: {ZONE}\nprovider: {{{self.provider(address, more)}}}\nttl: {ttl}\n{text}'
                                    f'hosts: ignore\nverify: {verify}\n')

    def run(self, *args, **options):
        return self.lab.dnsguard(*args, **{'state': self.state, **options})

    def apply(self, policy, *args, **options):
        return self.run('apply', '--yes', '--adopt', *args, policy, **options)

    # the zone

    def zone(self):
        if self.kind == 'zonefile':
            return dns.zone.from_file(str(self.path), origin=ZONE, relativize=False)
        xfr = dns.query.xfr(self.server.address, ZONE, keyring=self.keyring, keyname=self.lab.key.name,
                            relativize=False, timeout=60, lifetime=60)
        return dns.zone.from_xfr(xfr, relativize=False)

    def image(self, has_marker=False):
        """All records but SOA, DNSSEC and the marker, in canonical form (RFC 4034 section 6.2), strings of TXT as they
        are: {(owner, type): (ttl, frozenset of rdata)}."""
        return image_of(self.zone(), has_marker)

    def marker(self):
        """The text of the marker that stands in the zone; None: there is none."""
        return marker_of(self.zone())

    def serial(self):
        return self.zone().get_rdataset(f'{ZONE}.', 'SOA')[0].serial

    def update(self, *lines):
        """A person's edit: ('add', owner, ttl, type, rdata), ('delete', owner, type)."""
        message = dns.update.UpdateMessage(ZONE, keyring=self.keyring, keyname=self.lab.key.name)
        for verb, owner, *rest in lines:
            getattr(message, verb)(dns.name.from_text(owner + '.'), *rest)
        for _ in range(400):
            reply = dns.query.tcp(message, self.server.address, timeout=60)
            if reply.rcode() != dns.rcode.SERVFAIL:  # PowerDNS, while another's change is under way
                break
            time.sleep(0.05)
        assert reply.rcode() == 0, reply

    def reset(self, image=None):
        """The zone as it was at first (or as image), without a marker."""
        if self.kind == 'zonefile':
            self.path.write_bytes(self.first_bytes)
            return
        image = self.first if image is None else image
        have = self.image(has_marker=True)
        lines = [('delete', owner[:-1], kind) for owner, kind in have if kind != 'NS' and
                 have[owner, kind] != image.get((owner, kind))]
        for (owner, kind), (ttl, rdata) in image.items():
            if have.get((owner, kind)) != (ttl, rdata):
                lines += [('add', owner[:-1], ttl, kind, text) for text in rdata]
        if lines:
            self.update(*lines)

    # the journal

    def journal(self, state=None):
        return Journal(state or self.state, self.lab.dir / 'journal.look')

    def fresh_state(self, source=None):
        shutil.rmtree(self.state, ignore_errors=True)
        if source:
            shutil.copytree(source, self.state)


def image_of(zone, has_marker=False):
    found = {}
    for owner, sets in zone.nodes.items():
        for rds in sets.rdatasets:
            kind = dns.rdatatype.to_text(rds.rdtype)
            if kind not in SIGNS and (has_marker or str(owner) != MARKER):
                texts = frozenset(r.to_text() if kind == 'TXT' else r.to_text().lower() for r in rds)
                found[str(owner).lower(), kind] = (rds.ttl, texts)
    return found


def marker_of(zone):
    rds = zone.get_rdataset(MARKER, 'TXT')
    return rds[0].strings[0].decode() if rds else None


class Journal:
    """The journal as another program reads it."""

    def __init__(self, state, look):
        self.path = state / 'journal.db'
        self.steps, self.markers, self.stages, self.runs = [], {}, {}, []
        if not self.path.exists():
            return
        copy = look  # a look must not recover the write-ahead log that the program would find
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(state, copy)
        db = sqlite3.connect(copy / 'journal.db')
        db.row_factory = sqlite3.Row
        if db.execute("SELECT count(*) FROM sqlite_master WHERE name = 'step'").fetchone()[0]:
            assert db.execute('PRAGMA integrity_check').fetchone()[0] == 'ok'
            self.steps = [dict(row) for row in db.execute('SELECT * FROM step ORDER BY id')]
            self.runs = [dict(row) for row in db.execute('SELECT * FROM run ORDER BY id')]
            self.markers = {row['zone'].rstrip('.'): row['text'] for row in db.execute('SELECT * FROM marker')}
            self.stages = {row['name']: row['stage'] for row in db.execute('SELECT * FROM stage')}
        db.close()

    @property
    def open_steps(self):
        return [s for s in self.steps if s['state'] == 'intended']

    @property
    def states(self):
        return [s['state'] for s in self.steps]


# --- system calls -------------------------------------------------------------------------------------

def strace(site, argv, *options, **more):
    """Runs the program under strace. Without --seccomp-bpf: signals are not injected with it."""
    return site.lab.run('strace', '-f', '-qq', '-o', site.lab.dir / 'strace.out', *options,
                        site.lab.program, '--state', site.state, *argv, **more)


def count_calls(site, argv, names):
    """How often each of names is called in an undisturbed run: {name: n}. That run happens."""
    done = strace(site, argv, '-e', 'trace=' + ','.join(names))
    text = (site.lab.dir / 'strace.out').read_text(errors='replace')
    return done, collections.Counter(re.findall(r'^\d+ +(\w+)\(', text, re.M))


def points(counts, stride=1):
    """Every (name, k), or each stride-th of them, never without the first and last of a name."""
    found = []
    for name, n in sorted(counts.items()):
        found += [(name, k) for k in range(1, n + 1) if (k - 1) % stride == 0 or k == n]
    return found


def report(record, **figures):
    """Figures of a test, kept in the report of the run."""
    for name, value in figures.items():
        record(name, value)
    print(' '.join(f'{name}={value}' for name, value in figures.items()))


def is_root():
    return os.getuid() == 0


slow = pytest.mark.slow
soak = pytest.mark.soak
