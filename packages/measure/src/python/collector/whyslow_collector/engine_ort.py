"""The package onnxruntime, as a Python service calls it: `InferenceSession.run` with NumPy arrays. Threads, optimization and configuration
entries are asked for as in every engine of ONNX Runtime."""

import re

_LEVELS = {"disabled": "ORT_DISABLE_ALL", "basic": "ORT_ENABLE_BASIC", "extended": "ORT_ENABLE_EXTENDED", "all": "ORT_ENABLE_ALL"}
_TENSOR = re.compile(r"^tensor\((\w+)\)$")
_NAMES = {"float": "float32", "double": "float64", "float16": "float16", "string": "string", "bfloat16": "bfloat16"}


class OrtModel:
    def __init__(self, asked):
        import onnxruntime

        onnxruntime.disable_telemetry_events()
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 4
        if asked.get("threads") is not None:
            options.intra_op_num_threads = asked["threads"]
        options.graph_optimization_level = getattr(onnxruntime.GraphOptimizationLevel, _LEVELS[asked.get("graphOptimization", "all")])
        if asked.get("executionMode") == "parallel":
            options.execution_mode = onnxruntime.ExecutionMode.ORT_PARALLEL
        for key, value in asked.get("configEntries", {}).items():
            options.add_session_config_entry(key, value)
        if asked.get("profilePrefix"):
            options.enable_profiling = True
            options.profile_file_prefix = asked["profilePrefix"]
        if asked.get("optimizedModelPath"):
            options.optimized_model_filepath = asked["optimizedModelPath"]
        providers = asked.get("providers") or ["CPUExecutionProvider"]
        self.session = onnxruntime.InferenceSession(asked["file"], options, providers=providers)
        self.inputs = [_port(one) for one in self.session.get_inputs()]
        self.outputs = [_port(one) for one in self.session.get_outputs()]
        self.threads = asked.get("threads")
        # Sequences and maps are made into Python objects, one by one: they are not asked for.
        self._names = [one["name"] for one in self.outputs if one["isTensor"]]

    def bound(self, feeds):
        for name in (one["name"] for one in self.inputs):
            if name not in feeds:
                raise ValueError("no value for the input %s" % name)
        run, names = self.session.run, self._names
        return lambda: run(names, feeds)

    def host(self, results):
        return list(zip(self._names, results))

    def end_profiling(self):
        return self.session.end_profiling()


def _port(value):
    tensor = _TENSOR.match(value.type)
    dtype = None if tensor is None else _NAMES.get(tensor.group(1), tensor.group(1))
    shape = None if tensor is None else [one if isinstance(one, (int, str)) else "" for one in value.shape]
    return {"name": value.name, "isTensor": tensor is not None, "dtype": dtype, "shape": shape}
