"""A pipeline of scikit-learn that begins with a ColumnTransformer and is asked of a DataFrame: its fitted steps on arrays of their columns, which cost
no index, no blocks and no looking up of names. The steps are copies without the names that they were fitted with."""

import copy
import warnings

from . import vectorizers

_DROPPED = "drop"


def by_columns(model, method, frame):
    """A call that gives what `model.method(frame)` gives; None if the pipeline is of another kind."""
    steps = [step for _, step in getattr(model, "steps", ())]
    if len(steps) < 2 or type(steps[0]).__name__ != "ColumnTransformer" or not hasattr(steps[0], "transformers_"):
        return None
    import numpy

    if steps[0].transformer_weights or getattr(steps[0], "_transform_output", None):
        return None
    parts = []
    for name, step, columns in steps[0].transformers_:
        if isinstance(step, str) and step == _DROPPED or name == "remainder" and not len(columns):
            continue
        if isinstance(columns, str) and vectorizers.takes_texts(step):
            parts.append((_Terms(*vectorizers.parted(step)), frame[columns].tolist()))
            continue
        if isinstance(columns, str) or callable(columns):
            return None
        chosen = frame.iloc[:, list(columns)] if all(isinstance(one, int) for one in columns) else frame[list(columns)]
        # It is the request's own values in an array, made once for each request.
        parts.append((None if isinstance(step, str) else nameless(step), chosen.to_numpy()))
    others = [nameless(step) for step in steps[1:-1] if step is not None and not isinstance(step, str)]
    last = getattr(nameless(steps[-1]), method)

    def asked():
        made = [_dense(array if step is None else step.transform(array)) for step, array in parts]
        rows = made[0] if len(made) == 1 else numpy.hstack(made)
        for step in others:
            rows = step.transform(rows)
        return last(rows)

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        asked()
    return asked


def nameless(step):
    """A shallow copy that expects no names; of a pipeline its steps, too."""
    twin = copy.copy(step)
    vars(twin).pop("feature_names_in_", None)
    if hasattr(twin, "steps"):
        twin.steps = [(name, inner if inner is None or isinstance(inner, str) else nameless(inner)) for name, inner in twin.steps]
    return twin


class _Terms:
    """A step that is given texts, without sparse matrices."""

    def __init__(self, told, rest):
        from .text_rows import TextRows

        self._rows, self._rest = TextRows(told), rest

    def transform(self, texts):
        rows = self._rows.matrix(texts)
        return rows if self._rest is None else self._rest.transform(rows)


def _dense(rows):
    return rows.toarray() if hasattr(rows, "toarray") else rows
