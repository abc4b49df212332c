# planted: tokenizer-dominates
# needs: nothing
vocab = {"the": 1, "quick": 2, "brown": 3, "fox": 4, "##s": 5, "jump": 6, "over": 7, "lazy": 8, "dog": 9}


def samples():
    return ["the quick brown foxs jumpover lazy dog " * 60]


def tokenize(text):  # here
    ids = []
    for word in text.lower().split():
        start = 0
        while start < len(word):
            end = len(word)
            while end > start:
                piece = word[start:end] if start == 0 else "##" + word[start:end]
                if piece in vocab:
                    ids.append(vocab[piece])
                    break
                end -= 1
            start = max(end, start + 1)
    return ids


def predict(text):
    return sum(tokenize(text))
