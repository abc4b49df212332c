"""A module of PyTorch as a program calls it: exported with one input for each tensor of a call, however calls hold them, and one output for each tensor
that it gives."""

import os
import sys

from . import torch_export, torch_model
from .errors import Contract
from .export_models import is_finite, save
from .places import Places

#: Dropout is random; batch normalization goes by the other rows of the batch.
_TRAINING = "it is in training mode, in which its results are random or depend on the batch: call model.eval() once it is loaded"


def of_torch(model, calls, folder):
    torch = sys.modules["torch"]
    # What torch.compile gave holds the module itself.
    model = getattr(model, "_orig_mod", model)
    around = _forward_around(torch, calls[0].site)
    if around is not None:
        raise Contract("it is a part of %s, whose forward() the program calls by itself: call the module, model(x) in place of model.forward(x)" % around)
    device = next((one.device.type for one in model.parameters()), "cpu")
    if device != "cpu":
        raise Contract("the model is on %s; what is shipped runs on the CPU" % device)
    first = calls[0]
    template, leaves = _taken(torch, [list(first.args), dict(first.kwargs)])
    if not leaves:
        raise Contract("the model is called without a tensor")
    given = [leaves]
    for call in calls[1:]:
        other, tensors = _taken(torch, [list(call.args), dict(call.kwargs)])
        if other != template or [one.dtype for one in tensors] != [one.dtype for one in leaves]:
            raise Contract("the model is called in several ways")
        given.append(tensors)
    structure = {}

    def run(tensors):
        args, words = _filled(template, iter(tensors))
        structure["is"], flat = _taken(torch, model(*args, **words))
        return tuple(flat)

    was_training = [one for one in model.modules() if one.training]
    if any("Drop" in type(one).__name__ and getattr(one, "p", getattr(one, "drop_prob", 0)) for one in was_training):
        raise Contract(_TRAINING)
    model.eval()
    try:
        names = _input_names(model, template)
        wrapper = _wrapper(torch, model, names, run)
        with torch.no_grad():
            flat = wrapper(*(one.detach().clone() for one in leaves))
        outputs = ["output" if len(flat) == 1 else "output_%d" % at for at in range(len(flat))]
        if not flat:
            raise Contract("the model gives no tensor")
        if was_training and not _alike(torch, flat, _taken(torch, first.result)[1]):
            raise Contract(_TRAINING)
        file = os.path.join(folder, "model.onnx")
        is_script = isinstance(model, torch.jit.ScriptModule)
        if is_script and (first.kwargs or any("tensor" not in one for one in template["list"][0]["list"])):
            raise Contract("it is TorchScript that is called with more than tensors")
        notes = _exported_somehow(torch, (wrapper, model if is_script else wrapper), names, outputs, given, file)
    finally:
        for one in was_training:
            one.training = True
    for number, tensors in enumerate(given):
        data = save(folder, number, {name: one.detach().numpy() for name, one in zip(names, tensors)})
    if was_training:
        notes = [*notes, "it was in training mode; what is exported predicts as after model.eval()"]
    finite = all(is_finite([one.detach().numpy() for one in tensors]) for tensors in given)
    spec = {"kind": "torch", "given": template, "gives": structure["is"], "inputs": names, "outputs": outputs, "finite": finite}
    program = None if is_script else _program(torch, wrapper, names, given, os.path.join(folder, "model.pt2"))
    return {"file": file, "data": data, "standIn": spec, "batch": 1, "notes": notes, "program": program}


def _program(torch, wrapper, names, given, file):
    """The module as PyTorch's own file, which its own engines open, with the axes free in which calls differ; None: it cannot be one."""
    try:
        with torch.no_grad(), torch_export.quiet():
            leaves = tuple(one.detach().clone() for one in _largest(given))
            torch.export.save(torch.export.export(wrapper, leaves, dynamic_shapes=_dims(torch, names, _varied(given))), file)
    except Exception:
        return None
    return file


def _forward_around(torch, site):
    """The class whose forward() makes the call; None: none does."""
    own = None if site is None or site.function != "forward" else site.names[0].get("self")
    return type(own).__name__ if isinstance(own, torch.nn.Module) else None


def _alike(torch, ones, others):
    return len(ones) == len(others) and all(one.shape == other.shape and torch.allclose(one, other, 1e-3, 1e-4, equal_nan=True) for one, other in zip(ones, others))


def _taken(torch, value):
    """(the value with `{"tensor": n}` in place of tensors, as JSON; tensors)."""
    tensors = []

    def one(value):
        if isinstance(value, torch.Tensor):
            tensors.append(value)
            return {"tensor": len(tensors) - 1}
        if value is None or isinstance(value, (bool, int, float, str)):
            return {"plain": value}
        if type(value) in (list, tuple):
            return {type(value).__name__: [one(member) for member in value]}
        if hasattr(value, "items"):
            kind = "dict" if type(value) is dict else "named"
            return {kind: [[name, one(member)] for name, member in value.items()]}
        if isinstance(value, tuple) and hasattr(value, "_fields"):
            return {"named": [[name, one(member)] for name, member in zip(value._fields, value)]}
        raise Contract("the model is given or gives %s" % type(value).__name__)

    return one(value), tensors


def _filled(template, tensors):
    """The value again."""
    (kind, content), *_ = template.items()
    if kind == "tensor":
        return next(tensors)
    if kind == "plain":
        return content
    if kind in ("dict", "named"):
        return {name: _filled(one, tensors) for name, one in content}
    made = [_filled(one, tensors) for one in content]
    return tuple(made) if kind == "tuple" else made


def _input_names(model, template):
    """Names of the parameters that are tensors; others get numbers."""
    parameters = torch_model.positional_names(model)
    args, words = template["list"]
    found = []
    for at, one in enumerate(args["list"]):
        found.extend(_named(parameters[at] if at < len(parameters) else "input_%d" % at, one))
    for name, one in words["dict"]:
        found.extend(_named(name, one))
    plain = ["".join(letter if letter.isalnum() or letter == "_" else "_" for letter in name) for name in found]
    return plain if len(set(plain)) == len(plain) and all(one.isidentifier() for one in plain) else ["input_%d" % at for at in range(len(found))]


def _named(name, template):
    (kind, content), *_ = template.items()
    if kind == "tensor":
        return [name]
    if kind == "plain":
        return []
    members = [one for _, one in content] if kind in ("dict", "named") else content
    return [inner for at, one in enumerate(members) for inner in _named("%s_%d" % (name, at), one)]


def _wrapper(torch, model, names, run):
    """A module whose forward takes the tensors one by one, by name: exporters read its signature."""
    made = {}
    exec("def forward(self, %s):\n    return self.run((%s,))" % (", ".join(names), ", ".join(names)), made)
    kind = type("Exported", (torch.nn.Module,), {"forward": made["forward"], "run": staticmethod(run)})
    wrapper = kind()
    wrapper.model = model
    return wrapper.eval()


def _exported_somehow(torch, modules, names, outputs, given, file):
    """`modules`: what is called, and what is exported, which is TorchScript itself. With a free batch if rows do not depend on each other, with the axes that calls differ in, or as the first call has it."""
    wrapper, subject = modules
    varied = _varied(given)
    # PyTorch takes a size of 1 for one that never changes.
    leaves = _largest(given)
    twice = _twice(torch, wrapper, leaves)
    attempts = []
    if twice is not None:
        attempts.append((twice, {at: {**varied.get(at, {}), 0: "batch"} for at in range(len(leaves))}))
    attempts.append((leaves, varied))
    failed = None
    for tensors, axes in attempts:
        opened = torch_model.Opened("", subject, torch_model.Given(tensors, {}), _dims(torch, names, axes))
        try:
            with torch.no_grad():
                exporter, notes = torch_export.export(torch, opened, names, outputs, file)
            _check_axes(file, names, given)
        except Exception as error:
            failed = failed or error
            continue
        notes = ["exported by %s of PyTorch %s" % ("torch.export" if exporter == "dynamo" else "the TorchScript exporter", torch.__version__), *notes]
        return [*notes, "it takes any number of rows" if tensors is twice else "it takes the shapes of the calls that were seen"]
    if isinstance(failed, Contract):
        raise failed
    place = torch_export.place_in(failed, Places())
    raise Contract("it cannot be exported%s: %s" % ("" if place is None else " for what %s:%d does" % (place["file"], place["line"]), torch_export.told_of(failed)))


def _largest(given):
    return max(given, key=lambda tensors: sum(one.numel() for one in tensors))


def _check_axes(file, names, given):
    """Throws Contract if what was exported has one size for an axis in which calls differ."""
    try:
        import onnx
    except ImportError:
        return
    inputs = {one.name: one.type.tensor_type.shape.dim for one in onnx.load(file, load_external_data=False).graph.input}
    for at, name in enumerate(names):
        for axis, dim in enumerate(inputs.get(name, ())):
            sizes = {tensors[at].shape[axis] for tensors in given}
            if dim.HasField("dim_value") and sizes != {dim.dim_value}:
                told = " and ".join(map(str, sorted(sizes)))
                raise Contract("it can be exported for one size of the axis %d of %s alone, and calls have %s" % (axis, name, told))


def _varied(given):
    """{input: {axis: name}} of sizes that differ between calls; axes that always agree share a name."""
    names, found = {}, {}
    for at in range(len(given[0])):
        ranks = {one[at].dim() for one in given}
        if len(ranks) > 1:
            raise Contract("an input has %s axes" % " or ".join(map(str, sorted(ranks))))
        for axis in range(given[0][at].dim()):
            sizes = tuple(one[at].shape[axis] for one in given)
            if len(set(sizes)) > 1:
                found.setdefault(at, {})[axis] = names.setdefault(sizes, "size_%d" % len(names))
    return found


def _twice(torch, wrapper, leaves):
    """The tensors with their rows twice, if the model predicts each row by itself; None: it does not."""
    if any(one.dim() == 0 for one in leaves) or len({one.shape[0] for one in leaves}) != 1:
        return None
    doubled = [torch.cat([one, one]) for one in leaves]
    try:
        with torch.no_grad():
            once, more = wrapper(*leaves), wrapper(*doubled)
    except Exception:
        return None
    rows = leaves[0].shape[0]
    alike = all(
        other.dim() == one.dim() > 0 and one.shape[0] == rows and other.shape[0] == 2 * rows and torch.allclose(other[:rows], one, 1e-3, 1e-4, equal_nan=True)
        for one, other in zip(once, more)
    )
    return doubled if alike and len(once) == len(more) else None


def _dims(torch, names, axes):
    if not axes:
        return None
    known = {}
    return {
        name: {axis: known.setdefault(label, torch.export.Dim(label)) for axis, label in axes.get(at, {}).items()} or None for at, name in enumerate(names)
    }
