"""A mail server as small as it can be: takes or refuses recipients, and counts them.

    taker = taker.Taker('127.0.0.25')                     takes everything
    taker.answers['postmaster@m.example.test'] = '550 5.1.1 no such user'
    taker.heard                                            [(sender, recipient)] of all RCPT commands

It runs in a thread of the test, on port 25 of an address of the lab, until stop() or the end of the test: what is still RUNNING
then would answer in place of the next test's server.
"""
import re
import socketserver
import threading

GOOD = '250 2.1.5 ok'
RUNNING = []


class Taker:
    def __init__(self, address, port=25, greeting='220 taker ESMTP', default=GOOD):
        self.answers, self.default, self.greeting, self.heard = {}, default, greeting, []
        self.letters = []
        outer = self

        class Talk(socketserver.StreamRequestHandler):
            timeout = 120

            def handle(self):
                try:
                    outer.talk(self.rfile, lambda text: self.wfile.write(text.encode() + b'\r\n'))
                except OSError:
                    pass  # hung up

        class Server(socketserver.ThreadingTCPServer):
            allow_reuse_address, daemon_threads = True, True

        self.server = Server((address, port), Talk)
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={'poll_interval': 0.05}, daemon=True)
        self.thread.start()
        RUNNING.append(self)

    def talk(self, lines, say):
        say(self.greeting)
        sender, rcpts = None, []
        for raw in lines:
            line = raw.decode(errors='replace').strip()
            verb = line[:4].upper()
            if verb in ('EHLO', 'HELO', 'RSET', 'NOOP'):
                say('250 taker')
            elif verb == 'MAIL':
                sender, rcpts = re.search('<(.*?)>', line).group(1), []
                say('250 2.1.0 ok')
            elif verb == 'RCPT':
                rcpt = re.search('<(.*?)>', line).group(1)
                self.heard.append((sender, rcpt))
                answer = self.answers.get(rcpt, self.default)
                rcpts += [rcpt] if answer.startswith('2') else []
                say(answer)
            elif verb == 'DATA' and rcpts:
                say('354 go on')
                text = []
                for part in lines:
                    if part.rstrip(b'\r\n') == b'.':
                        break
                    text.append(part)
                self.letters.append((sender, tuple(rcpts), b''.join(text)))
                say('250 2.0.0 taken')
            elif verb == 'QUIT':
                say('221 2.0.0 bye')
                return
            else:
                say('502 5.5.1 no')

    def stop(self):
        if self not in RUNNING:
            return
        RUNNING.remove(self)
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()
