"""OpenVINO's package, as a Python service calls it: `compiled(inputs)` with NumPy arrays, on the CPU."""


class OpenvinoModel:
    def __init__(self, asked):
        import openvino

        core = openvino.Core()
        # On some processors it computes in bfloat16 unless it is told otherwise.
        properties = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": "f32"}
        self.threads = asked.get("threads")
        if self.threads is not None:
            properties["INFERENCE_NUM_THREADS"] = self.threads
        properties.update({key: value for key, value in asked.get("configEntries", {}).items() if key.isupper()})
        self._compiled = core.compile_model(core.read_model(asked["file"]), "CPU", properties)
        self.inputs = [_port(one) for one in self._compiled.inputs]
        self.outputs = [_port(one) for one in self._compiled.outputs]

    def bound(self, feeds):
        for name, value in feeds.items():
            if value.dtype == object:
                raise ValueError("the input %s is of strings, which its package does not take" % name)
            if value.dtype.kind in "iu" and value.dtype.itemsize == 8 and value.size and max(abs(int(value.min())), int(value.max())) >= 1 << 31:
                raise ValueError("the input %s has numbers beyond 32 bits, in which OpenVINO computes them" % name)
        for name in (one["name"] for one in self.inputs):
            if name not in feeds:
                raise ValueError("no value for the input %s" % name)
        ordered = [feeds[one["name"]] for one in self.inputs]
        compiled = self._compiled
        return lambda: compiled(ordered)

    def host(self, results):
        return [(port["name"], results[at]) for at, port in enumerate(self.outputs)]

    def end_profiling(self):
        return None


_NAMES = {"f32": "float32", "f64": "float64", "f16": "float16", "bf16": "bfloat16", "boolean": "bool"}


def _port(value):
    name = value.get_element_type().get_type_name()
    numbered = "uint" + name[1:] if name[0] == "u" else "int" + name[1:]
    shape = [one.get_length() if one.is_static else "" for one in value.get_partial_shape()]
    return {"name": value.get_any_name(), "isTensor": True, "dtype": _NAMES.get(name, numbered), "shape": shape}
