# clean: tokenizer-dominates
# needs: nothing
def samples():
    return [list(range(400))]


def predict(ids):
    return sorted(ids * 10)[-1]
