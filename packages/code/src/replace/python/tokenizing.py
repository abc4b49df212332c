"""Tokenizers written by hand in a Python program, compared with those of the package `tokenizers`: reads one plan (JSON) from standard input, writes one answer (JSON),
rows as facts.ts has alternatives, to standard output.

Plan: file, call, isScript, arguments (of a script), data (what --data named; null: its own samples), places (file, line: of tokenizers), folders
(where a vocabulary may lie). The program runs as it is while `sys.setprofile` tells what its functions are given. What has the loop, or calls it, is called again
for what it gives: ids are compared with the library's one by one, then both are timed in turns, without a profiler. Answer: ran (the program was run: the
library is there), rows. Python 3.9 or newer.
"""
import os
import sys

if __name__ == "__main__":
    # The one argument: the folder that holds whyslow_collector.
    sys.path[:1] = [os.path.dirname(os.path.abspath(__file__)), sys.argv.pop(1)]

import dis
import gc
import importlib.util
import inspect
import re
import time
import types

import token_rows
import vocabularies
from whyslow_collector import module_file, samples, target
from whyslow_collector.clock import in_turns
from whyslow_collector.finishing import finished
from whyslow_collector.places import Places
from whyslow_collector.wire import answer_once

MOST_CALLS = 64
CALLS_S = 10
#: Most texts of one function.
MOST_GIVEN = 64
MOST_CHARACTERS = 300_000
#: Time, by the user's function, up to which calls are timed, s.
TIMED_S = 0.02
BUDGET_MS = 700
VOCABULARY = re.compile(r"(tokenizer|vocab|merges|token)[^/\\]*\.(json|txt|model|tsv)$", re.I)
#: Their frames have a call each time they go on.
AGAIN = inspect.CO_GENERATOR | inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR


class Function:
    """One of the user's that is given texts."""

    def __init__(self, code):
        self.code = code
        self.given = {}
        self.characters = 0

    def add(self, frame):
        try:
            self.keep(frame.f_locals)
        except KeyError:  # A name of its own that is bound to nothing any more.
            return

    def keep(self, local):
        if len(self.given) >= MOST_GIVEN or self.characters > MOST_CHARACTERS:
            return
        code = self.code
        names = code.co_varnames[: code.co_argcount]
        first = names[1:2] if names[:1] in (("self",), ("cls",)) else names[:1]
        texts = texts_in(local.get(first[0])) if first else None
        if texts is None:
            return
        plain = [list(one) if isinstance(one, list) else one for one in (local[name] for name in names)]
        rest = list(code.co_varnames[code.co_argcount :])
        named = {name: local[name] for name in rest[: code.co_kwonlyargcount]}
        del rest[: code.co_kwonlyargcount]
        if code.co_flags & inspect.CO_VARARGS:
            plain += local[rest.pop(0)]
        if code.co_flags & inspect.CO_VARKEYWORDS:
            named.update(local[rest.pop(0)])
        self.characters += sum(map(len, texts))
        self.given[tuple(texts)] = (texts, plain, named)

    def function(self):
        """None: it is gone."""
        found = (one for one in gc.get_referrers(self.code) if isinstance(one, types.FunctionType) and one.__code__ is self.code)
        return next(found, None)


def texts_in(value):
    """A text, several, or the one member that is it."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, (list, tuple)):
        return list(value) if value and all(isinstance(one, str) for one in value) else None
    found = [one for one in value.values() if isinstance(one, str)] if isinstance(value, dict) else []
    return found if len(found) == 1 else None


class Texts:
    def __init__(self, places):
        self.places = Places([one["file"] for one in places])
        self.lines = {}
        for one in places:
            self.lines.setdefault(os.path.realpath(one["file"]), []).append((one["file"], one["line"]))
        self.known = {}
        #: Functions keyed by code, in the order of their first calls.
        self.functions = {}
        #: Codes that the loop at a place was reached through, with its file and line.
        self.reached = {}

    def place_of(self, code):
        """(is it the user's, the tokenizer's place in it)"""
        found = self.known.get(code)
        if found is None:
            file = os.path.realpath(code.co_filename)
            own = self.places.is_user(code.co_filename)
            last = max((line or 0 for _, line in dis.findlinestarts(code)), default=0)
            place = next((one for one in self.lines.get(file, ()) if code.co_firstlineno <= one[1] <= last), None)
            found = self.known[code] = (own and not code.co_name.startswith("<module"), place)
        return found

    def told(self, frame, event, _):
        if event != "call":
            return
        code = frame.f_code
        is_own, place = self.place_of(code)
        if not is_own or code.co_flags & AGAIN and frame.f_lineno != code.co_firstlineno:
            return
        self.functions.setdefault(code, Function(code)).add(frame)
        # To its end: who calls it now may be another one than who did before.
        while place is not None and frame is not None:
            if frame.f_code not in self.reached and self.place_of(frame.f_code)[0]:
                self.reached[frame.f_code] = place
            frame = frame.f_back


def run(plan, told):
    """What is held as long as its functions are to be called."""
    path = plan["file"]
    if plan["isScript"]:
        code = module_file.compiled(module_file.read_source(path), path)
        sys.setprofile(told)
        try:
            return module_file.run_main(path, plan["arguments"], code)
        except SystemExit:  # What it defines lives on, so that it can be called again.
            return sys.modules["__main__"]
        finally:
            sys.setprofile(None)
    sys.argv = [path]
    found = target.target_of(module_file.import_file(path), plan["call"])
    call, end = target.whole(found.steps(found.loaded())), time.perf_counter() + CALLS_S
    given = samples.read(found, plan["data"], most=MOST_CALLS)[0] or [None]
    sys.setprofile(told)
    try:
        for sample in given:
            finished(call(sample))
            if time.perf_counter() > end:
                break
    finally:
        sys.setprofile(None)
    return call


class Asked:
    """A call of the user's function, made again. Raises ValueError where what it gives is no ids."""

    def __init__(self, function, texts, plain, named):
        self.texts = texts
        self.call = lambda: finished(function(*plain, **named))
        start = time.perf_counter()
        self.value = self.call()
        self.took = time.perf_counter() - start
        self.rows = token_rows.read(self.value, len(texts))


def instead(texts, folders, ship=None):
    """One row at most: of who was called first, where the ids are the same. `ship`: a folder that is written for it, and `standIn` of the row says what it gives."""
    found = []
    functions = [(one, one.function()) for code, one in texts.functions.items() if code in texts.reached]
    reached = [(one, function) for one, function in functions if function is not None]
    tables = vocabularies.held_by(reached)
    for one, function in reached:
        where = [*folders, os.path.dirname(os.path.realpath(one.code.co_filename))]
        try:
            way, asked = tried(one, function, where, tables)
            if way is None or found and way["off"]:
                continue
            file, line = texts.reached[one.code]
            found = [{"file": file, "line": line, "function": function.__name__, **described(function.__name__, way, asked), **shipped(one, way, asked, ship)}]
        except (Exception, SystemExit):
            continue  # It cannot be asked so.
        if not way["off"]:
            break
    return found


def shipped(one, way, asked, folder):
    if folder is None or way["off"] or any(len(plain) - (one.code.co_varnames[:1] in (("self",), ("cls",))) != 1 or named for _, plain, named in one.given.values()):
        return {}
    gives = [token_rows.form(each.value) for each in asked]
    if any(each != gives[0] for each in gives):
        return {}
    way["tokenizer"].save(os.path.join(folder, "tokenizer.json"))
    return {"standIn": {"kind": "tokenizer", "special": way["special"], "gives": gives[0]}}


def tried(one, function, where, tables):
    """(the library's way that comes nearest, the calls made again); of functions that give nothing, an empty row is no sign."""
    asked = [Asked(function, *given) for given in one.given.values()]
    says = any(row.get("ids") or row.get("tokens") for each in asked for row in each.rows)
    return (best(vocabularies.ways(where, tables), asked) if says else None), asked


def best(ways, asked):
    found = None
    for made in ways:
        for special in (True, False):
            try:
                way = measured(made, special, asked)
            except BaseException:  # Of a kind that the library does not know; what panics there is no Exception.
                continue
            if found is None or way["off"] < found["off"]:
                found = way
            if not way["off"]:
                return way
    return found


def measured(made, special, asked):
    tokenizer = made.tokenizer()
    # A tokenizer.json may bring its own lengths.
    more = ["tokenizer.no_%s()" % kind for kind in ("padding", "truncation") if getattr(tokenizer, kind, None) is not None]
    for line in more:
        exec(line, {"tokenizer": tokenizer})
    given = [encodings(tokenizer, one.texts, special) for one in asked]
    fit = token_rows.lengths([one.rows for one in asked], given)
    for line in fit:
        exec(line, {"tokenizer": tokenizer})
    if fit:
        given = [encodings(tokenizer, one.texts, special) for one in asked]
    off = sum(not token_rows.same(row, other) for one, others in zip(asked, given) for row, other in zip(one.rows, others))
    return {"made": made, "special": special, "tokenizer": tokenizer, "more": more + fit, "off": off}


def encodings(tokenizer, texts, special):
    if len(texts) == 1:
        return [tokenizer.encode(texts[0], add_special_tokens=special)]
    return tokenizer.encode_batch(texts, add_special_tokens=special)


def described(name, way, asked):
    timed, took = [], 0
    for one in asked:
        if took < TIMED_S:
            timed.append(one)
            took += one.took
    tokenizer, special = way["tokenizer"], way["special"]

    def other():
        for one in timed:
            token_rows.made(one.value, encodings(tokenizer, one.texts, special))

    turns = in_turns(lambda: [one.call() for one in timed], other, BUDGET_MS)
    count = sum(len(one.texts) for one in asked)
    texts = "%d text%s" % (count, "" if count == 1 else "s")
    compared = "ids" if any(row.get("ids") for one in asked for row in one.rows) else "tokens"
    if compared == "tokens":
        texts += ", by their tokens"
    field = {"ids": "ids", "mask": "attention_mask", "types": "type_ids", "tokens": "tokens"}
    parts = ", ".join("encoding.%s" % field[kind] for kind in asked[0].rows[0])
    return {
        "rule": "tokenizer-dominates",
        "now": name,
        "instead": "tokenizers with %s" % way["made"].of,
        "pairsMs": [[ms / len(timed) for ms in pair] for pair in turns["pairsMs"]],
        "equal": "different" if way["off"] else "bits",
        "on": "%d of %s" % (way["off"], texts) if way["off"] else texts,
        "texts": {"all": count, "different": way["off"], "compared": compared},
        "code": [
            *way["made"].lines,
            *way["more"],
            "encoding = tokenizer.encode(text%s)  # in place of %s: %s" % ("" if special else ", add_special_tokens=False", name, parts),
        ],
    }


def answer(plan):
    if importlib.util.find_spec("tokenizers") is None:
        return {"ran": False, "rows": []}
    texts, folders = Texts(plan["places"]), []

    def opened(event, given):
        if event == "open" and isinstance(given[0], str) and VOCABULARY.search(given[0]):
            folders.append(os.path.dirname(os.path.abspath(given[0])))

    sys.addaudithook(opened)
    try:
        held = run(plan, texts.told)
        where = list(dict.fromkeys([*folders, *plan["folders"], os.path.dirname(plan["file"])]))
        rows = instead(texts, where, plan.get("ship"))
        del held
    except BaseException:  # It does not run so, and nothing is known.
        rows = []
    return {"ran": True, "rows": rows}


if __name__ == "__main__":
    answer_once(answer)
