"""Rows of features as one array of numbers: of a DataFrame, lists, dictionaries by column, arrays. Texts become their codes. The file is shipped as well, next to
what stands in for a model."""

import numpy as np

#: Code of a text that is not known.
UNKNOWN = -1.0


class Rows:
    """`columns`: their names in the model's order; None: rows are in order. `texts`: codes of texts, by the column's number. `strict`: refuses others."""

    def __init__(self, columns, texts, strict):
        self.columns = columns
        self.texts = {int(at): dict(table) for at, table in texts.items()}
        self.strict = strict
        self._order = {}

    def matrix(self, data):
        if type(data) is np.ndarray:
            return data if not self.texts and data.dtype != object else self._coded(data.tolist())
        if hasattr(data, "iloc"):
            return self._of_frame(data)
        if isinstance(data, dict):
            data = [dict(zip(data, values)) for values in zip(*data.values())]
        if hasattr(data, "tocsr"):
            raise TypeError("a sparse matrix: what is not stored in it may mean missing or zero; give an array")
        rows = data if isinstance(data, list) else list(data)
        if rows and isinstance(rows[0], dict):
            if self.columns is None:
                raise TypeError("rows by name, for a model that has no names of columns")
            rows = [[one[name] for name in self.columns] for one in rows]
        return self._coded(rows) if self.texts else np.asarray(rows, np.float64)

    def _of_frame(self, frame):
        if frame.ndim == 1:
            frame = frame.to_frame().T
        values = frame.to_numpy()
        order = self._order_of(frame.columns)
        if order is not None:
            values = values[:, order]
        if values.dtype != object and not self.texts:
            return values
        return self._coded(values.tolist())

    def _order_of(self, names):
        """Places of the model's columns among those that are given; None: they are the same."""
        if self.columns is None:
            return None
        key = tuple(names)
        if key not in self._order:
            missing = [one for one in self.columns if one not in key]
            if missing:
                raise ValueError("the column %r is missing" % missing[0])
            order = [key.index(one) for one in self.columns]
            self._order[key] = None if order == list(range(len(key))) else order
        return self._order[key]

    def _coded(self, rows):
        if self.texts:
            rows = [list(row) for row in rows]
            for at, table in self.texts.items():
                for row in rows:
                    row[at] = self._code(table, row[at])
        return np.array(rows, np.float64)

    def _code(self, table, text):
        code = table.get(text)
        if code is not None:
            return code
        if text is None or text != text:
            return np.nan
        if self.strict:
            raise ValueError("%r is no category that the model knows" % (text,))
        return UNKNOWN
