"""Rows of features as one array of numbers: of a DataFrame, lists, dictionaries by column, arrays. Texts become their codes. The file is shipped as well, next to
what stands in for a model. What a DataFrame of pandas fills or refuses is filled or refused here, and so is what the model itself refuses."""

import math
import sys

import numpy as np

#: Code of a text that is not known.
UNKNOWN = -1.0
#: Kinds of arrays of numbers.
_NUMBERS = "biuf"
#: Numbers of a sparse matrix with its zeros, at most: 8 MB a call.
MOST_DENSE = 1_000_000


class Rows:
    """`columns`: their names in the model's order; None: rows are in order. `texts`: codes of texts, by the column's number. `strict`: what is known in
    columns that refuse anything else, by number. `refused`: columns in which `missing` and `infinite` values are refused; None: all columns. `by_place`:
    names of columns count for nothing, as LightGBM has it: rows by name are in the order that pandas would give their columns. `unknown_none`: columns
    in which None is not missing but a text that is not known, as scikit-learn has it. `only_numbers`: columns of a DataFrame that are neither numbers nor
    the categories that the model knows are refused, as XGBoost and LightGBM do. `zeros`: what a sparse matrix does not store is 0, as scikit-learn has it."""

    def __init__(self, columns, texts, strict, refused, by_place=False, unknown_none=(), only_numbers=False, zeros=False):
        self.columns = columns
        self.texts = {int(at): dict(table) for at, table in texts.items()}
        self.strict = {int(at): set(known) for at, known in strict.items()}
        self._strict_numbers = {at: known for at, known in self.strict.items() if at not in self.texts}
        self.refused = refused
        self._by_place = by_place
        self._unknown_none = set(unknown_none)
        self._only_numbers = only_numbers
        self._zeros = zeros
        self._order = {}

    def checked(self, matrix):
        """The matrix, of a type of floats; ValueError if the model refuses such rows."""
        if not self.refused:
            return matrix
        # The sum is finite unless a value is not, or it overflows.
        with np.errstate(over="ignore", invalid="ignore"):
            total = matrix.sum()
        if not math.isfinite(total):
            for of, found in (("missing", np.isnan(matrix)), ("infinite", np.isinf(matrix))):
                columns = self.refused.get(of, ())
                if (found if columns is None else found[:, columns]).any():
                    raise ValueError("Input X contains %s." % ("NaN" if of == "missing" else "infinity or a value too large for %r" % matrix.dtype))
        return matrix

    def matrix(self, data, is_for_frame=False):
        """`is_for_frame`: a DataFrame would be made of them."""
        matrix = self._matrix(data, is_for_frame)
        for at, known in self._strict_numbers.items():
            odd = [one for one in set(matrix[..., at].ravel().tolist()) - known if one == one]
            if odd:
                raise _unknown(odd[0])
        return matrix

    def _matrix(self, data, is_for_frame):
        if type(data) is np.ndarray:
            return data if not self.texts and data.dtype.kind in _NUMBERS else self._coded(data.tolist(), is_for_frame)
        if hasattr(data, "iloc") or hasattr(data, "columns") and hasattr(data, "to_numpy"):
            return self._of_frame(data)
        if isinstance(data, dict):
            data = by_row(data)
            if hasattr(data, "iloc"):
                return self._of_frame(data)
        if hasattr(data, "tocsr"):
            return self._matrix(self._dense(data), is_for_frame)
        if hasattr(data, "__array__"):
            return self._matrix(np.asarray(data), is_for_frame)
        rows = data if isinstance(data, list) else list(data)
        if rows and isinstance(rows[0], dict):
            names = list(dict.fromkeys(name for one in rows for name in one)) if self._by_place else self.columns
            if self._by_place and self.columns is not None and len(names) != len(self.columns):
                raise ValueError("%d columns are given, and the model has %d" % (len(names), len(self.columns)))
            if names is None:
                raise TypeError("rows by name, for a model that has no names of columns")
            for name in names:
                if not any(name in one for one in rows):
                    raise ValueError("the column %r is missing" % name)
            rows = [[one.get(name, np.nan) for name in names] for one in rows]
            is_for_frame = True
        return self._coded(rows, is_for_frame)

    def _dense(self, matrix):
        if not self._zeros:
            raise TypeError("a sparse matrix: what is not stored in it may mean missing or zero; give an array")
        if len(matrix.shape) != 2 or matrix.shape[0] * matrix.shape[1] > MOST_DENSE:
            raise TypeError("a sparse matrix of %s, which is not made dense" % " by ".join(map(str, matrix.shape)))
        return np.asarray(matrix.toarray())

    def _of_frame(self, frame):
        if getattr(frame, "ndim", 2) == 1:
            frame = frame.to_frame().T
        values = frame.to_numpy()
        if values.dtype.kind not in _NUMBERS:
            if self._only_numbers:
                self._check_types(frame)
            if not self.texts:
                # Of pandas' own types, whose missing values are no numbers.
                missing = {"na_value": np.nan} if hasattr(frame, "iloc") else {}
                values = _numbers(frame.to_numpy(**missing))
        order = self._order_of(frame.columns)
        if order is not None:
            values = values[:, order]
        return self._coded(values.tolist()) if self.texts else values

    def _check_types(self, frame):
        """Categories are counted by the places of their columns, whatever these are called."""
        odd = [at for at, dtype in enumerate(frame.dtypes) if getattr(dtype, "kind", "O") not in _NUMBERS]
        if odd != sorted(self.texts) or any(type(frame.dtypes.iloc[at]).__name__ != "CategoricalDtype" for at in odd):
            raise ValueError("other columns than those of categories hold no numbers")

    def _order_of(self, names):
        """Places of the model's columns among those that are given; None: they are the same."""
        if self.columns is None or self._by_place:
            return None
        key = tuple(names)
        if key not in self._order:
            missing = [one for one in self.columns if one not in key]
            if missing:
                raise ValueError("the column %r is missing" % missing[0])
            order = [key.index(one) for one in self.columns]
            self._order[key] = None if order == list(range(len(key))) else order
        return self._order[key]

    def _coded(self, rows, is_for_frame=False):
        if self.texts:
            rows = [list(row) for row in rows]
            for at, table in self.texts.items():
                known = self.strict.get(at, table)
                has_none = at in self._unknown_none and any(row[at] is None for row in rows)
                is_odd = has_none and not (is_for_frame and self.columns is not None and _is_text([row[at] for row in rows]))
                for row in rows:
                    row[at] = self._unknown(table, None, known) if is_odd and row[at] is None else self._code(table, row[at], known)
        return _numbers(rows, self._only_numbers and is_for_frame)

    def _code(self, table, text, known):
        if text in known:
            return table[text]
        if text is None or text is getattr(sys.modules.get("pandas"), "NA", None) or text != text:
            return np.nan
        return self._unknown(table, text, known)

    @staticmethod
    def _unknown(table, text, known):
        if known is not table:
            raise _unknown(text)
        return UNKNOWN


def _numbers(rows, only_numbers=False):
    """TypeError for a text that only looks like a number. `only_numbers`: for anything else that is none, too."""
    made = np.array(rows)
    if made.dtype.kind in _NUMBERS:
        return made if made.dtype == np.float64 else made.astype(np.float64)
    if only_numbers or made.dtype.kind != "O" or any(isinstance(one, (str, bytes)) for one in made.ravel()):
        raise TypeError("a column of numbers holds something else")
    missing = getattr(sys.modules.get("pandas"), "NA", None)
    return np.array([np.nan if one is None or one is missing else one for one in made.ravel()], np.float64).reshape(made.shape)


def _unknown(value):
    return ValueError("%r is no category that the model knows" % (value,))


def _is_text(values):
    """Whether pandas makes a column of texts of them, in which None is missing; before version 3 it keeps None as it is."""
    version = getattr(sys.modules.get("pandas"), "__version__", "3")
    is_missing = lambda one: one is None or isinstance(one, float) and one != one  # noqa: E731
    return int(version.split(".")[0]) >= 3 and any(isinstance(one, str) for one in values) and all(isinstance(one, str) or is_missing(one) for one in values)


def by_row(columns):
    """Rows by name of a dictionary of columns, as DataFrame makes them: a single value is the same in all rows."""
    lists = {name: values for name, values in columns.items() if isinstance(values, (list, tuple)) or type(values) is np.ndarray and values.ndim == 1}
    others = {name: value for name, value in columns.items() if name not in lists}
    if any(hasattr(value, "__len__") and not isinstance(value, (str, bytes)) for value in others.values()):
        # Series and dictionaries go by their index.
        import pandas

        return pandas.DataFrame(columns)
    lengths = {len(values) for values in lists.values()}
    if len(lengths) > 1:
        raise ValueError("All arrays must be of the same length")
    if others and not lists:
        raise ValueError("If using all scalar values, you must pass an index")
    return [{**columns, **dict(zip(lists, values))} for values in zip(*lists.values())]


def rows_in_order(data, names):
    """Rows of what DataFrame(data, columns=names) is made of, in that order: a value that is not given is missing."""
    if isinstance(data, dict):
        data = by_row({name: data.get(name, np.nan) for name in names})
        if hasattr(data, "iloc"):
            return data[names].to_numpy().tolist()
    rows = [[row.get(name, np.nan) for name in names] if isinstance(row, dict) else row for row in data]
    width = max(map(len, rows), default=len(names))
    if width != len(names):
        raise ValueError("%d columns passed, passed data had %d columns" % (len(names), width))
    return [row if len(row) == width else [*row, *[np.nan] * (width - len(row))] for row in rows]
