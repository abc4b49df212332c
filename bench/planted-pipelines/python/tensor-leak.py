# planted: tensor-leak
# needs: nothing
seen = []


def samples():
    return [50_000]


def predict(size):
    seen.append(bytearray(size))  # here
    return sum(seen[-1])
