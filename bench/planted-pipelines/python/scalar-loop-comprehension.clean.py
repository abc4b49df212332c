# clean: scalar-loop
# needs: nothing
def samples():
    return [sorted((seed + i) % 17 / 17 for i in range(40_000)) for seed in range(4)]


def predict(x):
    return sum(x) / len(x)
