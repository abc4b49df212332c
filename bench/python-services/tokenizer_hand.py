# needs: tokenizers
"""Ids of a text for a model that runs elsewhere: byte pairs, as GPT-2 has them, written by hand."""
import json
import os
import re

FOLDER = os.path.join(os.path.dirname(__file__), "models")
with open(os.path.join(FOLDER, "vocab.json"), encoding="utf-8") as file:
    VOCABULARY = json.load(file)
with open(os.path.join(FOLDER, "merges.txt"), encoding="utf-8") as file:
    lines = file.read().split("\n")[1:]
RANKS = {tuple(line.split()): rank for rank, line in enumerate(lines) if line}
PLAIN = [*range(33, 127), *range(161, 173), *range(174, 256)]
OTHERS = [one for one in range(256) if one not in PLAIN]
LETTERS = {**{one: chr(one) for one in PLAIN}, **{one: chr(256 + at) for at, one in enumerate(OTHERS)}}


def bpe(word):
    parts = [LETTERS[byte] for byte in word.encode("utf-8")]
    while len(parts) > 1:
        pairs = [(RANKS.get((a, b), float("inf")), at) for at, (a, b) in enumerate(zip(parts, parts[1:]))]
        rank, at = min(pairs)
        if rank == float("inf"):
            break
        parts[at : at + 2] = [parts[at] + parts[at + 1]]
    return parts


def encode(text):
    ids = []
    for word in re.findall(r" ?[A-Za-z]+| ?[0-9]+| ?[^\sA-Za-z0-9]+|\s+", text):
        for part in bpe(word):
            ids.append(VOCABULARY[part])
    return ids


def predict(document):
    return {"input_ids": encode(document)}


def samples():
    sentence = "My order was not delivered and the transport was overcharged! Please review the payment, cancel my account and refund the shipment. "
    return [(sentence * count).strip() for count in (2, 4, 6)]
