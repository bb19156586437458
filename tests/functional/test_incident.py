"""dnsguard incident: the record of an episode, from its opening to the day when it is forgotten."""
import hashlib
import json
import os
import re
import signal
import tarfile
import xml.etree.ElementTree

import joejob
import lab as lablib
import pytest
import taker
import test_arm
from terminal import Terminal

OWN = ('--own', '192.0.2.0/24', '--domain', 'good.example')
ENV = {'DNSGUARD_PLAYBOOKS': str(lablib.ROOT / 'playbooks')}
ZONE = '''$ORIGIN good.example.
$TTL 3600
@ SOA ns1 host 1 3600 600 86400 300
@ NS ns1
@ MX 10 mx1
ns1 A 192.0.2.53
mx1 A 192.0.2.25
'''
POLICY = '''zone: good.example
provider: {zonefile: {path: zone.txt}}
verify: {servers: none}
mail:
  "@":
    mx: [10 mx1]
    spf: [mx, "ip4:192.0.2.7"]
    dkim: {s1: "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="}
    dmarc: {policy: reject}
    split: {to: m}
'''
UUID = re.compile(r'^[a-z][a-z0-9-]+[a-z0-9]--[0-9a-f]{8}-[0-9a-f]{4}-[1-5][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$')


@pytest.fixture
def incident(lab, dnsguard):
    """incident(WORD, *args): with the shipped playbooks."""
    return lambda *args, env=None, **more: dnsguard('incident', *args, env={**ENV, **(env or {})}, **more)


@pytest.fixture
def policy(lab):
    lab.write('zone.txt', ZONE)
    return lab.write('zone.yaml', POLICY)


def box(lab, make=joejob.forged, n=30, name='box'):
    return joejob.mbox(lab.dir / name, [make(i) for i in range(n)])


def record(incident, number=1):
    return json.loads(incident('show', number, '--json').stdout)


def texts(incident, kind, number=1):
    return [e['text'] for e in record(incident, number)['timeline'] if e['kind'] == kind]


def test_from_its_opening_to_the_day_when_it_is_forgotten(lab, incident, policy):
    opened = incident('open', 'good.example', '--why', 'bounces since noon', *OWN, box(lab)).expect(0)
    assert 'verdict forged, confidence high, by 30 bounces' in opened.stdout
    assert 'was open already' in incident('open', 'GOOD.example.').expect(0).stdout  # one episode, one record
    incident('note', 'good.example', 'lesson: <script>alert(1)</script> | [x](y) \x1b[31m').expect(0)
    incident('list').expect(3)
    ran = incident('run', 1, '--policy', policy, '--answer', 'keep=done').expect(3)
    assert 'plan ' in ran.stdout and 'answer harden=...' in ran.stdout  # its plan and cost are shown, nothing is done
    digest = re.search(r'plan ([0-9a-f]{16})', ran.stdout).group(1)
    incident('run', 1, '--policy', policy, '--answer', 'harden=0123456789abcdef').expect(3)  # another plan is not this one
    assert texts(incident, 'change') == []
    ran = incident('run', 1, '--policy', policy, '--answer', f'harden={digest},flood=no').expect(3)
    assert 'answer notices=...' in ran.stdout
    assert 'v=spf1 mx ip4:192.0.2.7 -all' in (lab.dir / 'zone.txt').read_text()
    assert len(texts(incident, 'change')) == 1  # by itself
    ran = incident('run', 1, box(lab, name='later'), *OWN, '--policy', policy, '--answer', 'notices=skip,lessons=arm earlier, and tell people,close=yes').expect(0)
    assert 'the playbook is through' in ran.stdout
    assert 'lessons: answered: arm earlier, and tell people' in texts(incident, 'step')
    out = record(incident)
    assert out['state'] == 'closed' and out['over'] is True and out['broken'] is None
    assert [e['n'] for e in out['timeline'] if e['n']] == list(range(1, out['n_entries'] + 1))
    check_report(incident)
    check_export(lab, incident)
    incident('forget', 1).expect(2)  # nobody was asked
    incident('forget', 1, '--yes').expect(0)
    assert not any(b'<script>alert' in p.read_bytes() for p in (lab.dir / 'state').iterdir() if p.is_file())
    out = record(incident)
    assert (out['state'], out['timeline'], out['evidence'], out['n_entries'] > 10) == ('forgotten', [], [], True)
    incident('note', 1, 'more').expect(2)


def check_report(incident):
    page = incident('report', 1, '--format', 'html').expect(0).stdout
    for word in ('<script', '\x1b', 'src=', 'http-equiv="refresh', 'url('):
        assert word not in page, word
    assert page.count('<svg') == 3 and "default-src 'none'" in page
    for svg in re.findall(r'<svg.*?</svg>', page, re.S):
        xml.etree.ElementTree.fromstring(svg)
    assert not re.findall(r'(?:href|src)=', page)
    markdown = incident('report', 1).expect(0).stdout
    assert '\\<script\\>' in markdown and '## Lessons' in markdown and '## Evidence' in markdown
    incident('report', 1, '--format', 'pdf').expect(2)


def check_export(lab, incident):
    incident('export', 1, '-o', 'out').expect(0)
    lab.run('sha256sum', '--strict', '-c', 'SHA256SUMS', cwd=lab.dir / 'out').expect(0)
    names = {p.name for p in (lab.dir / 'out').iterdir()}
    assert {'record.json', 'report.md', 'report.html', 'playbook.cacao.json', 'SHA256SUMS'} <= names
    assert sum(n.endswith('-bounce.eml') for n in names) == 8  # four of each triage, by different reporters
    for f in json.loads((lab.dir / 'out/record.json').read_text())['evidence']:
        assert hashlib.sha256((lab.dir / 'out' / f['name']).read_bytes()).hexdigest() == f['sha256']
    incident('export', 1, '-o', 'out').expect(2)  # what is there is left alone
    incident('export', 1, '-o', 'out.tar').expect(0)
    with tarfile.open(lab.dir / 'out.tar') as tar:
        assert {os.path.basename(m.name) for m in tar} == names
    incident('evidence', 1).expect(0)


def test_killed_and_gone_on(lab, incident, policy):
    incident('open', 'good.example', *OWN, box(lab)).expect(0)
    argv = [lab.program, '--state', lab.dir / 'state', 'incident', 'run', '1', '--policy', policy]
    with Terminal(argv, cwd=lab.dir, env={'NO_COLOR': '1', **ENV}) as t:
        t.wait_for('[done, skip, quit]')
        t.type('perhaps\ndone\n')
        t.wait_for('[yes, skip, quit')
        t.type('yes\n')
        t.wait_for('[y/N] ')
        os.killpg(t.process.pid, signal.SIGKILL)
    assert texts(incident, 'step') == ['keep: done', 'harden: begun']
    ran = incident('run', 1, '--policy', policy, '--answer', 'harden=yes,flood=no,notices=done').expect(3)
    assert 'begun' in ran.stdout and 'not ended' in ran.stdout
    assert texts(incident, 'step')[:4] == ['keep: done', 'harden: begun', 'harden: begun', 'harden: done']
    assert len(texts(incident, 'change')) == 1


def test_two_hands(lab, dnsguard, incident, policy):
    dnsguard('apply', '--yes', '--adopt', policy).expect(0)
    lab.write('two.yaml', 'playbook: two\nsteps:\n  - {id: split, do: split, approval: two, undo: x}\n')
    run = ('run', 1, '--playbook', './two.yaml', '--policy', policy, '--no-smtp', '--now', '--answer', 'split=yes')
    incident('open', 'good.example', *OWN, box(lab)).expect(0)
    first = incident(*run, env={'SUDO_USER': 'alice'}).expect(3)
    assert 'a second person' in first.stdout and '0 .' in first.stdout  # what it would do was shown
    assert 'you have said yes already' in incident(*run, env={'SUDO_USER': 'alice'}).expect(3).stdout
    before = (lab.dir / 'zone.txt').read_text()
    incident(*run, env={'SUDO_USER': 'bob'}).expect(0)
    assert (lab.dir / 'zone.txt').read_text() != before
    steps = [(e['text'], e['who']) for e in record(incident)['timeline'] if e['kind'] == 'step']
    assert [s for s, _ in steps] == ['split: approved: yes', 'split: begun', 'split: done']
    assert ['alice' in who for _, who in steps] == [True, False, False] and 'bob' in steps[2][1]
    assert re.search(r'^@?\S*\s.*MX\s+0 \.$', (lab.dir / 'zone.txt').read_text(), re.M)
    assert len(texts(incident, 'change')) >= 1
    incident('close', 1).expect(3)  # it is split: not over
    closed = incident('close', 1, '--force').expect(0)
    assert re.search(r'records +no', closed.stdout)
    assert record(incident)['state'] == 'closed: not over'


@pytest.mark.slow
def test_there_and_back_on_a_name_server(lab, incident):
    """Armed after the mail server was asked, split, back, and the last change undone: each by a playbook, each in the record."""
    site = test_arm.Site(lab)
    server = site.take()
    calm = site.place.table(test_arm.ZONE)
    lab.write('way.yaml', 'playbook: way\nsteps:\n' + ''.join(
        f'  - {{id: {step}, do: {verb}, undo: "what else"}}\n'
        for step, verb in (('harden', 'harden'), ('arm', 'arm'), ('split', 'split'), ('back', 'unsplit'), ('undo', 'restore'))))
    incident('open', test_arm.ZONE, '--why', 'told by telephone').expect(0)

    def step(name, left=True):
        return incident('run', 1, '--playbook', './way.yaml', '--policy', site.policy, '--adopt', '--answer', f'{name}=yes').expect(3 if left else 0)

    def mx(owner):
        return [rdata for _, rdata in site.place.table(test_arm.ZONE).get((owner, 'MX'), ())]
    step('harden')
    hardened = site.place.table(test_arm.ZONE)
    assert hardened != calm and server.letters == []
    step('arm')
    assert mx(f'{test_arm.SUB}.') == [test_arm.CALM]
    step('split')
    assert mx(f'{test_arm.ZONE}.') == [test_arm.NULL]
    step('back')
    assert mx(f'{test_arm.ZONE}.') == [test_arm.CALM]
    step('undo', left=False)
    assert texts(incident, 'step')[1::2] == [f'{name}: done' for name in ('harden', 'arm', 'split', 'back', 'undo')]
    assert len(texts(incident, 'change')) >= 4


@pytest.mark.parametrize('entry, verdict, playbook', [
    (joejob.stranger, 'relay', 'relay-abused'), (joejob.login, 'account', 'account-compromised')])
def test_what_we_send_ourselves_is_never_split(lab, incident, policy, entry, verdict, playbook):
    mailbox = box(lab, lambda n: joejob.through(n, entry(n)))
    incident('open', 'good.example', *OWN, mailbox).expect(0)
    assert (record(incident)['verdict'], record(incident)['refuses_split']) == (verdict, True)
    before = (lab.dir / 'zone.txt').read_text()
    for verb in ('split', 'arm', 'probe'):
        lab.write(f'{verb}.yaml', f'playbook: {verb}\nsteps:\n  - {{id: it, do: {verb}, undo: x}}\n')
        ran = incident('run', 1, '--playbook', f'./{verb}.yaml', '--policy', policy, '--yes').expect(3)
        assert f'refused: the verdict is {verdict}' in ran.stdout
    assert (lab.dir / 'zone.txt').read_text() == before
    ran = incident('run', 1, '--policy', policy, '--playbook', playbook, '--answer', 'hold=yes').expect(3)
    assert f'playbook {playbook}' in ran.stdout and 'not under guard' in ran.stdout and 'hold: done' in ran.stdout


def test_a_sender_is_withdrawn_and_a_key_revoked(lab, dnsguard, incident, policy):
    dnsguard('apply', '--yes', policy).expect(0)
    lab.write('out.yaml', '''playbook: out
steps:
  - {id: term, ask: "Which?", free: true}
  - {id: withdraw, do: withdraw-sender, of: term, undo: x}
  - {id: key, ask: "Which?", free: true}
  - {id: revoke, do: revoke-key, of: key, undo: x}
''')
    incident('open', 'good.example').expect(0)
    run = ('run', 1, '--playbook', './out.yaml', '--policy', policy, '--answer', 'term=ip4:192.0.2.7,withdraw=yes,key=s1,revoke=yes')
    said = incident(*run).expect(3)
    assert 'zone.yaml:7: take ip4:192.0.2.7 out' in said.stdout and '+     spf: [mx]\n' in said.stdout, str(said)
    lab.write('zone.yaml', POLICY.replace(', "ip4:192.0.2.7"', ''))
    said = incident(*run).expect(3)
    assert 'write `s1: revoked`' in said.stdout and '+     dkim: {s1: revoked}\n' in said.stdout and 'ip4:192.0.2.7' not in (lab.dir / 'zone.txt').read_text()
    lab.write('zone.yaml', re.sub('dkim: .*', 'dkim: {s1: revoked}', POLICY.replace(', "ip4:192.0.2.7"', '')))
    incident(*run).expect(0)
    assert '"v=DKIM1; p="' in (lab.dir / 'zone.txt').read_text()
    assert len(texts(incident, 'change')) >= 2


def test_a_notice_and_no_bounce_at_all(lab, incident):
    notice = lab.write('notice.eml', 'From: abuse@registrar.example\nTo: me@good.example\nSubject: Spam from your domain\n'
                                     'Message-ID: <1@registrar.example>\n\nYour domain sends spam.\n')
    incident('open', 'good.example', *OWN, '--notice', notice).expect(0)
    out = record(incident)
    assert [f['media'] for f in out['evidence']] == ['application/vnd.dnsguard.triage+json', 'message/rfc822']
    assert out['triage']['notices'] == 1
    incident('run', 1).expect(3)
    said = incident('close', 1)
    assert said.rc == 0 or 'stays open' in said.stderr


def test_letters_from_a_record(lab, incident):
    """Drafted from the triage on record; what was drafted and sent is written down, what was not is not."""
    incident('open', 'empty.example').expect(0)
    assert 'holds no triage' in incident('notices', 'empty.example', '--drafts', 'none').expect(2).stderr
    incident('open', 'good.example', *OWN, box(lab)).expect(0)
    incident('notices', 'good.example', '--users', 'all@good.example').expect(0)
    assert texts(incident, 'notice', 2) == []
    incident('notices', 2, '--users', 'all@good.example', '--drafts', 'letters').expect(0)
    assert texts(incident, 'notice', 2) == ['letters drafted in letters']
    users = next((lab.dir / 'letters').glob('*-users.eml'))
    server = taker.Taker('127.0.0.77', port=25)
    smtp = ('--send', '--smtp', 'smtp://127.0.0.77', users)
    incident('notices', 2, *smtp).expect(2)  # nobody says yes
    assert len(texts(incident, 'notice', 2)) == 1
    with Terminal([lab.program, '--state', lab.dir / 'state', 'incident', 'notices', '2', *smtp], cwd=lab.dir) as t:
        t.wait_for('[y')
        t.type('y\n')
        assert t.finish() == 0, t.text
    assert [rcpts for _, rcpts, _ in server.letters] == [('all@good.example',)]
    server.stop()
    assert texts(incident, 'notice', 2)[1:] == [f'letter sent: {users}']


def test_a_triage_of_before(lab, dnsguard, incident):
    said = dnsguard('triage', '--json', *OWN, box(lab)).expect(3)
    incident('open', 'good.example', '--from-triage', lab.write('t.json', said.stdout)).expect(0)
    assert record(incident)['verdict'] == 'forged'
    for text, words in (('{"type":"triage"}', 'no known verdict'), ('[', 'line 1'), ('{"type":"bounce"}', 'no result'), ('', 'no result')):
        said = incident('add', 1, '--from-triage', lab.write('bad.json', text)).expect(2)
        assert words in said.stderr, str(said)


def test_wrong_usage(lab, incident, policy):
    for args in (('open',), ('frob', 1), ('show', 7), ('show', 'none.example'), ('run', 1), ('note', 1), ('close', 0), ('forget',)):
        incident(*args).expect(2)
    incident('open', 'good.example').expect(0)
    for text, place in (('playbook: p\nsteps:\n  - {id: a, do: "sh -c x"}\n', ':3:17'), ('steps: {', ':2:1')):
        said = incident('run', 1, '--playbook', lab.write('p.yaml', text)).expect(2)
        assert f'p.yaml{place}' in said.stderr, str(said)
    said = incident('run', 1, '--answer', 'is-it-me=perhaps').expect(2)
    assert 'forged/mine/undecided' in said.stderr
    incident('run', 1, '--playbook', 'nowhere').expect(2)
    incident('open', 'x.example', '--retention', 'soon').expect(2)
    incident('export', 1).expect(2)
    assert 'has been kept long enough' in incident('forget', '--expired').expect(0).stdout


def test_what_was_kept_long_enough(incident):
    incident('open', 'good.example', '--retention', '1s').expect(0)
    incident('close', 1, '--force').expect(0)
    lablib.wait_for(lambda: 'forgotten' in incident('forget', '--expired').stdout, 'a second to pass')
    assert record(incident)['state'] == 'forgotten'


def test_a_record_that_was_changed_is_told(lab, incident):
    incident('open', 'good.example', *OWN, box(lab)).expect(0)
    lab.run('sqlite3', lab.dir / 'state/journal.db',
            'DROP TRIGGER incident_body_stays; UPDATE incident_body SET body = x\'00\' WHERE n = 4;'
            'DROP TRIGGER incident_entry_stays; UPDATE incident_entry SET at = at + 1 WHERE n = 5').expect(0)
    assert 'CHANGED' in incident('evidence', 1).expect(1).stdout
    assert 'entry 5' in incident('show', 1).expect(1).stdout


def test_cacao(lab, incident, policy):
    incident('open', 'good.example', *OWN, box(lab)).expect(0)
    incident('export', 1, '--format', 'cacao').expect(2)
    for name in ('relay-abused', 'account-compromised', 'list-leak', 'mailbox-only', 'forged'):
        incident('run', 1, '--policy', policy, '--playbook', name).expect(3)
        out = json.loads(incident('export', 1, '--format', 'cacao').expect(0).stdout)
        assert (out['type'], out['spec_version'], out['name']) == ('playbook', 'cacao-2.0', name)
        check_cacao(out)
    assert json.loads(incident('export', 1, '--format', 'cacao').stdout) | {'modified': 0} == out | {'modified': 0}  # the same each time


def check_cacao(out):
    """What CACAO 2.0 asks of a workflow (sections 3.1, 4, 10.10), without its schema."""
    steps = out['workflow']
    assert steps[out['workflow_start']]['type'] == 'start'
    assert all(re.fullmatch(r'\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z', out[key]) for key in ('created', 'modified'))
    for ident in (out['id'], out['created_by'], *steps, *out['agent_definitions'], *out['extension_definitions']):
        assert UUID.match(ident), ident
    assert len({i.rpartition('--')[2] for i in (out['id'], *steps)}) == len(steps) + 1
    ends = []
    for ident, step in steps.items():
        assert ident.startswith(step['type'] + '--')
        if step['type'] == 'action':
            assert step['agent'] in out['agent_definitions'] and step['commands'][0]['type'] == 'manual'
            assert set(step['step_extensions']) == set(out['extension_definitions'])
            assert set(step['out_args']) <= set(out['playbook_variables'])
        if step['type'] == 'if-condition':
            assert step['condition'] and step['on_true'] in steps
            ends.append(steps[step['on_true']]['on_completion'])  # a branch of one action, and an end of its own
        assert step['type'] == 'end' or step['on_completion'] in steps
    assert len(set(ends)) == len(ends) and all(steps[e]['type'] == 'end' for e in ends)
    assert all(re.fullmatch(r'__[a-zA-Z_][a-zA-Z0-9_-]{0,199}__', v) for v in out['playbook_variables'])
