# planted: json-in-the-loop
# needs: nothing
import json


def samples():
    return [json.dumps([i / 7 for i in range(30_000)]) for _ in range(4)]


def preprocess(body):
    return json.loads(body)  # here


def predict(x):
    return sum(x)
