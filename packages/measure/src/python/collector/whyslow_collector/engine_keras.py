"""Keras, as a Python service calls it. A prediction is `model.predict` by default; `call=direct` is `model(x, training=False)`, `call=function` the
same compiled by `tf.function`; each ends when the outputs are in the CPU's memory. Nothing that a file holds is run: safe mode is on, and what
holds code is refused before Keras sees the file (keras_files.py)."""

import inspect
import os
import shutil
import tempfile

from .keras_files import container_of, refuse_code


class KerasModel:
    def __init__(self, asked):
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
        self.threads = asked.get("threads")
        container = container_of(asked["file"])
        given = asked.get("configEntries", {})
        self._tensorflow = _tensorflow(self.threads, given.get("device", "cpu"))
        import keras

        refuse_code(asked["file"], container, getattr(keras, "__version__", ""))
        self._keras = keras
        self._device = self._device_named(given.get("device", "cpu"))
        with self._on_device():
            self.model = load(keras, asked["file"], container)
        self._call = given.get("call", "predict")
        inner = getattr(self.model, "_functional", None) or self.model
        self.inputs = [_port(one) for one in inner.inputs]
        names = getattr(inner, "output_names", None) or [self.model.layers[-1].name]
        self.outputs = [{**_port(one), "name": name} for one, name in zip(inner.outputs, names)]
        self._function = None

    def _device_named(self, device):
        if device != "gpu":
            return "/CPU:0"
        if self._tensorflow is None or not self._tensorflow.config.list_physical_devices("GPU"):
            raise RuntimeError("TensorFlow sees no GPU here")
        return "/GPU:0"

    def _on_device(self):
        if self._tensorflow is not None:
            return self._tensorflow.device(self._device)
        import contextlib

        return contextlib.nullcontext()

    def bound(self, feeds):
        arrays = []
        for port in self.inputs:
            if port["name"] not in feeds:
                raise ValueError("no value for the input %s" % port["name"])
            arrays.append(feeds[port["name"]])
        given = arrays[0] if len(arrays) == 1 else arrays
        if self._call == "predict":
            return lambda: self._on(lambda: self.model.predict(given, verbose=0))
        if self._call == "direct":
            return lambda: self._on(lambda: self._read(self.model(given, training=False)))
        if self._call == "function":
            function = self._compiled()
            return lambda: self._on(lambda: self._read(function(given)))
        raise ValueError("call is predict, direct or function, not %s" % self._call)

    def _compiled(self):
        if self._tensorflow is None:
            raise RuntimeError("call=function needs TensorFlow: pip install tensorflow")
        if self._function is None:
            self._function = self._tensorflow.function(lambda value: self.model(value, training=False))
        return self._function

    def _on(self, call):
        with self._on_device():
            return call()

    def _read(self, value):
        return [self._keras.ops.convert_to_numpy(one) if hasattr(self._keras, "ops") else one.numpy() for one in _listed(value)]

    def host(self, results):
        return list(zip((one["name"] for one in self.outputs), _listed(results)))

    def end_profiling(self):
        return None


def load(keras, file, container):
    """Keras goes by the file's name: it is given one that says what was read."""
    with tempfile.TemporaryDirectory(prefix="whyslow-keras-") as folder:
        named = os.path.join(folder, "model.%s" % container)
        link(os.path.realpath(file), named)
        load_model = keras.models.load_model
        # From 2.13 on.
        safe = {"safe_mode": True} if "safe_mode" in inspect.signature(load_model).parameters else {}
        return load_model(named, compile=False, **safe)


def link(file, named):
    """A copy where the system refuses links, as Windows does."""
    try:
        os.symlink(file, named)
    except OSError:
        shutil.copyfile(file, named)


def _tensorflow(threads, device):
    """None where Keras runs on another backend. Set before anything computes: later it throws."""
    if os.environ.get("KERAS_BACKEND", "tensorflow") != "tensorflow":
        return None
    try:
        import tensorflow
    except ImportError:
        return None
    if threads is not None:
        tensorflow.config.threading.set_intra_op_parallelism_threads(threads)
        tensorflow.config.threading.set_inter_op_parallelism_threads(1 if threads == 1 else 2)
    if device == "cpu":
        # Else Keras compiles `predict` with XLA for the CPU, too, because a GPU is merely visible.
        tensorflow.config.set_visible_devices([], "GPU")
    return tensorflow


def _listed(value):
    if isinstance(value, dict):
        return [value[key] for key in sorted(value)]
    return list(value) if isinstance(value, (list, tuple)) else [value]


def _port(tensor):
    name = tensor.name.split(":")[0]
    shape = ["" if one is None else int(one) for one in tensor.shape]
    dtype = tensor.dtype if isinstance(tensor.dtype, str) else tensor.dtype.name
    return {"name": name, "isTensor": True, "dtype": dtype, "shape": shape}
