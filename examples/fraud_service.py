"""A fraud score in a Python service as many are written, and what each step of it takes: a dict of JSON becomes a DataFrame, the DataFrame a
DMatrix, and that a score.   python examples/fraud_service.py model.json      (needs xgboost and pandas)"""

import sys
import time

import numpy as np
import pandas as pd
import xgboost as xgb

booster = xgb.Booster(model_file=sys.argv[1])
names = booster.feature_names or [f"f{k}" for k in range(booster.num_features())]
booster.feature_names = names
request = {name: 0.5 for name in names}


def as_written():
    frame = pd.DataFrame([request])
    return booster.predict(xgb.DMatrix(frame))[0]


def in_place():
    row = np.array([[request[name] for name in names]], dtype=np.float32)
    return booster.inplace_predict(row)[0]


def p50(call, times=300):
    call()
    samples = []
    for _ in range(times):
        start = time.perf_counter()
        call()
        samples.append(time.perf_counter() - start)
    return sorted(samples)[times // 2] * 1e6


frame = pd.DataFrame([request])
matrix = xgb.DMatrix(frame)
print(f"as written: {p50(as_written):.0f} µs a request")
print(f"  the DataFrame: {p50(lambda: pd.DataFrame([request])):.0f} µs")
print(f"  the DMatrix: {p50(lambda: xgb.DMatrix(frame)):.0f} µs")
print(f"  the trees: {p50(lambda: booster.predict(matrix)):.0f} µs")
print(f"in place, of an array: {p50(in_place):.0f} µs")
