"""What stands in for a model of a program: it is called as the model was, converts what it is given, and predicts with the folder that whyslow wrote for the
model."""

import functools
import importlib
import logging
import os
import sys
import threading
import types

import numpy as np

from .rows_of import rows_in_order
from .text_rows import reader_of


class StandIn:
    """One model, opened when it is made, and again in a process that is forked. `spec`: how the model was called."""

    def __init__(self, name, spec):
        self._name = name
        self._spec = spec
        self._lock = threading.Lock()
        self._convert = _KINDS[spec["kind"]](spec)
        self._shipped = None
        self._original = None
        self._is_told = False
        #: Why the model itself answered, the last time.
        self.handed_back = None
        self._open()
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._forget)

    def _open(self):
        with self._lock:
            if self._shipped is None and self._spec["kind"] == "tokenizer":
                from tokenizers import Tokenizer

                self._shipped = Tokenizer.from_file(os.path.join(os.path.dirname(os.path.abspath(__file__)), self._name, "tokenizer.json"))
            elif self._shipped is None:
                module = importlib.import_module(".%s.predict" % self._name, __package__)
                self._names = list(module.OUTPUTS)
                self._inputs = dict(module.INPUTS)
                self._shipped = module.load()
        return self._shipped

    def _forget(self):
        # An engine's threads do not live on in a fork.
        self._lock = threading.Lock()
        self._shipped = None
        self._original = None

    def _ask(self, method, args, words, own=None):
        """`own`: gives the method of the model itself, which answers what is not taken here."""
        shipped = self._shipped or self._open()
        try:
            return self._convert(method, args, words, shipped, self, own is not None)
        except Exception as error:
            if own is None:
                raise
            reason = error
        answer = own()(*map(_whole, args), **{name: _whole(one) for name, one in words.items()})
        self.handed_back = str(reason)
        if not self._is_told:
            self._is_told = True
            logging.getLogger(__package__).warning("%s: the model itself has answered, and does whenever this happens: %s", self._name, reason)
        return answer

    def __call__(self, *args, **words):
        return self._ask("__call__", args, words)

    def __getattr__(self, name):
        if name.startswith("_"):
            raise AttributeError(name)
        if name not in _METHODS:
            raise AttributeError("what stands in for the model predicts only: it has no %s; keep the model itself for that" % name)

        def call(*args, **words):
            return self._ask(name, args, words)

        # Found at once from now on.
        self.__dict__[name] = call
        return call

    def eval(self):
        return self

    def opened(self, make):
        """The model that the program would open in each call: `make()` opens it in the first."""
        if self._original is None:
            with self._lock:
                if self._original is None:
                    self._original = make()
        return self._original

    def of(self, model):
        """What is called in place of the model, or of the one that a function gives: the model itself answers what this one does not take."""
        return _InPlaceOf(self, model)

    def rows(self, make):
        """In place of `make`, which makes a DataFrame or a DMatrix: one is made for the model itself alone."""
        return functools.partial(_Frame, self, make)

    def plain_rows(self, data=None, columns=None, feature_names=None, index=None, **_):
        """What a DataFrame or a DMatrix would be made of, by name where the names are others than the model's."""
        if index is not None and isinstance(data, dict):
            # One row, of single values.
            data = {name: value if isinstance(value, (list, tuple, np.ndarray)) else [value] for name, value in data.items()}
        names = columns if columns is not None else feature_names
        if names is None or hasattr(data, "iloc"):
            return data
        names, own = list(names), self._spec.get("columns")
        if own is None or names == own:
            return data if type(data) is np.ndarray and data.shape[1:] == (len(names),) else rows_in_order(data, names)
        return [dict(zip(names, row)) for row in rows_in_order(data, names)]

    def attach(self, model):
        """Makes a model predict with this one, whoever calls it. A second call does nothing, as does one without a model that is not opened yet."""
        if model is None or "_whyslow" in model.__dict__:
            return
        model.__dict__["_whyslow"] = self
        methods = ("forward",) if self._spec["kind"] == "torch" else self._spec.get("methods", ("run",))
        for method in methods:
            model.__dict__[method] = self._instead_of(getattr(model, method), "__call__" if method == "forward" else method)

    def _instead_of(self, own, method):
        """Others may call the model as this one was never seen to be called: then the model itself answers."""

        @functools.wraps(own)
        def call(*args, **words):
            return self._ask(method, args, words, lambda: own)

        return call


class _InPlaceOf:
    """What stands in for a model in one call of the program."""

    __slots__ = ("_stand_in", "_model")

    def __init__(self, stand_in, model):
        self._stand_in = stand_in
        self._model = model

    def _itself(self):
        return self._model() if type(self._model) is types.FunctionType else self._model

    def __call__(self, *args, **words):
        return self._stand_in._ask("__call__", args, words, self._itself)

    def __getattr__(self, name):
        if name not in _METHODS:
            return getattr(self._itself(), name)
        return lambda *args, **words: self._stand_in._ask(name, args, words, lambda: getattr(self._itself(), name))


class _Frame:
    """A DataFrame or a DMatrix that is not made yet."""

    __slots__ = ("_stand_in", "_make", "_args", "_words")

    def __init__(self, stand_in, make, *args, **words):
        self._stand_in = stand_in
        self._make = make
        self._args = args
        self._words = words

    def plain(self):
        return self._stand_in.plain_rows(*self._args, **self._words)

    def whole(self):
        return self._make(*self._args, **self._words)


def _whole(value):
    return value.whole() if type(value) is _Frame else value


class Uncalled(ValueError):
    """A call of another kind than those that were seen."""


_METHODS = ("predict", "predict_proba", "decision_function", "inplace_predict", "predict_on_batch", "run", "forward")


def _rows(spec):
    rows = reader_of(spec)
    methods = spec["methods"]

    def convert(method, args, words, shipped, stand_in, has_own):
        if words or len(args) != 1 or method not in methods or methods[method]["words"]:
            _check_call(spec, method, args, words)
        given = args[0] if args else next(words[name] for name in _ROWS if name in words)
        [(name, dtype)] = stand_in._inputs.items()
        matrix = rows.matrix(given.plain(), True) if type(given) is _Frame else rows.matrix(given)
        if matrix.ndim == 1:
            matrix = matrix.reshape(1, -1)
        if matrix.dtype != dtype:
            matrix = matrix.astype(dtype)
        rows.checked(matrix)
        told = methods[method]
        values = shipped.predict({name: matrix})[told["output"]]
        if told["classes"] is not None:
            values = np.array(told["classes"])[values]
        return _formed(values, told)

    return convert


#: What a call names its rows.
_ROWS = ("X", "data", "x")


def _check_call(spec, method, args, words):
    """Uncalled if anything but the rows is given otherwise than it was when the program was looked at."""
    told = spec["methods"].get(method)
    given = {name: value for name, value in words.items() if name not in _ROWS and name not in spec["idle"]}
    if told is None or len(args) + len([name for name in words if name in _ROWS]) != 1 or given != told["words"]:
        shown = ", ".join([*("..." for _ in args), *("%s=%r" % one for one in given.items())])
        raise Uncalled("the model was not called as %s(%s) when it was looked at: run whyslow fix again with samples that do" % (method, shown))


def _formed(values, told):
    if told["columns"] == 2 and (values.ndim == 1 or values.shape[1] == 1):
        values = values.reshape(-1, 1)
        values = np.concatenate([1 - values, values], axis=1)
    if told["ndim"] == 1 and values.ndim == 2:
        values = values[:, -1]
    elif told["ndim"] == 2 and values.ndim == 1:
        values = values.reshape(-1, 1)
    if values.dtype.str != told["dtype"]:
        values = values.astype(told["dtype"])
    return values.tolist() if told["form"] == "list" else values


def _check_finite(spec, feeds):
    """Uncalled if a value is NaN or infinite and none was when the program was looked at: what a network makes of one depends on how it is computed."""
    if spec.get("finite"):
        for name, array in feeds.items():
            if getattr(array, "dtype", _FLOAT).kind == "f" and not np.isfinite(array).all():
                raise Uncalled("%s has NaN or infinity, and had none when the model was looked at" % name)


_FLOAT = np.dtype(float)


def _torch(spec):
    import torch

    template, gives, inputs, outputs = (spec[name] for name in ("given", "gives", "inputs", "outputs"))

    def convert(method, args, words, shipped, stand_in, has_own):
        tensors = []
        _read(torch, [list(args), words], template, tensors)
        feeds = {name: one.detach().cpu().numpy() for name, one in zip(inputs, tensors)}
        if has_own:
            _check_finite(spec, feeds)
        given = shipped.predict({name: feeds[name] for name in stand_in._inputs})
        device = tensors[0].device
        made = (torch.from_numpy(given[name]) for name in outputs)
        return _made(gives, iter([one if device.type == "cpu" else one.to(device) for one in made]))

    return convert


def _read(torch, value, template, tensors):
    """The tensors of a call, in the order of the template; Uncalled where it is another call."""
    (kind, content), *_ = template.items()
    if kind == "tensor":
        if not isinstance(value, torch.Tensor):
            raise Uncalled("the model was exported for a tensor here, and is given %s" % type(value).__name__)
        tensors.append(value)
    elif kind == "plain":
        if value != content:
            raise Uncalled("the model was exported for %r here, and is given %r: run whyslow fix again" % (content, value))
    else:
        members = list(value.items()) if kind in ("dict", "named") else list(value)
        if len(members) != len(content):
            raise Uncalled("the model was exported for %d values here, and is given %d: run whyslow fix again" % (len(content), len(members)))
        if kind in ("dict", "named"):
            known = dict(members)
            for name, one in content:
                if name not in known:
                    raise Uncalled("the model was exported with %s, which is not given: run whyslow fix again" % name)
                _read(torch, known[name], one, tensors)
        else:
            for one, inner in zip(members, content):
                _read(torch, one, inner, tensors)


def _made(template, tensors):
    (kind, content), *_ = template.items()
    if kind == "tensor":
        return next(tensors)
    if kind == "plain":
        return content
    if kind == "dict":
        return {name: _made(one, tensors) for name, one in content}
    if kind == "named":
        return Named((name, _made(one, tensors)) for name, one in content)
    made = [_made(one, tensors) for one in content]
    return tuple(made) if kind == "tuple" else made


class Named(dict):
    """What a model gives by name: as attributes, by key and by number."""

    def __getattr__(self, name):
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None

    def __getitem__(self, key):
        return list(self.values())[key] if isinstance(key, (int, slice)) else super().__getitem__(key)

    def __iter__(self):
        return iter(self.keys())

    def to_tuple(self):
        return tuple(self.values())


def _keras(spec):
    methods = spec["methods"]

    def convert(method, args, words, shipped, stand_in, has_own):
        _check_call(spec, method, args, words)
        given = args[0] if args else next(words[name] for name in _ROWS if name in words)
        inputs = stand_in._inputs
        if isinstance(given, dict):
            feeds = {name: np.asarray(given[name], dtype) for name, dtype in inputs.items()}
        else:
            names = spec["inputs"] if all(name in inputs for name in spec["inputs"]) else list(inputs)
            many = list(given) if len(names) > 1 else [given]
            feeds = {name: np.asarray(one, inputs[name]) for name, one in zip(names, many)}
        if has_own:
            _check_finite(spec, feeds)
        made = list(shipped.predict(feeds).values())
        told = methods[method]
        if told["tensor"]:
            tensorflow = sys.modules["tensorflow"]
            made = [tensorflow.convert_to_tensor(one) for one in made]
        if told["form"] == "dict":
            return dict(zip(told["names"], made))
        return made if told["form"] == "list" else made[0]

    return convert


def _onnxruntime(spec):
    def convert(method, args, words, shipped, stand_in, has_own):
        names = args[0] if args else words.get("output_names")
        feeds = args[1] if len(args) > 1 else words["input_feed"]
        if has_own:
            _check_finite(spec, feeds)
        given = shipped.predict(feeds)
        return [given[name] for name in (names or stand_in._names)]

    return convert


def _tokenizer(spec):
    special, gives = spec["special"], spec["gives"]

    def convert(method, args, words, tokenizer, stand_in, has_own):
        text = args[0]
        if isinstance(text, str):
            return _tokens(gives, [tokenizer.encode(text, add_special_tokens=special)])
        return _tokens(gives, tokenizer.encode_batch(list(text), add_special_tokens=special))

    return convert


def _tokens(form, encodings):
    if "dict" in form:
        return {key: _tokens(one, encodings) for key, one in form["dict"]}
    if "each" in form:
        return [_tokens(form["each"], [one]) for one in encodings]
    if "list" in form:
        values = getattr(encodings[0], form["list"])
        return tuple(values) if form["tuple"] else values
    rows = [getattr(one, form["field"]) for one in encodings]
    rows = rows if form["ndim"] > 1 else rows[0]
    if form["array"] == "numpy":
        return np.array(rows, form["dtype"])
    import torch

    return torch.tensor(rows, dtype=getattr(torch, form["dtype"]))


_KINDS = {"tokenizer": _tokenizer, "rows": _rows, "torch": _torch, "keras": _keras, "onnxruntime": _onnxruntime}
