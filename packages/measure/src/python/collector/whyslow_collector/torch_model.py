"""A model that whyslow itself calls: a file of the user's with `model()`, which returns an nn.Module or an estimator, and `example_inputs()`; an exported
program (`.pt2`); TorchScript (`.pt`). A tuple or list of `example_inputs()` is the arguments of one call, a dict its keywords."""

import copy
import functools
import inspect
import os
import sys
from collections.abc import Mapping

from . import torch_files
from .errors import Contract
from .module_file import import_file

#: Weights that nobody loads are the same in every process.
_SEED = 0
TELL = "add `def example_inputs(): return (torch.randn(1, 3, 224, 224),)` with inputs as your service has them"


#: Inputs that are no tensors and stay as they are.
_CONSTANTS = (bool, int, float, str, type(None))


class Given:
    """Arguments of one call."""

    def __init__(self, args, words):
        self.args = tuple(args)
        self.words = dict(words)

    def copied(self):
        """The same with tensors of its own: a model may change its inputs in place."""
        return Given(copied(self.args), copied(self.words))


def mapped(value, change):
    """Arguments with `change(tensor)` in place of each tensor, however deep in lists, tuples and mappings."""
    if isinstance(value, tuple):
        inner = [mapped(one, change) for one in value]
        return type(value)(*inner) if hasattr(value, "_fields") else tuple(inner)
    if isinstance(value, list):
        return [mapped(one, change) for one in value]
    if isinstance(value, Mapping):
        inner = {} if type(value) is dict else copy.copy(value)
        for name, one in value.items():
            inner[name] = mapped(one, change)
        return inner
    return change(value) if _is_tensor(value) else value


def leaves_of(value, name):
    """(name, value) of each that is no list, tuple or mapping, in the order of `mapped`: 'batch_x' of batch['x']."""
    if isinstance(value, Mapping):
        return [leaf for key, one in value.items() for leaf in leaves_of(one, "%s_%s" % (name, key))]
    if isinstance(value, (list, tuple)):
        return [leaf for at, one in enumerate(value) for leaf in leaves_of(one, "%s_%d" % (name, at))]
    return [(name, value)]


def copied(value):
    return mapped(value, lambda tensor: tensor.detach().clone().requires_grad_(tensor.requires_grad))


def tensors_of(value):
    return [one for _, one in leaves_of(value, "") if _is_tensor(one)]


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
    if isinstance(value, Mapping):
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
    """The model that the function returns. Throws Contract if it returns something else."""
    seeded()
    model = function()
    # It may have been imported only in there.
    seeded()
    if inspect.isclass(model):
        raise Contract("model() returned the class %s, not an object of it: return %s(...)" % (model.__name__, model.__name__))
    if not callable(model) and not hasattr(model, "predict"):
        what = "nothing" if model is None else "%s %s" % ("an" if type(model).__name__[0] in "AEIOUaeiou" else "a", type(model).__name__)
        told = "; load a state_dict into a module: net.load_state_dict(weights)" if isinstance(model, dict) else ""
        raise Contract("model() returned %s: return the model itself, an nn.Module or an estimator%s" % (what, told))
    return model


def tracks_gradients(torch, call):
    """Whether a call keeps tensors for a backward pass."""
    kept = []

    def keep(tensor):
        kept.append(True)
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        call()
    return bool(kept)


def without_gradients(torch, model):
    """
    The name of the context that tracks none: what TorchScript has made of its graph for a call with gradients refuses tensors of inference_mode.
    """
    return "no_grad" if isinstance(model, torch.jit.ScriptModule) else "inference_mode"


def in_training(model):
    """Whether modules in training mode predict otherwise than after eval(): those that read `self.training`."""
    return any(one.training and reads_training(one) for one in model.modules())


def reads_training(module):
    """Whether a method of its class does. True if nobody can tell."""
    return _reads_training(type(module))


@functools.lru_cache(maxsize=None)
def _reads_training(owner):
    if not hasattr(getattr(owner, "forward", None), "__code__"):
        return True
    own = [cls for cls in owner.__mro__ if cls.__module__ != "torch.nn.modules.module" and cls is not object]
    try:
        functions = [inspect.unwrap(one) for cls in own for one in vars(cls).values() if callable(one)]
    except ValueError:
        # A wrapper that says it wraps itself.
        return True
    return any("training" in _names_in(one.__code__) for one in functions if hasattr(one, "__code__"))


def _names_in(code):
    inner = [name for one in code.co_consts if hasattr(one, "co_names") for name in _names_in(one)]
    return [*code.co_names, *inner]


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
        """Of its tensors, in the order in which they are given: the parameters of forward, and what is nested in them after those."""
        return [name for name, one in self._leaves() if _is_tensor(one)]

    def _leaves(self):
        positional = positional_names(self.model)
        own = [positional[at] if at < len(positional) else "input_%d" % at for at in range(len(self.given.args))]
        return [leaf for name, one in zip([*own, *self.given.words], [*self.given.args, *self.given.words.values()]) for leaf in leaves_of(one, name)]

    def tensors(self):
        """
        Pairs of a name and a tensor. Numbers, texts and None among the inputs are the same at each call. Throws Contract where an input is something else.
        """
        leaves, file = self._leaves(), os.path.basename(self.path)
        other = next((leaf for leaf in leaves if not _is_tensor(leaf[1]) and not isinstance(leaf[1], _CONSTANTS)), None)
        if other is not None:
            raise Contract("%s: the input %s is %s; inputs are tensors, and lists, tuples and dicts of them" % (file, other[0], type(other[1]).__name__))
        pairs = [leaf for leaf in leaves if _is_tensor(leaf[1])]
        if not pairs or len({name for name, _ in pairs}) < len(pairs):
            told = "two inputs have one name" if pairs else "no input is a tensor"
            raise Contract("%s: %s; %s" % (file, told, TELL))
        return pairs

    def with_tensors(self, by_name):
        """Arguments of a call with other tensors."""
        names = iter(self.names())
        change = lambda _: by_name[next(names)]  # noqa: E731
        args = mapped(self.given.args, change)
        return Given(args, mapped(self.given.words, change))


def positional_names(model):
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
        raise Contract("%s has model() and no example_inputs(): %s" % (name, TELL))
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
