"""Open relays: Postfix and Exim as they are, closed, open, undecided, with every local part taken; and a machine without any."""
import pathlib

import lab as lablib
import mta
import pytest

DOMAIN = 'example.test'
HOST = f'mx.{DOMAIN}'
real = pytest.mark.skipif(mta.UNUSABLE is not None, reason=str(mta.UNUSABLE))
both = pytest.mark.parametrize('kind', [mta.Postfix, mta.Exim], ids=['postfix', 'exim'])


def ask(lab, *addresses):
    """Findings about the MX host at these addresses: (code, text, evidence)."""
    driver = pathlib.Path(lab.program).resolve().parents[1] / 'tests/functional/relay_driver'
    done = lab.run(driver, f'{DOMAIN}.', f'{HOST}.', *addresses).expect(0)
    return [tuple(line.split('\t')) for line in done.stdout.splitlines()]


def has_no_mail(server):
    """The server holds no message. Postfix begins a queue file at the first recipient, and removes it when nothing follows."""
    spool = server.dir / 'spool'
    return not [path for folder in ('incoming', 'active', 'deferred', 'maildrop', 'input') if (spool / folder).is_dir()
                for path in (spool / folder).rglob('*') if path.is_file()]


@real
@both
@pytest.mark.parametrize('catch_all', [False, True], ids=['known-users', 'catch-all'])
def test_closed(lab, kind, catch_all):
    server = kind(lab, DOMAIN, catch_all=catch_all)
    [(code, text, evidence)] = ask(lab, server.address)
    assert code == 'relay-refused', (text, evidence, server.log)
    assert text == f'{HOST} ({server.address}) refuses recipients of strangers'
    assert 'relay' in evidence.lower()
    lablib.wait_for(lambda: has_no_mail(server), 'an empty queue')


@real
@both
def test_open(lab, kind):
    server = kind(lab, DOMAIN, relays=mta.OPEN)
    [(code, text, evidence)] = ask(lab, server.address)
    assert code == 'relay-open', (text, evidence, server.log)
    assert f'{HOST} ({server.address}) accepts RCPT for a stranger: dnsguard-relay-test@example.org (plain)' in text
    assert evidence.startswith(f'MAIL FROM:<postmaster@{DOMAIN}> RCPT TO:<dnsguard-relay-test@example.org>: 250 ')
    lablib.wait_for(lambda: has_no_mail(server), 'an empty queue')


@real
@both
def test_temporary_refusal(lab, kind):
    server = kind(lab, DOMAIN, relays=mta.LATER)
    [(code, text, evidence)] = ask(lab, server.address)
    assert code == 'relay-unsure', (text, evidence, server.log)
    assert "puts a stranger's mail off" in text
    assert ': 45' in evidence


@real
def test_each_address_for_itself(lab):
    """One of several MX hosts is enough for a spammer."""
    closed = mta.Postfix(lab, DOMAIN)
    opened = mta.Exim(lab, DOMAIN, relays=mta.OPEN)
    found = ask(lab, closed.address, opened.address, '127.0.0.27')
    assert [code for code, _, _ in found] == ['relay-open', 'relay-unsure', 'relay-refused']  # the worst first
    assert opened.address in found[0][1]
    assert 'cannot connect: Connection refused' in found[1][1]
    assert closed.address in found[2][1]


@real
@both
def test_server_goes_away(lab, kind):
    server = kind(lab, DOMAIN, relays=mta.OPEN)
    server.stop()
    [(code, _, evidence)] = ask(lab, server.address)
    assert (code, evidence) == ('relay-unsure', '')


def test_nobody_there(lab):
    [(code, text, evidence)] = ask(lab, '127.0.0.27')
    assert (code, evidence) == ('relay-unsure', '')
    assert 'cannot connect: Connection refused' in text
