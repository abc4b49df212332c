"""Watches the user's own program (packages/code/src/watch/records.ts says what is written): calls of models, requests of HTTP servers, and for which of
them code runs, on event loops and in threads. The standard library alone; nothing of the user's is imported from here."""

import contextvars
import json
import os
import sys
import threading
import time

from .after_import import AfterImport
from .libraries import PACKAGE, Libraries, file_of, values_engine
from .watch_web import SERVERS

_FLUSH_S = 0.1
_MOST_BYTES = 256 << 20
#: Slices of one request with less between them are one, ms.
_MERGED_MS = 0.02

#: The request that code runs for; 0: none.
current = contextvars.ContextVar("whyslow_request", default=0)


def now_ms():
    """Now, on the clock that all processes of the machine share, ms."""
    return time.monotonic_ns() / 1e6


class Recorder:
    """One file for the process, written several times a second by a thread of its own."""

    def __init__(self, folder):
        self.folder = folder
        self.begin()
        os.register_at_fork(after_in_child=self.begin)

    def begin(self):
        """Also in a process that was forked: the lines before are its parent's."""
        self.pid = os.getpid()
        self.lines, self.bytes, self.thread = [], 0, None
        self.file = os.path.join(self.folder, "%d-python.jsonl" % self.pid)
        runtime = "Python %d.%d.%d" % sys.version_info[:3]
        self.write(["process", self.pid, 0, runtime, getattr(sys, "orig_argv", sys.argv)[1:]])

    def write(self, line):
        self.lines.append(line)
        if self.thread is None:
            self.thread = threading.Thread(target=self._flush_often, name="whyslow", daemon=True)
            try:
                self.thread.start()
            except RuntimeError:
                self.thread = None

    def _flush_often(self):
        import atexit

        atexit.register(self.flush)
        while self.bytes < _MOST_BYTES:
            self.flush()
            _SLEEP(_FLUSH_S)

    def flush(self):
        lines, self.lines = self.lines, []
        if not lines or self.bytes >= _MOST_BYTES:
            return
        text = "".join(json.dumps(line) + "\n" for line in lines)
        self.bytes += len(text)
        if self.bytes >= _MOST_BYTES:
            text += '["full"]\n'
        try:
            with open(self.file, "a", encoding="utf-8") as out:
                out.write(text)
        except OSError:
            pass  # The run has ended and removed its folder.


_SLEEP = time.sleep


class Models(Libraries):
    """The packages that `pipeline` watches, patched in the same places: here only when a call ran, and for which request."""

    def __init__(self, requests):
        super().__init__(None)
        self.requests, self.recorder = requests, requests.recorder
        self.ids = {}
        #: Models are kept, so that no other gets the id of one.
        self.kept = []
        self.files = {}

    def _begin(self, engine, kind, args, kwargs, attribute):
        return engine, args[0] if args else None, now_ms(), time.thread_time()

    def _end(self, session, kind, took, given, result):
        engine, target, start, cpu = session
        if kind in ("plan", "matrix", "input"):
            return
        if kind in ("open", "load"):
            model = result if kind == "load" else target
            file = file_of(*given, kind)
            if model is not None and file is not None:
                self.files[id(model)] = file
                self.kept.append(model)
            return
        known = self.ids.get(id(target))
        if known is None:
            known = self.ids[id(target)] = len(self.ids) + 1
            self.kept.append(target)
            engine = values_engine(type(target)) or engine
            file = self.files.get(id(target)) or getattr(target, "_model_path", None)
            self.recorder.write(["model", known, engine, version_of(engine), file if isinstance(file, str) else None, None])
        self.recorder.write(["call", known, threading.get_ident(), start, now_ms(), current.get()])
        self.requests.took_in_models(time.thread_time() - cpu)

    def _keep_opening(self, *_):
        pass


def version_of(engine):
    module = sys.modules.get(PACKAGE.get(engine, engine))
    version = getattr(module, "__version__", None)
    return version if isinstance(version, str) else None


class Requests:
    def __init__(self, recorder):
        self.recorder = recorder
        self.count = 0
        self.lock, self.local = threading.Lock(), threading.local()

    def begin(self, method, path):
        """(id, what `end` needs). The code that follows, and what it starts, is the request's."""
        with self.lock:
            self.count += 1
            number = self.count
        token = current.set(number)
        self.recorder.write(["request", number, threading.get_ident(), now_ms(), method, path.split("?")[0]])
        return number, token, self.code_ms(), now_ms()

    def end(self, begun, status, in_thread=True):
        """`in_thread`: this thread did nothing else meanwhile."""
        number, token, cpu, start = begun
        end = now_ms()
        self.recorder.write(["end", number, end, status])
        if in_thread:
            self.slice(start, end, number, self.code_ms() - cpu)
            # A task of an event loop has a context of its own; a thread goes on with other requests.
            current.reset(token)

    def timed(self, number, function, given):
        """The function in a thread of its own, for the request."""
        start, cpu = now_ms(), self.code_ms()
        try:
            return function(*given)
        finally:
            self.slice(start, now_ms(), number, self.code_ms() - cpu)

    def current(self):
        return current.get()

    def took_in_models(self, seconds):
        self.local.models_s = getattr(self.local, "models_s", 0.0) + seconds

    def code_ms(self):
        """CPU time of this thread outside of models."""
        return (time.thread_time() - getattr(self.local, "models_s", 0.0)) * 1e3

    def slice(self, start, end, number, cpu_ms=None):
        # 0 is: nobody looked.
        self.recorder.write(["slice", threading.get_ident(), start, end, number, 0 if cpu_ms is None else max(cpu_ms, 1e-6)])

    def listening(self, port):
        if isinstance(port, int) and port > 0:
            self.recorder.write(["server", port])


def watch_loops(events, requests):
    """Callbacks of asyncio: for which request each runs. Loops of other packages (uvloop) run theirs in native code, and are not seen."""
    handle, local = events.Handle, threading.local()
    run = handle._run

    def _run(self):
        start = now_ms()
        try:
            return run(self)
        finally:
            owner, end = self._context.get(current, 0), now_ms()
            last = getattr(local, "last", None)
            if last is not None and last[2] == owner and start - last[1] < _MERGED_MS:
                last[1] = end
            else:
                if last is not None:
                    requests.slice(*last)
                local.last = [start, end, owner]

    handle._run = _run


def unless_it_fails(patch, requests):
    def done(module):
        try:
            patch(module, requests)
        except Exception:
            pass  # What cannot be patched is not watched.

    return done


def start(folder):
    recorder = Recorder(folder)
    requests = Requests(recorder)
    AfterImport({name: unless_it_fails(patch, requests) for name, patch in {**SERVERS, "asyncio.events": watch_loops}.items()}).start()
    Models(requests).start()
