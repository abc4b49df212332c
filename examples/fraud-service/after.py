"""The same service: one array in a fixed order, scaled at once, sums of the history by NumPy."""
import json

import numpy as np

FEATURES = ["amount", "age_days", "distance_km", "attempts", "hour"]
MEAN = np.array([83.2, 410.0, 31.0, 1.4, 13.1])
STD = np.array([120.5, 300.2, 90.7, 0.9, 6.2])


def load():
    source = np.random.default_rng(1)
    return {"hidden": source.normal(size=(8, 16)) / 3, "bias": source.normal(size=16) / 3, "out": source.normal(size=16) / 3}


def preprocess(sample):
    payment = json.loads(sample)
    history = np.array(payment["history"])
    x = np.empty(8)
    x[:5] = ([payment[name] for name in FEATURES] - MEAN) / STD
    x[5:] = history.mean() / 100, history.max(initial=0.0) / 1000, history.std() / 100
    return x


def predict(model, x):
    return 1 / (1 + np.exp(-np.maximum(x @ model["hidden"] + model["bias"], 0) @ model["out"]))


def postprocess(y):
    return {"fraud": float(y)}
