"""As much of NumPy as is used of it here: rows of float32, and their bytes."""

import struct

int32, float32 = "i", "f"


def array(values, dtype=None):
    return list(values)


def zeros(shape, dtype=None):
    return ndarray([0.0] * shape[-1], shape)


def ascontiguousarray(values, dtype=None):
    return values


class ndarray:
    def __init__(self, values, shape):
        self.values, self.shape = values, shape

    def __setitem__(self, at, value):
        self.values[at[-1]] = value

    def reshape(self, _, columns):
        return _Rows([self.values])


class _Rows(list):
    def __getitem__(self, at):
        return _Rows(super().__getitem__(at))

    def tobytes(self):
        return b"".join(struct.pack("<%df" % len(row), *row) for row in self)
