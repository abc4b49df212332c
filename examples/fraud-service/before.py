"""Is a payment a fraud? A request as many services have it: a DataFrame for one row, a loop over features, json in between."""
import json
import math

import numpy as np
import pandas as pd

FEATURES = ["amount", "age_days", "distance_km", "attempts", "hour"]
MEAN = {"amount": 83.2, "age_days": 410.0, "distance_km": 31.0, "attempts": 1.4, "hour": 13.1}
STD = {"amount": 120.5, "age_days": 300.2, "distance_km": 90.7, "attempts": 0.9, "hour": 6.2}


def samples():
    source = np.random.default_rng(7)
    return [
        json.dumps({
            "amount": float(source.gamma(1.2, 70)),
            "age_days": float(source.integers(0, 2000)),
            "distance_km": float(source.gamma(0.5, 60)),
            "attempts": int(source.integers(1, 6)),
            "hour": int(source.integers(0, 24)),
            "history": source.gamma(1.2, 70, 200).tolist(),
        })
        for _ in range(32)
    ]


def load():
    source = np.random.default_rng(1)
    return {"hidden": source.normal(size=(8, 16)) / 3, "bias": source.normal(size=16) / 3, "out": source.normal(size=16) / 3}


def preprocess(sample):
    payment = json.loads(sample)
    frame = pd.DataFrame([{name: payment[name] for name in FEATURES}])
    for name in FEATURES:
        frame[name] = frame[name].apply(lambda value, name=name: (value - MEAN[name]) / STD[name])
    history = np.array(payment["history"])
    total = 0.0
    largest = 0.0
    for i in range(len(history)):
        total += history[i]
        if history[i] > largest:
            largest = history[i]
    spread = 0.0
    for i in range(len(history)):
        spread += (history[i] - total / len(history)) ** 2
    frame["mean"] = total / len(history) / 100
    frame["largest"] = largest / 1000
    frame["spread"] = math.sqrt(spread / len(history)) / 100
    return frame.values[0]


def predict(model, x):
    return 1 / (1 + np.exp(-np.maximum(x @ model["hidden"] + model["bias"], 0) @ model["out"]))


def postprocess(y):
    return {"fraud": float(y)}
