"""Preprocessing by libraries, in other ways, on what the user's code gave last: a tokenizer of transformers that is written in Python against the same
one in Rust, and a chain of torchvision's transforms against one pass of NumPy where the chain turns pixels into numbers."""

import sys

from . import values


class Preparation:
    """A tokenizer or a chain of transforms that the user's code calls."""

    def __init__(self, kind, target):
        self.kind = kind
        self.target = target
        #: Where it was called first.
        self.ran = None
        self.calls = 0
        #: (arguments, keywords) of the last call.
        self.last = None


def is_transforms(module):
    """Version 2's chain is a module of PyTorch."""
    return (type(module).__module__ or "").startswith("torchvision.transforms")


def ways_of(preparation):
    """(rule, now, instead, (call, call), code) of those that there are."""
    args, kwargs = preparation.last
    find = _tokenizer if preparation.kind == "tokenizer" else _transforms
    try:
        return find(preparation.target, args, kwargs)
    except Exception:
        # What cannot be made another way stays as it is.
        return []


def _tokenizer(tokenizer, args, kwargs):
    if getattr(tokenizer, "is_fast", True):
        return []
    from transformers import PreTrainedTokenizerFast
    from transformers.convert_slow_tokenizer import convert_slow_tokenizer

    special = {name: value for name, value in tokenizer.special_tokens_map.items() if isinstance(value, str)}
    fast = PreTrainedTokenizerFast(tokenizer_object=convert_slow_tokenizer(tokenizer), model_max_length=tokenizer.model_max_length, **special)
    fast.padding_side, fast.truncation_side = tokenizer.padding_side, tokenizer.truncation_side
    fast.model_input_names = tokenizer.model_input_names
    name = type(tokenizer).__name__
    now, instead = "%s(text)" % name, "%sFast(text)" % name
    code = ["tokenizer = AutoTokenizer.from_pretrained(name)  # use_fast=True is the default", "assert tokenizer.is_fast"]
    return [("slow-tokenizer", now, instead, (lambda: _ids(tokenizer(*args, **kwargs)), lambda: _ids(fast(*args, **kwargs))), code)]


def _ids(encoding):
    """Numbers of all that the tokenizer gave, one after the other: names, lists and tensors compare as they come."""
    import numpy

    flat = []
    for name in sorted(encoding):
        value = encoding[name]
        rows = value.tolist() if hasattr(value, "tolist") else value
        for row in rows if rows and isinstance(rows[0], list) else [rows]:
            flat.extend(row)
    return numpy.array(flat)


def _transforms(chain, args, kwargs):
    """Everything in front of the first step that makes numbers stays; from there on: scaling, normalization and layout in one pass."""
    if kwargs or len(args) != 1:
        return []
    import numpy

    torch = sys.modules["torch"]
    steps = list(chain.transforms)
    names = [type(step).__name__ for step in steps]
    first = next((at for at, name in enumerate(names) if name in ("ToTensor", "ToImage", "PILToTensor")), None)
    if first is None:
        return []
    numbers = names[first:]
    scales = numbers[0] == "ToTensor" or any(_scales(step) for step in steps[first:])
    normal = next((step for step in steps[first:] if type(step).__name__ == "Normalize"), None)
    if not scales or normal is None or set(numbers) - {"ToTensor", "ToImage", "PILToTensor", "ToDtype", "ConvertImageDtype", "Normalize"}:
        return []
    mean, std = (numpy.asarray(one, numpy.float32).reshape(-1, 1, 1) for one in (normal.mean, normal.std))
    scale, bias = (1 / (255 * std)).astype(numpy.float32), (-mean / std).astype(numpy.float32)
    before = steps[:first]

    def fused():
        image = args[0]
        for step in before:
            image = step(image)
        pixels = numpy.asarray(image)
        if pixels.dtype != numpy.uint8 or pixels.ndim != 3:
            raise ValueError("it is not an image of bytes")
        planes = numpy.empty((pixels.shape[2], *pixels.shape[:2]), numpy.float32)
        numpy.multiply(pixels.transpose(2, 0, 1), scale, out=planes)
        planes += bias
        return torch.from_numpy(planes)

    code = [
        "scale, bias = 1 / (255 * std), -mean / std  # float32, of shape (3, 1, 1), made once",
        "planes = np.empty((3, *pixels.shape[:2]), np.float32)",
        "np.multiply(pixels.transpose(2, 0, 1), scale, out=planes)",
        "planes += bias",
        "x = torch.from_numpy(planes)",
    ]
    now = "the chain %s" % ", ".join(names)
    return [("image-transforms", now, "one pass of NumPy in place of %s" % ", ".join(numbers), (lambda: chain(args[0]), fused), code)]


def _scales(step):
    name = type(step).__name__
    return name == "ConvertImageDtype" or name == "ToDtype" and bool(getattr(step, "scale", False))


def found(preparations, predictions, tried):
    """Rows of alternatives. `tried(rule, now, instead, ways)` compares and times them."""
    rows = []
    for one in preparations:
        if one.ran is None or not one.calls or one.last is None:
            continue
        for rule, now, instead, ways, code in ways_of(one):
            row = tried(one, rule, now, instead, ways)
            if row:
                size = values.fact(one.last[0][0]) if one.last[0] else None
                told = {} if size is None or not size["shape"] else {"on": "x".join(map(str, size["shape"]))}
                rows.append({**row, **told, "code": code, "callsPerPrediction": one.calls / max(1, predictions)})
    return rows
