"""Mail servers that do more than take: they deliver, bounce, and send from many addresses. Real DSNs, real look-ups of MX records.

    post.Relay(lab, 'relay1.test', '198.18.31.1', out=[...])     takes mail for anybody at its domain, then bounces it (Postfix)
    post.EximRelay(...)                                          the same (Exim)
    post.Office(lab, 'example.test', MX, people=[...], lists={...})  the site: people with mailboxes, lists that go to subscribers, mail
                                                                 that goes out (Postfix)
    post.EximOffice(...)                                         the same without lists (Exim)

Whatever is delivered here is thrown away and stands in the log.
"""
import re

import lab as lablib
import mta

NO_USER = 'no such user'


class Postfix(mta.Postfix):
    """A whole Postfix. out: addresses that it sends from, by turns."""
    SERVICES = (*mta.Postfix.SERVICES, ('qmgr', 'unix', 'n', '1', 'qmgr'), *(
        (name, 'unix', '-', most, program) for name, most, program in (
            ('bounce', '0', 'bounce'), ('defer', '0', 'bounce'), ('trace', '0', 'bounce'), ('error', '-', 'error'),
            ('retry', '-', 'error'), ('discard', '-', 'discard'), ('scache', '1', 'scache'))))

    def __init__(self, lab, domain, address, out=(), **options):
        self.out = list(out) or [address]
        self.SERVICES = (*self.SERVICES, *((f'out{n}', 'unix', '-', '-', f'smtp -o smtp_bind_address={a}')
                                           for n, a in enumerate(self.out)))
        super().__init__(lab, domain, address=address, **options)

    def settings(self):
        ways = ', '.join(f'out{n}:' for n in range(len(self.out)))
        return f'''default_transport = out0
sender_dependent_default_transport_maps = randmap:{{ {ways} }}
smtp_host_lookup = dns
bounce_queue_lifetime = 1h
queue_run_delay = 5s
minimal_backoff_time = 5s
maximal_backoff_time = 5s
notify_classes =
'''

    def fates(self):
        """{address: how its mail to it last ended} of what it has sent: 'sent', 'bounced', 'deferred'."""
        return dict(re.findall(r'to=<([^>]+)>.* relay=.* status=(\w+) ', self.log))

    def unfinished(self, addresses):
        """Those of addresses whose mail has not come to an end yet."""
        fates = self.fates()
        return [a for a in addresses if fates.get(a) not in ('sent', 'bounced')]


class Relay(Postfix):
    """Somebody's Postfix that takes mail for anybody and bounces it afterwards."""

    def settings(self):
        return super().settings() + f'local_transport = error:5.1.1 {NO_USER}\nsmtpd_reject_unlisted_recipient = no\n'

    def start(self):
        self.catch_all = True
        super().start()


class Office(Postfix):
    """The site. people: local parts that exist; lists: {local part: subscribers elsewhere}. Its own people send through it."""

    inside = '192.0.2.1/32'

    def __init__(self, lab, domain, address, people=('postmaster',), lists=None, inside=None, checks='', **options):
        self.people, self.lists, self.inside, self.checks = people, lists or {}, inside or self.inside, checks
        super().__init__(lab, domain, address, **options)

    @property
    def known(self):
        return f"inline:{{ {', '.join(f'{{ {who} = 1 }}' for who in [*self.people, *(who.split('@')[0] for who in self.lists)])} }}"

    def settings(self):
        lists = ', '.join(f'{{ {who if "@" in who else f"{who}@{self.domain}"} = {" ".join(to)} }}' for who, to in self.lists.items())
        return super().settings() + f'''local_transport = discard:delivered
virtual_alias_maps = {f'inline:{{ {lists} }}' if lists else ''}
smtpd_recipient_restrictions = {self.checks}
'''


class Exim(mta.Exim):
    """A whole Exim. out: addresses that it sends from, by the message."""
    ROUTERS = ''

    def __init__(self, lab, domain, address, out=(), **options):
        self.out = list(out) or [address]
        super().__init__(lab, domain, address=address, **options)

    def rest(self):
        ways = ':'.join(self.out)
        return f'''begin routers
{self.ROUTERS}
elsewhere:
  driver = dnslookup
  domains = ! +local_domains
  transport = out
  ignore_target_hosts = 0.0.0.0
  no_more
begin transports
away:
  driver = appendfile
  file = /dev/null
  user = news
out:
  driver = smtp
  interface = ${{extract{{${{eval:1+${{nhash_{len(self.out)}:$message_exim_id}}}}}}{{:}}{{{ways}}}}}
  hosts_try_fastopen =
begin retry
* * F,1h,5s
begin rewrite
'''

    def fates(self):
        """As of Postfix: => sent, ** bounced (for a bounce: frozen), == deferred."""
        words = {'=>': 'sent', '->': 'sent', '**': 'bounced', '==': 'deferred'}
        return {to: words[how] for how, to in re.findall(r' (=>|->|\*\*|==) (\S+@[^\s:]+)', self.log)}

    unfinished = Postfix.unfinished


class EximRelay(Exim):
    """Somebody's Exim that takes mail for anybody and bounces it afterwards."""
    ROUTERS = f'''nobody:
  driver = redirect
  domains = +local_domains
  allow_fail
  data = :fail: {NO_USER}
'''

    def start(self):
        self.catch_all = True
        super().start()


class EximOffice(Exim):
    """The site."""
    ROUTERS = '''people:
  driver = accept
  domains = +local_domains
  transport = away
'''


def wait_done(relays, addresses, timeout_s=90):
    """Until the mail to each of addresses has come to an end at one of relays."""
    left = list(addresses)

    def is_done():
        nonlocal left
        for relay in relays:
            left = relay.unfinished(left)
        return not left
    try:
        lablib.wait_for(is_done, 'bounces', timeout_s)
    except lablib.LabError as why:
        raise lablib.LabError(f'{why}: {left[:5]}\n' + '\n'.join(r.log[-1500:] for r in relays)) from None
