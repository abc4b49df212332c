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
    random = np.random.default_rng(2)
    return [pd.DataFrame({**{name: random.normal(size=20000) for name in NUMBERS}, "city": random.choice(["a", "b", "c"], 20000)})]


def predict(model, rows):
    return model.predict_proba(rows)
