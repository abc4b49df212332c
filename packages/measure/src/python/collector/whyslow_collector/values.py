"""What a value is, in the words of packages/code/src/facts.ts, without importing anything: libraries are known by what their types are called."""

import sys

_LOOKED_AT = 64


def fact(value):
    try:
        return _fact(value)
    except Exception:
        return _row("object")


def _row(kind, dtype=None, shape=None, length=None, size=None, contiguous=None, device=None):
    return {
        "kind": kind,
        "dtype": dtype,
        "shape": shape,
        "length": length,
        "bytes": size,
        "contiguous": contiguous,
        "device": device,
    }


def module_of(value):
    return (type(value).__module__ or "").split(".")[0]


def _fact(value):
    if value is None:
        return _row("nothing")
    if isinstance(value, bool):
        return _row("number", "bool")
    if isinstance(value, int):
        return _row("number", "int")
    if isinstance(value, float):
        return _row("number", "float64")
    if isinstance(value, str):
        return _row("string", length=len(value), size=len(value))
    if isinstance(value, (bytes, bytearray, memoryview)):
        return _row("typed-array", "uint8", [len(value)], len(value), len(value), True)
    module = module_of(value)
    name = type(value).__name__
    if module in ("pandas", "polars") and name in ("DataFrame", "Series"):
        shape = list(value.shape)
        return _row("dataframe", None, shape, _product(shape))
    if module == "numpy" and hasattr(value, "flags"):
        if name != "ndarray" and not value.shape and not hasattr(value, "resize"):
            return _row("number", str(value.dtype))
        shape = list(value.shape)
        contiguous = bool(value.flags["C_CONTIGUOUS"])
        return _row("ndarray", str(value.dtype), shape, int(value.size), int(value.nbytes), contiguous)
    if module in ("torch", "tensorflow", "jax", "jaxlib", "keras") and hasattr(value, "shape"):
        return _tensor(value)
    if module == "array" and hasattr(value, "typecode"):
        return _row("typed-array", value.typecode, [len(value)], len(value), len(value) * value.itemsize, True)
    if isinstance(value, (list, tuple)):
        return _list(value)
    if isinstance(value, dict):
        return _row("object", length=len(value))
    length = len(value) if hasattr(value, "__len__") else None
    return _row("array" if isinstance(value, range) else "object", "number" if isinstance(value, range) else None, None, length)


def _tensor(value):
    shape = [int(one) for one in value.shape if one is not None]
    dtype = str(getattr(value, "dtype", "")).replace("torch.", "").replace("<dtype: '", "").replace("'>", "") or None
    device = str(getattr(value, "device", "") or "") or None
    contiguous = value.is_contiguous() if hasattr(value, "is_contiguous") else None
    count = _product(shape)
    return _row("tensor", dtype, shape, count, None, contiguous, _device(device))


def _device(text):
    if text is None:
        return None
    lower = text.lower()
    if "cuda" in lower or "gpu" in lower or "mps" in lower:
        digits = "".join(letter for letter in lower.rsplit(":", 1)[-1] if letter.isdigit())
        return "gpu:" + (digits or "0")
    return "cpu"


def _list(value):
    length = len(value)
    looked = [value[at] for at in range(0, length, max(1, length // _LOOKED_AT))][:_LOOKED_AT]
    numbers = all(isinstance(one, (int, float)) or hasattr(one, "dtype") and not getattr(one, "shape", ()) for one in looked)
    if looked and all(isinstance(one, (list, tuple)) for one in looked):
        inner = _list(looked[0])
        shape = [length, *(inner["shape"] or [])]
        same = all(len(one) == len(looked[0]) for one in looked)
        return _row("array", inner["dtype"], shape if same else None, _product(shape) if same else length)
    kinds = {type(one).__name__ for one in looked}
    dtype = "number" if looked and numbers else kinds.pop() if len(kinds) == 1 else "mixed" if looked else None
    return _row("array", dtype, [length], length)


def _product(shape):
    product = 1
    for one in shape:
        product *= one
    return product


def name_of(function):
    """'numpy.append', 'pandas.core.frame.DataFrame' as 'pandas.DataFrame', of a method with its type: 'keras.Model.predict'."""
    owner = getattr(function, "__self__", None)
    name = getattr(function, "__qualname__", None) or getattr(function, "__name__", None)
    if name is None:
        return type(function).__module__.split(".")[0] + "." + type(function).__name__
    if owner is not None and not isinstance(owner, type(sys)):
        kind = owner if isinstance(owner, type) else type(owner)
        return top(kind.__module__, kind.__qualname__ + "." + name.rsplit(".", 1)[-1])
    return top(getattr(function, "__module__", None) or "builtins", name)


#: Classes that are called otherwise than where they are kept says.
_CALLED = {
    "torch._VariableFunctionsClass": "torch",
    "torch._C._VariableFunctionsClass": "torch",
    "torch._C.TensorBase": "torch.Tensor",
    "onnxruntime.capi.onnxruntime_inference_collection.InferenceSession": "onnxruntime.InferenceSession",
}


def top(module, name):
    """As the package offers it: 'pandas.DataFrame', not 'pandas.core.frame.DataFrame'."""
    if module == "builtins":
        return name
    owner, _, last = name.rpartition(".")
    known = _CALLED.get(module + "." + owner) if owner else None
    if known:
        return known + "." + last
    parts = module.split(".")
    first = parts[0].lstrip("_")
    if first == "keras" and owner and last in ("predict", "predict_on_batch", "__call__", "fit", "evaluate"):
        return "keras.Model." + last
    package = sys.modules.get(first)
    if package is not None and hasattr(package, name.split(".")[0]):
        return first + "." + name
    public = [part for part in parts if not part.startswith("_")]
    return ".".join([*public, name]) if public else module + "." + name
