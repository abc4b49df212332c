# clean: json-in-the-loop
# needs: nothing
import array


def samples():
    return [array.array("d", [i / 7 for i in range(30_000)]).tobytes() for _ in range(4)]


def preprocess(body):
    return array.array("d", body)


def predict(x):
    return sum(x)
