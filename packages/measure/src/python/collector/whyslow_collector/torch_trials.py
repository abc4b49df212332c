"""Other settings of a PyTorch model, each timed in turns with the model as the user's code calls it, on the inputs of the last call."""

import contextlib
import copy
import os

from .clock import MS, in_turns, now_ns
from .errors import reason_of
from .torch_model import Given, changes_inputs, flat, in_training, mapped, tensors_of, without_gradients

_BUDGET_MS = 900
#: As packages/measure/src/outputs has it.
_ROUNDING = 1e-4
_HALF_STEPS = 4


class Trial:
    """`make()` gives a function without arguments; what it takes until the first result is told apart. `settle(side)`: see in_turns."""

    def __init__(self, id, title, code, make, settle=None, threads=None):
        self.id = id
        self.title = title
        self.code = code
        self.make = make
        self.settle = settle
        self.threads = threads


def _given(found):
    """Inputs of one call: copies, on both sides, if the model changes them."""
    given = Given(found.args, found.words)
    return given.copied() if found.changes else given


def plain(torch, found):
    """The model as the user's code calls it."""
    module = found.module

    def call():
        given = _given(found)
        with torch.set_grad_enabled(found.gradients):
            return module(*given.args, **given.words)

    return call


@contextlib.contextmanager
def evaluating(root):
    """Each module as it was, afterwards."""
    modes = [(one, one.training) for one in root.modules()]
    if any(mode for _, mode in modes):
        root.eval()
    try:
        yield
    finally:
        for module, mode in modes:
            module.training = mode


def inferring(torch, module, found):
    """Without gradients."""
    context = getattr(torch, without_gradients(torch, module))

    def call():
        given = _given(found)
        with context():
            return module(*given.args, **given.words)

    return call


def trials_of(torch, found, root, cpus, compiles):
    args, words = found.args, found.words
    with contextlib.suppress(Exception), torch.set_grad_enabled(found.gradients):
        _, found.changes = changes_inputs(found.module, Given(args, words))
    again = lambda: inferring(torch, found.module, found)  # noqa: E731
    trials = []
    if found.tracks:
        name = without_gradients(torch, root)
        trials.append(Trial("inference-mode", name, "with torch.%s(): model(x)" % name, again))
    if in_training(root):
        trials.append(Trial("eval", "eval()", "model.eval()", lambda: plain(torch, found)))
    threads = torch.get_num_threads()
    for count in sorted({1, max(1, cpus)} - {threads}):
        word = "thread" if count == 1 else "threads"
        settle = lambda side, count=count: torch.set_num_threads((threads, count)[side])  # noqa: E731
        trials.append(Trial("threads", "%d %s" % (count, word), "torch.set_num_threads(%d)" % count, again, settle, count))
    if isinstance(root, torch.jit.ScriptModule):
        return trials
    if _has_convolutions(torch, root) and any(_is_image(torch, one) for one in tensors_of([args, words])):
        code = "model = model.to(memory_format=torch.channels_last)"
        trials.append(Trial("channels-last", "channels_last", code, lambda: _channels_last(torch, root, found)))
    floats = [one for one in root.parameters() if one.is_floating_point()]
    if floats and all(one.dtype == torch.float32 for one in floats):
        trials.append(Trial("bfloat16", "bfloat16", "model = model.bfloat16()", lambda: _bfloat16(torch, root, found)))
    if compiles:
        trials.append(Trial("compile", "torch.compile", "model = torch.compile(model)", lambda: inferring(torch, torch.compile(root), found)))
    return trials


def _has_convolutions(torch, root):
    return any(isinstance(one, (torch.nn.Conv2d, torch.nn.ConvTranspose2d)) for one in root.modules())


def _is_image(torch, value):
    return isinstance(value, torch.Tensor) and value.dim() == 4 and value.is_floating_point()


def _each(found, change):
    given = _given(found)
    return mapped(given.args, change), mapped(given.words, change)


def _channels_last(torch, root, found):
    twin = copy.deepcopy(root).to(memory_format=torch.channels_last)
    change = lambda one: one.contiguous(memory_format=torch.channels_last) if _is_image(torch, one) else one  # noqa: E731

    def call():
        with torch.inference_mode():
            given, named = _each(found, change)
            return twin(*given, **named)

    return call


def _bfloat16(torch, root, found):
    twin = copy.deepcopy(root).bfloat16()
    change = lambda one: one.bfloat16() if one.is_floating_point() else one  # noqa: E731

    def call():
        with torch.inference_mode():
            given, named = _each(found, change)
            return twin(*given, **named)

    return call


def _row(id, title, code):
    return {"id": id, "title": title, "code": code, "firstMs": None, "equal": None, "error": None, "reason": None, "pairsMs": []}


def as_compiled():
    """The row of torch.compile for a model that the user's code has compiled."""
    return {**_row("compile", "torch.compile", "model = torch.compile(model)"), "reason": "the model is compiled already"}


def tried(torch, found, root, trial):
    """
    The row of a trial: times in turns, how the outputs compare, or why there are none. The first two settings start from the model as the user's code
    calls it; the others from the model out of training mode and without gradients, so that what each gains is its own.
    """
    row = _row(trial.id, trial.title, trial.code)
    if trial.threads is not None:
        row["threads"] = trial.threads
    as_called = trial.id in ("inference-mode", "eval")
    settle = trial.settle
    training = [one for one in root.modules() if one.training]
    # No two calls give the same.
    is_random = as_called and in_training(root)
    if trial.id == "eval":

        def settle(side):
            for one in training:
                one.training = side == 0

    try:
        with contextlib.nullcontext() if as_called else evaluating(root):
            now = plain(torch, found) if as_called else inferring(torch, found.module, found)
            before = now()
            if settle is not None:
                settle(1)
            start = now_ns()
            instead = trial.make()
            after = instead()
            row["firstMs"] = (now_ns() - start) / MS
            row["equal"], row["error"] = ("different", None) if is_random else compared(torch, before, after)
            row.update(in_turns(now, instead, _BUDGET_MS, settle))
    except Exception as error:
        row["reason"] = reason_of(error)[:300]
    finally:
        if settle is not None:
            settle(0)
    return row


def compared(torch, one, other):
    """('bits' | 'rounding' | 'different', the largest difference as a share of the largest value)."""
    ours, theirs = flat(one), flat(other)
    if len(ours) != len(theirs):
        return "different", None
    worst, same, is_rounding = 0.0, True, True
    for (_, a), (_, b) in zip(ours, theirs):
        if a.shape != b.shape:
            return "different", None
        a, b = a.detach(), b.detach()
        if a.dtype == b.dtype and torch.equal(a, b):
            continue
        same = False
        if not a.is_floating_point():
            return "different", None
        # Two half-precision results: a step of theirs is coarser.
        most = max(_ROUNDING, _HALF_STEPS * torch.finfo(a.dtype).eps) if a.dtype == b.dtype and a.element_size() == 2 else _ROUNDING
        error = _error(torch, a.double(), b.double())
        if error is None:
            return "different", None
        worst, is_rounding = max(worst, error), is_rounding and error <= most
    if same:
        return "bits", 0.0
    return ("rounding" if is_rounding else "different"), worst


def _error(torch, a, b):
    """The largest difference of finite values as a share of the largest; None: one has NaN or an infinity where the other has not."""
    finite = torch.isfinite(a)
    odd = lambda one: torch.nan_to_num(one[~finite], nan=0.0, posinf=1.0, neginf=-1.0)  # noqa: E731
    if not torch.equal(finite, torch.isfinite(b)) or not torch.equal(odd(a), odd(b)):
        return None
    a, b = a[finite], b[finite]
    scale = float(a.abs().max()) if a.numel() else 0.0
    error = float((a - b).abs().max()) if a.numel() else 0.0
    if scale > 0:
        return error / scale
    return 0.0 if error == 0 else None


def without_traces(folder):
    """What torch.compile keeps goes with the run, and one process compiles."""
    os.environ.setdefault("TORCHINDUCTOR_CACHE_DIR", os.path.join(folder, "torchinductor"))
    os.environ.setdefault("TORCHINDUCTOR_COMPILE_THREADS", "1")


def breaks_of(torch, found, root):
    """What torch.compile makes of the model: {graphs, breaks: [{reason, file, line}]}; None: it does not tell."""
    try:
        import torch._dynamo

        torch._dynamo.reset()
        given = Given(found.args, found.words).copied()
        with evaluating(root), torch.no_grad():
            told = torch._dynamo.explain(root)(*given.args, **given.words)
        breaks = []
        for one in told.break_reasons:
            frames = list(getattr(one, "user_stack", None) or [])
            last = frames[-1] if frames else None
            reason = " ".join(str(one.reason).split())[:200]
            breaks.append({"reason": reason, "file": None if last is None else last.filename, "line": None if last is None else last.lineno})
        return {"graphs": told.graph_count, "breaks": breaks[:20]}
    except Exception:
        return None
    finally:
        with contextlib.suppress(Exception):
            torch._dynamo.reset()
