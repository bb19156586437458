"""What `dnsguard check` said of a domain, as JSON and as text, and what must be true of it whatever the domain is."""
import concurrent.futures
import json
import re

IDENTITIES = ('from', 'mail-from', 'helo')
CLASSES = ('domain', 'subdomain', 'missing', 'host')
# What says that something is not there. None of them may be said of what could not be looked up.
ABSENCE = ('domain-missing', 'spf-none', 'dmarc-missing', 'mx-none', 'mx-implicit', 'dkim-none', 'dkim-selector-absent',
           'sts-policy-missing', 'dmarc-consent')
RAW = re.compile('[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff\ufffd]')


def is_raw(text):
    """The first octet that acts on a terminal, or turns text around; None: there is none."""
    return RAW.search(text)


class Report:
    """One domain. json: a Result of `check --json`; text: of `check`, or None."""

    def __init__(self, said, text=None, at=0):
        self.said, self.text_said = said, text
        self.lines = [json.loads(line) for line in said.stdout.splitlines()]
        assert said.stdout.isascii() and said.rc in (0, 1, 3), str(said)
        assert self.lines, str(said)
        self.json = self.lines[at]
        assert self.json['type'] == 'check', str(said)
        self.rc = said.rc
        self.findings = self.json['findings']
        self.codes = {f['code'] for f in self.findings}
        self.rulings = {(v['identity'], v['class']): v['verdict'] for v in self.json['verdicts']}
        if text is not None:
            assert text.rc == said.rc, f'{said}\n{text}'
            assert not is_raw(text.stdout + text.stderr), repr(text.stdout + text.stderr)
        self.text = text.stdout if text is not None else None
        self.words = ' '.join((self.text or '').split())  # however it is wrapped
        self.records = {(r['owner'], r['type']): r for r in self.json['records']}
        self.examine()

    def examine(self):
        """What is always true: severities and the exit code belong together."""
        severities = {f['severity'] for f in self.findings}
        assert severities <= {'good', 'note', 'warning', 'error', 'unknown'}, str(self)
        if severities & {'warning', 'error'}:
            assert self.rc in (3, 1), str(self)
        elif 'unknown' not in severities:
            assert self.rc == 0 or 'unknown' in self.rulings.values(), str(self)
        if 'domain-unknown' in self.codes:
            assert not self.codes & set(ABSENCE), str(self)
            assert set(self.rulings.values()) == {'unknown'} and self.rc == (3 if 'dnssec-bogus' in self.codes else 1), str(self)
            below = [r['state'] for r in self.records.values() if r['owner'].endswith(self.json['domain'])]
            assert self.json['unknown'] and set(below) == {'unknown'}, str(self)

    def finding(self, code, owner=None):
        found = [f for f in self.findings if f['code'] == code and owner in (None, f['owner'])]
        assert found, f'no {code} among {sorted(self.codes)}\n{self}'
        return found[0]

    def state(self, owner, rtype):
        """'found', 'nodata', 'nxdomain' or 'unknown'."""
        return self.records[owner + '.', rtype]['state']

    def ruling(self, identity='from', name_class='domain'):
        return self.rulings[identity, name_class]

    def __str__(self):
        return str(self.text_said or self.said) + str(self.said)


class Reports:
    """Checks domains when they are first asked for, in both forms at once."""

    def __init__(self, world, *options):
        self.world, self.options, self.made = world, options, {}

    def __call__(self, domain, *options):
        key = (domain, *options)
        if key not in self.made:
            with concurrent.futures.ThreadPoolExecutor(2) as pool:
                runs = [pool.submit(self.world.check, *form, *self.options, *options, domain)
                        for form in (('--json',), ('--verbose',))]
                self.made[key] = Report(*(run.result() for run in runs))
        return self.made[key]
