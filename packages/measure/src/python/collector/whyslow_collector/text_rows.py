"""Texts as rows of numbers, as the vectorizers of scikit-learn make them, without its sparse matrices and its checks of them. The file is shipped as well, next to
what stands in for a model. sklearn/feature_extraction/text.py"""

import math
import re
import unicodedata
from collections import Counter

import numpy as np

from .rows_of import MOST_DENSE, Rows, by_row

_SPACES = re.compile(r"\s\s+")


def reader_of(spec, strict=True):
    """What makes rows of what a call gives, by what the stand-in is told. `strict`: whatever the model refuses is refused."""
    told = (spec.get("byPlace", False), spec.get("unknownNone", ()), strict and spec.get("onlyNumbers", False), spec.get("zeros", False))
    rows = Rows(spec["columns"], spec["texts"], *((spec["strict"], spec["refused"]) if strict else ({}, {})), *told)
    told_texts = spec.get("vectorizers")
    if not told_texts:
        return rows
    return TextColumns(told_texts, rows) if "column" in told_texts[0] else TextRows(told_texts, rows if spec["zeros"] else None)


class TextRows:
    """`vectorizers`: what vectorizers.py tells of them; their columns stand side by side. `rows`: reads what the program makes of its texts itself; None: the
    model is given texts alone."""

    def __init__(self, vectorizers, rows=None):
        self._rows = rows
        self._parts, self.width = [], 0
        for told in vectorizers:
            self._parts.append(_Vectorizer(told, self.width))
            self.width += len(told["terms"])

    def matrix(self, data, is_to_come=False):
        """`is_to_come`: the vectorizer would be asked."""
        if self._rows is not None and not is_to_come:
            return self._rows.matrix(data)
        if isinstance(data, str):
            raise TypeError("a single text in place of several")
        texts = list(data)
        return self._terms(len(texts), [texts] * len(self._parts))

    def _terms(self, count, texts):
        """`texts`: of each vectorizer."""
        if count * self.width > MOST_DENSE:
            raise TypeError("%d texts of %d terms, more than rows with their zeros are made of" % (count, self.width))
        matrix = np.zeros((count, self.width))
        for part, column in zip(self._parts, texts):
            for row, text in zip(matrix, column):
                if not isinstance(text, str):
                    raise TypeError("something else than texts")
                part.fill(row, text)
        return matrix

    def checked(self, matrix):
        return matrix if self._rows is None else self._rows.checked(matrix)


class TextColumns(TextRows):
    """Rows of which some columns hold texts: what `rows` makes of all columns, and behind it the terms of each vectorizer's own."""

    def __init__(self, vectorizers, rows):
        super().__init__(vectorizers, rows)
        self._columns = [told["column"] for told in vectorizers]

    def matrix(self, data, is_for_frame=False):
        if isinstance(data, dict):
            data = by_row(data)
        elif not hasattr(data, "__len__"):
            data = list(data)
        numbers = self._rows.matrix(data, is_for_frame)
        texts = {at: _column(data, at, self._rows.columns) for at in set(self._columns)}
        return np.concatenate([numbers, self._terms(len(numbers), [texts[at] for at in self._columns])], axis=1)


def _column(data, at, names):
    if hasattr(data, "columns"):
        return (data.iloc[:, at] if names is None else data[names[at]]).tolist()
    return [one[names[at]] if isinstance(one, dict) else one[at] for one in data]


class _Vectorizer:
    """`first`: the column of its first term."""

    def __init__(self, told, first):
        self._terms = _terms_by(told)
        self._place = {term: first + at for at, term in enumerate(told["terms"])}.get
        self._is_binary = told["binary"]
        self._weight = told["weight"]
        #: By column of the row, so that its places can be taken as they are.
        idf = lambda one: None if one["idf"] is None else np.concatenate([np.zeros(first), one["idf"]])  # noqa: E731
        self._weightings = [(one["sublinear"], idf(one), one["norm"]) for one in told["weightings"]]

    def fill(self, row, text):
        counts = Counter(map(self._place, self._terms(text)))
        counts.pop(None, None)
        places = np.array(list(counts), np.intp)
        values = np.ones(len(counts)) if self._is_binary else np.array(list(counts.values()), np.float64)
        for is_sublinear, idf, norm in self._weightings:
            if is_sublinear:
                values = np.log(values) + 1
            if idf is not None:
                values = values * idf[places]
            size = 0 if norm is None else math.sqrt(values @ values) if norm == "l2" else np.abs(values).sum()
            if size:
                values = values / size
        row[places] = values * self._weight


def _terms_by(told):
    """A function from a text to its terms, each as often as it is there."""
    prepared = _prepared(told)
    first, last = told["ngrams"]
    if told["analyzer"] == "char":
        return lambda text: _pieces(_SPACES.sub(" ", prepared(text)), first, last)
    if told["analyzer"] == "char_wb":
        return lambda text: [one for word in _SPACES.sub(" ", prepared(text)).split() for one in _pieces_of_word(" %s " % word, first, last)]
    find, left_out = re.compile(told["pattern"]).findall, frozenset(told["stopWords"])

    def words(text):
        found = find(prepared(text))
        if left_out:
            found = [one for one in found if one not in left_out]
        if last == 1:
            return found
        return [" ".join(some) for count in range(first, last + 1) for some in zip(*(found[at:] for at in range(count)))]

    return words


def _prepared(told):
    accents = {None: None, "ascii": _ascii, "unicode": _without_marks}[told["accents"]]
    lower = str.lower if told["lowercase"] else str
    return lower if accents is None else lambda text: accents(lower(text))


def _ascii(text):
    return unicodedata.normalize("NFKD", text).encode("ASCII", "ignore").decode("ASCII")


def _without_marks(text):
    if text.isascii():
        return text
    return "".join(one for one in unicodedata.normalize("NFKD", text) if not unicodedata.combining(one))


def _pieces(text, first, last):
    return [text[at : at + count] for count in range(first, last + 1) for at in range(len(text) - count + 1)]


def _pieces_of_word(word, first, last):
    """A word that is shorter than a piece is one piece, once."""
    return [*_pieces(word, first, min(last, len(word))), *([word] if first > len(word) else [])]
