# planted: model-reloaded-per-call
# needs: onnxruntime numpy
import os

import numpy as np
import onnxruntime

MODEL = os.path.join(os.path.dirname(__file__), "../../../fixtures/models/symbolic-batch.onnx")
FEED = {one.name: np.zeros([d if isinstance(d, int) else 1 for d in one.shape], np.float32) for one in onnxruntime.InferenceSession(MODEL).get_inputs()}


def samples():
    return [FEED]


def predict(feed):
    session = onnxruntime.InferenceSession(MODEL)  # here
    return session.run(None, feed)
