# clean: predict-call-overhead
# needs: xgboost pandas
import numpy as np
import xgboost as xgb

NAMES = ["amount", "age_days", "distance_km", "attempts", "hour"]
row = np.empty((1, 5), dtype=np.float32)


def load():
    source = np.random.default_rng(1)
    x = source.normal(size=(2000, 5)).astype(np.float32)
    y = (x[:, 0] * x[:, 1] + x[:, 2] > 0).astype(np.float32)
    model = xgb.train({"objective": "binary:logistic", "max_depth": 5}, xgb.DMatrix(x, y, feature_names=NAMES), 100)
    model.set_param({"nthread": 1})
    return model


def samples():
    source = np.random.default_rng(2)
    return [dict(zip(NAMES, source.normal(size=5).tolist())) for _ in range(16)]


def predict(model, payment):
    row[0] = [payment[name] for name in NAMES]
    return float(model.inplace_predict(row)[0])
