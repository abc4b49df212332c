"""One process of a runtime other than onnxruntime over saved inputs: prints JSON with the p50 of a prediction, ms.

Inputs lie in the runtime's own tensors before the clock runs, and outputs are not copied out of it: the least that its user pays.
The argument is JSON: runtime, file, inputs (an inputs.json), threads, seconds, precision (OpenVINO), keep (a file for the outputs of the
first sample: node reads a JSON header line and raw float32 after it).
"""

import json
import os
import sys
import time

import numpy as np

DTYPES = {"bool": "bool", "float16": "float16", "float32": "float32", "float64": "float64"}


def samples_of(path):
    with open(path, encoding="utf8") as file:
        samples = json.load(file)["samples"]
    folder = os.path.dirname(path)

    def read(one):
        array = np.fromfile(os.path.join(folder, one["file"]), dtype=DTYPES.get(one["dtype"], one["dtype"]))
        return one["name"], array.reshape(one["shape"])

    return [dict(read(one) for one in sample) for sample in samples]


def openvino(spec, samples):
    import openvino as ov

    core = ov.Core()
    model = core.read_model(spec["file"])
    ports = {name: port for port in model.inputs for name in port.get_names()}
    if model.is_dynamic():
        model.reshape({name: list(array.shape) for name, array in samples[0].items() if name in ports})
    options = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_NUM_THREADS": spec["threads"]}
    if spec.get("precision"):
        options["INFERENCE_PRECISION_HINT"] = spec["precision"]
    request = core.compile_model(model, "CPU", options).create_infer_request()
    tensors = [{name: ov.Tensor(array) for name, array in one.items() if name in ports} for one in samples]

    def bind(at):
        for name, tensor in tensors[at].items():
            request.set_tensor(name, tensor)

    def run():
        request.infer()
        return [tensor.data for tensor in request.output_tensors]

    return bind, run


def ncnn(spec, samples):
    import ncnn as library

    net = library.Net()
    net.opt.num_threads = spec["threads"]
    if net.load_param(spec["file"] + ".param") != 0 or net.load_model(spec["file"] + ".bin") != 0:
        raise ValueError("ncnn does not read what pnnx wrote")
    # Of a batch of one, which it has no axis for.
    mats = [[library.Mat(np.ascontiguousarray(array[0], dtype=np.float32)) for array in one.values()] for one in samples]
    bound = []

    def bind(at):
        bound[:] = mats[at]

    def run():
        extractor = net.create_extractor()
        for name, mat in zip(net.input_names(), bound):
            extractor.input(name, mat)
        outputs = []
        for name in net.output_names():
            status, mat = extractor.extract(name)
            if status != 0:
                raise ValueError(f"ncnn gives no {name}")
            outputs.append(np.array(mat))
        return outputs

    return bind, run


def mnn(spec, samples):
    import MNN

    interpreter = MNN.Interpreter(spec["file"])
    session = interpreter.createSession({"numThread": spec["threads"], "backend": "CPU", "precision": "high"})
    inputs = interpreter.getSessionInputAll(session)
    for name, array in samples[0].items():
        interpreter.resizeTensor(inputs[name], tuple(array.shape))
    interpreter.resizeSession(session)
    kinds = {"float32": MNN.Halide_Type_Float, "int32": MNN.Halide_Type_Int, "uint8": MNN.Halide_Type_Uint8}

    def bind(at):
        for name, array in samples[at].items():
            given = MNN.Tensor(array.shape, kinds[str(array.dtype)], array, MNN.Tensor_DimensionType_Caffe)
            interpreter.getSessionInput(session, name).copyFrom(given)

    def run():
        interpreter.runSession(session)
        return [tensor.getNumpyData() for tensor in interpreter.getSessionOutputAll(session).values()]

    return bind, run


def litert(spec, samples):
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_path=spec["file"], num_threads=spec["threads"])
    interpreter.allocate_tensors()
    inputs = interpreter.get_input_details()

    def fitted(array, shape):
        if list(array.shape) == list(shape):
            return array
        if array.ndim == 4 and list(np.moveaxis(array, 1, 3).shape) == list(shape):
            return np.ascontiguousarray(np.moveaxis(array, 1, 3))
        raise ValueError(f"the .tflite takes {list(shape)}, not {list(array.shape)}")

    def bind(at):
        for one, array in zip(inputs, samples[at].values()):
            interpreter.set_tensor(one["index"], fitted(array, one["shape"]))

    def run():
        interpreter.invoke()
        return [interpreter.tensor(one["index"])() for one in interpreter.get_output_details()]

    return bind, run


def main():
    spec = json.loads(sys.argv[1])
    samples = samples_of(spec["inputs"])
    bind, run = {"openvino": openvino, "ncnn": ncnn, "mnn": mnn, "litert": litert}[spec["runtime"]](spec, samples)
    bind(0)
    outputs = [np.array(one, dtype=np.float32).ravel() for one in run()]
    if spec.get("keep"):
        with open(spec["keep"], "wb") as file:
            file.write((json.dumps([one.size for one in outputs]) + "\n").encode())
            for one in outputs:
                file.write(one.tobytes())
    for at in range(5):
        bind(at % len(samples))
        run()
    times = []
    stop = time.perf_counter() + spec["seconds"]
    while len(times) < 10 or (time.perf_counter() < stop and len(times) < 100_000):
        if len(samples) > 1:
            bind(len(times) % len(samples))
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    print(json.dumps({"p50Ms": 1000 * float(np.median(times))}), flush=True)
    os._exit(0)


main()
