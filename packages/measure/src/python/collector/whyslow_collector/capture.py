"""The pass that takes the models out of a program of the user's: each that predicts is written as a file that whyslow reads, with what it was given, how it
was called and what it gave; calls become changes of the source (call_edits.py). The program itself opened the models, so nothing is unpickled here."""

import difflib
import os
import sys
import threading

from . import export_models
from .call_edits import Edits, Site
from .clock import MS, now_ns
from .errors import Contract, reason_of
from .libraries import Libraries
from .module_file import read_source
from .patterns import patterns_of

#: Calls of a model that are kept, and most predictions that are made to see them.
_CALLS = 16
_PREDICTIONS = 64
_SECONDS = 10
_MOST_MODELS = 4
#: Of the time in all models, what one takes at least.
_LEAST_SHARE = 0.05


class Call:
    def __init__(self, method, args, kwargs, site):
        self.method = method
        self.args = args
        self.kwargs = kwargs
        self.site = site
        self.result = None


class Recorder(Libraries):
    """Also keeps what models are given and give, and where they are called."""

    def __init__(self, run):
        super().__init__(run)
        self._local = threading.local()
        self.calls = {}
        self.sites = {}

    def _begin(self, engine, kind, args, kwargs, attribute):
        session = super()._begin(engine, kind, args, kwargs, attribute)
        self._local.call = None
        if session is None or kind not in ("run", "run-model") or not self.counting:
            return session
        frame = self._user_frame()
        site = None if frame is None else Site(frame)
        calls = self.calls.setdefault(id(session), [])
        sites = self.sites.setdefault(id(session), {})
        if site is not None and len(sites) < 64:
            sites.setdefault((site.key(), attribute), (site, session.target))
        if len(calls) < _CALLS:
            call = Call(attribute, *export_models.kept(args[1:], kwargs, self.matrices), site)
            calls.append(call)
            self._local.call = call
        return session

    def _end(self, session, kind, took, given, result):
        super()._end(session, kind, took, given, result)
        call = getattr(self._local, "call", None)
        if call is not None and session is not None and kind in ("run", "run-model"):
            call.result = result
            self._local.call = None

    def _user_frame(self):
        frame = sys._getframe(2)
        while frame is not None and not self.run.places.is_user(frame.f_code.co_filename):
            frame = frame.f_back
        return frame


def captured(run, kind, tree):
    """Sends one message: the models, the changes, and why anything is missing."""
    if kind == "script":
        # It is refused, so nothing of it runs.
        run.send("captured", models=[], files=[], kindOfProgram=kind, tokenizers=[])
        return
    recorder = Recorder(run)
    recorder.start()
    predict(run, recorder)
    run.whereabouts.enter("facts")
    folder = run.plan["capture"]["folder"]
    edits = Edits(run.plan["capture"]["package"])
    without = run.plan["capture"]["without"]
    models = [written(one, recorder, None if name in without else edits, name, folder) for name, one in chosen(recorder)]
    for one in run.plan["capture"]["tokenizers"]:
        reason = edits.body(os.path.abspath(one["file"]), one["line"], one["function"], one["name"])
        models.append({"name": one["name"], "engine": "tokenizer", "type": one["function"], "ran": {name: one[name] for name in ("file", "line", "function")}, "reason": reason, "standIn": one["standIn"]})
    by_hand = [one for one in patterns_of(run.places.user_files()) if one["pattern"] == "hand-tokenizer"]
    root = os.path.dirname(run.plan["file"])
    files = [{**one, "diff": diff_of(one, root)} for one in edits.result()]
    run.send("captured", models=models, files=files, kindOfProgram=kind, tokenizers=by_hand)


def diff_of(changed, root):
    name = os.path.relpath(changed["file"], root).replace(os.sep, "/")
    before, after = (text.splitlines(keepends=True) for text in (read_source(changed["file"]), changed["text"]))
    return "".join(difflib.unified_diff(before, after, "a/" + name, "b/" + name))


def predict(run, recorder):
    from .passes import prepare

    predictions = prepare(run)
    recorder.counting = True
    run.whereabouts.enter("facts")
    start, made, returned = now_ns(), 0, False
    while made < 2 or made < min(len(predictions.samples), _PREDICTIONS) and (now_ns() - start) / MS < _SECONDS * 1000:
        returned = predictions.plain_once()[1] is not None or returned
        made += 1
    recorder.counting = False
    if not returned:
        raise Contract("it returns nothing that can be compared (None for every sample), so that nothing can be proven; return the result")


def chosen(recorder):
    """(name, session) of those that take most, the first named `model`."""
    ran = sorted((one for one in recorder.sessions if one.runs and recorder.calls.get(id(one))), key=lambda one: -one.run_ns)
    whole = sum(one.run_ns for one in ran)
    most = [one for one in ran if one.run_ns >= _LEAST_SHARE * whole][:_MOST_MODELS]
    return [("model" if at == 0 else "model_%d" % (at + 1), one) for at, one in enumerate(most)]


def written(session, recorder, edits, name, folder):
    """`edits` None: it was found to stay as it is."""
    calls = recorder.calls[id(session)]
    told = {
        "name": name,
        "engine": session.engine,
        "ran": session.ran,
        "opened": session.opened,
        "runMs": session.run_ns / MS / max(1, session.runs),
        "type": type(session.target).__name__,
    }
    if edits is None:
        return {**told, "reason": "it was left as it is"}
    place = os.path.join(folder, name)
    os.makedirs(place)
    try:
        model = export_models.exported(session, calls, place)
        reason = edits.calls(recorder.sites[id(session)], name)
        if reason is not None:
            raise Contract(reason)
        return {**told, **model, "reason": None}
    except Contract as error:
        return {**told, "reason": str(error)}
    except Exception as error:
        return {**told, "reason": "%s cannot be written as a file: %s" % (told["type"], reason_of(error))}
