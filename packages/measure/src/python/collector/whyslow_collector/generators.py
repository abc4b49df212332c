"""A generator of text of the user's own Python, asked from outside (packages/generation/src/engines/python.ts): whole calls as its users make them, and
sequences that are fed step by step. Times are taken here, on the clock of this process. Requests and answers are frames (wire.py)."""

from .clock import MS, now_ns
from .engines import answer_all


def serve():
    answer_all(Server())


class Server:
    def __init__(self):
        self.model = None
        self.sequences = {}
        self.next = 0

    def answer(self, header, buffers):
        return getattr(self, "do_" + header["op"])(header)

    def do_open(self, header):
        if header["engine"] == "transformers":
            from .generate_transformers import TransformersGenerator as Generator
        else:
            from .generate_genai import GenaiGenerator as Generator
        self.model = Generator(header)
        return self.model.facts(), []

    def do_generate(self, header):
        return self.model.generate(header), []

    def do_start(self, header):
        self.next += 1
        self.sequences[self.next] = self.model.start(header.get("longest"))
        return {"sequence": self.next}, []

    def do_feed(self, header):
        return self.sequences[header["sequence"]].feed(header["ids"], header["logits"])

    def do_cut(self, header):
        self.sequences[header["sequence"]].cut(header["length"])
        return {}, []

    def do_end(self, header):
        self.sequences.pop(header["sequence"], None)
        return {}, []

    def do_close(self, _header):
        return {}, []


class Clock:
    """Milliseconds since the call, and the parts that calls in it took."""

    def __init__(self):
        self.start = now_ns()
        self.parts = {}

    def ms(self):
        return (now_ns() - self.start) / MS

    def timed(self, part, call):
        start = now_ns()
        result = call()
        self.parts[part] = self.parts.get(part, 0.0) + (now_ns() - start) / MS
        return result


def float_logits(array, positions):
    """(positions, bytes) of the logits of the last positions, as float32."""
    import numpy

    rows = numpy.ascontiguousarray(array, dtype=numpy.float32).reshape(-1, array.shape[-1])[-positions:]
    return len(rows), rows.tobytes()


def installed(*names):
    """Versions of distributions, by name; what is not installed is left out."""
    from importlib import metadata

    found = {}
    for name in names:
        try:
            found[name] = metadata.version(name)
        except Exception:
            pass
    return found


def ends_with(text, stops):
    return any(stop in text for stop in stops)
