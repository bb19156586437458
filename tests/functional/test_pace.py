"""A registrar's day behind one API: no more calls than it allows, nothing lost and nothing twice, also when the process is killed."""
import account as accounts
import api
import pytest
from lab import wait_for
from serving import Serve

BURST = 60  # at once after a rest, and once more after a start
PARKED = '''zone: "{zone}"
provider: {cloudflare: {url: "%s", token-file: "%s", calls-per-minute: %d}}
verify: {servers: none}
hosts: ignore
silent: ["@", "*"]
'''
N_AT_ONCE = 4


@pytest.fixture
def day(lab):
    made = []

    def make(n, calls, told):
        names = [f'p{i}.test' for i in range(n)]
        account = accounts.Account(names, calls, 1)
        made.append(account)
        serve = Serve(lab)
        serve.template('parked', PARKED % (account.url, lab.write('account.key', api.TOKEN + '\n', 0o600), told))
        return names, account, serve.start()
    yield make
    for account in made:
        account.stop()


def n_written(account):
    return sum(map(len, list(account.writes.values())))


def test_a_day_with_a_kill_and_lost_answers(day):
    """Of what the provider lets in within a second two bursts are kept free; the rest is what dnsguard is told."""
    names, account, serve = day(40, 4 * BURST, 60 * 80)
    account.lose = {3, 20}
    taken = serve.event('all', 'domain.parked', *names).expect(202)
    wait_for(lambda: n_written(account) > len(names) // 3, 'a third of the writes')
    serve.kill()
    serve.start()
    assert serve.event('all', 'domain.parked', *names).expect(202).body['known']
    assert set(serve.outcomes(taken).values()) <= {'applied', 'same'}
    assert (account.n_refused, account.n_twice, account.n_lost) == (0, 0, 2)
    assert {name: len(account.writes[name]) for name in names} == dict.fromkeys(names, 1)
    for name in names:
        stands = account.zone(name).image()
        assert stands['@', 'MX'] == stands['*', 'MX'] == (3600, ['0 .']) and '_dmarc' in {owner for owner, _ in stands}
    assert serve.sql("SELECT count(*) FROM step WHERE state = 'intended'") == [(0,)]
    serve.stop()


def test_quiet_is_kept_by_the_whole_account(day):
    """A long wait that was asked of one domain holds for all, in this batch and in the next."""
    names, account, serve = day(40, 10000, 60000)
    account.retry_after = 900

    def held(taken):
        items = serve.ask('GET', taken.body['url']).expect(200).body['items']
        return items if all(item['tries'] for item in items) else None
    first = wait_for(lambda taken=serve.event('a', 'domain.parked', *names[:30]).expect(202): held(taken), 'the first try of each')
    assert 1 <= account.n_calls <= N_AT_ONCE and not account.writes
    assert all('429' in item['result']['error']['text'] for item in first)
    n_calls = account.n_calls
    second = wait_for(lambda taken=serve.event('b', 'domain.parked', *names[30:]).expect(202): held(taken), 'the first try of the others')
    assert account.n_calls == n_calls
    assert all('wants no request' in item['result']['error']['text'] and item['due'] for item in second)
    serve.stop()


def test_what_is_too_many_after_all_is_waited_for(day):
    """Told too much by its owner, it is refused, waits as long as it was asked to, and gets there."""
    names, account, serve = day(20, 40, 60000)
    assert serve.outcomes(serve.event('all', 'domain.parked', *names).expect(202)) == dict.fromkeys(names, 'applied')
    assert account.n_refused > 0 and account.n_early < N_AT_ONCE * account.n_refused
    assert account.n_twice == 0 and n_written(account) == len(names)
    serve.stop()
