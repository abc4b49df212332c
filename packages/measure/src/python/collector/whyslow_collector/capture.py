"""The pass that takes the models out of a program of the user's: each that predicts is written as a file that whyslow reads, with what it was given, how it
was called and what it gave; calls become changes of the source (call_edits.py). The program itself opened the models, so nothing is unpickled here."""

import collections
import difflib
import gc
import io
import os
import re
import sys
import threading
import tokenize

from . import export_models
from .call_edits import Edits, Site
from .clock import MS, now_ns
from .errors import Contract, reason_of
from .libraries import Libraries
from .names_in_source import by_place, functions_of
from .patterns import patterns_of

#: Calls of a model that are kept, and most predictions that are made to see them.
_CALLS = 16
_PREDICTIONS = 64
_SECONDS = 10
_MOST_MODELS = 8
#: Of the time in all models, what one takes at least.
_LEAST_SHARE = 0.05
_ANEW = "a new one is made in each prediction: make it once, when the program starts"
_NOWHERE = "no line of the program calls it"
_IN_A_THREAD = "it is called in another thread; no line of the program calls it"


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
        #: Objects that were there before the predictions that count, by id.
        self.known = set()
        self.predictions = 0
        #: Of models that predictions open: {key: Site} of the calls that give them.
        self.openings = {}

    def _begin(self, engine, kind, args, kwargs, attribute):
        session = super()._begin(engine, kind, args, kwargs, attribute)
        self._local.call = None
        if session is not None and self.counting and (kind == "load" or kind == "open" and attribute == "__init__"):
            frame = self._user_frame()
            session.opening_site = None if frame is None else Site(frame)
        if session is None or kind not in ("run", "run-model") or not self.counting:
            return session
        frame = self._user_frame()
        site = None if frame is None else Site(frame)
        is_apart = threading.current_thread() is not threading.main_thread()
        calls = self.calls.setdefault(id(session), [])
        sites = self.sites.setdefault(id(session), {})
        if site is None:
            sites.setdefault((None, attribute), (_IN_A_THREAD if is_apart else _NOWHERE, session.target))
        elif len(sites) < 64:
            sites.setdefault((site.key(), attribute), (site, session.target))
        if len(calls) < _CALLS:
            call = Call(attribute, *export_models.kept(args[1:], kwargs, [*self.matrices, *self.text_rows]), site)
            calls.append(call)
            self._local.call = call
        return session

    def _end(self, session, kind, took, given, result):
        super()._end(session, kind, took, given, result)
        call = getattr(self._local, "call", None)
        if call is not None and session is not None and kind in ("run", "run-model"):
            call.result = result
            self._local.call = None

    def _opened(self, opened, kind, took, given, result):
        super()._opened(opened, kind, took, given, result)
        target = result if kind == "load" else given[0][0]
        site = opened.opening_site
        session = next((one for one in self.sessions if one.target is target and target is not None), None)
        if session is not None and site is not None:
            self.openings.setdefault(id(session), {})[site.key()] = site

    def shared(self):
        """Calls, (key, method), that several models have been called by."""
        seen = collections.Counter(one for sites in self.sites.values() for one in sites)
        return {one for one, models in seen.items() if models > 1}

    def _user_frame(self):
        frame = sys._getframe(2)
        while frame is not None and not self.run.places.is_user(frame.f_code.co_filename):
            frame = frame.f_back
        return frame


def captured(run, kind, tree):
    """Sends one message: the models, the changes, and why anything is missing."""
    if kind == "script":
        # It is refused, so nothing of it runs.
        run.send("captured", models=[], files=[], root=os.path.dirname(run.plan["file"]), kindOfProgram=kind, tokenizers=[], functions=offered(tree))
        return
    recorder = Recorder(run)
    recorder.start()
    predict(run, recorder)
    run.whereabouts.enter("facts")
    folder = run.plan["capture"]["folder"]
    edits = Edits(run.plan["capture"]["package"], program_files(run.places), recorder.shared())
    without = run.plan["capture"]["without"]
    taken = chosen(recorder, run.plan["capture"]["models"])
    models = []
    for at, (name, one) in enumerate(taken):
        # Writing one can take minutes without a message.
        run.whereabouts.at_sample(-1, at)
        models.append(written(one, recorder, None if name in without else edits, name, folder))
    if not run.plan["capture"]["models"]:
        models.extend({"name": "anew_%d" % at, **_told(those[0]), "reason": _ANEW} for at, those in enumerate(made_anew(recorder)))
    for one in run.plan["capture"]["tokenizers"]:
        reason = edits.body(os.path.abspath(one["file"]), one["line"], one["function"], one["name"])
        models.append({"name": one["name"], "engine": "tokenizer", "type": one["function"], "ran": {name: one[name] for name in ("file", "line", "function")}, "reason": reason, "standIn": one["standIn"]})
    by_hand = [one for one in patterns_of(run.places.user_files()) if one["pattern"] == "hand-tokenizer"]
    changed = edits.result()
    root = root_of(run.plan["file"], [one["file"] for one in changed])
    files = [{**one, "diff": diff_of(one, root)} for one in changed]
    run.send("captured", models=models, files=files, root=root, kindOfProgram=kind, tokenizers=by_hand)


def offered(tree):
    """Names of a script's functions that take a value."""
    return [name for name, one in functions_of(tree).items() if name != "main" and not name.startswith("_") and by_place(one.args)]


def program_files(places):
    """Of all modules that are the user's."""
    files = [getattr(module, "__file__", None) for module in list(sys.modules.values())]
    return sorted({one for one in files if isinstance(one, str) and one.endswith((".py", ".pyw")) and places.is_user(one)})


def root_of(program, files):
    """The folder that a patch of these files is applied in: the program's, or the innermost that holds all of them."""
    folder = os.path.dirname(os.path.abspath(program))
    try:
        return os.path.commonpath([folder, *(os.path.dirname(os.path.abspath(one)) for one in files)])
    except ValueError:
        return folder


def diff_of(changed, root):
    """For `patch -p1` in the root: ends of lines stay what they are in the file."""
    name = os.path.relpath(changed["file"], root).replace(os.sep, "/")
    with open(changed["file"], "rb") as file:
        data = file.read()
    encoding = tokenize.detect_encoding(io.BytesIO(data).readline)[0]
    mark = "\ufeff" if encoding == "utf-8-sig" else ""
    before = data.decode(encoding)
    after = mark + with_ends_of(before, changed["text"])
    lines = [re.findall("[^\n]*\n|[^\n]+", text) for text in (mark + before, after)]
    tab = "\t" if " " in name else ""
    diff = difflib.unified_diff(*lines, "a/" + name + tab, "b/" + name + tab)
    return "".join(line if line.endswith("\n") else line + "\n\\ No newline at end of file\n" for line in diff)


def with_ends_of(before, text):
    """A changed text whose lines end as those of the file do, which Python reads as line feeds."""
    old = re.findall("[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+", before)
    end = next((one[len(one.rstrip("\r\n")) :] for one in old), "") or "\n"
    new = re.findall("[^\n]*\n|[^\n]+", text)
    same = difflib.SequenceMatcher(None, [re.sub("\r\n?", "\n", one) for one in old], new, autojunk=False)
    lines = [one.replace("\n", end) for one in new]
    for block in same.get_matching_blocks():
        lines[block.b : block.b + block.size] = old[block.a : block.a + block.size]
    return "".join(lines)


def predict(run, recorder):
    from .passes import prepare

    predictions = prepare(run)
    recorder.known = set(map(id, gc.get_objects()))
    recorder.counting = True
    run.whereabouts.enter("facts")
    start, made, returned = now_ns(), 0, False
    while made < 2 or made < min(len(predictions.samples), _PREDICTIONS) and (now_ns() - start) / MS < _SECONDS * 1000:
        returned = predictions.plain_once()[1] is not None or returned
        made += 1
    recorder.counting = False
    recorder.predictions = made
    if not returned:
        raise Contract("it returns nothing that can be compared (None for every sample), so that nothing can be proven; return the result")


def chosen(recorder, known=()):
    """(name, session) of those that take most, named `model`, `model_2` in the order of their first calls. `known`: those that were chosen when the program ran
    before, which are chosen again, by what they are and where they are called: clocks differ."""
    ran = sorted((one for one in recorder.sessions if one.runs and recorder.calls.get(id(one))), key=lambda one: list(recorder.calls).index(id(one)))
    if not known:
        anew = [one for those in made_anew(recorder) for one in those]
        ran = [one for one in ran if one not in anew]
    if known:
        found = []
        for told in known:
            one = next((one for one in ran if all(told[name] == value for name, value in _told(one).items())), None)
            if one is not None:
                ran.remove(one)
                found.append((told["name"], one))
        return found
    whole = sum(one.run_ns for one in ran)
    most = sorted((one for one in ran if one.run_ns >= _LEAST_SHARE * whole), key=lambda one: -one.run_ns)[:_MOST_MODELS]
    return [("model" if at == 0 else "model_%d" % (at + 1), one) for at, one in enumerate(one for one in ran if one in most)]


def made_anew(recorder):
    """Groups of models of one kind that are called at one line, and of which each prediction makes one: none of them takes much, and no line means all."""
    kinds = collections.defaultdict(list)
    for one in recorder.sessions:
        if one.runs and one.ran is not None and one.opened is None and id(one.target) not in recorder.known:
            kinds[one.engine, type(one.target).__name__, one.ran["file"], one.ran["line"]].append(one)
    return [those for those in kinds.values() if len(those) >= max(2, recorder.predictions)]


def _told(session):
    return {"engine": session.engine, "ran": session.ran, "type": type(session.target).__name__}


def written(session, recorder, edits, name, folder):
    """`edits` None: it was found to stay as it is."""
    calls = recorder.calls[id(session)]
    told = {
        "name": name,
        **_told(session),
        "opened": session.opened,
        "timeMs": session.run_ns / MS,
    }
    if edits is None:
        return {**told, "reason": "it was left as it is"}
    place = os.path.join(folder, name)
    os.makedirs(place)
    try:
        model = export_models.exported(session, calls, place)
        sites = recorder.sites[id(session)]
        reason = edits.calls(sites, name) if sites else _NOWHERE
        if reason is not None:
            return {**told, **model, "reason": reason}
        # Once is when it is first needed.
        openings = recorder.openings.get(id(session), {}) if session.opens > 1 else {}
        opened = [edits.opened_once(site, name) for site in openings.values()]
        return {**told, **model, "reason": None, "notes": [*model.get("notes", ()), *opened]}
    except Contract as error:
        return {**told, "reason": str(error)}
    except Exception as error:
        return {**told, "reason": "%s cannot be written as a file: %s" % (told["type"], reason_of(error))}
