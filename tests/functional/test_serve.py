"""serve: each verb end to end, by a Unix socket and by loopback, on zone files and a name server; killed, and gone on with."""
import sqlite3
import time

import api
import apis
import dialects
import places
import pytest
import serving
from lab import wait_for
from serving import DESCRIPTION, Serve

APEX_MX = '''zone: own.test
provider: {zonefile: {path: ../zonefiles/own.test.zone}}
verify: {servers: none}
mail: {"@": {mx: [10 mx.example.net]}}
'''


@pytest.fixture
def serve(lab):
    return Serve(lab).start()


@pytest.fixture(params=['unix', 'loopback'])
def either(lab, request):
    return Serve(lab, None if request.param == 'unix' else 'inet:127.0.0.14:8053').start()


def test_each_verb_on_a_zone_file(either):
    token = either.token(zones='*.test,example.org', verbs='plan,apply,status')
    either.add_zones('a.test')

    def ask(method, path, body=None, **headers):
        return either.ask(method, '/v1/domains/' + path, body, token, **headers)
    assert either.ask('GET', '/v1/health').expect(200).body == {'status': 'ok', 'waiting': 0, 'at_work': 0}
    assert ask('GET', 'a.test').expect(200).body == {
        'domain': 'a.test', 'policy': None, 'template': None, 'names': [], 'waits': [], 'last': None}
    assert either.outcomes(ask('POST', 'a.test/plan').expect(202), token) == {'a.test': 'refused'}  # there is no policy
    tried = either.wait_job(ask('POST', 'a.test/plan', {'template': 'parked'}).expect(202), token)
    assert tried['items'][0]['outcome'] == 'pending' and not list(either.zones.iterdir())  # a look, and no more
    ask('PUT', 'A.Test/policy', {'template': 'parked'}).expect(200)
    planned = either.wait_job(ask('POST', 'a.test/plan', {}).expect(202), token)['items'][0]
    plan = planned['result']['plan']
    assert planned['outcome'] == 'pending' and planned['result']['details']['digest'] == plan == tried['items'][0]['result']['plan']
    assert not either.is_parked('a.test')
    other = either.wait_job(ask('POST', 'a.test/apply', {'plan': '0123456789'}).expect(202), token)['items'][0]
    assert other['outcome'] == 'conflict' and plan[:12] in other['result']['error']['text'] and not either.is_parked('a.test')
    key = {'idempotency-key': 'apply-a-1'}
    taken = ask('POST', 'a.test/apply', {'plan': plan[:8]}, **key).expect(202)
    assert ask('POST', 'a.test/apply', {'plan': plan[:8]}, **key).expect(202).body == {**taken.body, 'known': True}
    ask('POST', 'a.test/apply', {'plan': plan}, **key).expect(409)
    assert either.outcomes(taken, token) == {'a.test': 'applied'} and either.is_parked('a.test')
    assert either.outcomes(ask('POST', 'a.test/apply', {'plan': plan}).expect(202), token) == {'a.test': 'same'}
    assert either.outcomes(ask('POST', 'a.test/verify').expect(202), token) == {'a.test': 'same'}
    stands = ask('GET', 'a.test').expect(200).body
    assert stands['template'] == 'parked' and stands['last']['state'] == 'applied'
    assert {(wait['owner'], wait['type']) for wait in stands['waits']} >= {('a.test', 'MX'), ('_dmarc.a.test', 'TXT')}
    asked = [line for line in either.audit() if line['what'] == 'apply']
    assert [line['status'] for line in asked] == [202, 202, 202, 409, 202] and {line['domain'] for line in asked} == {'a.test'}
    assert all('(shop)' in line['who'] for line in asked)
    assert len(either.sql("SELECT 1 FROM step WHERE zone = 'a.test.'")) == 1
    either.stop()


def test_on_a_name_server(lab):
    server = places.Place(lab, 'knot', {'example.test': ''})
    serve = Serve(lab)
    serve.template('silent', f'''zone: "{{zone}}"
provider: {server.provider("")}
verify: {{servers: [{server.address}]}}
silent: ["@"]
''')
    serve.start()
    taken = serve.event('on-knot', 'domain.parked', 'example.test', template='silent').expect(202)
    item = serve.wait_job(taken)['items'][0]
    assert item['outcome'] == 'applied' and item['result']['servers'], item
    assert [rdata for _, rdata in server.table('example.test')['example.test.', 'MX']] == ['0 .']
    assert serve.outcomes(serve.event('moved', 'domain.nameservers_changed', 'example.test')) == {'example.test': 'same'}
    missing = serve.wait_job(serve.event('none', 'domain.parked', 'other.test', template='silent').expect(202))['items'][0]
    assert missing['outcome'] in ('refused', 'failed') and missing['result']['error']['text']


def test_events(serve):
    names = [f'p{n}.test' for n in range(1, 6)]
    serve.add_zones(*names, 'own.test')
    own = serve.zones / 'own.test.yaml'
    own.write_text(APEX_MX)
    taken = serve.event('e1', 'domain.parked', *names, 'own.test').expect(202)
    assert serve.event('e1', 'domain.parked', *names, 'own.test').body == {**taken.body, 'known': True}
    serve.event('e1', 'domain.parked', 'p1.test').expect(409)
    got = serve.outcomes(taken)
    assert got.pop('own.test') == 'conflict' and own.read_text() == APEX_MX  # a person's policy
    assert got == {name: 'applied' for name in names} and all(map(serve.is_parked, names))
    assert serve.outcomes(serve.event('e2', 'domain.parked', 'own.test', replace=True)) == {'own.test': 'applied'}
    assert serve.is_parked('own.test')
    assert serve.outcomes(serve.event('e3', 'domain.registered', 'p1.test')) == {'p1.test': 'noted'}  # no such template
    assert serve.outcomes(serve.event('e4', 'domain.expiring', 'p1.test', template='parked')) == {'p1.test': 'same'}
    assert serve.outcomes(serve.event('e5', 'domain.nameservers_changed', 'p1.test')) == {'p1.test': 'same'}
    assert serve.outcomes(serve.event('e6', 'domain.nameservers_changed', 'unknown.test')) == {'unknown.test': 'noted'}
    serve.event('e7', 'domain.parked', 'p1.test', template='nothing').expect(422)
    # An MX that somebody else published is a person's to decide about, unless the event says so.
    with open(serve.files / 'p5.test.zone', 'a', encoding='ascii') as f:
        f.write('mail.p5.test. MX 10 elsewhere.example.\n')
    serve.template('mail', serving.PARKED.replace('"*"', 'mail'))
    serve.process.send_signal(1)
    wait_for(lambda: serve.event('t', 'domain.parked', 'p5.test', template='mail').status == 202, 'the new template')
    first = serve.wait_job(serve.event('t', 'domain.parked', 'p5.test', template='mail'))['items'][0]
    assert first['outcome'] == 'conflict' and 'elsewhere.example' in serve.zone('p5.test')
    again = serve.event('t2', 'domain.parked', 'p5.test', template='mail', adopt=True)
    assert serve.outcomes(again) == {'p5.test': 'applied'} and 'elsewhere.example' not in serve.zone('p5.test')
    serve.stop()


def test_what_cannot_be_reached_is_tried_again(serve):
    taken = serve.event('early', 'domain.parked', 'late.test').expect(202)

    def tried():
        item = serve.ask('GET', taken.body['url']).body['items'][0]
        return item if item['tries'] > 0 else None
    item = wait_for(tried, 'the first try')
    assert (item['state'], item['outcome'], item['result']['error']['code']) == ('queued', 'failed', 'io') and item['due'] > 0
    assert serve.ask('GET', '/v1/health').body['waiting'] == 1
    serve.add_zones('late.test')
    assert serve.outcomes(taken) == {'late.test': 'applied'} and serve.is_parked('late.test')
    planned = serve.ask('POST', '/v1/domains/gone.test/plan', {'template': 'parked'}).expect(202)
    assert serve.outcomes(planned) == {'gone.test': 'failed'}  # who looks at a plan waits for an answer, and gets one


def test_a_provider_that_says_later(lab):
    """A short wait is waited out; a long one is told, and the job stays."""
    site = api.Server(lab, dialects.DeSec, 'example.test', apis.RECORDS)
    serve = Serve(lab)
    serve.template('parked', f'zone: "{{zone}}"\nprovider: {site.provider()}\nverify: {{servers: none}}\nhosts: ignore\nsilent: ["@"]\n')
    serve.start()
    site.fault('429', on='read')
    site.fault('429')
    assert serve.outcomes(serve.event('short', 'domain.parked', 'example.test', adopt=True)) == {'example.test': 'applied'}
    assert site.image()['@', 'MX'] == (3600, ['0 .']) and [f['times'] for f in site.faults] == [0, 0]
    site.dialect.put('@', 'MX', 3600, ['10 mx1.example.test.'])
    site.retry_after = '900'
    site.fault('429', times=1000)
    before = time.time()
    taken = serve.event('long', 'domain.parked', 'example.test', adopt=True).expect(202)

    def tried():
        item = serve.ask('GET', taken.body['url']).body['items'][0]
        return item if item['tries'] > 0 else None
    item = wait_for(tried, 'the first try')
    assert item['state'] == 'queued' and before + 900 <= item['due'] + 1 <= time.time() + 902
    assert '429' in item['result']['error']['text'] or 'slow down' in item['result']['error']['text'], item
    serve.stop()
    site.stop()


def guard_row(lab, name, zone, state, proposal=None):
    with sqlite3.connect(lab.dir / 'state/journal.db') as db:
        db.execute("INSERT INTO guard VALUES(?, ?, 'x.yaml', ?, x'00', ?, NULL, 1796000000, 0)", (name, zone, state, proposal))


def test_what_the_guard_is_told(lab, serve):
    token = serve.token('nightdesk', 'a.test', 'status,approve,stop')
    plan = '0123456789abcdef' * 4
    guard_row(lab, 'a.test.', 'a.test.', 'elevated', plan)
    guard_row(lab, 'lists.a.test.', 'a.test.', 'held')
    guard_row(lab, 'b.test.', 'b.test.', 'elevated', plan)

    def say(verb, body=None, status=200):
        return serve.ask('POST', f'/v1/domains/a.test/{verb}', body, token).expect(status).body

    def wishes():
        return serve.sql('SELECT kind, name, proposal, why FROM wish ORDER BY id')
    names = serve.ask('GET', '/v1/domains/a.test', None, token).expect(200).body['names']
    assert [(row['name'], row['state'], row['proposal']) for row in names] == [
        ('a.test', 'elevated', plan), ('lists.a.test', 'held', None)]
    say('approve', {'plan': 'ffffffff'}, 404)
    say('approve', {}, 422)
    assert wishes() == []
    assert say('approve', {'plan': plan[:8]}) == {'domain': 'a.test', 'wish': 'approve', 'names': 1}
    assert wishes() == [('approve', 'a.test.', plan, None)]
    assert say('stop')['names'] == 2 and say('release', {})['names'] == 1
    assert wishes()[1:] == [('stop', 'a.test.', None, None), ('stop', 'lists.a.test.', None, None),
                            ('release', 'lists.a.test.', None, None)]
    assert {who for who, in serve.sql('SELECT who FROM wish')} == {serve.audit()[0]['who']}
    serve.event('notice', 'domain.abuse_reported', 'b.test', summary='spam from web1')
    serve.event('notice', 'domain.abuse_reported', 'b.test', summary='spam from web1')  # tried again: told once
    assert wishes()[4:] == [('abused', 'b.test.', None, 'spam from web1')]
    assert [why for why, in serve.sql("SELECT why FROM run")] == [
        'dnsguard serve: approve a.test', 'dnsguard serve: stop a.test', 'dnsguard serve: release a.test']


def test_incidents(lab, dnsguard, serve):
    """Opened by the platform and by its notice of abuse; one record an episode, which people see too. Others' domains are not there."""
    token = serve.token('nightdesk', 'a.test', 'incident')

    def ask(method, path, body=None, status=200):
        return serve.ask(method, f'/v1/domains/{path}', body, token).expect(status).body
    assert ask('GET', 'a.test/incidents') == {'domain': 'a.test', 'incidents': []}
    first = ask('POST', 'a.test/incidents', {'summary': 'a customer called'}, 201)
    assert first['new'] and first['url'] == f"/v1/domains/a.test/incidents/{first['incident']}"
    again = ask('POST', 'a.test/incidents', {'summary': 'and called again'})
    assert (again['incident'], again['new']) == (first['incident'], False)
    record = serve.ask('GET', first['url'], None, token).expect(200).body
    assert [(e['kind'], e['text']) for e in record['timeline']] == [('opened', 'a customer called'), ('note', 'and called again')]
    assert record['state'] == 'open' and 'nightdesk' in record['opened_by'] and record['entries'] == 2
    for text in 'and called again', 'nightdesk':
        assert text in dnsguard('incident', 'show', first['incident']).expect(0).stdout
    for n in 1, 2:  # the same notice twice: one record, one entry
        serve.event('notice', 'domain.abuse_reported', 'b.test', 'sub.a.test', summary='spam from web1').expect(202)
    other = serve.ask('GET', '/v1/domains/b.test/incidents').expect(200).body['incidents']
    assert [(row['name'], row['reason'], row['entries']) for row in other] == [('b.test', 'spam from web1', 1)]
    assert [row['name'] for row in ask('GET', 'a.test/incidents')['incidents']] == ['sub.a.test', 'a.test']
    ask('GET', f"a.test/incidents/{other[0]['incident']}", None, 404)
    ask('GET', f"b.test/incidents/{other[0]['incident']}", None, 403)
    ask('GET', 'a.test/incidents/0', None, 404)
    ask('POST', 'a.test/incidents', {'why': 'x'}, 422)
    serve.ask('POST', '/v1/domains/a.test/incidents', {}, serve.token('other', 'a.test', 'status')).expect(403)
    assert [line['what'] for line in serve.audit() if line['status'] in (200, 201)][:4] == ['incidents', 'incident', 'incident', 'record']
    dnsguard('incident', 'close', first['incident'], '--force').expect(0)
    assert ask('GET', 'a.test/incidents')['incidents'][-1]['state'] == 'closed'
    assert ask('POST', 'a.test/incidents', None, 201)['incident'] > first['incident']


def test_killed_in_the_middle(lab):
    """Nothing is lost, nothing is done twice, however often it is killed."""
    names = [f'k{n}.test' for n in range(240)]
    serve = Serve(lab).start()
    serve.add_zones(*names)
    urls = []
    for n in range(0, len(names), 80):
        urls.append(serve.event(f'part-{n}', 'domain.parked', *names[n:n + 80]).expect(202).body['url'])
    for _ in range(4):
        n_before = len(serve.sql('SELECT 1 FROM step'))
        wait_for(lambda: len(serve.sql('SELECT 1 FROM step')) > n_before or all(map(serve.job_if_done, urls)), 'a step')
        serve.kill()
        serve.start()
    for n in range(0, len(names), 80):  # the platform had no answer and asks again
        assert serve.event(f'part-{n}', 'domain.parked', *names[n:n + 80]).expect(202).body['known']
    jobs = [wait_for(lambda url=url: serve.job_if_done(url), url) for url in urls]
    outcomes = {item['domain']: item['outcome'] for job in jobs for item in job['items']}
    assert outcomes.keys() == set(names) and set(outcomes.values()) <= {'applied', 'same'}
    assert all(map(serve.is_parked, names))
    steps = serve.sql("SELECT zone, count(*), sum(state IN ('applied', 'verified')) FROM step GROUP BY zone")
    assert len(steps) == len(names) and {row[2] for row in steps} == {1}
    assert serve.sql("SELECT count(*) FROM step WHERE state = 'intended'") == [(0,)]
    serve.stop()


def test_the_description_names_what_there_is(serve):
    """Each path and method of doc/openapi.yaml leads somewhere; other methods are told which is meant."""
    for path, methods in DESCRIPTION['paths'].items():
        at = path.replace('{domain}', 'd.test').replace('{job}', '1').replace('{incident}', '1')
        for method in 'GET', 'PUT', 'POST', 'DELETE', 'PATCH':
            answer = serve.ask(method, at)
            if method.lower() in methods:
                assert answer.status not in (405,) and 'no such path' not in answer.body.get('detail', ''), (method, at)
            else:
                assert answer.status == 405 and all(word in methods for word in answer.headers['Allow'].lower().split(', ')), (method, at)
    for path in '/', '/v1', '/v1/domains/', '/v1/domains/d.test/plan/x', '/v1/jobs/0', '/v1/jobs/01', '/v2/health':
        assert serve.ask('GET', path).status == 404


def test_what_it_refuses_to_start_with(lab, dnsguard):
    serve = Serve(lab)

    def fails(*options, rc=2, zones=None):
        done = dnsguard('serve', zones or serve.zones, *options)
        assert done.rc == rc, done
        return done.stderr
    assert '--socket' in fails()
    for place in 'inet:0.0.0.0:8053', 'inet:192.0.2.1:80', 'inet:[::]:8053':
        assert 'loopback' in fails('--socket', place)
    here = ('--socket', f'unix:{serve.socket}')
    assert 'No such file' in fails(*here, zones=lab.dir / 'nowhere')
    for mode, text in (0o644, serve.secret), (0o600, 'short'):
        lab.write('bad.secret', text, mode)
        said = fails(*here, '--webhook-secret', 'bad.secret')
        assert 'secret file' in said and serve.secret not in said
    serve.template('bad', serving.PARKED + 'ttl: soon\n')
    assert 'templates/bad.yaml:6:6' in fails(*here, '--templates', serve.templates)
    serve.template('bad', 'zone: other.test\nprovider: {zonefile: {path: x}}\n')
    assert '{zone}' in fails(*here, '--templates', serve.templates)
    (serve.templates / 'bad.yaml').rename(serve.templates / 'Bad Name.yaml')
    assert 'lower-case' in fails(*here, '--templates', serve.templates)
    for words in ('--zones', '*'), ('--zones', 'a..b', '--verbs', 'plan', '--name', 'x'), \
            ('--zones', '*', '--verbs', 'fly', '--name', 'x'), ('--zones', '*', '--verbs', 'plan', '--name', 'a\tb'):
        assert dnsguard('serve', 'token', 'new', *words).rc == 2
    (serve.templates / 'Bad Name.yaml').unlink()
    serve.start()
    assert 'another dnsguard serve' in fails('--socket', f'unix:{lab.dir}/second', rc=1)
