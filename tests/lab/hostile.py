"""Name servers that misbehave: they stand on an address of their own before a real one, and do to its answers what they are told.

    hostile.Relay('127.0.0.21', knot.address, change=lambda answer: ...)    alters each answer (a dns.message.Message)
    hostile.Relay('127.0.0.21', knot.address, delay_s=0.5)                  is slow
    hostile.Relay('127.0.0.21', knot.address, has_tcp=False)                refuses TCP
    hostile.Relay('127.0.0.21', knot.address, wire=hostile.wrong_id)        alters the octets of each answer
    hostile.Scripted('127.0.0.21', answer)                                  answers what a function says, asks nobody
    hostile.Silent('127.0.0.21')                                            takes everything, says nothing

For change=: lie(), fail_with(), only(), at_first(), truncate, not_authoritative, wrong_question. For Scripted: answer_everything().
"""
import socket
import struct
import threading
import time

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
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
    """Asks the server at upstream, and passes the answer on: altered, late, not over TCP, over TCP alone, or over TCP not to the end (is_tcp_cut)."""

    def __init__(self, address, upstream, change=None, delay_s=0, has_tcp=True, has_udp=True, is_tcp_cut=False,
                 wire=None):
        self.upstream, self.change, self.delay_s, self.has_tcp = upstream, change, delay_s, has_tcp
        self.has_udp, self.is_tcp_cut, self.wire = has_udp, is_tcp_cut, wire
        super().__init__(address)

    def listen(self):
        return super().listen() if self.has_tcp else None

    def converse(self, peer):
        if not self.is_tcp_cut:
            super().converse(peer)
            return
        question = take(peer)
        if question:
            reply = ask_tcp(self.upstream, question)
            peer.sendall(struct.pack('!H', len(reply)) + reply[:len(reply) // 2])
        peer.close()

    def answer(self, question, is_tcp):
        time.sleep(self.delay_s)
        reply = ask_tcp(self.upstream, question) if is_tcp else ask_udp(self.upstream, question)
        if reply and (self.change or not self.has_udp):
            message = dns.message.from_wire(reply)
            message.flags &= ~dns.flags.TC  # unless change() wants it
            if self.change:
                self.change(message)
            if not is_tcp and not self.has_udp:
                truncate(message)
            reply = message.to_wire(max_size=65535)
        if reply and self.wire:
            reply = self.wire(reply)
        return reply


class Scripted(Silent):
    """script(query, is_tcp): a dns.message.Message, octets, or None (nothing is said)."""

    def __init__(self, address, script):
        self.script = script
        super().__init__(address)

    def answer(self, question, is_tcp):
        try:
            reply = self.script(dns.message.from_wire(question), is_tcp)
        except dns.exception.DNSException:
            return None
        return reply.to_wire(max_size=65535) if isinstance(reply, dns.message.Message) else reply


def take_octets(s, n):
    data = b''
    while len(data) < n:
        more = s.recv(n - len(data))
        if not more:
            return None
        data += more
    return data


def take(s):
    """One message from a TCP stream, which may hold more of them; None at its end."""
    head = take_octets(s, 2)
    return head and take_octets(s, struct.unpack('!H', head)[0])


def ask_udp(address, question):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(30)
        s.connect((address, 53))
        try:
            s.send(question)
            return s.recv(65535)
        except OSError:
            return None


def ask_tcp(address, question):
    with socket.create_connection((address, 53), 30) as s:
        s.sendall(struct.pack('!H', len(question)) + question)
        return take(s)


def lie(owner, rtype, *rdata, ttl=300):
    """For change=: answers about owner and rtype say this instead."""
    def change(message):
        asked = message.question[0]
        if asked.name.to_text().lower() == owner and dns.rdatatype.to_text(asked.rdtype) == rtype:
            message.answer = [dns.rrset.from_text(owner, ttl, 'IN', rtype, *rdata)]
    return change


def fail_with(rcode):
    """For change=: fail_with('SERVFAIL')."""
    def change(message):
        message.set_rcode(dns.rcode.from_text(rcode))
        message.answer, message.authority, message.additional = [], [], []
    return change


def only(rtypes, change):
    """For change=: answers to questions of these types ('TXT MX') are altered, the others are not."""
    def selected(message):
        if dns.rdatatype.to_text(message.question[0].rdtype) in rtypes.split():
            change(message)
    return selected


def at_first(n, change):
    """For change=: the first n answers to each question are altered, those after them are not."""
    seen = {}

    def counted(message):
        asked = message.question[0].to_text().lower()
        seen[asked] = seen.get(asked, 0) + 1
        if seen[asked] <= n:
            change(message)
    return counted


def truncate(message):
    message.flags |= dns.flags.TC
    message.answer = []


def not_authoritative(message):
    message.flags &= ~dns.flags.AA


def wrong_question(message):
    """The answer is to another question (and holds what would be an answer to ours)."""
    asked = message.question[0]
    message.question = [dns.rrset.RRset(dns.name.from_text('other.' + asked.name.to_text()), asked.rdclass, asked.rdtype)]


def other_names(message):
    """Answers hold records of other owners: what nobody asked for."""
    message.answer = [dns.rrset.from_text('elsewhere.example.', 300, 'IN', rrset.rdtype, *map(str, rrset))
                      for rrset in message.answer]


def wrong_id(wire):
    return bytes([wire[0] ^ 0xff]) + wire[1:]


def answer_everything(records):
    """For Scripted: every name has these records ({type: [rdata]}), at whatever depth; of other types it has nothing."""
    def script(query, _is_tcp):
        reply = dns.message.make_response(query)
        reply.flags |= dns.flags.AA
        asked = query.question[0]
        rdata = records.get(dns.rdatatype.to_text(asked.rdtype))
        if rdata:
            reply.answer = [dns.rrset.from_text(asked.name, 300, 'IN', asked.rdtype, *rdata)]
        return reply
    return script
