# clean: tokenizer-dominates
# needs: nothing
index = [(7 * k) % 5000 for k in range(5000)]


class Session:
    def run(self, names, feeds):
        return [sum(feeds["input_ids"]) % 7]


session = Session()


def samples():
    return [[(k * j) % 5000 for j in range(40000)] for k in (3, 7)]


def predict(input_ids):
    out = []
    for start in range(0, len(input_ids), 32):
        found = [index[one] for one in input_ids[start : start + 32]]
        out.append(session.run(None, {"input_ids": found})[0])
    return out
