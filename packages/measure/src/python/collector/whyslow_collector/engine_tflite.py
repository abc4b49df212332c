"""LiteRT's interpreter (ai-edge-litert), or the one that TensorFlow brings, as a Python service calls it: set_tensor, invoke, get_tensor, through the
file's signature where it has one alone."""


class TfliteModel:
    def __init__(self, asked):
        interpreter = _interpreter()
        self.threads = asked.get("threads")
        self._model = interpreter(model_path=asked["file"], **({} if self.threads is None else {"num_threads": self.threads}))
        self._names = _names(self._model)
        self._shapes = None
        self._model.allocate_tensors()
        self._given, self._gives = self._model.get_input_details(), self._model.get_output_details()
        self.inputs = [_port(self._names, one, "inputs") for one in self._given]
        self.outputs = [_port(self._names, one, "outputs") for one in self._gives]

    def bound(self, feeds):
        pairs = []
        for port, detail in zip(self.inputs, self._given):
            if port["name"] not in feeds:
                raise ValueError("no value for the input %s" % port["name"])
            pairs.append((detail["index"], feeds[port["name"]]))
        model, gives = self._model, [one["index"] for one in self._gives]

        def run():
            self._resize(pairs)
            for index, array in pairs:
                model.set_tensor(index, array)
            model.invoke()
            return [model.get_tensor(index) for index in gives]

        return run

    def _resize(self, pairs):
        shapes = [array.shape for _, array in pairs]
        if shapes == self._shapes:
            return
        if shapes != [tuple(one["shape"]) for one in self._given]:
            for index, array in pairs:
                self._model.resize_tensor_input(index, list(array.shape))
            self._model.allocate_tensors()
        self._shapes = shapes

    def host(self, results):
        return list(zip((one["name"] for one in self.outputs), results))

    def end_profiling(self):
        return None


def _interpreter():
    try:
        from ai_edge_litert.interpreter import Interpreter
    except ImportError:
        from tensorflow.lite.python.interpreter import Interpreter
    return Interpreter


def _names(model):
    """The signature's names by the names of tensors."""
    found = {"inputs": {}, "outputs": {}}
    signatures = model.get_signature_list() if hasattr(model, "get_signature_list") else {}
    if len(signatures) != 1:
        return found
    key = next(iter(signatures))
    runner = model.get_signature_runner(key)
    for side, details in (("inputs", runner.get_input_details()), ("outputs", runner.get_output_details())):
        found[side] = {one["name"]: name for name, one in details.items()}
    return found


def _port(names, detail, side):
    import numpy

    name = names[side].get(detail["name"], detail["name"])
    return {"name": name, "isTensor": True, "dtype": numpy.dtype(detail["dtype"]).name, "shape": [int(one) for one in detail["shape"]]}
