# planted: predict-call-overhead
# needs: xgboost pandas
import numpy as np
import pandas as pd
import xgboost as xgb

NAMES = ["amount", "age_days", "distance_km", "attempts", "hour"]


def load():
    source = np.random.default_rng(1)
    x = source.normal(size=(2000, 5)).astype(np.float32)
    y = (x[:, 0] * x[:, 1] + x[:, 2] > 0).astype(np.float32)
    return xgb.train({"objective": "binary:logistic", "max_depth": 5}, xgb.DMatrix(x, y, feature_names=NAMES), 100)


def samples():
    source = np.random.default_rng(2)
    return [dict(zip(NAMES, source.normal(size=5).tolist())) for _ in range(16)]


def predict(model, payment):
    return float(model.predict(xgb.DMatrix(pd.DataFrame([payment], columns=NAMES)))[0])  # here
