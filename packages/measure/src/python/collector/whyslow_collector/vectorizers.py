"""What scikit-learn's vectorizers of texts were fitted to, as text_rows.py is told it: by data alone. One that calls functions of the program stays as it is."""

import copy

from .errors import Contract
from .estimator_file import places_of

_VECTORIZERS = ("CountVectorizer", "TfidfVectorizer", "HashingVectorizer")
#: What is a function where the program gives its own.
_FUNCTIONS = ("preprocessor", "tokenizer", "analyzer", "strip_accents")


class Texts(list):
    """Copies of the texts that a program's own call of a vectorizer made rows of."""

    def __init__(self, texts, vectorizer):
        super().__init__(texts)
        self.vectorizer = vectorizer


def split(model):
    """(vectorizers, the model of their rows) of a pipeline that begins with texts, alone or in columns of theirs; None: it begins with something else. Of
    columns, the model is given the terms behind all columns, and `column` of a vectorizer is the place of its texts. Throws Contract."""
    whole = getattr(model, "best_estimator_", model)
    steps = list(getattr(whole, "steps", ()))
    if steps and any(takes_texts(one) for _, one, _ in getattr(steps[0][1], "transformers_", ())):
        twin = copy.copy(whole)
        told, columns = _of_columns(steps[0][1])
        twin.steps = [(steps[0][0], columns), *steps[1:]]
        return told, twin
    if len(steps) < 2 or not takes_texts(steps[0][1]):
        if any(takes_texts(one) for _, one in steps[1:]):
            raise Contract("its %s comes before texts, which is not read" % type(steps[0][1]).__name__)
        return None
    told, rest = _joined(steps[0][1]), steps[1:]
    while len(rest) > 1 and type(rest[0][1]).__name__ == "TfidfTransformer" and len(told) == 1:
        told[0]["weightings"].append(_weighting(rest.pop(0)[1]))
    if len(rest) == 1:
        return told, rest[0][1]
    twin = copy.copy(whole)
    twin.steps = rest
    return told, twin


def parted(step):
    """(vectorizers, the step that is given their terms; None: nothing is) of a step that is given texts. Throws Contract."""
    if hasattr(step, "steps"):
        told, rest = split(step)
        if type(rest).__name__ != "TfidfTransformer":
            return told, rest
    return _joined(step), None


def _of_columns(transformer):
    """(vectorizers, a ColumnTransformer that is given their terms behind its columns)."""
    from sklearn.preprocessing import FunctionTransformer

    places = places_of(transformer)
    vectorizers, parts, width = [], [], transformer.n_features_in_
    for label, step, _ in transformer.transformers_:
        columns = places[label]
        if takes_texts(step):
            told, rest = parted(step)
            step = rest or FunctionTransformer()
            vectorizers.extend({**one, "column": columns[0]} for one in told)
            columns = range(width, width + sum(len(one["terms"]) for one in told))
            width = columns.stop
        parts.append((label, step, list(columns)))
    twin = copy.copy(transformer)
    vars(twin).pop("feature_names_in_", None)
    twin.transformers_, twin.n_features_in_, twin.sparse_output_ = parts, width, False
    twin._transformer_to_input_indices = {label: columns for label, _, columns in parts}
    return vectorizers, twin


def told_of(vectorizer):
    """Throws Contract."""
    name = type(vectorizer).__name__
    if name not in _VECTORIZERS or not type(vectorizer).__module__.startswith("sklearn."):
        raise Contract("its %s stands next to texts, which is not read" % name)
    own = next((one for one in _FUNCTIONS if callable(getattr(vectorizer, one))), None)
    if own is not None or vectorizer.input != "content":
        raise Contract("its %s %s, which is not read" % (name, "reads files" if own is None else "calls a function of the program (%s)" % own))
    if not hasattr(vectorizer, "vocabulary_"):
        raise Contract("its %s has no vocabulary, by which texts are read" % name)
    terms = [""] * len(vectorizer.vocabulary_)
    for term, at in vectorizer.vocabulary_.items():
        terms[at] = term
    return {
        "analyzer": vectorizer.analyzer,
        "lowercase": bool(vectorizer.lowercase),
        "accents": vectorizer.strip_accents or None,
        "pattern": vectorizer.token_pattern,
        "ngrams": list(map(int, vectorizer.ngram_range)),
        "stopWords": sorted(vectorizer.get_stop_words() or ()),
        "binary": bool(vectorizer.binary),
        "terms": terms,
        "weightings": [_weighting(vectorizer._tfidf)] if name == "TfidfVectorizer" else [],
        "weight": 1,
    }


def takes_texts(step):
    """Whether a step is a vectorizer, or begins with one."""
    parts = [one for _, one, *_ in [*getattr(step, "transformer_list", ()), *getattr(step, "steps", ())[:1]]]
    return type(step).__name__ in _VECTORIZERS or any(map(takes_texts, parts))


def _joined(step):
    """Of a step: itself, or several side by side."""
    if not hasattr(step, "transformer_list"):
        found = split(step)
        if found is None:
            return [told_of(step)]
        told, last = found
        if len(told) > 1 or type(last).__name__ != "TfidfTransformer":
            raise Contract("its %s follows texts, which is not read" % type(last).__name__)
        return [{**told[0], "weightings": [*told[0]["weightings"], _weighting(last)]}]
    weights = step.transformer_weights or {}
    parts = [(name, one) for name, one in step.transformer_list if not isinstance(one, str) or one != "drop"]
    return [{**told, "weight": told["weight"] * weights.get(name, 1)} for name, one in parts for told in _joined(one)]


def _weighting(transformer):
    idf = transformer.idf_.tolist() if transformer.use_idf else None
    return {"sublinear": bool(transformer.sublinear_tf), "idf": idf, "norm": transformer.norm}
