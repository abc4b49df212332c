"""Times a shipped folder's Python module and the maker's own predictor on the same rows: FOLDER MODEL ROWS. Prints JSON, µs a row."""

import importlib.util
import json
import os
import sys
import time
import warnings

os.environ["OMP_NUM_THREADS"] = "1"
import numpy as np

LEAST_S = 0.5


def micros(call, rows):
    """The median of samples of a millisecond and more."""
    call()
    start = time.perf_counter()
    call()
    calls = max(1, round(0.001 / max(time.perf_counter() - start, 1e-7)))
    times, end = [], time.perf_counter() + LEAST_S
    while time.perf_counter() < end or len(times) < 5:
        start = time.perf_counter()
        for _ in range(calls):
            call()
        times.append((time.perf_counter() - start) / calls)
    return round(float(np.median(times) / rows * 1e6), 3)


def main(folder, model_file, rows_file):
    warnings.simplefilter("ignore")
    spec = importlib.util.spec_from_file_location("predict", os.path.join(folder, "predict.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    [(name, dtype)] = module.INPUTS.items()
    rows = np.load(rows_file).astype(dtype)
    singles = [np.ascontiguousarray(rows[k : k + 1]) for k in range(len(rows))]
    times = {}
    turn = [0]

    def one_of(predict):
        """Another row each time, so that no branch is learnt."""

        def call():
            turn[0] = (turn[0] + 1) % len(singles)
            predict(singles[turn[0]])

        return call

    def time_as(title, predict, give_many):
        times[f"{title}OneUs"] = micros(one_of(predict), 1)
        times[f"{title}ManyUs"] = micros(lambda: give_many(rows), len(rows))

    for backend in ("c", "wasmtime", "numpy"):
        try:
            model = module.load(backend=backend)
        except RuntimeError:
            continue
        time_as(backend, lambda x: model.predict({name: x}), lambda x: model.predict({name: x}))
    if model_file.endswith("txt"):
        import lightgbm

        booster = lightgbm.Booster(model_file=model_file)
        time_as("lightgbm", lambda x: booster.predict(x, num_threads=1), lambda x: booster.predict(x, num_threads=1))
    else:
        import xgboost

        booster = xgboost.Booster(params={"nthread": 1}, model_file=model_file)
        time_as("xgboost", booster.inplace_predict, booster.inplace_predict)
        times["xgboostMatrixOneUs"] = micros(one_of(lambda x: booster.predict(xgboost.DMatrix(x))), 1)
    print(json.dumps(times))


main(*sys.argv[1:])
