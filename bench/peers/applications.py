"""Do models that no fixture was made of agree with their makers? Architectures of keras.applications as Keras 3 and Keras 2 save them, and as
TensorFlow's converter writes them in four kinds, are converted by whyslow and run on onnxruntime beside Keras or LiteRT.

python bench/peers/applications.py DIST/cli/main.js [word ...]     words choose architectures and kinds

Weights are random, and the statistics of normalizations those of the models' own signals: with the initial ones signals die out from block to
block, and any outputs would agree. Needs keras, tf-keras, tensorflow-cpu, onnxruntime and ai-edge-litert.
"""
import gc
import os
import subprocess
import sys
import tempfile

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import keras
import numpy
import onnxruntime
import tensorflow
import tf_keras
from ai_edge_litert.interpreter import Interpreter

PROGRAM, *WORDS = sys.argv[1:]
# Sides that each takes, and that end within seconds.
SIDES = {
    "MobileNet": 64, "MobileNetV2": 64, "MobileNetV3Small": 64, "MobileNetV3Large": 64, "NASNetMobile": 64, "DenseNet121": 64,
    "DenseNet169": 64, "EfficientNetB0": 64, "EfficientNetB1": 64, "EfficientNetV2B0": 64, "EfficientNetV2B1": 64, "ResNet50": 64,
    "ResNet50V2": 64, "ResNet101V2": 64, "InceptionV3": 96, "Xception": 96, "VGG11": 64, "VGG16": 64, "ConvNeXtTiny": 64, "RegNetX002": 64,
}
WRITTEN = ["MobileNetV2", "MobileNetV3Small", "EfficientNetB0", "ResNet50V2"]
KINDS = ["float", "float16", "dynamic", "integer"]
LIMIT = 1e-4
# Of what computes in int8, weights alone or all.
INTEGER_LIMIT = 0.05
random = numpy.random.default_rng(0)


def made(library, name):
    side = SIDES[name]
    model = getattr(library.applications, name)(weights=None, include_top=False, pooling="avg", input_shape=(side, side, 3))
    for layer in model.layers:
        if isinstance(layer, library.layers.BatchNormalization):
            layer.momentum = 0.5
    for _ in range(4):
        model(random.uniform(0, 255, (4, side, side, 3)).astype("float32"), training=True)
    return model


def off(expected, given):
    return float(numpy.abs(expected.astype(float) - given.astype(float)).max() / max(numpy.abs(expected).max(), 1e-30))


def converted(file):
    """The session; None where it was refused, which is said."""
    out = f"{file}.onnx"
    ended = subprocess.run(["node", PROGRAM, "convert", file, "-o", out, "--force"], capture_output=True, text=True)
    if ended.returncode != 0:
        print(f"{os.path.basename(file)}: refused: {ended.stderr.strip()}", flush=True)
        return None
    options = onnxruntime.SessionOptions()
    # What whyslow says of integer models on x86 without VNNI.
    options.add_session_config_entry("session.x64quantprecision", "1")
    return onnxruntime.InferenceSession(out, options)


def tell(file, expected, picture, limit):
    session = converted(file)
    if session is None:
        return False
    [given] = session.run(None, {session.get_inputs()[0].name: picture})
    apart = off(expected, given)
    print(f"{os.path.basename(file)}: {apart:.1e}{'' if apart <= limit else '  OFF'}", flush=True)
    return apart <= limit


def written(folder, name):
    """As TensorFlow's converter writes it; outputs by LiteRT."""
    kinds = [kind for kind in KINDS if not WORDS or name in WORDS or kind in WORDS]
    if not kinds:
        return
    model = made(tf_keras, name)
    side = SIDES[name]
    for kind in kinds:
        converter = tensorflow.lite.TFLiteConverter.from_keras_model(model)
        if kind != "float":
            converter.optimizations = [tensorflow.lite.Optimize.DEFAULT]
        if kind == "float16":
            converter.target_spec.supported_types = [tensorflow.float16]
        if kind == "integer":
            converter.representative_dataset = lambda: ([random.uniform(0, 255, (1, side, side, 3)).astype("float32")] for _ in range(8))
            converter.target_spec.supported_ops = [tensorflow.lite.OpsSet.TFLITE_BUILTINS_INT8]
        file = os.path.join(folder, f"{name}.{kind}.tflite")
        with open(file, "wb") as to:
            to.write(converter.convert())
        interpreter = Interpreter(model_path=file)
        interpreter.allocate_tensors()
        [told], [result] = interpreter.get_input_details(), interpreter.get_output_details()
        picture = random.uniform(0, 255, (1, side, side, 3)).astype("float32")
        interpreter.set_tensor(told["index"], picture)
        interpreter.invoke()
        yield tell(file, interpreter.get_tensor(result["index"]), picture, INTEGER_LIMIT if kind in ("dynamic", "integer") else LIMIT)


def saved(folder, name):
    for library, ending in [(keras, "keras"), (tf_keras, "h5")]:
        if not hasattr(library.applications, name) or (WORDS and name not in WORDS):
            continue
        model = made(library, name)
        file = os.path.join(folder, f"{name}.{library.__name__}.{ending}")
        model.save(file)
        picture = random.uniform(0, 255, (2, SIDES[name], SIDES[name], 3)).astype("float32")
        yield tell(file, numpy.asarray(model(picture)), picture, LIMIT)
        del model
        gc.collect()
        library.backend.clear_session()


with tempfile.TemporaryDirectory() as folder:
    results = [one for name in SIDES for one in saved(folder, name)]
    results += [one for name in WRITTEN for one in written(folder, name)]
print(f"{sum(results)} of {len(results)} agree")
sys.exit(0 if all(results) else 1)
