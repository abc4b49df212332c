"""Time of a PyTorch model's modules. Clocks stand around few of them at a time, so that a prediction takes hardly longer; the outermost module is timed
in each of those predictions. Of each the lower quartile counts, as a share of the outermost module's: what disturbs a prediction somewhere is no cost
of the module that it meets. Own times add up to the outermost module's."""

from .clock import MS, median, now_ns

#: What clocks may add to a prediction.
_MOST_ADDED = 0.02
_ROUNDS = 5


class Found:
    """The outermost module, as the user's code calls it."""

    def __init__(self, module, args, words, gradients, stack):
        self.module = module
        self.args = args
        self.words = words
        self.gradients = gradients
        self.stack = stack
        #: Whether a call of it keeps what a backward pass would need.
        self.tracks = gradients
        #: Whether it changes its inputs in place.
        self.changes = False
        self.calls = 0
        self.ns = 0


class Outermost:
    """Watches calls of modules between `start` and `stop`: those that no other module makes."""

    def __init__(self, torch, stack_of):
        self.torch = torch
        self.stack_of = stack_of
        self.found = {}
        self._inside = False

    def start(self):
        cls = self.torch.nn.Module
        self._original = original = cls.__call__
        watch = self

        def called(module, *args, **words):
            if watch._inside:
                return original(module, *args, **words)
            watch._inside = True
            gradients = watch.torch.is_grad_enabled()
            start = now_ns()
            try:
                return original(module, *args, **words)
            finally:
                watch._inside = False
                one = watch.found.get(id(module))
                if one is None:
                    one = watch.found[id(module)] = Found(module, args, words, gradients, watch.stack_of())
                one.calls += 1
                one.ns += now_ns() - start

        cls.__call__ = called

    def stop(self):
        self.torch.nn.Module.__call__ = self._original

    def most(self):
        """The one that takes most of the time; None: there is none."""
        return max(self.found.values(), key=lambda one: one.ns, default=None)


def inner_of(module):
    """(what the user wrote, whether torch.compile runs it)."""
    original = getattr(module, "_orig_mod", None)
    return (module, is_compiled(module)) if original is None else (original, True)


def is_compiled(module):
    """By torch.compile(model), or model.compile(): a clock inside it would break its graph."""
    return getattr(module, "_orig_mod", None) is not None or getattr(module, "_compiled_call_impl", None) is not None


class Node:
    def __init__(self, name, module):
        self.name = name
        self.module = module
        self.calls = 0
        self.callers = {}
        self.operators = 0
        self.times = []
        self.share = 0.0

    def caller(self):
        return max(self.callers, key=self.callers.get) if self.callers else None


class Wrapped:
    """`forward` of modules replaced for a while; what cannot be replaced (TorchScript) is left as it is."""

    def __init__(self, nodes, wrap):
        self._nodes = nodes
        self._wrap = wrap
        self._kept = []

    def __enter__(self):
        for node in self._nodes:
            # What model.compile() made calls forward from compiled code.
            name = "forward" if node.module.__dict__.get("_compiled_call_impl") is None else "_compiled_call_impl"
            own = node.module.__dict__.get(name)
            try:
                object.__setattr__(node.module, name, self._wrap(node, getattr(node.module, name)))
            except Exception:
                continue
            self._kept.append((node.module, name, own))
        return self

    def __exit__(self, *_):
        for module, name, own in reversed(self._kept):
            if own is None:
                module.__dict__.pop(name, None)
            else:
                object.__setattr__(module, name, own)


def nodes_of(root):
    """
    Each module once, by its first name. A module of TorchScript, of an exported program or that torch.compile runs is one node, with no clock inside.
    """
    import torch

    if isinstance(root, (torch.jit.ScriptModule, torch.fx.GraphModule)):
        return [Node("", root)]
    return nodes_outside(root)


def nodes_outside(root):
    """Modules but those inside of compiled ones."""
    nodes, inside = [], {id(below) for one in root.modules() if is_compiled(one) for below in one.modules() if below is not one}
    for name, module in root.named_modules():
        if id(module) not in inside:
            nodes.append(Node(name, module))
    return nodes


class Stack:
    """Which module is at work, by its node."""

    def __init__(self):
        self.nodes = []

    def now(self):
        return self.nodes[-1] if self.nodes else None

    def wrap(self, node, forward):
        nodes = self.nodes

        def stacked(*args, **words):
            node.callers[nodes[-1] if nodes else None] = node.callers.get(nodes[-1] if nodes else None, 0) + 1
            node.calls += 1
            nodes.append(node)
            try:
                return forward(*args, **words)
            finally:
                nodes.pop()

        return stacked


def _clocked(spans):
    def wrap(node, forward):
        times = spans.setdefault(node, [])

        def timed(*args, **words):
            start = now_ns()
            try:
                return forward(*args, **words)
            finally:
                times.append(now_ns() - start)

        return timed

    return wrap


def clock_ns():
    """What one clock around a call takes."""
    spans, calls = {}, 2000
    plain = lambda: None  # noqa: E731
    timed = _clocked(spans)(None, plain)
    best = [1e9, 1e9]
    for _ in range(5):
        for at, function in enumerate((plain, timed)):
            start = now_ns()
            for _ in range(calls):
                function()
            best[at] = min(best[at], (now_ns() - start) / calls)
    return max(0.0, best[1] - best[0])


def groups_of(nodes, once_ns, cost_ns):
    """Nodes in groups whose clocks together stay within what they may add; one at least."""
    room = max(1.0, _MOST_ADDED * once_ns / max(cost_ns, 1.0) - 1)
    groups, used = [[]], 0
    for node in sorted(nodes, key=lambda one: one.calls):
        if groups[-1] and used + node.calls > room:
            groups.append([])
            used = 0
        groups[-1].append(node)
        used += node.calls
    return [one for one in groups if one]


def timed(nodes, predict, budget_ms):
    """
    Fills the nodes' `share`, part of the outermost module's time; gives (its median ns, what clocks add as a share, median ns of a prediction without
    them).
    """
    root, *others = nodes
    cost = clock_ns()
    once = median([predict() for _ in range(3)])
    others = [one for one in others if one.calls]
    groups = groups_of(others, once, cost) or [[]]
    whole, with_clocks, without = [], [], []
    end = now_ns() + budget_ms * MS
    rounds = 0
    while rounds < _ROUNDS or now_ns() < end:
        for group in groups:
            # What is replaced makes the interpreter look attributes up anew: the prediction after that counts.
            predict()
            without.append(predict())
            spans = {}
            with Wrapped([root, *group], _clocked(spans)):
                predict()
                for times in spans.values():
                    times.clear()
                with_clocks.append(predict())
            all_ns = sum(spans[root]) if spans.get(root) else with_clocks[-1]
            whole.append(all_ns)
            for node in group:
                taken = spans.get(node) or [0]
                below = sum(one.calls for one in group if one is not node and _is_below(one, node))
                node.times.append(max(0.0, sum(taken) - below * cost))
            if rounds >= _ROUNDS and now_ns() >= end:
                break
        rounds += 1
    for node in others:
        node.share = _quartile(node.times) / max(1.0, _quartile(whole)) if node.times else 0.0
    added = _quartile(with_clocks) / _quartile(without) - 1
    return median(whole), added, median(without)


def _quartile(values):
    return sorted(values)[len(values) // 4]


def _is_below(node, other):
    seen, at = set(), node.caller()
    while at is not None and at not in seen:
        if at is other:
            return True
        seen.add(at)
        at = at.caller()
    return False


def rows_of(nodes, whole_ns, shown_place):
    """Modules that were called, in the order of the source."""
    root = nodes[0]
    inclusive = {one: (1.0 if one is root else one.share) * whole_ns for one in nodes}
    children = {one: 0.0 for one in nodes}
    for one in nodes:
        calls = sum(one.callers.values())
        for caller, count in one.callers.items():
            # Its calls by several callers are taken to be equally long.
            if one is not root and caller is not None and one.calls:
                children[caller] += inclusive[one] * count / calls
    return [
        {
            "name": one.name,
            "type": type(one.module).__name__,
            "calledBy": None if one.caller() is None else one.caller().name,
            "calls": one.calls,
            "timeMs": inclusive[one] / MS,
            "selfMs": (inclusive[one] - children[one]) / MS,
            "operators": one.operators,
            "place": shown_place(one.module),
        }
        for one in nodes
        if one.calls or one is root
    ]
