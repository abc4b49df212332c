"""An engine of the user's own Python, asked from outside: opens a model file, predicts, times predictions (packages/measure/src/engines/python/python-session.ts).
Requests and answers are frames (wire.py); an error is an answer, in the library's own words."""

import os
import time

from .clock import MS, now_ns
from .errors import reason_of
from .wire import Frames

_DTYPES = {"float32", "float64", "float16", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "bool"}


def serve():
    answer_all(Server())


def answer_all(server):
    """Answers requests one after the other with `server.answer`, until it is closed or whyslow is gone."""
    from .main import end_with

    wire = Frames()
    end_with(os.getppid())
    while True:
        asked = wire.receive()
        if asked is None:
            os._exit(0)
        header, buffers = asked
        try:
            answer, given = server.answer(header, buffers)
        except BaseException as error:
            answer, given = {"error": reason_of(error)}, []
        wire.send({"id": header.get("id"), **answer}, given)
        if header.get("op") == "close":
            os._exit(0)


class Server:
    def __init__(self):
        self.model = None
        self.prepared = {}
        self.opened_ms = 0.0
        self.first_ms = None

    def answer(self, header, buffers):
        return getattr(self, "do_" + header["op"])(header, buffers)

    def do_open(self, header, _):
        start = now_ns()
        self.model = model_class(header["engine"])(header)
        # Some have to predict to know their outputs.
        self.first_ms = getattr(self.model, "first_ms", None)
        self.opened_ms = (now_ns() - start) / MS - getattr(self.model, "predicted_ms", 0.0)
        told = {"inputs": self.model.inputs, "outputs": self.model.outputs, "loadMs": self.opened_ms, "threads": self.model.threads}
        return told, []

    def do_run(self, header, buffers):
        results = self._timed_first(self.model.bound(feeds_of(header, buffers)))
        return encode(self.model.host(results))

    def do_prepare(self, header, buffers):
        number = len(self.prepared)
        self.prepared[number] = self.model.bound(feeds_of(header, buffers))
        return {"prepared": number}, []

    def do_predict(self, header, _):
        self._timed_first(self.prepared[header["prepared"]])
        return {}, []

    def _timed_first(self, run):
        start = now_ns()
        result = run()
        if self.first_ms is None:
            self.first_ms = (now_ns() - start) / MS
        return result

    def do_sample(self, header, _):
        """As packages/measure/src/engines/sampler.ts: warm-up, then samples, each of them kept."""
        plan = header["plan"]
        runs = [self.prepared[number] for number in header["prepared"]]
        asked = now_ns()
        cap = plan.get("capMs")
        late = lambda: cap is not None and (now_ns() - asked) / MS > cap  # noqa: E731
        if self.first_ms is None:
            self._timed_first(runs[0])
        least, start, count = plan["least"], now_ns(), 0
        while True:
            warm = count >= least["warmup"] and (now_ns() - start) / MS >= plan["warmupMs"]
            if warm or late() and count >= min(1, least["warmup"]):
                break
            took = timed(runs[count % len(runs)])
            count += 1
            if count == 1 and plan.get("slow") and took >= plan["slow"]["fromMs"]:
                least = plan["slow"]["least"]
        warmup, began, samples = (now_ns() - start) / MS, now_ns(), []
        while len(samples) < plan["maxSamples"]:
            if len(samples) >= least["samples"] and (now_ns() - began) / MS >= plan["sampleMs"]:
                break
            if len(samples) >= 3 and late():
                break
            samples.append(timed(runs[len(samples) % len(runs)]))
        told = {
            "loadMs": self.opened_ms,
            "firstMs": self.first_ms,
            "warmupMs": warmup,
            "warmupRuns": count,
            "samplesMs": samples,
            "wallMs": (now_ns() - began) / MS,
        }
        return told, []

    def do_end_profiling(self, _header, _buffers):
        return {"file": self.model.end_profiling()}, []

    def do_close(self, _header, _buffers):
        return {}, []


def model_class(engine):
    """One adapter for each library: `inputs`, `outputs`, `threads`, `bound(feeds)`, `host(results)`, `end_profiling()`."""
    if engine == "ort":
        from .engine_ort import OrtModel

        return OrtModel
    if engine == "keras":
        from .engine_keras import KerasModel

        return KerasModel
    if engine == "folder":
        from .engine_folder import FolderModel

        return FolderModel
    if engine == "torch":
        from .engine_torch import TorchModel

        return TorchModel
    if engine == "openvino":
        from .engine_openvino import OpenvinoModel

        return OpenvinoModel
    if engine == "tflite":
        from .engine_tflite import TfliteModel

        return TfliteModel
    from . import engine_rows

    return engine_rows.CLASSES[engine]


def timed(run):
    start = time.perf_counter_ns()
    run()
    return (time.perf_counter_ns() - start) / MS


def feeds_of(header, buffers):
    """NumPy arrays by name; of strings an array of objects."""
    import numpy

    feeds = {}
    for told, buffer in zip(header["tensors"], buffers):
        if told["dtype"] == "string":
            array = numpy.array(told["strings"], dtype=object).reshape(told["shape"])
        elif told["dtype"] in _DTYPES:
            array = numpy.frombuffer(buffer, dtype=told["dtype"]).reshape(told["shape"]).copy()
        else:
            raise ValueError("the input %s is %s, which NumPy does not have" % (told["name"], told["dtype"]))
        feeds[told["name"]] = array
    return feeds


def encode(results):
    """(header, buffers) of arrays by name; what is no array is left out."""
    import numpy

    listed, buffers = [], []
    for name, value in results:
        if value is None:
            continue
        array = numpy.asarray(value)
        if array.dtype.kind in "OUS":
            strings = [one.decode("utf-8", "replace") if isinstance(one, bytes) else str(one) for one in array.reshape(-1).tolist()]
            listed.append({"name": name, "dtype": "string", "shape": list(array.shape), "strings": strings})
            buffers.append(b"")
            continue
        if str(array.dtype) not in _DTYPES:
            array = array.astype(numpy.float32)
        data = numpy.ascontiguousarray(array).tobytes()
        listed.append({"name": name, "dtype": str(array.dtype), "shape": list(array.shape)})
        buffers.append(data)
    return {"tensors": listed}, buffers
