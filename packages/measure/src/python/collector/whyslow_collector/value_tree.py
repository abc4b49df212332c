"""Values of the user's as trees, with the numbers of arrays in buffers apart, and back (packages/code/src/turns/value.ts). NumPy, pandas and others are
looked at only where the program brought them in."""

import array
import copy
import json
import math
import os
import struct
import sys

MOST_ITEMS = 1_000_000
DEEPEST = 64


class Body(bytes):
    """The body of a response. It is encoded as what it says if it is JSON: one number can be written in several ways."""


class Encoder:
    def __init__(self):
        self.buffers = []
        self.path = []

    def put(self, data):
        self.buffers.append(bytes(data))
        return len(self.buffers) - 1

    def encode(self, value):
        kind = type(value)
        name = kind.__name__
        if value is None:
            return {"kind": "nothing", "type": "None"}
        if kind is bool:
            return {"kind": "truth", "type": "bool", "value": value}
        if kind is int:
            return {"kind": "integer", "type": "int", "value": str(value)}
        if kind is float:
            return {"kind": "number", "type": "float", "value": _number(value)}
        if kind is str:
            return {"kind": "text", "type": "str", "value": value.encode("utf-8", "replace").decode("utf-8")}
        if kind in (bytes, bytearray, memoryview):
            return {"kind": "bytes", "type": name, "buffer": self.put(value)}
        if id(value) in self.path or len(self.path) > DEEPEST:
            return {"kind": "opaque", "type": name, "text": "holds itself"}
        self.path.append(id(value))
        try:
            return self.encode_object(value, kind, name)
        except Exception as error:  # what a stranger's object does when it is looked at
            return {"kind": "opaque", "type": name, "text": "%s when it was looked at" % type(error).__name__}
        finally:
            self.path.pop()

    def encode_object(self, value, kind, name):
        held = self.held_array(value, kind, name)
        if held is not None:
            return held
        if kind is Body:
            return self.encode(_said(value))
        if kind is complex:
            data = struct.pack("<2d", value.real, value.imag)
            return self.array("complex", "complex128", [], data)
        if isinstance(value, (list, tuple)) and hasattr(value, "_fields"):
            return self.pairs(name, zip(value._fields, value))
        if isinstance(value, (list, tuple)):
            return self.encode_list(value, name)
        if isinstance(value, (set, frozenset)):
            return {"kind": "list", "type": name, "items": [self.encode(one) for one in sorted(value, key=repr)]}
        if isinstance(value, dict) or (hasattr(value, "keys") and hasattr(value, "__getitem__") and not isinstance(value, type)):
            return self.pairs(name, ((key, value[key]) for key in value.keys()))
        if hasattr(value, "isoformat"):
            return {"kind": "text", "type": name, "value": value.isoformat()}
        if isinstance(value, (os.PathLike,)) or kind.__module__ in ("decimal", "uuid", "fractions"):
            return {"kind": "text", "type": name, "value": str(value)}
        if hasattr(kind, "__dataclass_fields__"):
            return self.pairs(name, ((key, getattr(value, key)) for key in kind.__dataclass_fields__))
        if isinstance(value, int):
            return {"kind": "integer", "type": name, "value": str(int(value))}
        if isinstance(value, float):
            return {"kind": "number", "type": name, "value": _number(float(value))}
        if isinstance(value, str):
            return {"kind": "text", "type": name, "value": str(value)}
        if isinstance(value, type) or callable(value):
            return {"kind": "opaque", "type": name, "text": getattr(value, "__qualname__", name)}
        if hasattr(value, "__iter__"):
            items = []
            for one in value:
                items.append(self.encode(one))
                if len(items) >= MOST_ITEMS:
                    break
            return {"kind": "list", "type": name, "items": items}
        if hasattr(value, "__dict__") and not isinstance(value, BaseException) and vars(value):
            shown = ((key, one) for key, one in vars(value).items() if not key.startswith("_"))
            return self.pairs(name, shown)
        text = repr(value)
        return {"kind": "opaque", "type": name, "text": name if " at 0x" in text else text[:100]}

    def pairs(self, name, pairs):
        keys, values = [], []
        for key, value in pairs:
            keys.append(str(key))
            values.append(self.encode(value))
        return {"kind": "map", "type": name, "keys": keys, "values": values}

    def encode_list(self, value, name):
        if value and all(type(one) is float for one in value):
            return self.array(name, "float64", [len(value)], array.array("d", value).tobytes())
        if value and all(type(one) is int for one in value):
            try:
                return self.array(name, "int64", [len(value)], array.array("q", value).tobytes())
            except OverflowError:
                pass
        return {"kind": "list", "type": name, "items": [self.encode(one) for one in value]}

    def array(self, name, dtype, shape, data):
        return {"kind": "array", "type": name, "dtype": dtype, "shape": list(shape), "buffer": self.put(data)}

    def held_array(self, value, kind, name):
        np = sys.modules.get("numpy")
        root = kind.__module__.split(".")[0]
        if root == "pandas":
            return self.encode_pandas(value, name)
        if root == "torch" and hasattr(value, "detach"):
            value = value.detach().cpu()
            if str(value.dtype) == "torch.bfloat16":
                value = value.float()
            if getattr(value, "is_sparse", False):
                value = value.to_dense()
            return self.from_numpy(value.numpy(), name)
        if root == "PIL" and hasattr(value, "tobytes") and hasattr(value, "getbands"):
            if value.mode in ("1", "P"):
                value = value.convert("L" if value.mode == "1" else "RGB")
            if value.mode in ("L", "RGB", "RGBA", "CMYK", "YCbCr", "LAB", "HSV"):
                bands = len(value.getbands())
                shape = [value.size[1], value.size[0]] + ([bands] if bands > 1 else [])
                return self.array("Image", "uint8", shape, value.tobytes())
        if isinstance(value, array.array):
            dtype = {"b": "int8", "B": "uint8", "f": "float32", "d": "float64", "h": "int16", "H": "uint16"}.get(value.typecode)
            if dtype is None and value.typecode in "ilqILQ":
                dtype = ("int%d" if value.typecode.islower() else "uint%d") % (value.itemsize * 8)
            if dtype is not None:
                return self.array(name, dtype, [len(value)], value.tobytes())
        if np is None:
            return None
        if isinstance(value, np.ndarray):
            return self.from_numpy(value, name)
        if isinstance(value, np.generic):
            return self.from_numpy(np.asarray(value), name)
        if root == "scipy" and hasattr(value, "toarray"):
            coo = value.tocoo()
            order = np.lexsort((coo.col, coo.row))
            parts = [("row", coo.row[order]), ("col", coo.col[order]), ("data", coo.data[order]), ("shape", list(coo.shape))]
            return self.pairs(name, parts)
        if hasattr(value, "numpy") and callable(value.numpy):
            return self.from_numpy(np.asarray(value.numpy()), name)
        if hasattr(value, "__array__") and not isinstance(value, type):
            return self.from_numpy(np.asarray(value), name)
        return None

    def from_numpy(self, value, name):
        np = sys.modules["numpy"]
        dtype = str(value.dtype)
        if isinstance(value, np.ma.MaskedArray):
            return self.pairs(name, [("data", np.asarray(value.filled(0))), ("mask", np.ma.getmaskarray(value))])
        if value.dtype.names:
            return self.pairs(name, [(field, np.asarray(value[field])) for field in value.dtype.names])
        if value.dtype.kind in "OUSV":
            return {"kind": "list", "type": name, "items": [self.encode(one) for one in value.reshape(-1).tolist()]}
        if value.dtype.kind in "mM":
            return self.array(name, "int64", value.shape, np.ascontiguousarray(value).view("i8").tobytes())
        if dtype == "bfloat16" or (value.dtype.kind == "f" and value.dtype.itemsize > 8):
            value = value.astype("float64" if dtype != "bfloat16" else "float32")
        plain = np.ascontiguousarray(value).astype(value.dtype.newbyteorder("<"), copy=False)
        return self.array(name, str(plain.dtype.newbyteorder("=")), value.shape, plain.tobytes())

    def encode_pandas(self, value, name):
        if hasattr(value, "columns") and hasattr(value, "index"):
            columns = [(str(column), self.column(value.iloc[:, k])) for k, column in enumerate(value.columns)]
            rows = [("(index)", self.column(value.index))]
            return {"kind": "map", "type": name, "keys": [key for key, _ in columns + rows], "values": [one for _, one in columns + rows]}
        if hasattr(value, "index") and hasattr(value, "values") and hasattr(value, "name"):
            parts = [("values", self.column(value)), ("(index)", self.column(value.index))]
            return {"kind": "map", "type": name, "keys": [key for key, _ in parts], "values": [one for _, one in parts]}
        if hasattr(value, "to_numpy"):
            return self.column(value)
        if str(value) in ("<NA>", "NaT"):
            return {"kind": "nothing", "type": str(value)}
        return None

    def column(self, column):
        held = column.to_numpy()
        if held.dtype.kind == "O":
            return {"kind": "list", "type": "column", "items": [self.encode(one) for one in held.tolist()]}
        return self.from_numpy(held, "column")


def _said(body):
    try:
        return json.loads(body)
    except ValueError:
        return bytes(body)


def _number(value):
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    if value == 0 and math.copysign(1, value) < 0:
        return "-0"
    return value


def encode_value(value):
    encoder = Encoder()
    tree = encoder.encode(value)
    return tree, encoder.buffers


CODES = {"float32": "f", "float64": "d", "int8": "b", "uint8": "B", "bool": "B", "int16": "h", "uint16": "H", "int32": "i", "uint32": "I",
         "int64": "q", "uint64": "Q"}


def decode(tree, buffers):
    """The value again; of what does not travel (see kept_home), the nearest there is."""
    kind = tree["kind"]
    if kind == "nothing":
        return None
    if kind in ("truth", "text"):
        return tree["value"]
    if kind == "integer":
        return int(tree["value"])
    if kind == "number":
        value = tree["value"]
        if tree["type"] == "number" and not isinstance(value, str):  # JavaScript's: as JSON would have brought it
            return int(value) if float(value).is_integer() and isinstance(value, int) else float(value)
        return float(value)
    if kind == "bytes":
        return buffers[tree["buffer"]]
    if kind == "list":
        items = [decode(one, buffers) for one in tree["items"]]
        return tuple(items) if tree["type"] == "tuple" else set(items) if tree["type"] in ("set", "Set") else items
    if kind == "map":
        return {key: decode(value, buffers) for key, value in zip(tree["keys"], tree["values"])}
    if kind == "array":
        return decode_array(tree, buffers[tree["buffer"]])
    return tree["text"]


def decode_array(tree, data):
    dtype, shape = tree["dtype"], tree["shape"]
    if tree["type"] == "Buffer":  # of Node: bytes, as of a file
        return data
    if tree["type"] in ("Array", "list", "tuple"):
        values = array.array(CODES[dtype], data).tolist()
        return tuple(values) if tree["type"] == "tuple" else values
    try:
        import numpy as np
    except ImportError:
        if dtype not in CODES:
            return data
        values = array.array(CODES[dtype], data)
        return values if len(shape) == 1 else nested(values.tolist(), shape)
    if not shape and tree["type"] == "complex":
        return complex(np.frombuffer(data, dtype="complex128")[0])
    values = np.frombuffer(data, dtype=np.dtype(dtype)).reshape(shape).copy()
    return values if shape else values[()]


def nested(values, shape):
    for size in reversed(shape[1:]):
        values = [values[k:k + size] for k in range(0, len(values), size)] if size else []
    return values[0] if not shape else values


#: What a list of them compares at once.
SIMPLE = {type(None), bool, int, float, str, bytes}


def kept_home(value, encoded):
    """The type in it that another process would be given something else for; None: it travels as it is."""
    try:
        return changed(value, decode(*encoded), 0)
    except Exception:  # what a stranger's object does when it is looked at
        return type(value).__name__


def changed(one, other, depth):
    kind = type(one)
    name = kind.__name__
    if kind is not type(other) or depth > DEEPEST:
        return name
    if kind in SIMPLE or kind is complex:
        return None if one == other or repr(one) == repr(other) else name
    if kind in (list, tuple):
        kinds = list(map(type, one))
        if kinds == list(map(type, other)) and SIMPLE.issuperset(kinds):
            return None if one == other or repr(one) == repr(other) else name
        return first_changed(zip(one, other), depth) if len(one) == len(other) else name
    if kind is dict:
        if list(one) != list(other):  # keys that are no text have become one
            return "dict with keys that are no text"
        return first_changed(zip(one.values(), other.values()), depth)
    if kind is set:
        return None if one == other and SIMPLE.issuperset(map(type, one)) else name
    np = sys.modules.get("numpy")
    if np is None or not (kind is np.ndarray or isinstance(one, np.generic)):
        return name
    if one.dtype != other.dtype or one.shape != other.shape or one.tobytes() != other.tobytes():
        return "%s of %s" % (name, one.dtype)
    # What does not lie in order is read at another speed.
    return None if one.flags.c_contiguous else "array that does not lie in order"


def first_changed(pairs, depth):
    found = (changed(one, other, depth + 1) for one, other in pairs)
    return next((name for name in found if name is not None), None)


def copy_of(value):
    """For a program to write into; the value itself where it cannot be copied as it is."""
    try:
        made = copy.deepcopy(value)
    except Exception:  # a lock, an open file, a tensor that is reckoned from others
        return value
    return made if getattr(made, "strides", None) == getattr(value, "strides", None) else value
