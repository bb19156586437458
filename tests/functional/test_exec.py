"""The provider exec: the reference plug-in there and back, and programs that misbehave in each way there is."""
import json
import os
import shutil

import apis
import lab as lablib
import pytest

PLUG_IN = lablib.ROOT / 'examples/exec/plug-in'
ZONE = 'example.test'
TOKEN = 'pl-T0KEN-5ecretsecret'


def whole(name):
    return f'{ZONE}.' if name == '@' else f'{name}.{ZONE}.'


class Site:
    """One zone that a program keeps. twist: Python that runs before the plug-in; verb, asked and n (which call this is) are there."""

    def __init__(self, lab, twist=''):
        self.lab, self.state, self.folder = lab, lab.dir / lab.unique('state'), lab.dir / lab.unique('zones')
        self.folder.mkdir()
        sets = {}
        for line in apis.RECORDS.strip().splitlines():
            name, kind, value = line.split(None, 2)
            value = value + '.' if kind == 'CNAME' and not value.endswith('.') else value
            sets.setdefault((whole(name), kind), []).append(value)
        self.file = self.folder / f'{ZONE}.json'
        self.file.write_text(json.dumps([{'name': n, 'type': t, 'ttl': 3600, 'values': v} for (n, t), v in sets.items()]))
        self.first = self.image()
        self.program = lab.write(f'{lab.unique("plug")}.py', f'''#!/usr/bin/python3 -IS
import io, json, os, pathlib, sys, time
text = sys.stdin.read()
sys.stdin = io.StringIO(text)
asked, verb = json.loads(text), sys.argv[-1]
assert asked['verb'] == verb
calls = pathlib.Path({str(self.folder)!r}, 'calls')
with calls.open('a') as file:
    print(verb, file=file)
n = calls.read_text().split().count(verb)
{twist}
exec(compile(open({str(PLUG_IN)!r}).read(), 'plug-in', 'exec'))
''', 0o755)
        self.token = lab.write(f'{lab.unique("token")}.key', TOKEN + '\n', 0o600)

    def policy(self, body=apis.MAIL, more='', name='zone.yaml'):
        section = f'{{exec: {{command: ["{self.program}", "{self.folder}"], token-file: "{self.token}"{more}}}}}'
        return self.lab.write(name, f'zone: {ZONE}\nprovider: {section}\nttl: 1h\n{body}hosts: ignore\nmx-hosts: ignore\n'
                                    'verify: {servers: none}\n')

    def run(self, *args):
        return self.lab.dnsguard(*args, state=self.state)

    def apply(self, policy, *args):
        return self.run('apply', '--yes', '--adopt', '--force', *args, policy)

    def image(self):
        return {(s['name'], s['type']): (s['ttl'], sorted(s['values'])) for s in json.loads(self.file.read_text())}

    def mail(self):
        return {k: v for k, v in self.image().items() if k[0] != whole('_dnsguard')}

    def calls(self, verb):
        return (self.folder / 'calls').read_text().split().count(verb)

    def wanted(self):
        return {**self.first, (whole('@'), 'MX'): (3600, ['10 mx1.example.test.']),
                (whole('@'), 'TXT'): (3600, sorted(['"v=spf1 mx -all"', '"somebody=else"'])),
                (whole('_dmarc'), 'TXT'): (3600, ['"v=DMARC1; p=reject"'])}


def test_reference_plug_in(lab):
    site = Site(lab)
    policy = site.policy()
    site.run('plan', '--adopt', policy).expect(3)
    assert site.image() == site.first
    site.apply(policy).expect(0)
    assert site.mail() == site.wanted() and site.calls('apply') == 1
    site.run('plan', policy).expect(0)
    site.run('restore', '--yes').expect(0)
    assert site.image() == site.first


def test_null_mx(lab):
    site = Site(lab)
    policy = site.policy(apis.NULLED)
    site.apply(policy).expect(0)
    assert site.mail()[whole('@'), 'MX'] == (3600, ['0 .'])
    site.run('plan', policy).expect(0)


def test_example(lab):
    folder = lab.dir / 'example'
    shutil.copytree(PLUG_IN.parent, folder)
    site = Site(lab)
    lab.write('example/plug-in.token', 'x\n', 0o600)
    policy = folder / 'zone.yaml'
    policy.write_text(policy.read_text().replace('/usr/local/lib/dnsguard/plug-in', str(folder / 'plug-in'))
                      .replace('/var/lib/zones', str(site.folder)) + 'verify: {servers: none}\n')
    lab.dnsguard('plan', '--adopt', policy).expect(3)
    lab.dnsguard('apply', '--yes', '--adopt', policy).expect(0)
    lab.dnsguard('plan', policy).expect(0)
    assert site.mail()[whole('www'), 'MX'] == (3600, ['0 .'])


READS = [
    ('sys.exit("a \\x1b[31mred word")', 'failed (exit status 1): a \\x1b[31mred word'),
    ('print(json.dumps({"error": "no such account"})); sys.exit(0)', 'says no: no such account'),
    ('print("x" * (9 << 20)); sys.exit(0)', 'more than 8388608 octets'),
    ('sys.exit(f"bad {os.environ[\'DNSGUARD_TOKEN\']} key")', 'it repeats the key')]
MORE_READS = [
    ('sys.exit(3)', 'failed (exit status 3)'), ('os.kill(os.getpid(), 9)', 'failed (killed'),
    ('print("{}"); sys.exit(0)', 'not understood'), ('print("[1]"); sys.exit(0)', 'expected one JSON object'),
    ('print("{"); sys.exit(0)', 'expected one JSON object'),
    ('print(\'{"rrsets": [], "rrsets": []}\'); sys.exit(0)', 'expected one JSON object')]
WRITES = [
    ('sys.exit(75)', 0),  # nothing was done: the same again
    ('print(json.dumps({"outcome": "conflict", "error": "busy"})); sys.exit(0)', 1),
    ('print(json.dumps(main())); sys.exit(1)', 1)]  # done, and says that it failed
MORE_WRITES = [
    ('print(json.dumps({"outcome": "not-applied", "error": "busy"})); sys.exit(0)', 1), ('sys.exit(1)', 1),
    ('main(); print("oops"); sys.exit(0)', 1), ('print(json.dumps({"outcome": "unknown"})); sys.exit(0)', 1),
    ('asked["changes"] = asked["changes"][:1]; sys.stdin = io.StringIO(json.dumps(asked)); main(); '
     'print(json.dumps({"outcome": "partial"})); sys.exit(0)', 2)]


def name_of(x):
    return str(x)[:32]


def slow(cases):
    return [pytest.param(*case, marks=pytest.mark.slow) for case in cases]


@pytest.mark.parametrize('bad, said', READS + slow(MORE_READS), ids=name_of)
def test_a_read_goes_wrong(lab, bad, said):
    """Said in words that can be shown, and never taken for an empty zone."""
    site = Site(lab, f'if verb == "read":\n    {bad}\n')
    done = site.run('plan', site.policy()).expect(1)
    assert said in done.stderr, str(done)
    assert '\x1b' not in done.stderr and TOKEN not in done.stderr + done.stdout


def test_a_read_takes_too_long(lab):
    site = Site(lab, 'if verb == "read":\n    time.sleep(600)\n')
    assert 'did not end within 1 seconds' in site.run('plan', site.policy(more=', timeout: 1s')).expect(1).stderr


def go_on(site, policy, n_bad):
    """Applies until it is done: n_bad runs, at most, end otherwise."""
    for _ in range(n_bad + 1):
        done = site.apply(policy)
        if done.rc == 0:
            break
    done.expect(0)
    assert site.mail() == site.wanted()
    site.run('plan', policy).expect(0)


@pytest.mark.parametrize('bad, n_bad', WRITES + slow(MORE_WRITES), ids=name_of)
def test_a_write_goes_wrong(lab, bad, n_bad):
    """Nothing is done twice, lost, or half done for good."""
    real = PLUG_IN.read_text().replace('print(json.dumps(main()))', '')
    site = Site(lab, f'exec({real!r})\nif verb == "apply" and n == 1:\n    {bad}\n')
    go_on(site, site.policy(), n_bad)


@pytest.mark.parametrize('is_done', [False, True])
def test_a_write_takes_too_long(lab, is_done):
    real = PLUG_IN.read_text().replace('print(json.dumps(main()))', '')
    site = Site(lab, f'exec({real!r})\nif verb == "apply" and n == 1:\n    {is_done} and main()\n    time.sleep(600)\n')
    said = site.apply(site.policy(more=', timeout: 5s'))
    assert said.rc in (0, 1), str(said)
    go_on(site, site.policy(), 0)


def test_what_it_says_of_itself(lab):
    """TTLs, texts, preferences and the null MX that it does not take are refused at plan time."""
    told = {'protocol': 1, 'ttl_min': 7200, 'ttl_max': 86400, 'preference_max': 5, 'null_mx': 'refused'}
    site = Site(lab, f'if verb == "describe":\n    print(json.dumps({told!r})); sys.exit(0)\n')
    assert 'ttl: 7200s' in site.run('plan', '--adopt', '--force', site.policy()).expect(1).stderr
    long = site.policy('mail:\n  "@": {mx: [10 mx1.example.test]}\n').read_text().replace('ttl: 1h', 'ttl: 2h')
    assert 'takes up to 5' in site.run('plan', '--adopt', lab.write('two.yaml', long)).expect(1).stderr
    del told['ttl_min']
    site = Site(lab, f'if verb == "describe":\n    print(json.dumps({told!r})); sys.exit(0)\n')
    assert 'refuses a null MX' in site.run('plan', '--adopt', '--force', site.policy(apis.NULLED)).expect(1).stderr


@pytest.mark.parametrize('told', [{'protocol': 2}, {'protocol': 1, 'ttl_min': -1}, {'protocol': 1, 'ttl_max': 'x'},
                                  {'protocol': 1, 'ttl_min': 9, 'ttl_max': 8}, {'protocol': 1, 'null_mx': 'yes'}, {}], ids=str)
@pytest.mark.slow
def test_nonsense_about_itself(lab, told):
    site = Site(lab, f'if verb == "describe":\n    print(json.dumps({told!r})); sys.exit(0)\n')
    assert 'not understood' in site.run('plan', site.policy()).expect(1).stderr
    assert site.calls('describe') == 1


def test_its_surroundings(lab):
    """A small environment of its own, the token in it, no file of ours; never a shell."""
    site = Site(lab, 'pathlib.Path(sys.argv[1], "seen").write_text(json.dumps([dict(os.environ), sys.argv[1:], '
                     'sorted(os.listdir("/proc/self/fd"))[:4]]))\n')
    (site.folder / 'a b;$(id)').mkdir()
    policy = site.policy()
    os.environ['DNSGUARD_TEST_LEAK'] = 'x'
    try:
        site.run('plan', '--adopt', policy).expect(3)
    finally:
        del os.environ['DNSGUARD_TEST_LEAK']
    env, argv, _ = json.loads((site.folder / 'seen').read_text())
    assert env['DNSGUARD_TOKEN'] == TOKEN and 'DNSGUARD_TEST_LEAK' not in env
    assert argv == [str(site.folder), 'read']


@pytest.mark.parametrize('command, said', [('[plug-in]', 'absolute path'), ('["/nowhere/plug-in"]', 'could not be started')])
def test_no_such_program(lab, command, said):
    policy = lab.write('zone.yaml', f'zone: {ZONE}\nprovider: {{exec: {{command: {command}}}}}\nmail: {{"@": {{mx: null}}}}\n')
    done = lab.dnsguard('plan', policy)
    assert done.rc in (1, 2) and said in done.stderr, str(done)
