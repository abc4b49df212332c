"""Keras, as a Python service calls it. A prediction is `model.predict` untold; `call=direct` is `model(x, training=False)`, `call=function` the
same compiled by `tf.function`; each ends when the outputs are in the CPU's memory. Nothing that a file holds is run: safe mode is on, and Lambda
layers are refused before Keras sees the file, since `.h5` had no safe mode for years (CVE-2025-9905)."""

import json
import os
import re
import zipfile

_CODE = re.compile(r'"class_name"\s*:\s*"(Lambda|.*>Lambda)"')


class KerasModel:
    def __init__(self, asked):
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
        self.threads = asked.get("threads")
        refuse_code(asked["file"])
        given = asked.get("configEntries", {})
        self._tensorflow = _tensorflow(self.threads, given.get("device", "cpu"))
        import keras

        self._keras = keras
        self._device = self._device_named(given.get("device", "cpu"))
        with self._on_device():
            self.model = load(keras, asked["file"])
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


def load(keras, file):
    try:
        return keras.models.load_model(file, compile=False, safe_mode=True)
    except TypeError:
        # Before 2.13.
        return keras.models.load_model(file, compile=False)


def refuse_code(file):
    """Throws where the file holds code of whoever made it."""
    if zipfile.is_zipfile(file):
        with zipfile.ZipFile(file) as archive:
            config = archive.read("config.json").decode("utf-8", "replace") if "config.json" in archive.namelist() else ""
    else:
        import h5py

        with h5py.File(file, "r") as opened:
            config = opened.attrs.get("model_config", "")
            config = config.decode("utf-8", "replace") if isinstance(config, bytes) else str(config)
    if _CODE.search(config) or _marshalled(config):
        raise RuntimeError("the file has a Lambda layer, which holds code of whoever made it; it is not run")


def _marshalled(config):
    try:
        return '"__lambda__"' in json.dumps(json.loads(config)) if config else False
    except ValueError:
        return False


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
