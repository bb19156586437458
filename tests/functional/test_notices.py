"""dnsguard notices: letters about an episode, to the right people, once, and never sent without a yes."""
import base64
import email
import email.policy
import ipaddress
import json
import re
import subprocess

import internet
import joejob
import lab as lablib
import mta
import pytest
import submission
import taker
import web
from terminal import Terminal

OWN = ('--own', '192.0.2.0/24', '--domain', 'good.example')


def box(tmp_path, messages, name='box'):
    return joejob.mbox(tmp_path / name, messages)


def drafts(said):
    return [json.loads(line) for line in said.stdout.splitlines() if line.startswith('{')]


def letter(path):
    return email.message_from_bytes(path.read_bytes(), policy=email.policy.default)


def part(message, content_type):
    return [p for p in message.walk() if p.get_content_type() == content_type]


def forged(tmp_path, n=60, **more):
    return box(tmp_path, [joejob.forged(i, **more) for i in range(n)])


def test_whom_they_are_for(dnsguard, tmp_path):
    """By the verdict: origins and reporters of forged mail; the relay's operator; nobody of one's own mail."""
    rows = drafts(dnsguard('notices', '--json', *OWN, '--limit', 3, forged(tmp_path)).expect(0))
    assert [r['kind'] for r in rows] == ['origin'] * len([r for r in rows if r['kind'] == 'origin']) + ['reporter'] * 3 + ['users', 'desk']
    assert [r['to'] for r in rows if r['kind'] == 'reporter'] == [[f'postmaster@{r["organisation"]}'] for r in rows if r['kind'] == 'reporter']
    relay = [joejob.through(n, joejob.stranger(n, by='out.isp.test'), host='out') for n in range(40)]
    relay = [text.replace('out.good.example', 'out.isp.test') for text in relay]
    rows = drafts(dnsguard('notices', '--json', *OWN, '--users', 'all@good.example', box(tmp_path, relay, 'relay')).expect(0))
    assert [(r['kind'], r['to']) for r in rows] == [('relay', ['abuse@isp.test']), ('users', ['all@good.example']), ('registrar', []), ('desk', [])]
    account = [joejob.through(n, joejob.login(n)) for n in range(40)]
    rows = drafts(dnsguard('notices', '--json', *OWN, '--registrar', 'abuse@registrar.test', box(tmp_path, account, 'account')).expect(0))
    assert [(r['kind'], r['to']) for r in rows] == [('users', []), ('registrar', ['abuse@registrar.test']), ('desk', [])]
    own = [joejob.through(n, 'from pc (pc.good.example [192.0.2.77])\n\tby mail.good.example with ESMTP id U') for n in range(40)]
    assert drafts(dnsguard('notices', '--json', *OWN, box(tmp_path, own, 'own')).expect(0)) == []
    few = box(tmp_path, ['From: a@b.example\nTo: me@good.example\nSubject: x\n\nx\n'], 'none')
    assert 'nobody to write to' in dnsguard('notices', few).expect(1).stderr


def test_a_result_is_as_good_as_the_mailbox(dnsguard, tmp_path):
    path = forged(tmp_path)
    (tmp_path / 'result.json').write_text(dnsguard('triage', '--json', *OWN, path).stdout)
    from_box = drafts(dnsguard('notices', '--json', *OWN, path).expect(0))
    from_result = drafts(dnsguard('notices', '--json', tmp_path / 'result.json').expect(0))
    assert from_result == from_box and len(from_box) > 10
    (tmp_path / 'bad.json').write_text('{"type": "triage", "verdict": 7}')
    assert 'has no verdict' in dnsguard('notices', tmp_path / 'bad.json').expect(2).stderr


def test_a_letter_to_an_abuse_desk(dnsguard, tmp_path):
    """ARF: what a desk's program reads, the lines that can be believed, and nobody's name."""
    dnsguard('notices', *OWN, '--limit', 2, '--from', 'abuse@good.example', '--drafts', tmp_path / 'd', forged(tmp_path)).expect(0)
    path = sorted((tmp_path / 'd').glob('01-origin-*.eml'))[0]
    message = letter(path)
    assert path.stat().st_mode & 0o777 == 0o600 and b'\r\n' in path.read_bytes() and not re.search(rb'[^\r]\n', path.read_bytes())
    assert message.get_content_type() == 'multipart/report' and message.get_param('report-type') == 'feedback-report'
    assert (message['From'], message['To'], message['X-Unsent']) == ('abuse@good.example', None, '1')
    report = message.get_payload()[1].get_payload()
    fields = dict(report[0].items()) if isinstance(report, list) else dict(email.message_from_string(report).items())
    assert fields['Feedback-Type'] == 'abuse' and fields['Version'] == '1' and fields['Source-IP'].startswith('2001:db8:')
    assert fields['Reported-Domain'] == 'good.example'
    header = part(message, 'text/rfc822-headers')[0].get_content()
    assert fields['Source-IP'] in header and '10.0.0.' not in header  # the second line is the spammer's own
    assert 'me@' not in header and '***@good.example' in header
    text = part(message, 'text/plain')[0].get_content()
    assert 'good.example' in text and fields['Source-IP'] in text
    dnsguard('notices', *OWN, '--limit', 2, '--drafts', tmp_path / 'd', tmp_path / 'box').expect(1)  # never over one that is there


def test_xarf(dnsguard, tmp_path):
    dnsguard('notices', *OWN, '--limit', 1, '--as', 'xarf', '--drafts', tmp_path / 'd', forged(tmp_path, networks=1)).expect(0)
    message = letter(sorted((tmp_path / 'd').glob('01-origin-*.eml'))[0])
    report = json.loads(part(message, 'application/json')[0].get_content())
    assert {'xarf_version', 'report_id', 'timestamp', 'reporter', 'sender', 'source_identifier', 'category', 'type'} <= set(report)
    assert re.fullmatch(r'4\.\d+\.\d+', report['xarf_version']) and (report['category'], report['type']) == ('messaging', 'spam')
    assert re.fullmatch(r'[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}', report['report_id'])
    assert re.fullmatch(r'2026-11-\d\dT\d\d:\d\d:\d\dZ', report['timestamp'])
    assert set(report['reporter']) == {'org', 'contact', 'domain'} and report['source_identifier'] == '198.51.100.7'
    evidence = report['evidence'][0]
    payload = base64.b64decode(evidence['payload'])
    digest = subprocess.run(['sha256sum'], input=payload, capture_output=True, check=True).stdout.split()[0].decode()
    assert evidence['hash'] == f'sha256:{digest}' and evidence['size'] == len(payload) and b'198.51.100.7' in payload


def test_letters_to_people_are_in_both_languages(dnsguard, tmp_path):
    dnsguard('notices', *OWN, '--limit', 1, '--drafts', tmp_path / 'd', forged(tmp_path)).expect(0)
    message = letter(sorted((tmp_path / 'd').glob('*-users.eml'))[0])
    text = message.get_content()
    assert message['Subject'] == '身に覚えのない不達メールについて / Strange returned mail: what it is, and what to do'
    assert 'パスワードを変える必要はありません' in text and 'You need not change a password for this.' in text
    account = box(tmp_path, [joejob.through(n, joejob.login(n)) for n in range(40)], 'account')
    dnsguard('notices', *OWN, '--drafts', tmp_path / 'e', account).expect(0)
    text = letter(sorted((tmp_path / 'e').glob('*-users.eml'))[0]).get_content()
    assert 'パスワードを変更し' in text and 'change your mail password' in text and 'anna' in text


def test_once_an_organisation(lab, dnsguard, tmp_path):
    """By DNS, and then by RDAP: several networks with one contact are one letter; what is looked up has its basis beside it."""
    def nibbles(address):
        return ipaddress.ip_address(address).reverse_pointer.removesuffix('.ip6.arpa').removesuffix('.in-addr.arpa')
    wild = ''.join(f'*.{nibbles(f"2001:db8:{n:x}::")[-23:]}.abuse-contacts TXT "noc@{"one" if n % 2 else "two"}.example"\n' for n in range(4))
    rdap = {'roles': ['registrant'], 'entities': [{'roles': ['abuse'], 'vcardArray': ['vcard', [
        ['version', {}, 'text', '4.0'], ['email', {}, 'text', 'desk@three.example']]]}]}
    lists = json.dumps({'services': [[['2001::/16'], ['https://none.rir.example/']], [['2001:db8::/32'], ['https://rdap.rir.example/']]]})
    at = internet.address(150)
    world = internet.Internet(lab, {'abusix.zone': wild, 'abuse.net': 'r0.example.contacts TXT "x@r0.example"\n',
                                    'iana.org': f'data A {at}\n', 'rir.example': f'rdap A {at}\nnone A 127.0.0.1\n'}, extra_addresses=[at])
    site = web.Web(lab, {'data.iana.org': web.Answer(at={'/rdap/ipv6.json': web.Answer(lists)}),
                         'rdap.rir.example': web.Answer(at={f'/ip/2001:db8:{n:x}::{i:x}': web.Answer(json.dumps({'entities': [rdap]}))
                                                            for n in range(8) for i in range(256)})}, at)
    path = forged(tmp_path, networks=4)
    dns = ('--resolver', world.resolver, '--trust-anchor', world.anchor, '--timeout', internet.PATIENCE_S)
    rows = drafts(dnsguard('notices', '--json', *OWN, *dns, '--dns', path).expect(0))
    origins = [(r['organisation'], r['to'], r['basis']) for r in rows if r['kind'] == 'origin']
    assert sorted(origins) == [('one.example', ['noc@one.example'], 'abusix'), ('two.example', ['noc@two.example'], 'abusix')]
    rows = drafts(dnsguard('notices', '--json', *OWN, *dns, '--rdap', path).expect(0))
    origins = [(r['organisation'], r['to'], r['basis']) for r in rows if r['kind'] == 'origin']
    assert origins == [('three.example', ['desk@three.example'], 'RDAP')]
    assert site.hits['data.iana.org'] < 9
    site.hits.clear()
    rows = drafts(dnsguard('notices', '--json', *OWN, path).expect(0))  # neither: nothing is asked
    assert {r['basis'] for r in rows if r['kind'] == 'origin'} == {None} and not site.hits
    site.stop()


def evil(n):
    """Texts of a stranger that want to be headers, commands and answers."""
    text = joejob.forged(n, networks=1)
    return text.replace('Subject: Cheap', 'Subject: =?utf-8?q?x=0D=0ABcc:_victim=40x.test=0D=0A=0D=0A~!touch_/tmp/x?= Cheap').replace(
        '(unknown [198.51.100.7])', '(a"b@x.test,\x1b]0;x\x07\r [198.51.100.7])')


def test_nothing_of_theirs_is_a_header(dnsguard, tmp_path):
    for form in ('text', 'arf', 'xarf'):
        said = dnsguard('notices', '-v', *OWN, '--as', form, '--drafts', tmp_path / form, box(tmp_path, [evil(n) for n in range(30)])).expect(0)
        assert not re.search('[\x00-\x09\x0b-\x1f\x7f]', said.stdout)
        for path in (tmp_path / form).iterdir():
            raw = path.read_bytes()
            assert not re.search(rb'(?mi)^(bcc|cc):|^~|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]', raw), path
            assert letter(path)['Bcc'] is None and b'victim@' not in raw


def sending(lab, *args, answers=()):
    """The command on a terminal, each question answered in its turn."""
    with Terminal([lab.program, 'notices', '--send', *args], cwd=lab.dir) as t:
        for n, answer in enumerate(answers, 1):
            t.wait_for_count('[y/N]', n)
            t.type(f'{answer}\n')
        rc = t.finish()
    return rc, t.text


def test_sent_after_a_yes_for_each(lab, dnsguard, tmp_path):
    server = taker.Taker('127.0.0.77', port=25)
    smtp = ('--smtp', 'smtp://127.0.0.77')
    dnsguard('notices', *OWN, '--limit', 3, '--drafts', tmp_path / 'd', forged(tmp_path)).expect(0)
    three = sorted((tmp_path / 'd').glob('*-reporter-*.eml'))
    said = dnsguard('notices', '--send', *smtp, *three).expect(2)
    assert 'only after a yes' in said.stderr and server.letters == []
    rc, text = sending(lab, *smtp, *three, answers=['y', 'n', 'y'])
    assert rc == 0 and '2 sent, 1 left' in text and 'Bounces to good.example' in text
    assert [rcpts for _, rcpts, _ in server.letters] == [(letter(p.with_name(p.name + '.sent'))['To'],) for p in (three[0], three[2])]
    assert all(sender == 'postmaster@good.example' and b'X-Unsent' not in body and b'Subject: ' in body for sender, _, body in server.letters)
    assert three[1].exists() and not three[0].exists()
    assert 'sent already' in dnsguard('notices', '--send', *smtp, f'{three[0]}.sent').expect(2).stderr
    server.answers[letter(three[1])['To']] = '550 5.7.1 go away'
    rc, text = sending(lab, *smtp, three[1], answers=['y'])
    assert rc == 1 and '550' in text and three[1].exists()
    users = sorted((tmp_path / 'd').glob('*-users.eml'))[0]
    assert 'no To:' in dnsguard('notices', '--send', *smtp, users).expect(2).stderr
    for change in (b'To: a@b.test\r\nBcc: c@d.test\r\n', b'To: "x" <a@b.test>, c\r\n', b'To: a@b.test\r\nTo: c@d.test\r\n', b'To: -oQ/tmp@b.test\r\n'):
        users.with_name('changed.eml').write_bytes(change + users.read_bytes())
        dnsguard('notices', '--send', *smtp, users.with_name('changed.eml')).expect(2)
    for bad in ('http://127.0.0.77', 'smtp://a:b@127.0.0.77', 'smtp://me@127.0.0.77', '127.0.0.77:x'):
        dnsguard('notices', '--send', '--smtp', bad, three[1]).expect(2)
    server.stop()


@pytest.mark.skipif(bool(mta.UNUSABLE), reason=str(mta.UNUSABLE))
def test_through_a_real_mail_server(lab, dnsguard, tmp_path):
    """Postfix takes what was drafted, in Japanese too."""
    if not (lablib.ROOT / 'build/mta/postfix').is_dir():
        pytest.skip('Postfix is not unpacked (./dev deps)')
    server = mta.Postfix(lab, 'good.test', catch_all=True)
    dnsguard('notices', *OWN, '--users', 'everybody@good.test', '--drafts', tmp_path / 'd', forged(tmp_path)).expect(0)
    users = sorted((tmp_path / 'd').glob('*-users.eml'))[0]
    rc, text = sending(lab, '--smtp', f'smtp://{server.address}', users, answers=['y'])
    assert rc == 0 and '1 sent, 0 left' in text, text
    lablib.wait_for(lambda: re.search('message-id=<[0-9a-f-]{36}@good.example>', server.log), 'the letter in the log')


@pytest.fixture
def submission_of(lab):
    made = []

    def start(address, **options):
        made.append(submission.Submission(lab, address, **options))
        return made[-1]
    yield start
    for server in made:
        server.stop()


def one_letter(lab, dnsguard, tmp_path, name='d'):
    dnsguard('notices', *OWN, '--users', 'all@good.example', '--limit', 1, '--drafts', tmp_path / name, forged(tmp_path, n=30)).expect(0)
    return sorted((tmp_path / name).glob('*-users.eml'))[0]


def secret_file(lab, text='hush-hush', mode=0o600, name='password'):
    path = lab.write(name, text + '\n')
    path.chmod(mode)
    return path


@pytest.mark.parametrize('is_implicit', [True, False], ids=['smtps', 'starttls'])
def test_with_a_login_over_tls(lab, dnsguard, submission_of, tmp_path, is_implicit):
    """The password goes out behind TLS only, to the server of the certificate; it is shown nowhere."""
    server = submission_of('127.0.0.78', begins_with_tls=is_implicit, login=('alice', 'hush-hush'))
    users = one_letter(lab, dnsguard, tmp_path)
    url = f'smtp{"s" if is_implicit else ""}://alice@127.0.0.78:{465 if is_implicit else 587}'
    smtp = ('--smtp', url, '--ca-file', web.authority() / 'ca.pem', '--password-file')
    rc, text = sending(lab, *smtp, secret_file(lab, 'wrong-one', name='wrong'), users, answers=['y'])
    assert rc == 1 and '535' in text and 'wrong-one' not in text and users.exists() and not server.letters
    rc, text = sending(lab, *smtp, secret_file(lab), users, answers=['y'])
    assert rc == 0 and '1 sent, 0 left' in text and 'hush' not in text, text
    [(sender, rcpts, body)] = server.letters
    assert (sender, rcpts) == ('postmaster@good.example', ('all@good.example',)) and b'X-Unsent' not in body and b'hush' not in body
    assert server.logins[-1] == ('alice', 'hush-hush')
    assert {line.split()[0] for line in server.plain} <= {'EHLO', 'STARTTLS'}
    assert not any(b'hush' in path.read_bytes() for path in (lab.dir / 'state').glob('*') if path.is_file())


def test_no_login_without_tls_and_its_name(lab, dnsguard, submission_of, tmp_path):
    users = one_letter(lab, dnsguard, tmp_path)
    ca = ('--ca-file', web.authority() / 'ca.pem')
    elsewhere = submission_of('127.0.0.79', begins_with_tls=True, certificate='wrong', login=('alice', 'hush-hush'))
    stripped = submission_of('127.0.0.80', offers_tls=False, login=('alice', 'hush-hush'))
    also = submission_of('127.0.0.81', certificate='wrong', login=('alice', 'hush-hush'))
    for url, words in (('smtps://alice@127.0.0.79', 'certificate'), ('smtp://alice@127.0.0.80:587', 'STARTTLS'), ('smtp://alice@127.0.0.81:587', 'certificate')):
        rc, text = sending(lab, '--smtp', url, *ca, '--password-file', secret_file(lab), users, answers=['y'])
        assert rc == 1 and 'not sent' in text and words.lower() in text.lower() and 'hush' not in text, text
        assert users.exists()
    rc, text = sending(lab, '--smtp', 'smtps://alice@127.0.0.79', '--password-file', secret_file(lab), users, answers=['y'])
    assert rc == 1  # a name that does not fit is none whoever signed it
    for server in (elsewhere, stripped, also):
        assert server.logins == [] and server.letters == []
        assert {line.split()[0] for line in server.plain} <= {'EHLO', 'HELO', 'STARTTLS', 'QUIT'}


def test_a_password_that_others_can_read(lab, dnsguard, submission_of, tmp_path):
    server = submission_of('127.0.0.78', begins_with_tls=True, login=('alice', 'hush-hush'))
    users = one_letter(lab, dnsguard, tmp_path)
    smtp = ('--smtp', 'smtps://alice@127.0.0.78', '--ca-file', web.authority() / 'ca.pem')
    rc, text = sending(lab, *smtp, users)
    assert rc == 2 and '--password-file' in text
    for path in (secret_file(lab, mode=0o644), lab.dir / 'nowhere', lab.dir, secret_file(lab, 'two\nlines', name='two')):
        rc, text = sending(lab, *smtp, '--password-file', path, users)
        assert rc in (1, 2) and 'hush' not in text and str(path) in text and users.exists(), text
    assert server.logins == []
