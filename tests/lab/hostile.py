"""Name servers that misbehave: they stand on an address of their own before a real one, and do to its answers what they are told.

    hostile.Relay('127.0.0.21', knot.address, change=lambda answer: ...)    alters each answer (a dns.message.Message)
    hostile.Relay('127.0.0.21', knot.address, delay_s=0.5)                  is slow
    hostile.Relay('127.0.0.21', knot.address, has_tcp=False)                refuses TCP
    hostile.Silent('127.0.0.21')                                            takes everything, says nothing
"""
import socket
import struct
import threading
import time

import dns.flags
import dns.message
import dns.rdatatype
import dns.rrset


LOOK_S = 0.05
STANDING = []


def stop_all():
    while STANDING:
        STANDING.pop().stop()


class Silent:
    """Takes UDP and TCP on port 53 and never answers."""

    def __init__(self, address):
        self.address = address
        self.n_questions = 0
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.bind((address, 53))
        self.udp.settimeout(LOOK_S)
        self.tcp = self.listen()
        self.is_over = False
        self.threads = [threading.Thread(target=work) for work in
                        ([self.serve_udp, self.serve_tcp] if self.tcp else [self.serve_udp])]
        for thread in self.threads:
            thread.start()
        STANDING.append(self)

    def listen(self):
        server = socket.create_server((self.address, 53))
        server.settimeout(LOOK_S)
        return server

    def answer(self, _question, _is_tcp):
        """Octets, or None: nothing is said."""

    def serve_udp(self):
        while not self.is_over:
            try:
                question, peer = self.udp.recvfrom(65535)
            except socket.timeout:
                continue
            self.n_questions += 1
            threading.Thread(target=self.reply, args=(question, peer), daemon=True).start()

    def reply(self, question, peer):
        reply = self.answer(question, False)
        if reply and not self.is_over:
            self.udp.sendto(reply, peer)

    def serve_tcp(self):
        while not self.is_over:
            try:
                peer, _ = self.tcp.accept()
            except socket.timeout:
                continue
            threading.Thread(target=self.converse, args=(peer,), daemon=True).start()

    def converse(self, peer):
        try:
            while True:
                question = take(peer)
                reply = question and self.answer(question, True)
                if not question:
                    return
                if reply:
                    peer.sendall(struct.pack('!H', len(reply)) + reply)
        except OSError:
            pass
        finally:
            peer.close()

    def stop(self):
        self.is_over = True
        for thread in self.threads:
            thread.join()
        self.udp.close()
        if self.tcp:
            self.tcp.close()


class Relay(Silent):
    """Asks the server at upstream, and passes the answer on: altered, late, or not over TCP."""

    def __init__(self, address, upstream, change=None, delay_s=0, has_tcp=True):
        self.upstream, self.change, self.delay_s, self.has_tcp = upstream, change, delay_s, has_tcp
        super().__init__(address)

    def listen(self):
        return super().listen() if self.has_tcp else None

    def answer(self, question, is_tcp):
        time.sleep(self.delay_s)
        reply = ask_tcp(self.upstream, question) if is_tcp else ask_udp(self.upstream, question)
        if reply and self.change:
            message = dns.message.from_wire(reply)
            message.flags &= ~dns.flags.TC  # unless change() wants it
            self.change(message)
            reply = message.to_wire(max_size=65535)
        return reply


def take(s):
    """One message from a TCP stream; None at its end."""
    data = b''
    while len(data) < 2 or len(data) < 2 + struct.unpack('!H', data[:2])[0]:
        more = s.recv(65535)
        if not more:
            return None
        data += more
    return data[2:]


def ask_udp(address, question):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(2)
        s.connect((address, 53))
        try:
            s.send(question)
            return s.recv(65535)
        except OSError:
            return None


def ask_tcp(address, question):
    with socket.create_connection((address, 53), 2) as s:
        s.sendall(struct.pack('!H', len(question)) + question)
        return take(s)


def lie(owner, rtype, *rdata, ttl=300):
    """For change=: answers about owner and rtype say this instead."""
    def change(message):
        asked = message.question[0]
        if asked.name.to_text().lower() == owner and dns.rdatatype.to_text(asked.rdtype) == rtype:
            message.answer = [dns.rrset.from_text(owner, ttl, 'IN', rtype, *rdata)]
    return change
