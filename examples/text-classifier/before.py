"""Is a message about billing or delivery? With a tokenizer written by hand: byte-pair encoding as its paper has it, pair by pair."""
import unicodedata

import numpy as np

from texts import MERGES, VOCABULARY, load, postprocess, predict, samples  # noqa: F401

RANKS = {pair: rank for rank, pair in enumerate(MERGES)}


def is_punctuation(letter):
    return unicodedata.category(letter).startswith("P")


def words_of(text):
    plain = "".join(letter for letter in unicodedata.normalize("NFD", text.lower()) if unicodedata.category(letter) != "Mn")
    word = ""
    for letter in plain:
        if letter.isspace() or is_punctuation(letter):
            if word:
                yield word
            word = ""
            if is_punctuation(letter):
                yield letter
        else:
            word += letter
    if word:
        yield word


def pieces_of(word):
    pieces = list(word)
    while len(pieces) > 1:
        pairs = list(zip(pieces, pieces[1:]))
        best = min(pairs, key=lambda pair: RANKS.get(pair, len(RANKS)))
        if best not in RANKS:
            break
        joined, at = [], 0
        while at < len(pieces):
            if at + 1 < len(pieces) and (pieces[at], pieces[at + 1]) == best:
                joined.append(pieces[at] + pieces[at + 1])
                at += 2
            else:
                joined.append(pieces[at])
                at += 1
        pieces = joined
    return pieces


def preprocess(text):
    ids = []
    for word in words_of(text):
        for piece in pieces_of(word):
            ids.append(VOCABULARY.get(piece, VOCABULARY["[UNK]"]))
    return np.array(ids)
