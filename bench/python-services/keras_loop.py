# needs: keras tensorflow
"""Intents of the sentences of a call, one after the other."""
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
import keras
import numpy as np

model = keras.models.load_model(os.path.join(os.path.dirname(__file__), "models", "intent.keras"))


def predict(sentences):
    intents = []
    for vector in sentences:
        scores = model.predict(np.expand_dims(vector, 0), verbose=0)
        intents.append(int(np.argmax(scores[0])))
    return intents


def samples():
    random = np.random.default_rng(8)
    return [random.normal(size=(6, 32)).astype(np.float32) for _ in range(3)]
