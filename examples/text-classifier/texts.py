"""What both programs share: the vocabulary, the weights, and texts to classify. Made here, so that the example needs no files."""
import itertools

import numpy as np

STEMS = ["bank", "card", "charge", "refund", "late", "order", "ship", "return", "invoice", "deliver", "pay", "account", "help", "broken", "great", "price", "cancel", "support"]
ENDINGS = ["", "s", "ed", "ing", "er", "ment", "able", "ly"]
LETTERS = "abcdefghijklmnopqrstuvwxyz"
#: Byte-pair encoding as it is trained: which two neighbours are joined, the most frequent first. Here each stem and ending is joined from its left.
MERGES = list(dict.fromkeys((word[:end], word[end]) for word in sorted(STEMS + ENDINGS, key=len) for end in range(1, len(word))))
VOCABULARY = {word: number for number, word in enumerate(dict.fromkeys(["[UNK]", *".,!?'-", *LETTERS, *("".join(pair) for pair in MERGES)]))}
LABELS = ["billing", "delivery", "praise", "other"]


def samples():
    """64 messages of some 300 words."""
    source = np.random.default_rng(5)
    words = ["".join(pair) for pair in itertools.product(STEMS, ENDINGS)] + ["parcel", "thank", "you", "monday", "zürich", "naïve", "it's", "non-refundable"]
    texts = []
    for _ in range(64):
        chosen = source.choice(words, 300)
        marks = source.choice(["", "", "", ".", ",", "!", "?"], 300)
        texts.append(" ".join(word.title() + mark if mark == "!" else word + mark for word, mark in zip(chosen, marks)))
    return texts


def load():
    source = np.random.default_rng(2)
    return source.normal(size=(len(VOCABULARY), len(LABELS))).astype("float32")


def predict(weights, ids):
    """A bag of pieces: the mean of their weights."""
    return weights[ids].mean(axis=0)


def postprocess(scores):
    return {"label": LABELS[int(scores.argmax())], "scores": [round(float(one), 6) for one in scores]}
