# planted: sequential-calls
# needs: onnxruntime numpy
import os

import numpy as np
import onnxruntime

HERE = os.path.dirname(os.path.abspath(__file__))


class Scorer:
    def __init__(self):
        self.session = onnxruntime.InferenceSession(os.path.join(HERE, "../../../fixtures/models/credit_mlp.onnx"))

    def __call__(self, row):
        return self.session.run(None, {"X": row[None, :]})[0]  # or here


def load():
    return Scorer()


def samples():
    return [np.random.default_rng(k).random((64, 23), dtype=np.float32) for k in range(2)]


def predict(model, rows):
    return np.concatenate([model(row) for row in rows])  # here
