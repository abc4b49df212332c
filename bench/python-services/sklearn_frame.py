# needs: scikit-learn pandas joblib
"""Scores one application: a pipeline of scikit-learn on a DataFrame of one row."""
from pathlib import Path

import joblib
import pandas as pd

pipeline_file = Path(__file__).parent / "models" / "risk.joblib"


def load():
    return joblib.load(pipeline_file)


def predict(model, application):
    row = pd.DataFrame([application])
    probability = model.predict_proba(row)[0, 1]
    return {"probability": float(probability), "refused": bool(probability > 0.5)}


def samples():
    return [
        {"amount": 120.5, "age_days": 310, "country": "DE", "channel": "web", "prior": 1.0},
        {"amount": 940.0, "age_days": 3, "country": "PL", "channel": "app", "prior": 0.0},
        {"amount": 15.25, "age_days": 2210, "country": "FR", "channel": "phone", "prior": 5.0},
        {"amount": 310.1, "age_days": 55, "country": "SE", "channel": "web", "prior": 2.0},
    ]
