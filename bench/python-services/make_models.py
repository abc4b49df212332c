"""The models of the services in this folder, trained on made-up data with the packages that this Python has; existing files stay."""
import os
import sys

import numpy as np

os.makedirs("models", exist_ok=True)
random = np.random.default_rng(7)


def missing(name):
    return not os.path.exists(os.path.join("models", name))


def frame(count):
    import pandas as pd

    return pd.DataFrame(
        {
            "amount": random.gamma(2.0, 60.0, count).round(2),
            "age_days": random.integers(1, 4000, count),
            "country": random.choice(["DE", "FR", "IT", "PL", "ES", "NL"], count),
            "channel": random.choice(["web", "app", "phone"], count),
            "prior": random.poisson(1.5, count).astype(float),
        }
    )


def sklearn_frame():
    import joblib
    from sklearn.compose import ColumnTransformer
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    rows = frame(4000)
    target = ((rows.amount > 150) & (rows.country != "DE") | (rows.prior > 3)).astype(int)
    numbers = Pipeline([("impute", SimpleImputer(strategy="median")), ("scale", StandardScaler())])
    columns = ColumnTransformer(
        [("numbers", numbers, ["amount", "age_days", "prior"]), ("texts", OneHotEncoder(handle_unknown="ignore"), ["country", "channel"])]
    )
    model = Pipeline([("columns", columns), ("forest", RandomForestClassifier(n_estimators=100, max_depth=8, random_state=0))])
    joblib.dump(model.fit(rows, target), "models/risk.joblib")


def table(count, width):
    rows = random.normal(size=(count, width)).astype(np.float32)
    return rows, rows[:, 0] * rows[:, 1] + np.sin(rows[:, 2]) + random.normal(scale=0.1, size=count)


def xgboost_row():
    import xgboost

    rows, target = table(4000, 24)
    xgboost.train({"max_depth": 7, "objective": "binary:logistic", "eta": 0.1}, xgboost.DMatrix(rows, label=target > 0), 300).save_model("models/fraud.ubj")


def lightgbm_batch():
    import lightgbm

    rows, target = table(6000, 40)
    lightgbm.train({"num_leaves": 63, "objective": "regression", "verbose": -1}, lightgbm.Dataset(rows, label=target), 200).save_model("models/price.txt")


def keras_loop():
    import keras

    model = keras.Sequential(
        [
            keras.Input((32,)),
            keras.layers.Dense(64, activation="relu"),
            keras.layers.BatchNormalization(),
            keras.layers.Dense(64, activation="relu"),
            keras.layers.Dense(5, activation="softmax"),
        ]
    )
    model.save("models/intent.keras")


def vocabulary():
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *"abcdefghijklmnopqrstuvwxyz0123456789.,!?", *("##" + one for one in "abcdefghijklmnopqrstuvwxyz0123456789")]
    starts = ["re", "un", "pre", "trans", "inter", "over", "ship", "deliver", "pay", "account", "order", "cancel", "charge", "ticket", "late", "the", "my", "not", "was", "and"]
    ends = ["##ing", "##ed", "##er", "##ment", "##tion", "##able", "##s", "##ly", "##port", "##ation", "##view", "##fund"]
    return pieces + starts + ends


def texts():
    with open("models/vocab.txt", "w") as file:
        file.write("\n".join(vocabulary()) + "\n")


MADE = {"risk.joblib": sklearn_frame, "fraud.ubj": xgboost_row, "price.txt": lightgbm_batch, "intent.keras": keras_loop, "vocab.txt": texts}
for name, make in MADE.items():
    if missing(name):
        try:
            make()
        except ImportError as error:
            print(f"{name} was left out: {error}", file=sys.stderr)
