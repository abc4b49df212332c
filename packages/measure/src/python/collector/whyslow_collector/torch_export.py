"""A PyTorch model as an ONNX file: `torch.onnx.export(dynamo=True)`, or the TorchScript exporter where that fails. What is exported is the model out of
training mode; its outputs are compared with eager mode's on the example inputs."""

import contextlib
import os
import re
import sys

from . import torch_model
from .errors import Contract, reason_of
from .places import Places, innermost, shown
from .torch_trials import compared
from .wire import answer_once

_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
_IN_USER_CODE = re.compile(r'File "([^"]+)", line (\d+)')
#: From here on weights are a file of their own.
_EXTERNAL_FROM_BYTES = 1 << 30


def serve():
    from .main import end_with

    end_with(os.getppid())
    answer_once(answer)


def answer(plan):
    places = Places([plan["file"]])
    try:
        return exported(plan, places)
    except Contract as error:
        return {"reason": str(error), "place": None}
    except BaseException as error:
        is_torchs = type(error).__module__.startswith("torch")
        return {"reason": told_of(error) if is_torchs else reason_of(error), "place": place_in(error, places)}


def place_in(error, places):
    """The line of the user's own that the exporter names, or that threw."""
    seen, at = [], error
    while at is not None and at not in seen:
        seen.append(at)
        for file, line in reversed(_IN_USER_CODE.findall(str(at))):
            if places.is_user(file):
                return {"file": shown(file), "line": int(line)}
        at = at.__cause__ or at.__context__
    found = next((one for one in (innermost(one.__traceback__, places) for one in reversed(seen)) if one), None)
    return None if found is None else {"file": shown(found["file"]), "line": found["line"]}


def exported(plan, places):
    opened = torch_model.open_model(plan["file"])
    import torch

    model = opened.model
    if not torch_model.is_torch_module(model):
        raise Contract("%s: model() returned %s; what is exported is an nn.Module" % (os.path.basename(plan["file"]), type(model).__name__))
    was_training = any(one.training for one in model.modules())
    if hasattr(model, "eval") and was_training:
        with contextlib.suppress(NotImplementedError):
            model.eval()
    pairs = opened.tensors()
    inputs = [name for name, _ in pairs]
    with torch.no_grad():
        given = opened.given.copied()
        before = model(*given.args, **given.words)
    outputs = output_names(inputs, before)
    exporter, notes = export(torch, opened, inputs, outputs, plan["out"])
    if was_training:
        notes.append("the model was in training mode; what is exported predicts as after model.eval()")
    told = compare(torch, plan["out"], pairs, outputs, before)
    save_example(plan.get("example"), pairs)
    return {
        "exporter": exporter,
        "torch": torch.__version__,
        "notes": notes,
        "inputs": inputs,
        "outputs": outputs,
        "classes": {name: type(one).__name__ for name, one in model.named_modules()},
        **told,
    }


def output_names(inputs, outputs):
    """A graph has one value of a name."""
    return [name if name not in inputs else name + "_out" for name, _ in torch_model.flat(outputs)]


def export(torch, opened, inputs, outputs, out):
    """(the exporter's name, notes)."""
    model, given = opened.model, opened.given.copied()
    if isinstance(model, torch.jit.ScriptModule):
        by_script(torch, opened, inputs, outputs, out)
        return "torchscript", []
    lacking = [name for name in ("onnx", "onnxscript") if not has(name)]
    if lacking:
        first = "this Python has no %s, which torch.onnx.export(dynamo=True) needs: pip install %s" % (" and no ".join(lacking), " ".join(lacking))
    else:
        try:
            with quiet():
                torch.onnx.export(
                    model,
                    given.args,
                    out,
                    kwargs=given.words or None,
                    input_names=inputs,
                    output_names=outputs,
                    dynamic_shapes=opened.dynamic_shapes,
                    dynamo=True,
                    external_data=bytes_of(model) >= _EXTERNAL_FROM_BYTES,
                )
            return "dynamo", []
        except Exception as error:
            first, failed = told_of(error), error
    if isinstance(model, torch.fx.GraphModule):
        # An exported program has no source that TorchScript could read.
        raise Contract("it cannot be exported to ONNX: %s" % first) if lacking else failed
    try:
        doubts = by_script(torch, opened, inputs, outputs, out)
    except Exception as error:
        if lacking:
            raise Contract("it cannot be exported to ONNX: %s" % first) from error
        raise failed from None
    if doubts:
        # A graph that took one way of a condition would be wrong for other inputs.
        os.remove(out)
        if lacking:
            raise Contract("it cannot be exported to ONNX: what it computes depends on values of its inputs (%s); %s" % (doubts[0], first))
        raise failed
    return "torchscript", ["torch.export failed (%s); the TorchScript exporter was used, which follows the example inputs alone" % first]


def by_script(torch, opened, inputs, outputs, out):
    """Gives what the tracer doubts: conditions and numbers that depend on the values of tensors, as 'file:line'."""
    import warnings

    given = opened.given.copied()
    dynamic = axes_of(opened, inputs)
    with quiet(), warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always", torch.jit.TracerWarning)
        torch.onnx.export(
            opened.model,
            given.args if not given.words else (*given.args, given.words),
            out,
            input_names=inputs,
            output_names=outputs,
            dynamic_axes=dynamic,
            dynamo=False,
        )
    doubted = [one for one in told if issubclass(one.category, torch.jit.TracerWarning)]
    return ["%s:%d" % (shown(one.filename), one.lineno) for one in doubted]


def axes_of(opened, inputs):
    """`dynamic_shapes` as the older exporter takes them; None: none are named."""
    shapes = opened.dynamic_shapes
    if not shapes:
        return None
    listed = list(shapes.values()) if isinstance(shapes, dict) else list(shapes)
    if len(listed) != len(inputs):
        # Of nested inputs.
        return None
    axes = {}
    for name, one in zip(inputs, listed):
        if isinstance(one, dict):
            axes[name] = {axis: getattr(dim, "__name__", None) or "%s_%d" % (name, axis) for axis, dim in one.items() if dim is not None}
    return axes or None


def told_of(error):
    """The first line of it that says something; exporters write pages."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    cause = error.__cause__ if error.__cause__ is not None else error.__context__ if type(error).__name__ == "TorchExportError" else None
    if cause is not None and str(cause).strip():
        lines = [line.strip() for line in str(cause).splitlines() if line.strip()]
        error = cause
    return _COLOURS.sub("", "%s: %s" % (type(error).__name__, lines[0] if lines else ""))[:240].strip()


def has(name):
    from importlib.util import find_spec

    try:
        return find_spec(name) is not None
    except (ImportError, ValueError):
        return False


def bytes_of(model):
    return sum(one.numel() * one.element_size() for one in [*model.parameters(), *model.buffers()])


@contextlib.contextmanager
def quiet():
    """Exporters write what they do to standard output."""
    import logging
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        level = logging.root.manager.disable
        logging.disable(logging.WARNING)
        try:
            with contextlib.redirect_stdout(sys.stderr):
                yield
        finally:
            logging.disable(level)


def compare(torch, file, pairs, outputs, before):
    """How ONNX Runtime's outputs differ from eager mode's, if this Python has it."""
    if not has("onnxruntime"):
        return {"equal": None, "error": None, "compared": "this Python has no onnxruntime"}
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])
    wanted = {one.name for one in session.get_inputs()}
    arrays = {name: tensor.detach().cpu().numpy() for name, tensor in pairs if name in wanted}
    after = [torch.from_numpy(one) for one in session.run(outputs, arrays)]
    equal, error = compared(torch, [one for _, one in torch_model.flat(before)], after)
    return {"equal": equal, "error": error, "compared": "onnxruntime %s" % onnxruntime.__version__}


def save_example(file, pairs):
    """The inputs as NumPy arrays, for whoever measures the file."""
    if file is None or not has("numpy"):
        return
    import numpy

    numpy.savez(file, **{name: tensor.detach().cpu().numpy() for name, tensor in pairs})
