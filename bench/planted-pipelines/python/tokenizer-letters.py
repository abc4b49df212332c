# planted: tokenizer-dominates
# needs: nothing
ids_of = {letter: k for k, letter in enumerate("abcdefghijklmnopqrstuvwxyz ")}


def samples():
    return ["a text that goes letter by letter " * 400, "and another one of the same kind " * 400]


def preprocess(text):  # here
    ids = []
    for letter in text.lower():
        if letter in ids_of:
            ids.append(ids_of[letter])
    return ids


def predict(ids):
    return max(ids)
