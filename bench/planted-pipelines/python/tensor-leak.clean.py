# clean: tensor-leak
# needs: nothing
def samples():
    return [50_000]


def predict(size):
    return sum(bytearray(size))
