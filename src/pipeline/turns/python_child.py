"""The process of a Python program: answers what contestant.ts lists, with frames on what were standard input and output.

A frame is four bytes (length, little-endian), as much JSON, and then the buffers that the JSON lists in "bufs". Python 3.9 or newer, the standard
library alone: NumPy, pandas and others are looked at only where the program brought them in.
"""
import os
import sys

if __name__ == "__main__":
    # Before anything can print: the program's own prints go to standard error, and it reads nothing.
    IN, OUT = os.dup(0), os.dup(1)
    os.dup2(2, 1)
    NOTHING = os.open(os.devnull, os.O_RDONLY)
    os.dup2(NOTHING, 0)
    os.close(NOTHING)
    if sys.platform == "win32":
        import msvcrt

        for handle in (IN, OUT):
            msvcrt.setmode(handle, os.O_BINARY)

import array
import ast
import copy
import hashlib
import inspect
import json
import math
import queue
import struct
import threading
import time
import types

# What a file is, and how it is imported, is the collector's rule, too.
WRITES = sys.dont_write_bytecode
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "python", "collector"))
from whyslow_collector import module_file, target

sys.path.pop(0)
sys.dont_write_bytecode = WRITES

MOST_ITEMS = 1_000_000
DEEPEST = 64


# Values as trees: see value.ts.

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


# The program: the same contract as program.ts.

class Unusable(Exception):
    """The file cannot be used as it is; the text says why."""


def holder_of(module):
    holder = getattr(module, target.HOLDER, None)
    if callable(getattr(module, "predict", None)) or not callable(getattr(holder, "predict", None)):
        return module
    return holder() if inspect.isclass(holder) else holder


class Program:
    def __init__(self, module, call):
        holder = holder_of(module)
        find = lambda name: next((one for one in (getattr(each, name, None) for each in (holder, module)) if callable(one)), None)
        self.load, self.samples, self.model = find("load"), find("samples"), None
        before, predict, after = find("preprocess"), find("predict"), find("postprocess")
        if call is not None:
            function = module
            for part in call.split("."):
                function = getattr(function, part, None)
            if not callable(function):
                raise Unusable("it has no function %s; it has %s" % (call, names_in(module)))
            with_model = self.load is not None and (required(function) > 1 or takes_any(function))
            self.first = function
            self.stages = [(call, self.with_model(function) if with_model else spread(function))]
            self.parameters = parameters(function) - with_model
            return
        name = "predict"
        if predict is None:
            predict = single(module)
            name = predict.__name__
        self.first = before or predict
        self.stages = [("preprocess", spread(before))] if before else []
        if self.load:
            self.stages.append((name, self.with_model(predict)))
        else:
            self.stages.append((name, predict if before else spread(predict)))
        if after:
            self.stages.append(("postprocess", after))
        self.parameters = parameters(self.first) - (0 if before or not self.load else 1)

    def with_model(self, function):
        takes_both = parameters(function) > 1 or takes_any(function)
        return (lambda x: function(self.model, x)) if takes_both else (lambda x: function(self.model))

    def whole(self):
        steps = [run for _, run in self.stages]
        if len(steps) == 1:
            return steps[0]

        def call(value):
            for run in steps:
                value = run(value)
                if is_unfinished(value):
                    value = finished(value)
            return value

        return call


LOOP = []


def settled(awaitable):
    """What an awaitable gives; all of them on one loop, as a service has it."""
    import asyncio

    if not LOOP:
        LOOP.append(asyncio.new_event_loop())
        asyncio.set_event_loop(LOOP[0])
    return LOOP[0].run_until_complete(awaited(awaitable))


async def awaited(value):
    return await value


#: Nothing of them has run yet.
LAZY = (types.GeneratorType, types.AsyncGeneratorType, map, filter, zip)


class Listed(list):
    """What an asynchronous generator gave; whoever reads it with `async for` still can."""

    def __aiter__(self):
        return each_of(self)


#: Outputs are told by the names of their types: it is a list like any other.
Listed.__name__ = "list"


async def each_of(items):
    for one in items:
        yield one


async def listed(generator):
    return Listed([one async for one in generator])


def is_unfinished(value):
    return isinstance(value, LAZY) or inspect.isawaitable(value)


def finished(value):
    """What is awaitable awaited, generators run until they are empty: what was not done was not measured."""
    while is_unfinished(value):
        if inspect.isawaitable(value):
            value = settled(value)
        elif isinstance(value, types.AsyncGeneratorType):
            value = settled(listed(value))
        else:
            value = list(value)
    return value


def signature(function, depth=0):
    """Its parameters; of a decorator's wrapper that takes whatever it is given, those of the function that it holds. None: it does not tell."""
    try:
        found = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        return None
    held = held_function(function) if found and found[0].kind is inspect.Parameter.VAR_POSITIONAL and depth < 8 else None
    inner = None if held is None else signature(held, depth + 1)
    if inner is None:
        return found
    return inner[1:] if inspect.ismethod(function) else inner


def held_function(function):
    """The one function that a wrapper holds: a function in its closure, an object as an attribute."""
    own = getattr(function, "__func__", function)
    if inspect.isfunction(own):
        held = []
        for cell in own.__closure__ or ():
            try:
                held.append(cell.cell_contents)
            except ValueError:
                pass
    else:
        held = list(getattr(own, "__dict__", {}).values())
    found = [one for one in held if inspect.isfunction(one) and one is not own]
    return found[0] if len(found) == 1 else None


def takes_any(function):
    known = signature(function)
    return known is not None and len(known) > 0 and known[0].kind is inspect.Parameter.VAR_POSITIONAL


def required(function):
    known = signature(function)
    if known is None:
        return 1
    return sum(one.default is one.empty and one.kind in (one.POSITIONAL_ONLY, one.POSITIONAL_OR_KEYWORD) for one in known)


def parameters(function):
    known = signature(function)
    if known is None:
        return 1
    return sum(one.kind in (one.POSITIONAL_ONLY, one.POSITIONAL_OR_KEYWORD, one.VAR_POSITIONAL) for one in known)


def spread(function):
    """A function of several parameters takes the members of its sample, by their names where it has them."""
    count = required(function)
    if parameters(function) == 0:
        return lambda _: function()
    if count < 2:
        return function
    names = [one.name for one in signature(function)]

    def call(sample):
        if isinstance(sample, dict):
            if all(name in sample for name in names[:count]):
                return function(**{name: sample[name] for name in names if name in sample})
            if len(sample) == count:
                return function(*sample.values())
        if isinstance(sample, (list, tuple)) and len(sample) == count:
            return function(*sample)
        return function(sample)

    return call


def single(module):
    held = getattr(module, "predict", None)
    if held is not None:
        raise Unusable("its predict is no function but %s; name one of its functions" % target.shown_type(held))
    found = [one for name, one in vars(module).items() if inspect.isfunction(one) and one.__module__ == module.__name__
             and not name.startswith("_") and name not in ("load", "samples")]
    if not found:
        raise Unusable("it has no predict, and no function of its own")
    return found[0]


def names_in(module):
    found = [name for name, one in vars(module).items() if callable(one) and getattr(one, "__module__", None) == module.__name__]
    return ", ".join(found[:8]) or "none"


def is_program(source, file, has_data=False):
    """Whether a file has a predict, or is one function with what it needs; anything else is a script, and is not executed to find out."""
    tree = ast.parse(source, file)
    if target.predict_of(tree, has_data) is not None or target.holds_stages(tree, has_data):
        return True
    if any("predict" in target.targets_of(node) for node in tree.body if isinstance(node, (ast.Assign, ast.AnnAssign))):
        return False  # a value that it predicts
    public = [name for name in target.functions_of(tree) if not name.startswith("_") and name not in ("load", "samples")]
    quiet = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Assign, ast.AnnAssign)
    doc = lambda node: isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    guard = lambda node: isinstance(node, ast.If) and "__name__" in ast.dump(node.test)
    return len(public) == 1 and all(isinstance(node, quiet) or doc(node) or guard(node) for node in tree.body)


def loaded(program):
    model = program.load()
    return settled(model) if inspect.isawaitable(model) else model


def items_of(given):
    """Samples one by one, of an asynchronous generator too; a dictionary is one."""
    given = settled(given) if inspect.isawaitable(given) else given
    if isinstance(given, dict):
        given = [given]
    if hasattr(given, "__iter__") or not hasattr(given, "__aiter__"):
        yield from given
        return
    later = given.__aiter__()
    while True:
        try:
            yield settled(later.__anext__())
        except StopAsyncIteration:
            return


class Session:
    def __init__(self):
        self.at = {"stage": "import", "sample": None}
        self.file = ""
        self.program = None
        self.given = None
        self.own = []
        #: What goes on beside the calls; None: nobody asked for it.
        self.beside = None

    def answer(self, request):
        return getattr(self, request["ask"])(request)

    def open(self, request):
        path, call = request["file"], request["call"]
        self.file = path
        if request.get("watched"):
            from python_beside import Beside

            self.beside = Beside(lambda: LOOP[0] if LOOP else None)
        with open(path, "rb") as held:
            source = held.read()
        version = "Python %d.%d.%d" % sys.version_info[:3]
        opened = {"runtime": version, "stages": [], "hasSamples": False, "takesSample": False, "importMs": 0, "loadMs": None, "packages": []}
        if call is None and not is_program(source, path, bool(request.get("data"))):
            return opened
        begin = time.perf_counter_ns()
        sys.argv = [path]
        module = module_file.import_file(path)
        opened["importMs"] = ms_since(begin)
        self.program = Program(module, call)
        if self.program.load:
            self.at = {"stage": "load", "sample": None}
            start = time.perf_counter_ns()
            self.program.model = loaded(self.program)
            opened["loadMs"] = ms_since(start)
        opened["stages"] = [name for name, _ in self.program.stages]
        opened["hasSamples"] = self.program.samples is not None
        opened["takesSample"] = self.program.parameters > 0
        known = ("numpy", "pandas", "torch", "tensorflow", "keras", "sklearn", "onnxruntime", "xgboost", "lightgbm", "scipy", "cv2", "PIL")
        opened["packages"] = ["%s %s" % (one, getattr(sys.modules[one], "__version__", "?")) for one in known if one in sys.modules]
        return opened

    def samples(self, request):
        self.at = {"stage": "samples", "sample": None}
        self.own = []
        for sample in items_of(self.program.samples()):
            self.own.append(sample)
            if len(self.own) >= request["most"]:
                break
        encoded = [encode_value(sample) for sample in self.own]
        homes = (kept_home(sample, each) for sample, each in zip(self.own, encoded))
        return {"samples": encoded, "stays": next((name for name in homes if name is not None), None)}

    def give(self, request):
        self.given = request["samples"]
        return {}

    def keep(self, _):
        self.given = None
        return {}

    def sample(self, index):
        """One for a single call."""
        return copy_of(self.own[index]) if self.given is None else decode(*self.given[index])

    def same_sample(self, index):
        """The program's own is the same object each time."""
        return self.own[index] if self.given is None else self.sample(index)

    def output(self, request):
        index = request["sample"]
        value = sample = self.sample(index)
        before = digest(sample)
        total = 0
        for name, run in self.program.stages:
            self.at = {"stage": name, "sample": index}
            send({"at": self.at})
            start = time.perf_counter_ns()
            value = finished(run(value))
            total += time.perf_counter_ns() - start
        tree, buffers = encode_value(value)
        copied = self.given is not None or sample is not self.own[index]
        return {"value": (tree, buffers), "timeMs": total / 1e6, "wroteInput": digest(sample) != before, "copied": copied}

    def time(self, request):
        self.at = {"stage": "the whole call", "sample": None}
        call, samples = self.predict_alone(request) if request.get("alone") else self.whole_calls(request)
        still = request.get("still", [])
        if self.beside is not None:
            self.beside.hold(still, lambda: one_pass(call, samples()))
            samples = self.told_of(samples)
        try:
            if request.get("gapMs") is not None:
                return {"passMs": time_with_gaps(call, samples, request["leastPasses"], request["gapMs"])}
            return {"passMs": time_passes(call, samples, request["leastMs"], request["leastPasses"])}
        finally:
            if self.beside is not None:
                self.beside.release()

    def others(self, request):
        self.at = {"stage": "the whole call", "sample": None}
        call, samples = self.whole_calls({"copies": True, **request})
        return self.beside.look(lambda: one_pass(call, samples()))

    def told_of(self, samples):
        """The samples of a pass, which sessions that are held answer for."""

        def pass_of():
            self.beside.sessions.begin_pass()
            return samples()

        return pass_of

    def whole_calls(self, request):
        """What is called, and the samples of a pass."""
        order = request["order"]
        kept = [self.same_sample(index) for index in order]
        return self.program.whole(), (lambda: [self.sample(index) for index in order]) if request["copies"] else (lambda: kept)

    def predict_alone(self, request):
        """predict alone, on what the stages before it made once."""
        stages = self.program.stages
        place = 1 if len(stages) > 1 and stages[0][0] == "preprocess" else 0
        made = [self.same_sample(index) for index in request["order"]]
        if place == 1:
            made = [finished(stages[0][1](one)) for one in made]
        return stages[place][1], lambda: made


def one_pass(call, samples):
    for sample in samples:
        finished(call(sample))


def rest(gap_ms):
    """Between two calls: on the event loop, as a service waits, where the program has calls that are awaited."""
    if not LOOP:
        return time.sleep(gap_ms / 1000)
    import asyncio

    return settled(asyncio.sleep(gap_ms / 1000))


LEAST_TIMED_MS = 0.2
MOST_TOGETHER = 100_000


def time_passes(call, samples, least_ms, least_passes, now=time.perf_counter_ns):
    """ms of one pass each: time-passes.ts in Python."""
    passes, together, begin = [], 1, now()
    while True:
        given = [samples() for _ in range(together)]
        start = now()
        for one in given:
            for sample in one:
                result = call(sample)
                if is_unfinished(result):
                    finished(result)
        end = now()
        ms = (end - start) / 1e6
        short = ms < LEAST_TIMED_MS and together < MOST_TOGETHER
        if not short:
            passes.append(ms / together)
        if len(passes) >= least_passes and (end - begin) / 1e6 >= least_ms:
            return passes
        if short:
            together = min(MOST_TOGETHER, max(together * 2, math.ceil(together * LEAST_TIMED_MS / max(ms, 1e-3))))


def time_with_gaps(call, samples, least_passes, gap_ms, now=time.perf_counter_ns):
    """ms of one pass each, of calls that begin so long after the last one's end: the gaps are not in them."""
    passes = []
    while len(passes) < least_passes:
        total = 0
        for sample in samples():
            rest(gap_ms)
            start = now()
            result = call(sample)
            if is_unfinished(result):
                finished(result)
            total += now() - start
        passes.append(total / 1e6)
    return passes


def ms_since(begin):
    return (time.perf_counter_ns() - begin) / 1e6


def digest(value):
    tree, buffers = encode_value(value)
    made = hashlib.sha1(json.dumps(tree).encode())
    for data in buffers:
        made.update(data)
    return made.digest()


# Frames.

SENDING = threading.Lock()


def flat(value, buffers):
    """Takes the buffers of encoded values out: (tree, buffers) becomes {tree, bufs: [places]}."""
    if isinstance(value, tuple):
        tree, own = value
        start = len(buffers)
        buffers.extend(own)
        return {"tree": tree, "first": start, "count": len(own)}
    if isinstance(value, list):
        return [flat(one, buffers) for one in value]
    if isinstance(value, dict):
        return {key: flat(one, buffers) if key in ("answer", "value", "samples") else one for key, one in value.items()}
    return value


def send(message):
    buffers = []
    head = flat(message, buffers)
    head["bufs"] = [len(one) for one in buffers]
    text = json.dumps(head, allow_nan=False).encode()
    with SENDING:
        write(struct.pack("<I", len(text)) + text)
        for one in buffers:
            write(one)


def write(data):
    view = memoryview(data)
    while len(view):
        view = view[os.write(OUT, view[: 1 << 20]):]


def read(size):
    parts, left = [], size
    while left:
        part = os.read(IN, min(left, 1 << 20))
        if not part:
            os._exit(1)  # nobody is left to answer
        parts.append(part)
        left -= len(part)
    return b"".join(parts)


def receive():
    head = json.loads(read(struct.unpack("<I", read(4))[0]))
    buffers = [read(size) for size in head.pop("bufs", [])]
    if "samples" in head:
        head["samples"] = [(one["tree"], buffers[one["first"]:one["first"] + one["count"]]) for one in head["samples"]]
    return head


def line_in(error, file):
    found, trace = None, error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == file:
            found = trace.tb_lineno
        trace = trace.tb_next
    if found is None and isinstance(error, SyntaxError) and error.filename == file:
        found = error.lineno
    return found


def failure(error, session):
    words = ("%s: %s" % (type(error).__name__, error)).strip(": ").split("\n")[0][:300]
    if isinstance(error, Unusable):
        words = str(error)
    if isinstance(error, SystemExit):
        words = "it ends the process (sys.exit)"
    return {"failed": {"kind": "threw", "reason": words, "line": line_in(error, session.file), **session.at}}


def main():
    requests = queue.Queue()

    def listen():
        while True:
            requests.put(receive())

    # Waiting for the next request in a thread of its own notices the end of the parent, whatever the program does.
    threading.Thread(target=listen, daemon=True).start()
    session = Session()
    while True:
        request = requests.get()
        try:
            message = {"answer": session.answer(request)}
        except BaseException as error:
            message = failure(error, session)
        send(message)


if __name__ == "__main__":
    main()
