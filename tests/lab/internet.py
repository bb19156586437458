"""A small Internet of its own: a signed root, signed top-level domains, zones below them, and a resolver that trusts that root.

    world = internet.Internet(lab, {
        'plain.example': '@ MX 10 mx\\n',                                      at the common name servers
        'signed.example': Zone('@ MX 10 mx\\n', is_signed=True),
        'bogus.example': Zone('@ MX 10 mx\\n', is_signed=True, fault='signature'),
        'split.example': Zone(at={address(20): '@ MX 10 a\\n', address(21): '@ MX 10 b\\n'}),
        'slow.example': Zone('@ MX 10 mx\n', behind=[address(100)]),           hostile.Relay stands before the common ones
        'odd.example': Zone(None, behind=[address(101)])})                     somebody else answers there (hostile.py)
    world.check('plain.example').json()

The addresses are ones that no standard sets aside, because a checker of domains treats those that are set aside as a fault.
They exist in the lab alone.
"""
import base64
import dataclasses
import json
import subprocess

import lab as lablib
import servers

ROOT, TOP, COMMON, SECOND = 1, 2, 10, 11
PATIENCE_S = 60
FAULTS = ('signature', 'expired', 'ds')
UNSERVED = 'nothing.invalid'


def address(n):
    return f'203.0.114.{n}'


def address6(n):
    return f'2001:db9::{n:x}'


def add_addresses(names):
    """Gives the loopback interface of this network more addresses; those that it has are left."""
    batch = ''.join(f'addr replace {name}/{"128 dev lo nodad" if ":" in name else "32 dev lo"}\n' for name in names)
    done = subprocess.run(['ip', '-batch', '-'], input=batch, text=True, capture_output=True)
    if done.returncode:
        raise lablib.LabError(f'addresses: {done.stderr.strip()}')


@dataclasses.dataclass
class Zone:
    """records: text, owners relative to the zone; None: it is not served by us at all.

    at        addresses of its name servers, ns1, ns2, ...; or {address: records}, each with its own contents; records None
              there: a name server that does not serve the zone
    behind    the addresses that its NS records and its parent name instead; whoever needs them listens there
    serial    of the SOA; or {address: serial}
    fault     of a signed zone: 'signature' (no signature but the key's is right), 'expired', 'ds' (of another key)
    ns        names of the name servers instead of ns1, ns2, ...
    has_glue  their addresses stand in the parent zone
    """
    records: str = ''
    is_signed: bool = False
    fault: str = None
    at: object = None
    behind: list = None
    serial: object = 1
    ns: list = None
    has_glue: bool = True

    def __post_init__(self):
        assert self.fault in (None, *FAULTS) and (self.is_signed or not self.fault)
        self.at = self.at or [address(COMMON), address(SECOND), address6(COMMON)]
        self.named = self.behind or list(self.at)

    @property
    def hosts(self):
        """{name of a name server, relative: its addresses}. The common ones: ns1 with IPv4 and IPv6, ns2."""
        names = {}
        for n, each in enumerate(a for a in self.named if ':' not in a):
            names[self.ns[n] if self.ns else f'ns{n + 1}'] = [each]
        for n, each in enumerate(a for a in self.named if ':' in a):
            names[list(names)[min(n, len(names) - 1)]].append(each)
        return names

    def contents(self, at):
        """What is served there: text, or None."""
        return self.at[at] if isinstance(self.at, dict) else self.records

    def serial_at(self, at):
        return self.serial.get(at, 1) if isinstance(self.serial, dict) else self.serial


def type_of(place):
    return 'AAAA' if ':' in place else 'A'


def full(name, origin):
    """An absolute name: 'ns1' in 'a.example' is 'ns1.a.example.'; a final dot says that it is one."""
    return name if name.endswith('.') else f'{name}.{origin}.' if origin else f'{name}.'


class Knot(servers.Server):
    """One process that serves finished zone files at several addresses."""
    kind = 'knot-static'

    def __init__(self, lab, listen, files):
        self.listen, self.files = listen, files
        super().__init__(lab, list(files), address=listen[0])

    def complete(self, zone, records, ttl, ns):
        return ''

    def start(self):
        conf = self.lab.write(f'{self.name}/knot.conf', f'''server:
    rundir: "{self.dir}"
    listen: [ {", ".join(f"{a}@53" for a in self.listen)} ]
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
database:
    storage: "{self.dir}"
    journal-db-max-size: 20M
    kasp-db-max-size: 20M
    timer-db-max-size: 2M
log:
  - target: stderr
    any: warning
template:
  - id: default
    journal-content: none
    zonefile-sync: -1
    zonefile-load: whole
zone:
''' + ''.join(f'  - domain: "{zone or "."}"\n    file: "{path}"\n' for zone, path in self.files.items()))
        self.lab.daemon(self.name, ['knotd', '-c', str(conf)])
        for zone in list(self.files)[-1:] + list(self.files)[:-1]:
            self.lab.wait_ready(self.name, lambda: lablib.ask(self.address, zone) == (0, 1))


class Internet:
    """Ready when the constructor returns. hints, anchor: files of the root's name server and key; resolver: its address."""

    def __init__(self, lab, zones, extra_addresses=()):
        self.lab = lab
        self.dir = lab.dir / 'internet'
        self.dir.mkdir()
        self.zones = {name.rstrip('.'): zone if isinstance(zone, Zone) else Zone(zone) for name, zone in zones.items()}
        for name in list(self.zones):
            self.zones.setdefault(name.rsplit('.', 1)[-1], Zone(is_signed=True, at=[address(TOP)]))
        self.zones[''] = Zone(is_signed=True, at=[address(ROOT)], ns=['ns.root.'])
        used = {a for zone in self.zones.values() for a in (*zone.at, *zone.named)}
        add_addresses(sorted(used | set(extra_addresses)))
        self.ds = {}
        self.files = {}  # {address: {zone: file}}
        for name in sorted(self.zones, key=lambda n: -len(n.split('.')) if n else 1):
            self.make(name)
        self.servers = self.start_servers()
        self.hints = lab.write('internet/root.hints', f'. 3600 IN NS ns.root.\nns.root. 3600 IN A {address(ROOT)}\n')
        self.anchor = lab.write('internet/root.key', self.ds[''])
        self.unbound = servers.Unbound(lab, anchors=[self.anchor], extra=f'    root-hints: "{self.hints}"\n' + ''.join(
            f'    local-zone: "{top}." nodefault\n' for top in sorted({n.rsplit('.', 1)[-1] for n in self.zones if n})))
        self.resolver = self.unbound.address

    # zones

    def parent(self, name):
        """The zone that delegates it."""
        rest = name
        while rest:
            rest = rest.partition('.')[2]
            if rest in self.zones:
                return rest
        return None

    def delegation(self, name):
        zone, origin = self.zones[name], self.parent(name)
        lines = []
        for host, addresses in zone.hosts.items():
            host = full(host, name)
            lines.append(f'{name}. NS {host}')
            if zone.has_glue and (host.endswith(f'.{origin}.') or not origin):
                lines += [f'{host} {type_of(a)} {a}' for a in addresses]
        return '\n'.join(lines) + '\n' + (self.ds[name] if name in self.ds else '')

    def text(self, name, at):
        zone = self.zones[name]
        lines = [f'$ORIGIN {name}.', '$TTL 300',
                 f'@ SOA {full(list(zone.hosts)[0], name)} hostmaster {zone.serial_at(at)} 3600 600 604800 300']
        for host, addresses in zone.hosts.items():
            lines.append(f'@ NS {full(host, name)}')
            if full(host, name).endswith(f'.{name}.') or not name:
                lines += [f'{full(host, name)} {type_of(a)} {a}' for a in addresses]
        below = [self.delegation(n) for n in self.zones if n and self.parent(n) == name]
        return '\n'.join(lines) + '\n' + '\n'.join(below) + '\n' + zone.contents(at) + '\n'

    def make(self, name):
        """Writes its files, one for each different content; all below it are done already."""
        zone = self.zones[name]
        if zone.is_signed:
            self.key(name)
        done = {}
        for at in zone.at if zone.records is not None else ():
            if zone.contents(at) is None:
                if isinstance(zone.at, dict):
                    self.files.setdefault(at, {})
                continue
            what = (zone.contents(at), zone.serial_at(at))
            if what not in done:
                path = self.lab.write(f'internet/{name or "root"}.{len(done)}.zone', self.text(name, at))
                done[what] = self.sign(name, path) if zone.is_signed else path
            self.files.setdefault(at, {})[name] = done[what]

    def key(self, name):
        """Makes its key, and the DS record that its parent publishes (the root's is the trust anchor)."""
        base = self.lab.run('ldns-keygen', '-a', 'ECDSAP256SHA256', '-k', '-r', '/dev/urandom', f'{name}.',
                            cwd=self.dir, check=True).stdout.strip()
        ds = (self.dir / f'{base}.ds').read_text()
        if self.zones[name].fault == 'ds':
            words = ds.split()
            words[-1] = words[-1][::-1]
            ds = ' '.join(words) + '\n'
        self.ds[name] = ds
        self.zones[name].key = base

    def sign(self, name, path):
        zone = self.zones[name]
        when = ['-i', '20200101', '-e', '20200201'] if zone.fault == 'expired' else []
        signed = path.with_suffix('.signed')
        self.lab.run('ldns-signzone', *when, '-o', f'{name}.', '-f', signed, path, zone.key, cwd=self.dir, check=True)
        if zone.fault == 'signature':
            signed.write_text('\n'.join(spoil(line) for line in signed.read_text().splitlines()) + '\n')
        return signed

    # servers

    def start_servers(self):
        """Addresses with the same files are one process."""
        groups = {}
        for at, files in self.files.items():
            groups.setdefault(tuple(sorted(files.items())), []).append(at)
        made = {}
        for files, addresses in groups.items():
            files = dict(files) or {UNSERVED: self.lab.write('internet/unserved.zone', lablib.zone_text(
                UNSERVED, ['192.0.2.1']))}
            server = Knot(self.lab, sorted(addresses), files)
            made.update({at: server for at in addresses})
        return made

    # the program

    def run(self, command, *args, **options):
        """dnsguard COMMAND with this Internet's trust anchor, and more patience than by default: a busy machine is no silent server."""
        return self.lab.dnsguard(command, '--trust-anchor', self.anchor, '--timeout', PATIENCE_S, *args, **options)

    def check(self, *args, **options):
        return self.run('check', *args, **options)

    def look(self, name, *args, **options):
        """What `check --json` says of one domain; the exit code beside it, as "rc"."""
        said = self.check('--json', name, *args, **options)
        lines = [json.loads(line) for line in said.stdout.splitlines()]
        assert lines and said.rc in (0, 1, 3), str(said)
        return {**lines[0], 'rc': said.rc}


def spoil(line):
    """The line of an RRSIG with another signature, but for that of the keys."""
    words = line.split()
    if len(words) < 13 or words[3] != 'RRSIG' or words[4] == 'DNSKEY':
        return line
    octets = bytearray(base64.b64decode(''.join(words[12:])))
    octets[-1] ^= 1
    return ' '.join([*words[:12], base64.b64encode(bytes(octets)).decode()])
