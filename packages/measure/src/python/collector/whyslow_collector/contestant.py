"""A program of the user's that answers what packages/code/src/turns/contestant.ts lists, for `ab` and for the gap's ladder, with frames (wire.py)."""

import ast
import hashlib
import itertools
import json
import math
import os
import queue
import sys
import threading
import time

from . import finishing, target
from .errors import Contract, reason_of
from .finishing import finished, is_unfinished
from .module_file import handed_back, import_file, read_source, use_instead
from .value_tree import copy_of, decode, encode_value, kept_home
from .wire import Frames


def serve():
    from .main import packages

    wire = Frames()
    requests = queue.Queue()

    def listen():
        while True:
            requests.put(receive(wire))

    # Waiting for the next request in a thread of its own notices the end of the parent, whatever the program does.
    threading.Thread(target=listen, daemon=True).start()
    session = Session(lambda message: send(wire, message), packages)
    while True:
        request = requests.get()
        try:
            message = {"answer": session.answer(request)}
        except BaseException as error:
            message = failure(error, session)
        session.send(message)


class Session:
    def __init__(self, send, packages=dict):
        self.send = send
        self.packages = packages
        self.at = {"stage": "import", "sample": None}
        self.file = ""
        self.target = None
        #: Pairs of a stage's name and the function of one value that it is.
        self.steps = []
        self.given = None
        self.own = []
        #: What goes on in addition to the calls; None: not requested.
        self.beside = None

    def answer(self, request):
        return getattr(self, request["ask"])(request)

    def open(self, request):
        path, call = request["file"], request["call"]
        self.file = path
        begin = time.perf_counter_ns()
        if request.get("instead"):
            # The package is imported here, and not by the program's own line: with all that it imports and opens.
            use_instead(**request["instead"])
        instead_ms = ms_since(begin)
        if request.get("watched"):
            from .beside import Beside

            self.beside = Beside(finishing.loop)
        version = "Python %d.%d.%d" % sys.version_info[:3]
        opened = {"runtime": version, "stages": [], "hasSamples": False, "takesSample": False, "importMs": 0, "loadMs": None, "packages": []}
        # Samples may come from the other program.
        kind = target.kind_of(ast.parse(read_source(path), path), call, bool(request.get("data")), is_fed=True)
        if kind == "script":
            return opened
        begin = time.perf_counter_ns()
        sys.argv = [path, *request.get("arguments", ())]
        module = import_file(path)
        opened["importMs"] = ms_since(begin) + instead_ms
        self.target = target.target_of(module, call, bool(request.get("data")))
        model = None
        if self.target.load is not None:
            self.at = {"stage": "load", "sample": None}
            start = time.perf_counter_ns()
            model = self.target.loaded()
            opened["loadMs"] = ms_since(start)
        self.steps = self.target.steps(model)
        opened["stages"] = [name for name, _ in self.steps]
        opened["hasSamples"] = self.target.samples is not None
        opened["takesSample"] = self.target.needs_sample()
        opened["packages"] = ["%s %s" % one for one in self.packages().items()]
        return opened

    def samples(self, request):
        self.at = {"stage": "samples", "sample": None}
        self.own = list(itertools.islice(self.target.own_samples(), request["most"]))
        encoded = [encode_value(sample) for sample in self.own]
        homes = (kept_home(sample, each) for sample, each in zip(self.own, encoded))
        return {"samples": encoded, "stays": next((name for name in homes if name is not None), None)}

    def give(self, request):
        self.given = request["samples"]
        return {}

    def keep(self, _):
        self.given = None
        return {}

    def sample(self, index):
        """One for a single call."""
        return copy_of(self.own[index]) if self.given is None else decode(*self.given[index])

    def same_sample(self, index):
        """The program's own is the same object each time."""
        return self.own[index] if self.given is None else self.sample(index)

    def output(self, request):
        index = request["sample"]
        value = sample = self.sample(index)
        before = digest(sample)
        total = 0
        for name, run in self.steps:
            self.at = {"stage": name, "sample": index}
            self.send({"at": self.at})
            start = time.perf_counter_ns()
            value = finished(run(value))
            total += time.perf_counter_ns() - start
        tree, buffers = encode_value(value)
        copied = self.given is not None or sample is not self.own[index]
        wrote = digest(sample) != before
        return {"value": (tree, buffers), "timeMs": total / 1e6, "wroteInput": wrote, "copied": copied, "handedBack": handed_back()}

    def time(self, request):
        self.at = {"stage": "the whole call", "sample": None}
        call, samples = self.predict_alone(request) if request.get("alone") else self.whole_calls(request)
        still = request.get("still", [])
        if self.beside is not None:
            self.beside.hold(still, lambda: one_pass(call, samples()))
            samples = self.told_of(samples)
        try:
            if request.get("gapMs") is not None:
                return {"passMs": time_with_gaps(call, samples, request["leastPasses"], request["gapMs"])}
            return {"passMs": time_passes(call, samples, request["leastMs"], request["leastPasses"])}
        finally:
            if self.beside is not None:
                self.beside.release()

    def others(self, request):
        self.at = {"stage": "the whole call", "sample": None}
        call, samples = self.whole_calls({"copies": True, **request})
        return self.beside.look(lambda: one_pass(call, samples()))

    def told_of(self, samples):
        """The samples of a pass, which sessions that are held answer for."""

        def pass_of():
            self.beside.sessions.begin_pass()
            return samples()

        return pass_of

    def whole_calls(self, request):
        """What is called, and the samples of a pass."""
        order = request["order"]
        kept = [self.same_sample(index) for index in order]
        return target.whole(self.steps), (lambda: [self.sample(index) for index in order]) if request["copies"] else (lambda: kept)

    def predict_alone(self, request):
        """predict alone, on what the stages before it made once."""
        stages = self.steps
        place = 1 if len(stages) > 1 and stages[0][0] == "preprocess" else 0
        made = [self.same_sample(index) for index in request["order"]]
        if place == 1:
            made = [finished(stages[0][1](one)) for one in made]
        return stages[place][1], lambda: made


def one_pass(call, samples):
    for sample in samples:
        finished(call(sample))


def rest(gap_ms):
    """Between two calls: on the event loop, as a service waits, where the program has calls that are awaited."""
    if finishing.loop() is None:
        return time.sleep(gap_ms / 1000)
    import asyncio

    return finishing.run(asyncio.sleep(gap_ms / 1000))


LEAST_TIMED_MS = 0.2
MOST_TOGETHER = 100_000


def time_passes(call, samples, least_ms, least_passes, now=time.perf_counter_ns):
    """ms of one pass each: time-passes.ts in Python."""
    passes, together, begin = [], 1, now()
    while True:
        given = [samples() for _ in range(together)]
        start = now()
        for one in given:
            for sample in one:
                result = call(sample)
                if is_unfinished(result):
                    finished(result)
        end = now()
        ms = (end - start) / 1e6
        short = ms < LEAST_TIMED_MS and together < MOST_TOGETHER
        if not short:
            passes.append(ms / together)
        if len(passes) >= least_passes and (end - begin) / 1e6 >= least_ms:
            return passes
        if short:
            together = min(MOST_TOGETHER, max(together * 2, math.ceil(together * LEAST_TIMED_MS / max(ms, 1e-3))))


def time_with_gaps(call, samples, least_passes, gap_ms, now=time.perf_counter_ns):
    """ms of one pass each, of calls that begin so long after the last one's end: the gaps are not in them."""
    passes = []
    while len(passes) < least_passes:
        total = 0
        for sample in samples():
            rest(gap_ms)
            start = now()
            result = call(sample)
            if is_unfinished(result):
                finished(result)
            total += now() - start
        passes.append(total / 1e6)
    return passes


def ms_since(begin):
    return (time.perf_counter_ns() - begin) / 1e6


def digest(value):
    tree, buffers = encode_value(value)
    made = hashlib.sha1(json.dumps(tree).encode())
    for data in buffers:
        made.update(data)
    return made.digest()


def flat(value, buffers):
    """An encoded value, a tuple of a tree and its buffers, becomes {tree, first, count}; the buffers are put behind the others."""
    if isinstance(value, tuple):
        tree, own = value
        buffers.extend(own)
        return {"tree": tree, "first": len(buffers) - len(own), "count": len(own)}
    if isinstance(value, list):
        return [flat(one, buffers) for one in value]
    if isinstance(value, dict):
        return {key: flat(one, buffers) for key, one in value.items()}
    return value


def send(wire, message):
    buffers = []
    wire.send(flat(message, buffers), buffers)


def receive(wire):
    asked = wire.receive()
    if asked is None:
        os._exit(1)  # nobody is left to answer
    request, buffers = asked
    if "samples" in request:
        request["samples"] = [(one["tree"], buffers[one["first"]:one["first"] + one["count"]]) for one in request["samples"]]
    return request


def line_in(error, file):
    found, trace = None, error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == file:
            found = trace.tb_lineno
        trace = trace.tb_next
    if found is None and isinstance(error, SyntaxError) and error.filename == file:
        found = error.lineno
    return found


def failure(error, session):
    reason = str(error) if isinstance(error, Contract) else reason_of(error)
    return {"failed": {"kind": "threw", "reason": reason, "line": line_in(error, session.file), **session.at}}
