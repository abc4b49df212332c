"""Operators that a PyTorch model runs: each is timed as it is dispatched, with the module and the user's line that asked for it; and what an operator
costs that has nothing to compute."""

import sys
import timeit

from .clock import MS, median, now_ns
from .places import name_of, shown

_LOOPS = 2000
_REPEATS = 21
#: Methods that bring values from a tensor to Python. On a device each waits for it.
READS = ("item", "tolist", "numpy", "cpu", "__bool__", "__float__", "__int__", "__index__")
_COPIES = ("_to_copy", "clone", "copy_", "contiguous", "to_mkldnn", "to_dense")


class Site:
    """One operator of one module at one line."""

    def __init__(self, name, node, place):
        self.name = name
        self.node = node
        self.place = place
        self.times = []
        self.what = None

    @property
    def calls(self):
        return len(self.times)

    @property
    def ns(self):
        """Of all calls, each as the middle one: on a busy machine single ones wait."""
        return median(self.times) * len(self.times)


def place_of(places, depth=2):
    """The nearest frame of the user's own."""
    frame = sys._getframe(depth)
    while frame is not None:
        if places.is_user(frame.f_code.co_filename):
            return {"file": shown(frame.f_code.co_filename), "line": frame.f_lineno, "function": name_of(frame.f_code)}
        frame = frame.f_back
    return None


def watched(torch, places, stack, predict, runs):
    """Sites of `runs` predictions, one for each name, module and line. What being watched adds to an operator is taken off."""
    from torch.utils._python_dispatch import TorchDispatchMode

    sites = {}

    class Watch(TorchDispatchMode):
        def __torch_dispatch__(self, function, types, args=(), kwargs=None):
            start = now_ns()
            out = function(*args, **(kwargs or {}))
            took = now_ns() - start
            name = function.overloadpacket.__name__
            place = place_of(places)
            key = (name, stack.now(), None if place is None else (place["file"], place["line"]))
            site = sites.get(key)
            if site is None:
                site = sites[key] = Site(name, stack.now(), place)
            site.times.append(took)
            if site.what is None and name in _COPIES:
                site.what = copy_of(torch, name, args, out)
            return out

    cost = _cost_of(torch, Watch, sites)
    for _ in range(runs):
        with Watch():
            predict()
    for site in sites.values():
        site.times = [max(0.0, one - cost) for one in site.times]
    return list(sites.values())


def fit(sites, runs, whole_ns):
    """Operators take longer while they are watched than is taken off: together they take at most the model's time, each its share."""
    seen = sum(one.ns for one in sites) / runs
    if seen > whole_ns > 0:
        for one in sites:
            one.times = [took * whole_ns / seen for took in one.times]


def _cost_of(torch, watch, sites):
    """What an operator on empty tensors takes longer while it is watched, ns."""
    one = torch.empty(0)
    with torch.no_grad(), watch():
        for _ in range(200):
            torch.add(one, one)
    seen = sorted(took for site in sites.values() for took in site.times)
    sites.clear()
    return max(0.0, seen[len(seen) // 4] - empty_operator_ns(torch, False))


def copy_of(torch, name, args, out):
    """'dtype' or 'layout', with words; None: neither changes."""
    first = next((one for one in args if isinstance(one, torch.Tensor)), None)
    source = args[1] if name == "copy_" and len(args) > 1 and isinstance(args[1], torch.Tensor) else first
    if source is None or not isinstance(out, torch.Tensor):
        return None
    if source.dtype != out.dtype:
        return ("dtype", "%s to %s" % (_word(source.dtype), _word(out.dtype)))
    if source.layout != out.layout or source.stride() != out.stride():
        return ("layout", "%s" % "x".join(str(one) for one in out.shape))
    return None


def _word(dtype):
    return str(dtype).replace("torch.", "")


def reads_of(torch, places, stack, predict):
    """What one prediction reads from tensors into Python, and whether a module is at work then."""
    from torch.overrides import TorchFunctionMode

    found = {}

    class Watch(TorchFunctionMode):
        def __torch_function__(self, function, types, args=(), kwargs=None):
            name = getattr(function, "__name__", "")
            if name in READS:
                place = place_of(places)
                if place is not None:
                    key = (name, stack.now() is not None, place["file"], place["line"])
                    found.setdefault(key, [place, 0])[1] += 1
            return function(*args, **(kwargs or {}))

    with Watch():
        predict()
    return [{"method": key[0], "inside": key[1], **place, "calls": calls} for key, (place, calls) in found.items()]


def empty_operator_ns(torch, gradients):
    """What starting an operator takes: torch.add on tensors without elements, as Python calls it."""
    one = torch.empty(0, requires_grad=gradients)
    with torch.set_grad_enabled(gradients):
        return _median_ns("add(x, x)", add=torch.add, x=one)


def empty_module_ns(torch):
    """Of a module's call that does nothing, without its operators."""
    names = {"module": torch.nn.Identity(), "plain": lambda value: value, "x": torch.empty(0)}
    return max(0.0, _median_ns("module(x)", **names) - _median_ns("plain(x)", **names))


def _median_ns(statement, **names):
    """Of loops of about a millisecond: blocks of 10 ms and more, as torch.utils.benchmark.Timer has them, hold what other programs took on a busy machine."""
    return median(timeit.repeat(statement, globals=names, number=_LOOPS, repeat=_REPEATS)) / _LOOPS * 1e9


def operator_rows(sites, runs):
    """By operator, the longest first."""
    by_name = {}
    for site in sites:
        row = by_name.setdefault(site.name, [0, 0])
        row[0] += site.calls / runs
        row[1] += site.ns / runs
    rows = [{"name": name, "calls": calls, "timeMs": ns / MS} for name, (calls, ns) in by_name.items()]
    return sorted(rows, key=lambda row: -row["timeMs"])[:40]


def copy_rows(sites, runs):
    found = [
        {
            "kind": site.what[0],
            "what": site.what[1],
            "operator": site.name,
            "module": None if site.node is None else site.node.name,
            "file": None if site.place is None else site.place["file"],
            "line": None if site.place is None else site.place["line"],
            "function": None if site.place is None else site.place["function"],
            "calls": site.calls / runs,
            "timeMs": site.ns / MS / runs,
        }
        for site in sites
        if site.what is not None
    ]
    return sorted(found, key=lambda row: -row["timeMs"])[:40]
