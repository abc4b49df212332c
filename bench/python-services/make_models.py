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


def letters():
    """GPT-2's characters for bytes."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [one for one in range(256) if one not in plain]
    return {**{one: chr(one) for one in plain}, **{one: chr(256 + at) for at, one in enumerate(others)}}


def merges():
    """Byte pairs of a few sentences, the most frequent first."""
    import json
    from collections import Counter

    text = (
        "My order was not delivered and the transport was overcharged please review the payment cancel my account and refund the shipment "
        "How do I change the address of my account when the page gives an error whenever I try to save the new one "
        "The tracking page said yesterday that the parcel was delivered to a neighbour although nobody rang at our door"
    )
    of = letters()
    words = [["".join(of[byte] for byte in letter.encode()) for letter in (" " + word if at else word)] for at, word in enumerate(text.split(" "))]
    known, found = [*of.values()], []
    for _ in range(300):
        pairs = Counter(pair for word in words for pair in zip(word, word[1:]))
        if not pairs:
            break
        best = max(pairs, key=lambda pair: (pairs[pair], pair))
        found.append(best)
        known.append(best[0] + best[1])
        for word in words:
            at = 0
            while at < len(word) - 1:
                if (word[at], word[at + 1]) == best:
                    word[at : at + 2] = [best[0] + best[1]]
                at += 1
    with open("models/vocab.json", "w", encoding="utf-8") as file:
        json.dump({piece: number for number, piece in enumerate(dict.fromkeys(known))}, file, ensure_ascii=False)
    with open("models/merges.txt", "w", encoding="utf-8") as file:
        file.write("#version: 0.2\n" + "".join("%s %s\n" % pair for pair in found))


MADE = {"risk.joblib": sklearn_frame, "fraud.ubj": xgboost_row, "price.txt": lightgbm_batch, "intent.keras": keras_loop, "merges.txt": merges}
for name, make in MADE.items():
    if missing(name):
        try:
            make()
        except ImportError as error:
            print(f"{name} was left out: {error}", file=sys.stderr)
