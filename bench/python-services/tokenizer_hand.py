# needs: tokenizers
"""Ids of a text for a model that runs elsewhere: WordPiece, written by hand."""
import os
import re

with open(os.path.join(os.path.dirname(__file__), "models", "vocab.txt")) as file:
    VOCABULARY = {line.rstrip("\n"): number for number, line in enumerate(file)}


def tokenize(text):
    ids = [VOCABULARY["[CLS]"]]
    for word in re.findall(r"\w+|[^\w\s]", text.lower()):
        start, pieces = 0, []
        while start < len(word):
            end = len(word)
            while end > start:
                piece = word[start:end] if start == 0 else "##" + word[start:end]
                if piece in VOCABULARY:
                    break
                end -= 1
            if end == start:
                pieces = [VOCABULARY["[UNK]"]]
                break
            pieces.append(VOCABULARY[piece])
            start = end
        ids.extend(pieces)
    ids.append(VOCABULARY["[SEP]"])
    return ids


def predict(document):
    return {"input_ids": tokenize(document)}


def samples():
    sentence = "My order was not delivered and the transport was overcharged! Please review the payment, cancel my account and refund the shipment. "
    return [sentence * count for count in (4, 8, 12)]
