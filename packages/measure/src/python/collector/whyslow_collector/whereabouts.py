"""Where the run is, in a file that outlives it: four little-endian int32 (phase, stage, sample, call; packages/code/src/protocol.ts) in shared
memory, so that whyslow can name stage and sample of code that never came back, exited, or crashed. A write takes about 0.1 us."""

import mmap
import struct

PHASES = ("start", "import", "load", "samples", "first", "warm-up", "timed", "profiled", "facts", "end")
_INT = struct.Struct("<i")


class Whereabouts:
    def __init__(self, path):
        self.stage = -1
        self.sample = -1
        self.calls = 0
        self.phase = "start"
        #: Whether this is a fork of the process.
        self.left = False
        self._bytes = bytearray(16)
        if path:
            with open(path, "r+b" if _has(path, 16) else "w+b") as file:
                file.truncate(16)
                self._bytes = mmap.mmap(file.fileno(), 16)
        self.enter("start")

    def enter(self, phase):
        """A phase of the run; no stage of the user's is at work."""
        self.phase = phase
        _INT.pack_into(self._bytes, 0, PHASES.index(phase))
        self.at_stage(-1)

    def leave(self):
        """Called in a fork: it writes nowhere any more."""
        self._bytes = bytearray(16)
        self.left = True

    def at_sample(self, sample, call):
        self.sample = sample
        self.calls = call
        _INT.pack_into(self._bytes, 8, sample)
        _INT.pack_into(self._bytes, 12, call)

    def at_stage(self, stage):
        """Index of the stage; -1 between them."""
        self.stage = stage
        _INT.pack_into(self._bytes, 4, stage)


def _has(path, size):
    try:
        with open(path, "rb") as file:
            return len(file.read(size)) == size
    except OSError:
        return False
