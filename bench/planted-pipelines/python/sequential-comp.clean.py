import os

import numpy as np
import onnxruntime

HERE = os.path.dirname(os.path.abspath(__file__))


def load():
    return onnxruntime.InferenceSession(os.path.join(HERE, "../../../fixtures/models/credit_mlp.onnx"))


def samples():
    return [np.random.default_rng(k).random((64, 23), dtype=np.float32) for k in range(2)]


def predict(model, rows):
    return model.run(None, {"X": rows})[0]
