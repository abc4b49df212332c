# clean: garbage-collection
# needs: nothing
def samples():
    return [3_000]


def predict(count):
    total = 0
    for i in range(count):
        total ^= hash(str(i))
    return total
