# planted: wrapper-overhead
# needs: sklearn pandas
import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

NUMBERS = ["age", "income", "debt"]


def load():
    random = np.random.default_rng(1)
    frame = pd.DataFrame({**{name: random.normal(size=400) for name in NUMBERS}, "city": random.choice(["a", "b", "c"], 400)})
    columns = ColumnTransformer([("numbers", StandardScaler(), NUMBERS), ("city", OneHotEncoder(), ["city"])])
    return Pipeline([("columns", columns), ("classify", LogisticRegression())]).fit(frame, frame.age > 0)


def samples():
    return [pd.DataFrame([{"age": 0.3, "income": 1.2 + k, "debt": -1.0, "city": "b"}]) for k in range(8)]


def predict(model, row):
    return model.predict_proba(row)  # here
