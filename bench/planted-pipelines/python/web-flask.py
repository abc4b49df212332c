# planted: model-reloaded-per-call
# needs: flask sklearn joblib
import os
import tempfile

import joblib
import numpy as np
from flask import Flask, jsonify, request
from sklearn.ensemble import RandomForestClassifier

app = Flask(__name__)
FILE = os.path.join(tempfile.gettempdir(), "whyslow-planted-forest.joblib")
x = np.random.default_rng(1).normal(size=(300, 12))
joblib.dump(RandomForestClassifier(60, random_state=1).fit(x, x[:, 0] > 0), FILE)


def samples():
    return [{"features": [0.1 * k] * 12} for k in range(4)]


@app.route("/predict", methods=["POST"])
def predict():
    model = joblib.load(FILE)  # here
    row = request.get_json()["features"]
    return jsonify({"label": int(model.predict([row])[0])})
