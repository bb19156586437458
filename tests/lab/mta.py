"""Real mail servers of the lab: Postfix and Exim, on port 25 of an address of their own, ready when the constructor returns.

    mta.Postfix(l, 'example.test', relays=mta.OPEN)
    mta.Exim(l, 'example.test')

They take mail for postmaster at their domain, and for whoever relays= says. Their packages exclude each other and would replace the
mail server of the machine, so `./dev deps` unpacks them into build/mta instead of installing them. They change users, so the lab
must have been started by root: UNUSABLE says why they cannot run here, and is None where they can.
"""
import os
import pathlib
import socket

import lab as lablib

PACKAGES = lablib.ROOT / 'build/mta'
CLOSED, OPEN, LATER = 'closed', 'open', 'later'  # whom it relays for: nobody; everybody; nobody, but with a 4xx
OWNER, OWNER_GROUP, DROP_GROUP = 9, 9, 'uucp'  # Debian's user news: any that is not root


def why_not():
    try:
        maps = pathlib.Path('/proc/self/uid_map').read_text().split()
    except OSError:
        maps = []
    if os.getuid() != 0 or len(maps) != 3 or int(maps[2]) < 65536:
        return 'mail servers change users, and this lab was not started by root'
    return None


UNUSABLE = why_not()


class Mta:
    """What they have in common: an address, a domain, a greeting to wait for."""
    kind = ''
    address = ''

    def __init__(self, lab, domain, relays=CLOSED, address=None, catch_all=False, also=()):
        self.lab, self.domain, self.relays, self.catch_all = lab, domain, relays, catch_all
        self.also = also  # further domains that it takes mail for
        self.name = lab.unique(self.kind)
        self.address = address or self.address
        self.dir = lab.dir / self.name
        self.dir.mkdir()
        if not (PACKAGES / self.kind).is_dir():
            raise lablib.LabError(f'{PACKAGES / self.kind}: not there (./dev deps)')
        if self.greets():
            raise lablib.LabError(f'{self.address}: another mail server answers there')
        self.start()

    def start(self):
        raise NotImplementedError

    def stop(self):
        self.lab.stop(self.name)

    def own(self, *folders):
        for folder in folders:
            (self.dir / folder).mkdir(parents=True)
            os.chown(self.dir / folder, OWNER, OWNER_GROUP)

    def greets(self):
        try:
            with socket.create_connection((self.address, 25), 10) as s:
                return s.recv(4) == b'220 '
        except OSError:
            return False

    @property
    def log(self):
        """What the server itself wrote down. Read without a trace: who else reads a log shows by its time of access."""
        text = ''
        for path in sorted(self.dir.glob('*log')):
            with open(path, errors='replace', opener=lambda name, flags: os.open(name, flags | os.O_NOATIME)) as f:
                text += f.read()
        return text


class Postfix(Mta):
    """Postfix: smtpd and what it needs to take a recipient; nothing delivers."""
    kind = 'postfix'
    address = '127.0.0.25'
    SPOOL = ('active', 'bounce', 'corrupt', 'defer', 'deferred', 'flush', 'hold', 'incoming', 'maildrop', 'private',
             'public', 'saved', 'trace')
    SERVICES = (  # name, type, private, most processes, program
        ('25', 'inet', 'n', '-', 'smtpd'), ('cleanup', 'unix', 'n', '0', 'cleanup'),
        ('rewrite', 'unix', '-', '-', 'trivial-rewrite'), ('anvil', 'unix', '-', '1', 'anvil'),
        ('proxymap', 'unix', '-', '-', 'proxymap'), ('postlog', 'unix-dgram', 'n', '1', 'postlogd'))
    SETTINGS = 'disable_dns_lookups = yes\n'

    @property
    def inside(self):
        """Whose mail it sends on."""
        return '0.0.0.0/0' if self.relays == OPEN else '192.0.2.1/32'

    @property
    def known(self):
        """Who exists at its domains."""
        return '' if self.catch_all else 'inline:{ postmaster=1 }'

    def settings(self):
        """What comes after the settings that all have."""
        return self.SETTINGS

    def start(self):
        root = PACKAGES / self.kind
        self.own('data', *(f'spool/{folder}' for folder in self.SPOOL))
        (self.dir / 'spool/pid').mkdir()
        self.lab.write(f'{self.name}/etc/main.cf', f'''compatibility_level = 3.6
queue_directory = {self.dir}/spool
data_directory = {self.dir}/data
command_directory = {root}/usr/sbin
daemon_directory = {root}/usr/lib/postfix/sbin
shlib_directory = {root}/usr/lib/postfix
import_environment = MAIL_CONFIG LD_LIBRARY_PATH LD_PRELOAD SCENE_CLOCK
maillog_file = {self.dir}/mail.log
maillog_file_prefixes = {self.dir}
mail_owner = news
setgid_group = {DROP_GROUP}
inet_interfaces = {self.address}
inet_protocols = ipv4
myhostname = mx.{self.domain}
mydestination = {" ".join([self.domain, *self.also])}
mynetworks = {self.inside}
local_recipient_maps = {self.known}
alias_maps =
alias_database =
smtpd_relay_restrictions = permit_mynetworks, {'defer' if self.relays == LATER else 'reject'}_unauth_destination
smtpd_peername_lookup = no
{self.settings()}''')
        self.lab.write(f'{self.name}/etc/master.cf', ''.join(
            f'{name} {kind} {private} - n - {most} {program}\n' for name, kind, private, most, program in self.SERVICES))
        self.lab.daemon(self.name, ['env', f'LD_LIBRARY_PATH={root}/usr/lib/postfix',
                                    str(root / 'usr/lib/postfix/sbin/master'), '-c', str(self.dir / 'etc')])
        self.lab.wait_ready(self.name, self.greets)


class Exim(Mta):
    """Exim: the order of its own default configuration, without routers that deliver."""
    kind = 'exim'
    address = '127.0.0.26'
    VERBS = {CLOSED: 'deny message = relay not permitted', OPEN: 'accept',
             LATER: 'defer message = relay not permitted now'}

    def start(self):
        root = PACKAGES / self.kind
        self.know_user()
        self.own('spool')
        os.chown(self.dir, OWNER, OWNER_GROUP)
        conf = self.lab.write(f'{self.name}/exim.conf', f'''primary_hostname = mx.{self.domain}
local_interfaces = {self.address}
daemon_smtp_ports = 25
spool_directory = {self.dir}/spool
log_file_path = {self.dir}/%slog
pid_file_path = {self.dir}/exim.pid
exim_path = {root}/usr/sbin/exim4
exim_user = news
exim_group = news
disable_ipv6
host_lookup =
keep_environment = LD_PRELOAD : SCENE_CLOCK
tls_advertise_hosts =
rfc1413_query_timeout = 0s
domainlist local_domains = {" : ".join([self.domain, *self.also])}
acl_smtp_rcpt = rcpt
begin acl
rcpt:
  accept domains = +local_domains
         {'' if self.catch_all else 'local_parts = postmaster'}
  deny domains = +local_domains
       message = unknown user
  {self.VERBS[self.relays]}
{self.rest()}''')
        self.lab.daemon(self.name, [str(root / 'usr/sbin/exim4'), '-C', str(conf), '-bdf'])
        self.lab.wait_ready(self.name, self.greets)

    def rest(self):
        """How it delivers: not at all."""
        return 'begin routers\nbegin transports\nbegin retry\nbegin rewrite\n'

    def know_user(self):
        """Debian's Exim does not start without a user of the name Debian-exim, whoever it runs as: seen in the lab alone."""
        for path, row in (('/etc/passwd', 'Debian-exim:x:9:9::/:/bin/false'), ('/etc/group', 'Debian-exim:x:9:')):
            text = pathlib.Path(path).read_text()
            if '\nDebian-exim:' not in text:
                more = self.lab.write(os.path.basename(path), text.rstrip('\n') + f'\n{row}\n')
                lablib.mount(more, path, flags=lablib.MS_BIND)
