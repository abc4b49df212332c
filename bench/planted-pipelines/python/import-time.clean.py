# clean: import-time
# needs: nothing
def samples():
    return [1, 2]


def predict(x):
    return 1 + x
