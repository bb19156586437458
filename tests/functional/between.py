"""Somebody between the program and its name server: hands DNS messages over TCP on, and lets a test look at each,
change it, hold it back or answer it.
"""
import socket
import struct
import threading


class Close(Exception):
    """Raised by a hook: the connection is closed instead."""


class Proxy:
    """Listens on a free port of address. on_request(n, wire) and on_reply(n, wire) are called with the number of the request (from 1) in
    this run; what they return is handed on, None is not. A request may be answered at once with reply(wire).
    """

    def __init__(self, target, address='127.0.0.20', on_request=None, on_reply=None):
        self.target = (target, 53)
        self.on_request, self.on_reply = on_request, on_reply
        self.lock = threading.Lock()
        self.n = 0
        self.socket = socket.create_server((address, 0), backlog=64)
        self.address = f'{address}:{self.socket.getsockname()[1]}'
        threading.Thread(target=self.accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.shutdown(socket.SHUT_RDWR)  # wakes accept()
        self.socket.close()

    def accept(self):
        while True:
            try:
                client, _ = self.socket.accept()
            except OSError:
                return
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            try:
                Pair(self, client)
            except OSError:  # the server is not there
                client.close()


class Pair:
    """One connection of the program and ours to the server."""

    def __init__(self, proxy, client):
        self.proxy, self.client = proxy, client
        self.server = socket.create_connection(proxy.target)
        self.server.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.numbers = {}
        threading.Thread(target=self.up, daemon=True).start()
        threading.Thread(target=self.down, daemon=True).start()

    def close(self, *_):
        for s in (self.client, self.server):
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def reply(self, wire):
        send(self.client, wire)

    def up(self):
        proxy = self.proxy
        try:
            for wire in frames(self.client):
                with proxy.lock:
                    proxy.n += 1
                    self.numbers[wire[:2]] = proxy.n
                    if proxy.on_request:
                        wire = proxy.on_request(proxy.n, wire, self)
                if wire is not None:
                    send(self.server, wire)
        except (OSError, Close):
            pass
        self.close()

    def down(self):
        try:
            for wire in frames(self.server):
                if self.proxy.on_reply:
                    wire = self.proxy.on_reply(self.numbers.get(wire[:2], 0), wire, self)
                if wire is not None:
                    send(self.client, wire)
        except (OSError, Close):
            pass
        self.close()


def send(to, wire):
    to.sendall(struct.pack('!H', len(wire)) + wire)


def frames(source):
    buffer = b''
    while True:
        while len(buffer) >= 2 and len(buffer) >= 2 + struct.unpack('!H', buffer[:2])[0]:
            end = 2 + struct.unpack('!H', buffer[:2])[0]
            yield buffer[2:end]
            buffer = buffer[end:]
        more = source.recv(65536)
        if not more:
            return
        buffer += more


def is_update(wire):
    """An UPDATE that changes something: opcode 5 and an update section that is not empty (RFC 2136 section 2.2)."""
    return wire[2] >> 3 & 15 == 5 and wire[8:10] != b'\0\0'
