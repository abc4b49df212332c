"""Calls from the user's own lines: what is called, how often, how long it takes, and on what. On 3.12 and later by `sys.monitoring`, for the
user's code objects alone; before by `sys.setprofile`. Both make what makes many calls slower, so that nothing else is timed meanwhile.

Operators call nothing that either could see."""

import sys
import threading

from . import values
from .clock import MS, median, now_ns
from .inputs import is_input
from .instead_of_calls import TRIED
from .named_arguments import NamedArguments
from .places import name_of, shown

#: Beyond so many calls no more are looked at.
MOST_EVENTS = 1_500_000
_TOOLS = (4, 3)
_MOST_SITES = 4000
#: Predictions whose files are kept.
_MOST_OPENED = 16
#: First arguments that are kept of one place.
_MOST_GIVEN = 4


class Site:
    #: `given`: first arguments themselves, of calls that may be tried again in another way; None: they are not kept.
    __slots__ = ("count", "ns", "each", "argument", "result", "stage", "callee", "place", "given")

    def __init__(self, callee, place):
        self.count = 0
        #: Since the last prediction ended.
        self.ns = 0
        #: Of predictions in which it was called.
        self.each = []
        self.argument = None
        self.result = None
        self.stage = -1
        self.callee = callee
        self.place = place
        self.given = None


class Calls:
    def __init__(self, run, samples=()):
        self.run = run
        self.sites = {}
        self.events = 0
        self.is_full = False
        self.how = None
        self.opened = Opened(run, samples)

    def site(self, code, line, callee):
        key = (code, line, callee)
        found = self.sites.get(key)
        if found is None:
            if len(self.sites) >= _MOST_SITES:
                return Site(callee, None)
            place = {"file": shown(code.co_filename), "line": line, "function": name_of(code)}
            found = self.sites[key] = Site(callee, place)
            found.stage = self.run.whereabouts.stage
            if called(callee) in TRIED:
                found.given = []
        return found

    def start(self):
        if hasattr(sys, "monitoring"):
            for tool in _TOOLS:
                if sys.monitoring.get_tool(tool) is None:
                    self.how = Monitoring(self, tool)
                    break
        self.how = self.how or Profiling(self)
        self.opened.start()
        self.how.start()

    def stop(self):
        self.how.stop()
        self.opened.is_on = False

    def end_prediction(self):
        for site in self.sites.values():
            if site.ns:
                site.each.append(site.ns)
                site.ns = 0

    def rows(self, predictions, stage_names):
        """Times are medians of predictions, as theirs is: what other programs take of the machine falls on a few. Those of calls that most do not make are means."""
        self.end_prediction()
        rows = []
        for site in self.sites.values():
            if not site.count or site.callee is None or called(site.callee).startswith("whyslow_collector"):
                continue
            rows.append(
                {
                    **site.place,
                    "callee": called(site.callee),
                    "callsPerPrediction": site.count / predictions,
                    "timeMs": (median([*site.each, *[0] * (predictions - len(site.each))]) or sum(site.each) / predictions) / MS,
                    "argument": site.argument,
                    "result": site.result,
                    **({"varies": True} if self.opened.varies(site.place) else {}),
                    "stage": stage_names[site.stage] if 0 <= site.stage < len(stage_names) else None,
                }
            )
        rows.sort(key=lambda row: -row["timeMs"])
        return rows[:1000]


class Opened:
    """Which files the lines of the user's code open, whatever opens them for it: every way passes the interpreter's own audit."""

    def __init__(self, run, samples=()):
        self.run = run
        self.samples = samples
        self.is_on = False
        #: Places of files that the sample named.
        self.inputs = set()
        #: Paths, keyed by place and then by prediction.
        self.seen = {}

    def start(self):
        self.is_on = True
        sys.addaudithook(self.told)

    def told(self, event, given):
        if event != "open" or not self.is_on:
            return
        frame = sys._getframe(1)
        while frame is not None and not self.run.places.is_user(frame.f_code.co_filename):
            frame = frame.f_back
        if frame is None:
            return
        place = (shown(frame.f_code.co_filename), frame.f_lineno)
        predictions = self.seen.setdefault(place, {})
        number, sample = self.run.whereabouts.calls, self.run.whereabouts.sample
        if number in predictions or len(predictions) < _MOST_OPENED:
            predictions.setdefault(number, set()).add(str(given[0]))
            if 0 <= sample < len(self.samples) and place not in self.inputs and is_input(str(given[0]), self.samples[sample]):
                self.inputs.add(place)

    def varies(self, place):
        """Whether predictions open others than those before, or what their sample names: files that are inputs."""
        at = (place["file"], place["line"])
        if at in self.inputs:
            return True
        predictions = self.seen.get(at, {})
        return len({frozenset(paths) for paths in predictions.values()}) > 1


class Monitoring:
    """CALL with C_RETURN and C_RAISE for what is native, and the return of Python functions that the user's code calls."""

    def __init__(self, calls, tool):
        self.calls = calls
        self.tool = tool
        self.codes = {}
        self.open = threading.local()
        self.lines = {}

    def start(self):
        monitoring, events = sys.monitoring, sys.monitoring.events
        monitoring.use_tool_id(self.tool, "whyslow")
        self.disable = monitoring.DISABLE
        for event, function in (
            (events.PY_START, self.on_start),
            (events.PY_RESUME, self.on_start),
            (events.CALL, self.on_call),
            (events.C_RETURN, self.on_c_return),
            (events.C_RAISE, self.on_c_return),
            (events.PY_RETURN, self.on_return),
            (events.PY_UNWIND, self.on_unwind),
        ):
            monitoring.register_callback(self.tool, event, function)
        monitoring.set_events(self.tool, events.PY_START | events.PY_RESUME | events.PY_UNWIND)

    def stop(self):
        monitoring = sys.monitoring
        monitoring.set_events(self.tool, 0)
        for code in self.codes:
            monitoring.set_local_events(self.tool, code, 0)
        monitoring.free_tool_id(self.tool)

    def on_start(self, code, _):
        if code not in self.codes and self.calls.run.places.is_user(code.co_filename):
            events = sys.monitoring.events
            self.codes[code] = True
            sys.monitoring.set_local_events(self.tool, code, events.CALL)
        return self.disable

    def on_call(self, code, offset, function, argument):
        calls = self.calls
        calls.events += 1
        if calls.events > MOST_EVENTS:
            calls.is_full = True
            sys.monitoring.set_events(self.tool, 0)
            return self.disable
        # The places of a code object are worked out once: asking at each call would cost more than the call.
        lines = self.lines.get(code)
        if lines is None:
            lines = self.lines[code] = line_table(code)
        own = getattr(function, "__func__", function)
        if hasattr(own, "__code__") and calls.run.places.is_user(own.__code__.co_filename):
            return None
        site = calls.site(code, lines.get(offset, code.co_firstlineno), stable(function, argument))
        site.count += 1
        if site.argument is None:
            site.argument = values.fact(argument_of(function, argument))
        if site.given is not None and len(site.given) < _MOST_GIVEN:
            site.given.append(argument_of(function, argument))
        stack = self.stack()
        python = getattr(own, "__code__", None)
        if python is not None and python not in self.codes:
            self.codes[python] = False
            events = sys.monitoring.events
            sys.monitoring.set_local_events(self.tool, python, events.PY_RETURN)
        stack.append((site, now_ns(), python))
        if len(stack) > 2000:
            del stack[:1000]
        return None

    def stack(self):
        try:
            return self.open.stack
        except AttributeError:
            self.open.stack = []
            return self.open.stack

    def on_c_return(self, code, offset, function, argument):
        self.close(None, stable(function, argument))

    def on_return(self, code, offset, result):
        if not self.codes.get(code):
            self.close(code, None, result)

    def on_unwind(self, code, offset, error):
        if self.codes.get(code) is False:
            self.close(code, None)

    def close(self, code, callee, result=None):
        """The nearest call that this is the end of; what stands above it never told of its own."""
        end = now_ns()
        stack = self.stack()
        for at in range(len(stack) - 1, max(-1, len(stack) - 8), -1):
            site, start, python = stack[at]
            if python is code and (code is not None or site.callee == callee):
                site.ns += end - start
                if site.result is None and result is not None:
                    site.result = values.fact(result)
                del stack[at:]
                return


class Profiling:
    """`sys.setprofile`: every function of the thread tells, so that what is not the user's is passed over at once."""

    def __init__(self, calls):
        self.calls = calls
        self.stack = []
        self.named = NamedArguments(calls.opened)

    def start(self):
        sys.setprofile(self.told)

    def stop(self):
        sys.setprofile(None)

    def told(self, frame, event, function):
        if event == "c_call":
            if not self.calls.run.places.is_user(frame.f_code.co_filename):
                return
            owner = getattr(function, "__self__", None)
            self.begin(frame, frame, stable(function), owner if not isinstance(owner, type(sys)) else None)
        elif event in ("c_return", "c_exception"):
            if self.stack and self.stack[-1][2] is frame and self.stack[-1][3] is None:
                self.end(None)
        elif event == "call":
            caller = frame.f_back
            is_user = self.calls.run.places.is_user
            if caller is None or not is_user(caller.f_code.co_filename) or is_user(frame.f_code.co_filename):
                return
            code = frame.f_code
            first = frame.f_locals.get(code.co_varnames[0]) if code.co_argcount else None
            self.begin(caller, frame, python_name(frame, first), argument_in(frame, first), frame)
        elif event == "return" and self.stack and self.stack[-1][3] is frame:
            self.end(function)

    def begin(self, caller, frame, callee, argument, python=None):
        calls = self.calls
        calls.events += 1
        if calls.events > MOST_EVENTS:
            calls.is_full = True
            sys.setprofile(None)
            return
        site = calls.site(caller.f_code, caller.f_lineno, callee)
        site.count += 1
        if argument is None and site.count <= _MOST_GIVEN:
            argument = self.named.of(caller, getattr(callee, "__name__", None))
        if site.argument is None and argument is not None:
            site.argument = values.fact(argument)
        if site.given is not None and len(site.given) < _MOST_GIVEN:
            site.given.append(argument)
        self.stack.append((site, now_ns(), caller if python is None else frame, python))

    def end(self, result):
        end = now_ns()
        site, start, _, _ = self.stack.pop()
        site.ns += end - start
        if site.result is None and result is not None:
            site.result = values.fact(result)


def line_table(code):
    table = {}
    for start, end, line in code.co_lines():
        for offset in range(start, end, 2):
            table[offset] = line
    return table


def stable(function, argument=None):
    """
    One thing to know a callee by: bound methods are made anew for each call, and one function is many classes' method, which it is told by what
    it is called on.
    """
    name = getattr(function, "__name__", "")
    if argument is not None and "." in getattr(function, "__qualname__", "") and getattr(type(argument), name, None) is function:
        return type(argument), name
    owner = getattr(function, "__self__", None)
    if owner is None or isinstance(owner, type(sys)):
        return function
    name = getattr(function, "__name__", None)
    return function if name is None else (owner if isinstance(owner, type) else type(owner), name)


def called(callee):
    """The full name of what `stable` gave."""
    if isinstance(callee, str):
        return callee
    if isinstance(callee, tuple):
        kind, name = callee
        return values.top(kind.__module__, kind.__qualname__ + "." + name)
    return values.name_of(callee)


def argument_of(function, argument):
    """What a method is called on, else the first argument."""
    owner = getattr(function, "__self__", None)
    if owner is not None and not isinstance(owner, (type(sys), type)):
        return owner
    return None if argument is sys.monitoring.MISSING else argument


def python_name(frame, first):
    code = frame.f_code
    module = frame.f_globals.get("__name__", "")
    name = getattr(code, "co_qualname", None)
    if name is None:
        name = code.co_name
        if first is not None and code.co_varnames[:1] == ("self",):
            name = type(first).__qualname__ + "." + name
            module = type(first).__module__
    return values.top(module, name.replace(".__init__", ""))


def argument_in(frame, first):
    """The first argument; of `__init__`, the one after `self`."""
    code = frame.f_code
    if code.co_name == "__init__" and code.co_argcount > 1:
        return frame.f_locals.get(code.co_varnames[1])
    return first
