"""The real servers of the lab, each on its own loopback address and port 53, ready when the constructor returns.

    with lab.Lab() as l:
        knot = servers.Knot(l, {'example.test': 'www A 192.0.2.1\\n'}, signed=True)
        servers.Unbound(l, [knot])
        print(knot.dig('example.test', 'SOA'))

Zones are {name: records}, or names alone; the SOA and NS records come from the lab unless the records
hold an SOA of their own. Every server takes the lab's TSIG key for UPDATE and AXFR.
"""
import re
import secrets
import sqlite3

import lab as lablib

SCHEMAS = ('/usr/share/doc/pdns-backend-sqlite3/schema.sqlite3.sql',
           '/usr/share/pdns-backend-sqlite3/schema/schema.sqlite3.sql')


class Server:
    """What they have in common: an address, zones, questions."""
    kind = ''
    address = ''
    signed = False

    def __init__(self, lab, zones=(), address=None, ttl=300, ns=None):
        self.lab = lab
        self.name = lab.unique(self.kind)
        self.address = address or self.address
        self.port = 53
        records = zones if isinstance(zones, dict) else {z: '' for z in zones}
        self.zones = {z.rstrip('.'): self.complete(z.rstrip('.'), text, ttl, ns) for z, text in records.items()}
        self.dir = lab.dir / self.name
        self.dir.mkdir()
        self.start()

    def complete(self, zone, records, ttl, ns):
        if re.search(r'\sSOA\s', records):
            return records
        return lablib.zone_text(zone, ns or [self.address], records, ttl)

    def start(self):
        raise NotImplementedError

    def stop(self):
        self.lab.stop(self.name)

    def kill(self):
        self.lab.stop(self.name, 9)

    @property
    def log(self):
        return (self.lab.dir / f'{self.name}.log').read_text(errors='replace')

    def write_zones(self):
        for zone, text in self.zones.items():
            self.lab.write(f'{self.name}/{zone}.zone', text)

    def launch(self, *argv):
        self.lab.daemon(self.name, argv)
        for zone in list(self.zones)[-1:] if len(self.zones) > 20 else self.zones:
            self.lab.wait_ready(self.name, lambda: lablib.ask(self.address, zone) == (0, 1))

    def wait_signed(self):
        """Until every signed zone has its keys and signatures (the MX or SOA is signed last)."""
        for zone in self.zones if self.signed else ():
            self.lab.wait_ready(self.name, lambda: (lablib.ask(self.address, zone, 'DNSKEY') or (0, 0))[1] > 0)
            self.lab.wait_ready(self.name, lambda: any(' ' in r for r in self.dig(zone, 'RRSIG')))

    def trust_anchor(self, zone):
        """Path of a file with the zone's DNSKEY record."""
        return self.lab.write(f'{zone}.anchor', ''.join(
            f'{zone}. 300 IN DNSKEY {key}\n' for key in self.dig(zone, 'DNSKEY')))

    def dig(self, name, qtype, *options):
        """The answer as dig prints it, one RDATA a line, sorted."""
        done = self.lab.run('dig', f'@{self.address}', '-p', self.port, '+norec', '+time=10', '+tries=3', '+short',
                            name + '.', qtype, *options, check=True)
        return sorted(done.stdout.splitlines())

    def rrset(self, name, qtype):
        """(TTL, sorted RDATA) of the answer; (None, []) when there is none."""
        done = self.lab.run('dig', f'@{self.address}', '-p', self.port, '+norec', '+time=10', '+tries=3', '+noall',
                            '+answer', name + '.', qtype, check=True)
        rows = [line.split(None, 4) for line in done.stdout.splitlines()]
        rows = [row for row in rows if len(row) == 5 and row[3] == qtype]
        return (int(rows[0][1]) if rows else None), sorted(row[4] for row in rows)

    def axfr(self, zone):
        """All records but SOA and DNSSEC, as sorted 'owner TTL IN type rdata' lines."""
        done = self.lab.run('dig', f'@{self.address}', '-p', self.port, '-k', self.lab.key_file(), '+onesoa',
                            '+noall', '+answer', zone + '.', 'AXFR', check=True)
        rows = [' '.join(line.split(None, 4)) for line in done.stdout.splitlines() if line and line[0] != ';']
        ours = ('SOA', 'RRSIG', 'NSEC', 'NSEC3', 'NSEC3PARAM', 'DNSKEY', 'CDS', 'CDNSKEY', 'TYPE65534')
        return sorted(row for row in rows if row.split()[3] not in ours)

    def serial(self, zone):
        return int(self.dig(zone, 'SOA')[0].split()[2])

    def update(self, zone, *lines):
        """One signed UPDATE by nsupdate, as a person would send it: 'add NAME TTL TYPE DATA', 'delete NAME TYPE'."""
        script = [f'server {self.address} {self.port}', f'zone {zone}.'] + \
            [line if line.startswith('prereq') else f'update {line}' for line in lines] + ['send', '']
        return self.lab.run('nsupdate', '-v', '-k', self.lab.key_file(), stdin='\n'.join(script), check=True)


class Knot(Server):
    """Knot DNS. signed: signs by itself (ECDSA, one key). notify: servers that are its secondaries."""
    kind = 'knot'
    address = '127.0.0.11'

    def __init__(self, lab, zones=(), signed=False, notify=(), extra='', **options):
        self.signed, self.notify, self.extra = signed, [getattr(n, 'address', n) for n in notify], extra
        super().__init__(lab, zones, **options)

    def start(self):
        self.write_zones()
        (self.dir / 'db').mkdir(exist_ok=True)
        key = self.lab.key
        remotes = ''.join(f'  - id: remote{n}\n    address: {a}@53\n    key: {key.name}\n'
                          for n, a in enumerate(self.notify))
        notify = ', '.join(f'remote{n}' for n in range(len(self.notify)))
        conf = self.lab.write(f'{self.name}/knot.conf', f'''server:
    rundir: "{self.dir}"
    listen: {self.address}@{self.port}
    udp-workers: 1
    tcp-workers: 2
    background-workers: 2
    tcp-max-clients: 1000
log:
  - target: stderr
    any: info
key:
  - id: {key.name}
    algorithm: {key.algorithm}
    secret: {key.secret}
{'remote:' if remotes else ''}
{remotes}
acl:
  - id: update
    key: {key.name}
    action: [update, transfer, notify]
policy:
  - id: auto
    algorithm: ecdsap256sha256
    single-type-signing: on
database:
    storage: "{self.dir}/db"
    journal-db-max-size: {max(50, len(self.zones) // 20)}M
    kasp-db-max-size: 20M
    timer-db-max-size: {max(2, len(self.zones) // 1000)}M
template:
  - id: default
    storage: "{self.dir}"
    file: "%s.zone"
    acl: update
    journal-content: changes
    zonefile-sync: -1
    zonefile-load: whole
    {f'notify: [{notify}]' if notify else ''}
    {'dnssec-signing: on' if self.signed else ''}
    {'dnssec-policy: auto' if self.signed else ''}
{self.extra}
zone:
''' + ''.join(f'  - domain: {zone}\n' for zone in self.zones))
        self.launch('knotd', '-c', str(conf))
        self.wait_signed()


class Bind(Server):
    """BIND 9. signed: signs dynamic zones by itself (dnssec-policy). notify: servers that are its secondaries."""
    kind = 'bind'
    address = '127.0.0.12'

    def __init__(self, lab, zones=(), signed=False, notify=(), extra='', **options):
        self.signed, self.notify, self.extra = signed, [getattr(n, 'address', n) for n in notify], extra
        super().__init__(lab, zones, **options)

    def start(self):
        self.write_zones()
        key = self.lab.key
        also = ''.join(f'{a} key {key.name}; ' for a in self.notify)
        zones = ''.join(f'''zone "{zone}" {{
    type primary;
    file "{zone}.zone";
    update-policy {{ grant {key.name} zonesub ANY; }};
    {f'notify explicit; notify-delay 0; also-notify {{ {also}}};' if also else 'notify no;'}
    {'dnssec-policy default; inline-signing no;' if self.signed else ''}
    {self.extra}
}};
''' for zone in self.zones)
        conf = self.lab.write(f'{self.name}/named.conf', f'''options {{
    directory "{self.dir}";
    pid-file "{self.dir}/named.pid";
    session-keyfile "{self.dir}/session.key";
    lock-file none;
    managed-keys-directory "{self.dir}";
    listen-on port {self.port} {{ {self.address}; }};
    listen-on-v6 {{ none; }};
    recursion no;
    dnssec-validation no;
    allow-transfer {{ key {key.name}; }};
}};
controls {{ }};
{key.text('bind')}
{zones}''')
        self.launch('named', '-g', '-n', '1', '-c', str(conf))
        self.wait_signed()


class Nsd(Server):
    """NSD. Serves zone files that others rewrite (reload()), or with primary= follows another server."""
    kind = 'nsd'
    address = '127.0.0.13'

    def __init__(self, lab, zones=(), primary=None, **options):
        self.primary = getattr(primary, 'address', primary)
        super().__init__(lab, zones, **options)

    def start(self):
        key = self.lab.key
        if not self.primary:
            self.write_zones()
        follow = f'''    request-xfr: {self.primary}@53 {key.name}
    allow-notify: 127.0.0.0/8 {key.name}
''' if self.primary else ''
        self.conf = self.lab.write(f'{self.name}/nsd.conf', f'''server:
    server-count: 1
    ip-address: {self.address}@{self.port}
    username: ""
    chroot: ""
    zonesdir: "{self.dir}"
    database: ""
    zonelistfile: "{self.dir}/zone.list"
    pidfile: "{self.dir}/nsd.pid"
    xfrdfile: "{self.dir}/xfrd.state"
    xfrdir: "{self.dir}"
    xfrd-reload-timeout: 0
    rrl-ratelimit: 0
    verbosity: 1
remote-control:
    control-enable: yes
    control-interface: {self.dir}/ctl.sock
key:
    name: {key.name}
    algorithm: {key.algorithm}
    secret: "{key.secret}"
''' + ''.join(f'zone:\n    name: {zone}\n    zonefile: {zone}.zone\n{follow}'
              f'    provide-xfr: 127.0.0.0/8 {key.name}\n' for zone in self.zones))
        self.launch('nsd', '-d', '-c', str(self.conf))

    def path(self, zone):
        """The zone file that it serves."""
        return self.dir / f'{zone}.zone'

    def control(self, *args):
        return self.lab.run('/usr/sbin/nsd-control', '-c', self.conf, *args, check=True)

    @property
    def reload_command(self):
        return ['/usr/sbin/nsd-control', '-c', str(self.conf), 'reload']


class Pdns(Server):
    """PowerDNS with SQLite, UPDATE and the HTTP API. notify: servers that are its secondaries."""
    kind = 'pdns'
    address = '127.0.0.15'

    def __init__(self, lab, zones=(), notify=(), extra='', **options):
        self.notify, self.extra = [getattr(n, 'address', n) for n in notify], extra
        self.api_key = secrets.token_hex(16)
        super().__init__(lab, zones, **options)

    def start(self):
        self.api_port = 8081
        self.api_url = f'http://{self.address}:{self.api_port}'
        self.api_key_file = self.lab.write(f'{self.name}.api.key', self.api_key + '\n', 0o600)
        self.lab.write(f'{self.name}/pdns.conf', f'''launch=gsqlite3
gsqlite3-database={self.dir}/pdns.sqlite3
gsqlite3-dnssec=yes
gsqlite3-pragma-synchronous=1
local-address={self.address}
local-port={self.port}
socket-dir={self.dir}
dnsupdate=yes
allow-dnsupdate-from=127.0.0.0/8
webserver=yes
webserver-address={self.address}
webserver-port={self.api_port}
webserver-allow-from=127.0.0.0/8
api=yes
api-key={self.api_key}
guardian=no
daemon=no
receiver-threads=1
cache-ttl=0
query-cache-ttl=0
negquery-cache-ttl=0
loglevel=4
primary=yes
xfr-cycle-interval=1
allow-axfr-ips=127.0.0.0/8
{self.extra}
''')
        if not (self.dir / 'pdns.sqlite3').exists():
            self.make_database()
        self.launch('pdns_server', f'--config-dir={self.dir}')

    def make_database(self):
        with open(next(path for path in SCHEMAS if lablib.os.path.exists(path)), encoding='utf-8') as f:
            schema = f.read()
        db = sqlite3.connect(self.dir / 'pdns.sqlite3')
        db.executescript(schema)
        db.execute('INSERT INTO tsigkeys (name, algorithm, secret) VALUES (?, ?, ?)',
                   (self.lab.key.name, self.lab.key.algorithm, self.lab.key.secret))
        db.commit()
        db.close()
        for zone, text in self.zones.items():
            path = self.lab.write(f'{self.name}/{zone}.zone', text)
            self.lab.run('pdnsutil', f'--config-dir={self.dir}', 'load-zone', zone, path, check=True)
        db = sqlite3.connect(self.dir / 'pdns.sqlite3')
        meta = [('TSIG-ALLOW-DNSUPDATE', self.lab.key.name), ('TSIG-ALLOW-AXFR', self.lab.key.name),
                ('SOA-EDIT-DNSUPDATE', 'INCREASE'), ('ALLOW-DNSUPDATE-FROM', '127.0.0.0/8'),
                ('NOTIFY-DNSUPDATE', '1'), *(('ALSO-NOTIFY', f'{a}:53') for a in self.notify)]
        db.executemany('INSERT INTO domainmetadata (domain_id, kind, content) SELECT id, ?, ? FROM domains', meta)
        db.execute("UPDATE domains SET type = 'MASTER'")
        db.commit()
        db.close()


class Unbound(Server):
    """The resolver that /etc/resolv.conf names. of: the servers whose zones it should find; anchors: files of DNSKEY records."""
    kind = 'unbound'
    address = lablib.RESOLVER

    def __init__(self, lab, of=(), anchors=(), extra='', **options):
        self.stubs = [(zone, server.address) for server in of for zone in server.zones]
        self.anchors, self.extra = anchors, extra
        super().__init__(lab, **options)

    def start(self):
        local = sorted({zone.rsplit('.', 1)[-1] for zone, _ in self.stubs})
        conf = self.lab.write(f'{self.name}/unbound.conf', f'''server:
    directory: "{self.dir}"
    chroot: ""
    username: ""
    pidfile: ""
    use-syslog: no
    logfile: ""
    verbosity: 1
    num-threads: 1
    interface: {self.address}@{self.port}
    access-control: 127.0.0.0/8 allow
    do-not-query-localhost: no
    do-ip6: no
    module-config: "{'validator iterator' if self.anchors else 'iterator'}"
    qname-minimisation: no
    root-hints: ""
''' + ''.join(f'    local-zone: "{top}." nodefault\n' for top in local)
    + ''.join(f'    trust-anchor-file: "{path}"\n' for path in self.anchors)
    + self.extra + '''remote-control:
    control-enable: yes
    control-interface: ''' + f'{self.dir}/ctl.sock\n'
    + ''.join(f'stub-zone:\n    name: "{zone}"\n    stub-addr: {address}@53\n' for zone, address in self.stubs))
        self.conf = conf
        self.lab.daemon(self.name, ['unbound', '-d', '-c', str(conf)])
        probe = self.stubs[0][0] if self.stubs else 'localhost'
        self.lab.wait_ready(self.name, lambda: lablib.ask(
            self.address, probe, 'SOA' if self.stubs else 'A') is not None)

    def flush(self, zone):
        """Forgets what it has cached below zone."""
        return self.lab.run('unbound-control', '-c', self.conf, 'flush_zone', zone, check=True)

    def dig(self, name, qtype, *options):
        return super().dig(name, qtype, '+rec', *options)
