"""Trains tree models on made data, saves them as their makers do, and times the makers' own predictors on one thread: `make FOLDER`.
Beside each model: rows.npy (1000 rows, float32), expected.npy (the maker's raw scores) and times.json (µs a row, for one and for 1000 rows).
Models that are there are not trained again, and what lleaves and treelite compiled is kept; they take part where they are installed."""

import json
import os
import sys
import time

os.environ["OMP_NUM_THREADS"] = "1"
import numpy as np

FEATURES = 30
MOST_FOR_LLEAVES = 100_000


def data(rows, seed):
    random = np.random.default_rng(seed)
    x = random.normal(size=(rows, FEATURES)).astype(np.float32)
    x[random.random(x.shape) < 0.02] = np.nan
    clean = np.nan_to_num(x)
    score = clean[:, 0] * clean[:, 1] + np.sin(3 * clean[:, 2]) + (clean[:, 3] > 0.3) * clean[:, 4] + 0.3 * clean[:, 5:12].sum(axis=1)
    return x, (score + random.normal(size=rows) > 0.5).astype(np.int32)


def micros(call, rows, least=0.4):
    call()
    times = []
    end = time.perf_counter() + least
    while time.perf_counter() < end or len(times) < 5:
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return float(np.median(times) / rows * 1e6)


def save(folder, name, rows, expected, times):
    place = os.path.join(folder, name)
    np.save(os.path.join(place, "rows.npy"), rows)
    np.save(os.path.join(place, "expected.npy"), np.asarray(expected, dtype=np.float64))
    with open(os.path.join(place, "times.json"), "w") as file:
        json.dump(times, file)
    print(name, times, flush=True)


def xgboost_model(folder, name, trees, depth, x, y, rows):
    import xgboost as xgb

    os.makedirs(os.path.join(folder, name), exist_ok=True)
    file = os.path.join(folder, name, "model.ubj")
    parameters = {"objective": "binary:logistic", "max_depth": depth, "eta": 0.1, "nthread": 1, "tree_method": "hist", "min_child_weight": 1}
    if not os.path.exists(file):
        xgb.train(parameters, xgb.DMatrix(x, y), trees).save_model(file)
    model = xgb.Booster(params={"nthread": 1}, model_file=file)
    expected = model.predict(xgb.DMatrix(rows), output_margin=True)
    times = {
        "xgboost 1": micros(lambda: model.inplace_predict(rows[:1]), 1),
        "xgboost 1000": micros(lambda: model.inplace_predict(rows), 1000),
    }
    try:
        import tl2cgen
        import treelite

        library = os.path.join(folder, name, "treelite.so")
        if not os.path.exists(library):
            tl2cgen.export_lib(treelite.frontend.load_xgboost_model(file), toolchain="gcc", libpath=library, params={"parallel_comp": 4})
        predictor = tl2cgen.Predictor(library, nthread=1)
        one, many = tl2cgen.DMatrix(rows[:1]), tl2cgen.DMatrix(rows)
        times["treelite 1"] = micros(lambda: predictor.predict(one), 1)
        times["treelite 1000"] = micros(lambda: predictor.predict(many), 1000)
    except Exception as error:
        times["treelite"] = f"left out: {type(error).__name__}: {str(error)[:80]}"
    save(folder, name, rows, expected, times)


def lightgbm_model(folder, name, trees, leaves, x, y, rows):
    import lightgbm as lgb

    os.makedirs(os.path.join(folder, name), exist_ok=True)
    file = os.path.join(folder, name, "model.txt")
    parameters = {"objective": "binary", "num_leaves": leaves, "num_threads": 1, "verbose": -1, "min_data_in_leaf": 5, "learning_rate": 0.05}
    if not os.path.exists(file):
        lgb.train(parameters, lgb.Dataset(x, y), trees).save_model(file)
    model = lgb.Booster(model_file=file)
    expected = model.predict(rows, raw_score=True, num_threads=1)
    wide = rows.astype(np.float64)
    times = {
        "lightgbm 1": micros(lambda: model.predict(wide[:1], num_threads=1), 1),
        "lightgbm 1000": micros(lambda: model.predict(wide, num_threads=1), 1000),
    }
    if trees * leaves > MOST_FOR_LLEAVES:
        times["lleaves"] = "left out: it takes minutes to compile so many trees"
        return save(folder, name, rows, expected, times)
    try:
        import lleaves

        compiled = lleaves.Model(model_file=file)
        compiled.compile(cache=os.path.join(folder, name, "lleaves.bin"))
        times["lleaves 1"] = micros(lambda: compiled.predict(wide[:1], n_jobs=1), 1)
        times["lleaves 1000"] = micros(lambda: compiled.predict(wide, n_jobs=1), 1000)
    except Exception as error:
        times["lleaves"] = f"left out: {type(error).__name__}: {str(error)[:80]}"
    save(folder, name, rows, expected, times)


def main(folder):
    x, y = data(20_000, 1)
    rows, _ = data(1000, 2)
    only = os.environ.get("ONLY", "").split(",")
    for name, trees, depth in [("xgboost-100x6", 100, 6), ("xgboost-300x7", 300, 7)]:
        if only == [""] or name in only:
            xgboost_model(folder, name, trees, depth, x, y, rows)
    for name, trees, leaves in [("lightgbm-200x31", 200, 31), ("lightgbm-1000x255", 1000, 255)]:
        if only == [""] or name in only:
            lightgbm_model(folder, name, trees, leaves, x, y, rows)


main(sys.argv[1])
