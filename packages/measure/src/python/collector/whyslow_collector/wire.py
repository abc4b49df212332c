"""The way to whyslow, through what were stdin and stdout: further descriptors do not survive into Python on Windows
(https://github.com/python/cpython/issues/104099). Once they are put aside, descriptor 1 leads to stderr and 0 to nothing, so that whatever the
user's code or native code prints, or reads, cannot get among the messages.

`Lines` are lines of JSON (packages/code/src/protocol.ts). `Frames` carry arrays, too: the header's length in four bytes (little-endian), the header
in JSON, then buffers, whose sizes it lists under `bufs` (packages/measure/src/engines/python/frames.ts)."""

import json
import math
import os
import struct
import sys
import threading


class Wire:
    """One for a process. In a fork of it nothing is sent."""

    def __init__(self):
        self._in = os.dup(0)
        self._out = os.dup(1)
        self._lock = threading.Lock()
        self._pid = os.getpid()
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.close(nothing)
        os.dup2(2, 1)
        if sys.platform == "win32":
            import msvcrt

            for descriptor in (self._in, self._out):
                msvcrt.setmode(descriptor, os.O_BINARY)

    def is_own_process(self):
        return os.getpid() == self._pid

    def _send(self, *parts):
        if not self.is_own_process():
            return
        with self._lock:
            for part in parts:
                view = memoryview(part).cast("B")
                while len(view):
                    view = view[os.write(self._out, view) :]


class Lines(Wire):
    def __init__(self):
        super().__init__()
        self._rest = b""

    def send(self, kind, **fields):
        self.say({"kind": kind, **fields})

    def say(self, value):
        self._send(json.dumps(plain(value), allow_nan=False).encode() + b"\n")

    def receive(self):
        """None where whyslow is gone."""
        while b"\n" not in self._rest:
            part = os.read(self._in, 1 << 16)
            if not part and not self._rest:
                return None
            self._rest += part or b"\n"
        line, self._rest = self._rest.split(b"\n", 1)
        return json.loads(line)


def answer_once(answer):
    """Reads one plan and writes what `answer` gives for it, for a process that does nothing else. Whatever the user's code left is not waited for."""
    wire = Lines()
    wire.say(answer(wire.receive()))
    sys.stdout.flush()
    os._exit(0)


class Frames(Wire):
    def send(self, header, buffers=()):
        encoded = json.dumps(plain({**header, "bufs": [len(one) for one in buffers]}), allow_nan=False).encode()
        self._send(struct.pack("<I", len(encoded)), encoded, *(one for one in buffers if len(one)))

    def receive(self):
        """(header, buffers), or None where whyslow is gone."""
        length = self._read(4)
        encoded = length and self._read(struct.unpack("<I", length)[0])
        if not encoded:
            return None
        header = json.loads(encoded)
        buffers = [self._read(size) for size in header.pop("bufs")]
        return None if None in buffers else (header, buffers)

    def _read(self, length):
        parts = []
        while length > 0:
            part = os.read(self._in, min(length, 1 << 20))
            if not part:
                return None
            parts.append(part)
            length -= len(part)
        return b"".join(parts)


def plain(value):
    """As JSON can have it: no NaN or infinities (null), keys as text, whatever else as text."""
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, dict):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple, set)):
        return [plain(one) for one in value]
    return str(value)
