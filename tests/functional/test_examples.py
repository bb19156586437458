"""Each example does what it says, on the servers that it is written for."""
import json
import os
import re
import shutil

import api
import dialects
import jsonschema
import lab as lablib
import pytest
import yaml

from letters import Maildir, bounce
from test_watch_mailbox import Mailbox

EXAMPLES = lablib.ROOT / 'examples'
POLICIES = sorted(p.relative_to(EXAMPLES) for p in EXAMPLES.rglob('*.yaml') if p.name != 'playbook.yaml')
RECORDS = '''@ A 192.0.2.10
@ MX 10 oldmx
@ TXT "v=spf1 mx ?all"
@ TXT "somebody=else"
www A 192.0.2.10
oldmx A 192.0.2.24
mx1 A 192.0.2.25
mx2 A 192.0.2.26
lists MX 10 mx1
'''


@pytest.fixture
def example(lab, dnsguard):
    """example(NAME): a copy of the example's folder in this lab, the place to run it in."""
    def copy(name):
        folder = lab.dir / 'example'
        shutil.copytree(EXAMPLES / name, folder)
        return folder
    return copy


def plan_apply_plan(dnsguard, policy, cwd):
    """The whole way: changes are pending, apply, nothing is pending, verify is sound."""
    dnsguard('plan', '--adopt', policy, cwd=cwd).expect(3)
    dnsguard('apply', '--yes', '--adopt', policy, cwd=cwd).expect(0)
    dnsguard('plan', policy, cwd=cwd).expect(0)
    dnsguard('verify', policy, cwd=cwd).expect(0)


def check_mail_records(server):
    assert server.dig('example.test', 'MX')[0] == '10 mx1.example.test.'
    texts = server.dig('example.test', 'TXT')
    assert [t for t in texts if t.startswith('"v=spf1')] and '"somebody=else"' in texts
    assert all(t.endswith(' -all"') for t in texts if t.startswith('"v=spf1'))
    assert server.dig('_dmarc.example.test', 'TXT')[0].startswith('"v=DMARC1; p=reject')
    assert server.dig('www.example.test', 'MX') == ['0 .']
    assert server.dig('www.example.test', 'TXT') == ['"v=spf1 -all"']
    assert server.dig('www.example.test', 'A') == ['192.0.2.10']


def test_watch_mailbox(lab, dnsguard, example):
    """Forged bounces are told as such, own ones as own, and the mailbox stays as it was."""
    folder = example('watch-mailbox')
    box = Maildir(lab.dir / 'Maildir')
    policy = folder / 'zone.yaml'
    policy.write_text(policy.read_text().replace('/home/alice/Maildir', str(box.path)).replace(' recipients\n', f' {folder}/recipients\n'))
    watched = Mailbox(lab, 'maildir', box)
    watched.policy = policy
    watched.start()
    assert [line['mode'] for line in watched.lines('watching')] == ['never']
    box.put(*[bounce() for _ in range(20)], *[bounce(handoff='192.0.2.7') for _ in range(2)])
    names = sorted(path.name for path in (box.path / 'new').iterdir())
    lablib.wait_for(lambda: [line for line in watched.lines('level') if line['event'] == 'alarm'], what='the alarm', timeout_s=60)
    assert watched.stop() == 0
    assert sorted(path.name for path in (box.path / 'new').iterdir()) == names
    told = dnsguard('--state', str(lab.dir / 'state'), 'status').stdout
    assert 'bounces of mail that was not sent from here' in told and 'sensor maildir' in told and 'last event' in told
    assert not (folder / 'none.zone').exists()


def test_quickstart(lab, dnsguard):
    done = lab.run(EXAMPLES / 'quickstart/run', env={'DNSGUARD': lab.program}).expect(0)
    assert done.stdout.endswith('quick start: done\n')
    assert 'mail.example.com' in done.stdout
    assert sorted(os.listdir(EXAMPLES / 'quickstart')) == ['example.com.zone', 'run', 'zone.yaml']


def test_check(lab, dnsguard):
    done = lab.run(EXAMPLES / 'check/run', env={'DNSGUARD': lab.program}).expect(0)
    assert done.stdout.endswith('check: done\n') and 'spf-neutral-all' in done.stdout


def test_incident(lab):
    done = lab.run(EXAMPLES / 'incident/run', env={'DNSGUARD': lab.program, 'LC_ALL': 'C'}).expect(0)
    assert done.stdout.endswith('incident: done\n')


def test_registrar(lab):
    done = lab.run(EXAMPLES / 'registrar/run', env={'DNSGUARD': lab.program}).expect(0)
    assert done.stdout.endswith('registrar: done\n') and 'this token is not for that domain' in done.stdout
    assert 'whsec_' not in done.stdout + done.stderr and 'dgt_' not in done.stdout + done.stderr


def test_triage(lab):
    done = lab.run(EXAMPLES / 'triage/run', env={'DNSGUARD': lab.program, 'LC_ALL': 'C'}).expect(0)
    assert done.stdout.endswith('triage: done\n')
    assert 'example.com: forged elsewhere (confidence: high)' in done.stdout
    assert 'example.com: relay abused (confidence: high)' in done.stdout and 'trust boundary' in done.stdout


@pytest.mark.parametrize('kind', ['knot', 'bind', 'pdns'])
def test_rfc2136(request, example, lab, dnsguard, unbound, kind):
    server = request.getfixturevalue(kind)({'example.test': RECORDS}, address='127.0.0.11')
    unbound([server])
    folder = example('rfc2136')
    shutil.copy(lab.key_file('bind'), folder / 'tsig.key')
    plan_apply_plan(dnsguard, 'zone.yaml', folder)
    check_mail_records(server)
    assert server.dig('_dmarc.lists.example.test', 'TXT')[0].startswith('"v=DMARC1; p=reject')


def test_powerdns(example, pdns, unbound, dnsguard):
    server = pdns({'example.test': RECORDS})
    unbound([server])
    folder = example('powerdns')
    shutil.copy(server.api_key_file, folder / 'api.key')
    plan_apply_plan(dnsguard, 'zone.yaml', folder)
    check_mail_records(server)
    assert server.dig('_smtp._tls.example.test', 'TXT') == ['"v=TLSRPTv1; rua=mailto:tls@example.test"']


@pytest.mark.parametrize('dialect', dialects.ALL, ids=lambda d: d.name or d.__name__.lower())
def test_provider_behind_an_api(example, lab, dnsguard, dialect):
    """As it stands there, but for the place of the API and the name servers, which the lab has not."""
    name = dialect.name or dialect.__name__.lower()
    site = api.Server(lab, dialect, 'example.test', RECORDS.replace(' oldmx\n', ' oldmx.example.test.\n')
                      .replace(' mx1\n', ' mx1.example.test.\n'))
    folder = example(name)
    policy = folder / 'zone.yaml'
    for option, path in site.files.items():
        shutil.copy(path, folder / re.search(option + ': ([a-z.]+)', policy.read_text()).group(1))
    policy.write_text(policy.read_text().replace(f'{{{name}: {{', f'{{{name}: {{url: "{site.url}"{site.dialect.places}, ') +
                      'verify: {servers: none}\n')
    dnsguard('plan', '--adopt', 'zone.yaml', cwd=folder).expect(3)
    dnsguard('apply', '--yes', '--adopt', 'zone.yaml', cwd=folder).expect(0)
    dnsguard('plan', 'zone.yaml', cwd=folder).expect(0)
    image = site.image()
    assert image['@', 'MX'][1] == ['10 mx1.example.test.'] and '"somebody=else"' in image['@', 'TXT'][1]
    assert '"v=spf1 mx ip4:192.0.2.0/24 -all"' in image['@', 'TXT'][1] and image['_smtp._tls', 'TXT']
    assert ('silent: [www]' in policy.read_text()) == (image.get(('www', 'MX')) is not None)
    assert site.broken == []


def test_exec(example, lab, dnsguard):
    """With the plug-in that stands beside it, and a zone of its."""
    folder, zones = example('exec'), lab.dir / 'zones'
    zones.mkdir()
    records = [{'name': 'example.test.', 'type': 'MX', 'ttl': 3600, 'values': ['10 oldmx.example.test.']},
               {'name': 'example.test.', 'type': 'TXT', 'ttl': 3600, 'values': ['"somebody=else"']},
               {'name': 'mx1.example.test.', 'type': 'A', 'ttl': 3600, 'values': ['192.0.2.25']}]
    (zones / 'example.test.json').write_text(json.dumps(records))
    lab.write('example/plug-in.token', 'a-token-of-the-plug-in\n', 0o600)
    policy = folder / 'zone.yaml'
    policy.write_text(policy.read_text().replace('/usr/local/lib/dnsguard/plug-in', str(folder / 'plug-in'))
                      .replace('/var/lib/zones', str(zones)) + 'verify: {servers: none}\n')
    plan_apply_plan(dnsguard, 'zone.yaml', folder)
    image = {(r['name'], r['type']): r['values'] for r in json.loads((zones / 'example.test.json').read_text())}
    assert image['example.test.', 'MX'] == ['10 mx1.example.test.'] and image['www.example.test.', 'MX'] == ['0 .']


def test_zonefile(example, nsd, dnsguard, lab):
    """A file that a name server serves; the command after it is a name server's own."""
    folder = example('zonefile')
    policy = folder / 'zone.yaml'
    (folder / 'reload').write_text(f'#!/bin/sh\necho "$1 $2" >>{folder}/reloaded\n')
    (folder / 'reload').chmod(0o755)
    text = policy.read_text()
    assert 'reload: [nsd-control, reload, "{zone}"]' in text
    policy.write_text(text.replace('/etc/nsd', str(folder)).replace('nsd-control', str(folder / 'reload')) + 'verify: {servers: none}\n')
    plan_apply_plan(dnsguard, 'zone.yaml', folder)
    assert (folder / 'reloaded').read_text() == 'reload example.test\n'
    check_mail_records(nsd({'example.test': (folder / 'example.test.zone').read_text()}))


def test_one_of_each(dnsguard):
    """examples/NAME/zone.yaml for each provider there is; each of them is played by a test above."""
    names = [json.loads(line)['name'] for line in dnsguard('providers', '--json', check=True).stdout.splitlines()]
    assert len(names) >= 20
    for name in names:
        policy = yaml.safe_load((EXAMPLES / name / 'zone.yaml').read_text())
        assert list(policy['provider']) == [name] and policy['mail']['@']['dmarc'], name
    played = {d.name or d.__name__.lower() for d in dialects.ALL}
    assert set(names) - played == {'exec', 'powerdns', 'rfc2136', 'zonefile'}


def test_page_of_the_providers(dnsguard):
    """doc/providers.md is what the table in the code says."""
    assert dnsguard('providers', '--markdown', check=True).stdout == (lablib.ROOT / 'doc/providers.md').read_text()


def test_fleet(example, dnsguard, nsd, lab):
    folder = example('fleet')
    plan_apply_plan(dnsguard, 'fleet.yaml', folder)
    server = nsd({f'{z}.test': (folder / f'zones/{z}.test.zone').read_text() for z in ('parked', 'brand', 'shop')})
    for zone in ('parked', 'brand'):
        assert server.dig(f'{zone}.test', 'MX') == ['0 .']
        assert server.dig(f'{zone}.test', 'TXT') == ['"v=spf1 -all"']
        assert server.dig(f'www.{zone}.test', 'MX') == ['0 .']
    assert server.dig('shop.test', 'MX') == ['10 mx.shop.test.']
    assert server.dig('mx.shop.test', 'TXT') == ['"v=spf1 a -all"']


def test_split_and_back(example, lab, knot, unbound, dnsguard):
    server = knot({'example.test': RECORDS})
    unbound([server])
    folder = example('split')
    policy = folder / 'zone.yaml'
    policy.write_text(policy.read_text().replace('armed-ttl: 60s', 'armed-ttl: 2s'))  # the wait on the way back
    shutil.copy(lab.key_file('bind'), folder / 'tsig.key')
    plan_apply_plan(dnsguard, 'zone.yaml', folder)
    assert server.dig('example.test', 'MX') == ['10 mx1.example.test.']
    assert server.dig('m.example.test', 'MX') == ['10 mx1.example.test.']
    dnsguard('split', '--yes', '--no-smtp', '--now', 'zone.yaml', 'example.test', cwd=folder).expect(0)
    assert server.dig('example.test', 'MX') == ['0 .']
    assert server.dig('m.example.test', 'MX') == ['10 mx1.example.test.']
    dnsguard('unsplit', '--yes', 'zone.yaml', 'example.test', cwd=folder).expect(0)
    assert server.dig('example.test', 'MX') == ['10 mx1.example.test.']


def schema(dnsguard):
    return json.loads(dnsguard('schema', check=True).stdout)


@pytest.mark.parametrize('path', POLICIES, ids=str)
def test_schema_takes_each_example(dnsguard, path):
    jsonschema.Draft202012Validator(schema(dnsguard)).validate(yaml.safe_load((EXAMPLES / path).read_text()))


@pytest.mark.parametrize('page', ['README.md', 'doc/guide.md'])
def test_policies_in_the_pages_are_right(lab, dnsguard, page):
    """Every yaml block of the pages is read by the program itself; fragments get the zone that they lack."""
    text = (lablib.ROOT / page).read_text()
    blocks = re.findall(r'```yaml\n(.*?)```', text, re.S)
    assert blocks
    lab.key_file('plain', name='tsig.key')
    lab.key_file('plain', name='api.key')
    for number, block in enumerate(blocks):
        policy = block if 'zone' in block.split(':')[0] or block.startswith('defaults') else 'zone: example.com\n' + block
        jsonschema.Draft202012Validator(schema(dnsguard)).validate(yaml.safe_load(policy))
        said = dnsguard('plan', lab.write(f'page{number}.yaml', policy))
        assert said.rc != 2, str(said)
