"""Keras models as TensorFlow's converter writes them for TFLite, in four types of numbers, and what TFLite predicts: python tflite.py FOLDER SEED COUNT."""
import contextlib
import io
import logging
import os
import sys
import warnings

from cases import Cases
from keras_networks import draw, network, rng, seeded

warnings.filterwarnings("ignore")
import numpy as np
import tensorflow as tf

logging.disable(logging.WARNING)
FOLDER, SEED, COUNT = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
seeded(SEED)
cases = Cases(FOLDER)
#: The largest difference, as a share of the largest output: a sum of rounded products may end on the other side of a half.
TOLERANCE = {"float32": 1e-4, "float16": 1e-4, "dynamic range": 0.02}
STEPS = 6
PLAIN_KERNELS = tf.lite.experimental.OpResolverType.BUILTIN_REF


def converted(model, rows, numbers):
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    if numbers != "float32":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if numbers == "float16":
        converter.target_spec.supported_types = [tf.float16]
    if numbers == "int8":
        converter.representative_dataset = lambda: ([row[None]] for row in np.concatenate([rows, rows * 0.7]))
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    return converter.convert()


def predicted(file, row, **kernels):
    """The output, and the numbers between two of its neighbours: 0 where they are float32."""
    interpreter = tf.lite.Interpreter(model_content=file, **kernels)
    interpreter.allocate_tensors()
    (given,), (result,) = interpreter.get_input_details(), interpreter.get_output_details()
    interpreter.set_tensor(given["index"], row)
    interpreter.invoke()
    output = interpreter.get_tensor(result["index"])
    made_of = [op["inputs"][0] for op in interpreter._get_ops_details() if result["index"] in op["outputs"] and op["op_name"] == "DEQUANTIZE"]
    return output, max((scale for one in interpreter.get_tensor_details() if one["index"] in made_of for scale in one["quantization_parameters"]["scales"]), default=0.0)


def tolerance_of(file, row, outputs, step):
    """Of integers what a step that a hidden layer rounds the other way makes of it, or as far as the kernels of TFLite are apart themselves."""
    apart = np.abs(predicted(file, row, experimental_op_resolver_type=PLAIN_KERNELS)[0] - outputs).max()
    return float(max(STEPS * step, apart * 2) / max(1.0, np.abs(outputs).max())) + 1e-6


def one():
    numbers = draw.choice([*TOLERANCE, "int8"])
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        model, rows, _, told = network()
        file = converted(model, rows, numbers)
    outputs, step = predicted(file, rows[:1])
    if not np.isfinite(outputs).all():
        raise ValueError("not finite")

    def save(path):
        with open(path, "wb") as opened:
            opened.write(file)

    cases.add("tflite", save, rows[:1], outputs, "%s %s" % (numbers, told), tolerance=TOLERANCE.get(numbers) or tolerance_of(file, rows[:1], outputs, step))


for _ in range(COUNT):
    cases.drawn(one)
cases.done()
