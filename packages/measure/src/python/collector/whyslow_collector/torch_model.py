"""A model that whyslow itself calls: a file of the user's with `model()`, which returns an nn.Module or an estimator, and `example_inputs()`; an exported
program (`.pt2`); TorchScript (`.pt`). A tuple or list of `example_inputs()` is the arguments of one call, a dict its keywords."""

import inspect
import os
import sys

from . import torch_files
from .errors import Contract
from .module_file import import_file

#: Weights that nobody loads are the same in every process.
_SEED = 0
_TELL = "add `def example_inputs(): return (torch.randn(1, 3, 224, 224),)` with inputs as your service has them"


class Given:
    """Arguments of one call."""

    def __init__(self, args, words):
        self.args = tuple(args)
        self.words = dict(words)

    def copied(self):
        """The same with tensors of its own: a model may change its inputs in place."""
        return Given(copied(self.args), copied(self.words))


def copied(value):
    if type(value) in (list, tuple):
        return type(value)(map(copied, value))
    if type(value) is dict:
        return {name: copied(one) for name, one in value.items()}
    if not _is_tensor(value):
        return value
    return value.detach().clone().requires_grad_(value.requires_grad)


def tensors_of(value):
    """Tensors of arguments, as deep as `copied` copies them."""
    if type(value) in (list, tuple, dict):
        return [tensor for one in (value.values() if type(value) is dict else value) for tensor in tensors_of(one)]
    return [value] if _is_tensor(value) else []


def _is_tensor(value):
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(value, torch.Tensor)


def changes_inputs(call, given):
    """Whether a call changes what it is given in place; it is made with copies. (result, answer)."""
    own = given.copied()
    tensors = tensors_of([own.args, own.words])
    before = [one._version for one in tensors]
    result = call(*own.args, **own.words)
    return result, [one._version for one in tensors] != before


def given_of(value):
    if isinstance(value, Given):
        return value
    if isinstance(value, dict):
        return Given((), value)
    if isinstance(value, (tuple, list)):
        return Given(value, {})
    return Given((value,), {})


def seeded():
    """PyTorch's random numbers from the start, where it is imported."""
    torch = sys.modules.get("torch")
    if torch is not None:
        torch.manual_seed(_SEED)


def made(function):
    seeded()
    model = function()
    # It may have been imported only in there.
    seeded()
    return model


def is_torch_module(model):
    return any(one.__module__.startswith("torch.nn.modules.module") for one in type(model).__mro__)


def predict(model, value):
    """A call as its library means it: of a module itself, of an estimator its predict."""
    given = given_of(value)
    if not is_torch_module(model) and hasattr(model, "predict"):
        return model.predict(*given.args, **given.words)
    return model(*map(_tensor, given.args), **given.words)


def _tensor(value):
    """Arrays of --data as tensors."""
    if type(value).__module__ != "numpy" or not hasattr(value, "dtype"):
        return value
    import torch

    return torch.from_numpy(value)


class Opened:
    """A model with the inputs of one call."""

    def __init__(self, path, model, given, dynamic_shapes=None):
        self.path = path
        self.model = model
        self.given = given
        self.dynamic_shapes = dynamic_shapes

    def names(self):
        """Of its inputs, in the order in which they are given: the parameters of forward."""
        if not self.given.args:
            return list(self.given.words)
        positional = _parameters(self.model)
        own = [positional[at] if at < len(positional) else "input_%d" % at for at in range(len(self.given.args))]
        return [*own, *self.given.words]

    def tensors(self):
        """Pairs of a name and a tensor. Throws Contract where an input is something else."""
        import torch

        pairs = list(zip(self.names(), [*self.given.args, *self.given.words.values()]))
        other = next((pair for pair in pairs if not isinstance(pair[1], torch.Tensor)), None)
        if other is not None:
            raise Contract("%s: the input %s is %s; only models whose inputs are tensors are read" % (os.path.basename(self.path), other[0], type(other[1]).__name__))
        return pairs

    def with_tensors(self, by_name):
        """Arguments of a call with other tensors."""
        names = self.names()
        count = len(self.given.args)
        return Given([by_name[name] for name in names[:count]], {name: by_name[name] for name in names[count:]})


def _parameters(model):
    try:
        found = inspect.signature(model.forward).parameters.values()
    except (TypeError, ValueError, AttributeError):
        return []
    return [one.name for one in found if one.kind in (one.POSITIONAL_ONLY, one.POSITIONAL_OR_KEYWORD) and one.name != "self"]


def open_model(path):
    """Throws Contract where the file holds no model that can be called, or no inputs for it."""
    if torch_files.is_torch_file(path):
        model, kept = torch_files.load_file(path)
        if kept is None:
            told = "model.py: `def model(): return torch.jit.load('%s')` and `def example_inputs(): ...`" % os.path.basename(path)
            raise Contract("%s keeps no shapes of its inputs; write %s" % (os.path.basename(path), told))
        return Opened(path, model, Given(*kept))
    module = import_file(path)
    function = getattr(module, "model", None)
    name = os.path.basename(path)
    if not callable(function):
        raise Contract("%s has no model(): add `def model(): ...` that returns the model, and `def example_inputs(): ...`" % name)
    model = made(function)
    example = example_of(module)
    if example is None:
        raise Contract("%s has model() and no example_inputs(): %s" % (name, _TELL))
    return Opened(path, model, given_of(example()), getattr(module, "dynamic_shapes", None))


def example_of(module):
    """The function that gives the inputs; None: there is none."""
    example = getattr(module, "example_inputs", None)
    if example is None:
        return None
    if not callable(example):
        return lambda: example

    def seeded_example():
        seeded()
        return example()

    return seeded_example


def flat(value):
    """Tensors of what a model gives, in order, with their names: 'output', 'output_0', the keys of a dict or the fields of an object."""
    import torch

    if isinstance(value, torch.Tensor):
        return [("output", value)]
    if hasattr(value, "items"):
        found = list(value.items())
    elif hasattr(value, "_fields"):
        found = list(zip(value._fields, value))
    elif isinstance(value, (tuple, list)):
        found = [("output_%d" % at, one) for at, one in enumerate(value)]
    else:
        return []
    pairs = []
    for name, one in found:
        inner = flat(one)
        pairs.extend([(name, one)] if isinstance(one, torch.Tensor) else [("%s_%s" % (name, key), tensor) for key, tensor in inner])
    return pairs
