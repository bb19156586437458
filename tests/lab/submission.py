"""A mail server that takes mail of those who log in, over TLS (RFC 6409, RFC 8314): by STARTTLS, or from the first octet on.

    server = submission.Submission(lab, '127.0.0.78', begins_with_tls=True, certificate='right', login=('alice', 'secret'))
    server.letters      as of taker.Taker; server.plain: all lines that came before TLS; server.logins: (user, password) that were tried

The certificate is one of the lab's own authority (web.py), for this address or for another one.
"""
import base64
import re
import socketserver
import threading

import api


class Submission:
    def __init__(self, lab, address, port=None, begins_with_tls=False, offers_tls=True, certificate='right', login=('alice', 'secret')):
        self.begins_with_tls, self.offers_tls, self.login = begins_with_tls, offers_tls, login
        self.context = api.context_of(lab, address, certificate)
        self.letters, self.plain, self.logins = [], [], []
        outer = self

        class Talk(socketserver.BaseRequestHandler):
            def handle(self):
                self.request.settimeout(120)
                try:
                    outer.talk(self.request)
                except OSError:
                    pass  # hung up, or the client does not like the certificate

        class Server(socketserver.ThreadingTCPServer):
            allow_reuse_address, daemon_threads = True, True

        self.server = Server((address, port or (465 if begins_with_tls else 587)), Talk)
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={'poll_interval': 0.05}, daemon=True)
        self.thread.start()

    def talk(self, connection):
        is_safe = self.begins_with_tls
        if is_safe:
            connection = self.context.wrap_socket(connection, server_side=True)
        self.say(connection, '220 mail ESMTP')
        while self.session(connection, is_safe) == 'tls':
            connection, is_safe = self.context.wrap_socket(connection, server_side=True), True

    @staticmethod
    def say(connection, *lines):
        connection.sendall(''.join(f'{line}\r\n' for line in lines).encode())

    def lines(self, connection, is_safe):
        """One by one, without reading on: what comes behind STARTTLS is not ours to read yet."""
        line = b''
        while octet := connection.recv(1):
            line += octet
            if octet == b'\n':
                if not is_safe:
                    self.plain.append(line.decode(errors='replace').strip())
                yield line
                line = b''

    def session(self, connection, is_safe):
        sender, rcpts, user = None, [], None
        lines = self.lines(connection, is_safe)
        for raw in lines:
            line = raw.decode(errors='replace').strip()
            verb = line[:4].upper()
            if verb == 'EHLO':
                more = ['250-AUTH PLAIN LOGIN'] if is_safe else ['250-STARTTLS'] if self.offers_tls else []
                self.say(connection, '250-mail', *more, '250 8BITMIME')
            elif verb == 'STAR' and self.offers_tls and not is_safe:
                self.say(connection, '220 go on')
                return 'tls'
            elif verb == 'AUTH' and is_safe:
                user = self.log_in(connection, lines, line)
            elif verb == 'MAIL' and user:
                sender, rcpts = re.search('<(.*?)>', line).group(1), []
                self.say(connection, '250 ok')
            elif verb == 'RCPT' and sender:
                rcpts.append(re.search('<(.*?)>', line).group(1))
                self.say(connection, '250 ok')
            elif verb == 'DATA' and rcpts:
                self.say(connection, '354 go on')
                text = []
                for part in lines:
                    if part.rstrip(b'\r\n') == b'.':
                        break
                    text.append(part)
                self.letters.append((sender, tuple(rcpts), b''.join(text)))
                self.say(connection, '250 taken')
            elif verb == 'QUIT':
                self.say(connection, '221 bye')
                return 'end'
            else:
                self.say(connection, '530 5.7.0 log in first')
        return 'end'

    def log_in(self, connection, lines, line):
        words = line.split()
        if words[1].upper() == 'PLAIN':
            if len(words) < 3:
                self.say(connection, '334 ')
                words.append(next(lines).decode().strip())
            _, user, password = base64.b64decode(words[2]).decode().split('\0')
        else:
            answers = []
            for ask in (b'Username:', b'Password:'):
                self.say(connection, f'334 {base64.b64encode(ask).decode()}')
                answers.append(base64.b64decode(next(lines)).decode())
            user, password = answers
        self.logins.append((user, password))
        is_good = (user, password) == self.login
        self.say(connection, '235 2.7.0 welcome' if is_good else '535 5.7.8 no such login')
        return user if is_good else None

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()
