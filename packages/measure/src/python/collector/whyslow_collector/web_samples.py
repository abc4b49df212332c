"""A request that nobody gave, made up by what a handler of a web application reads: the types of its parameters, the keys that it takes of the body."""

import ast
import math
import operator
import re
import struct
import zlib

from .names_in_source import targets_of
from .pattern_names import DECODES
from .patterns import patterns_of

GIVE_REAL_ONES = "give real ones with --data requests.json, or samples()"
_TEXTS = re.compile(r"text|sentence|message|query|prompt|title|content|question|review|comment|name", re.I)
_ROWS = re.compile(r"feature|input|instance|values|vector|row|data|array|pixels|^x$|^xs$", re.I)
_TEXT = "a service is slow, and nobody knows why"
#: Numbers in a row if no model of the module says how many.
_WIDTH = 8
#: Packages that decode a file of another kind.
_SOUNDS = ("soundfile", "librosa", "scipy", "torchaudio")
_PICTURE = (320, 240)
#: Of a request of Flask, what a handler may read.
_PARTS = ("files", "form", "values", "args")


def of_parameters(node, parameters, module, app):
    """A sample for a handler of FastAPI: its body, or the values of its parameters by name."""
    scalars = {one.name: _value_of(one.type_of) for one in parameters if one.is_needed}
    made = {one.name: _example(one, node, module, app) for one in parameters if one.kind == "body"}
    only = next(iter(made.values())) if len(made) == 1 else None
    if only is not None and not scalars:
        return only
    found = {**(only if isinstance(only, dict) else made), **scalars}
    return found or read_keys(node, module, app)


def _example(parameter, node, module, app):
    """A value of a type of pydantic, by its schema."""
    schema = _schema_of(parameter.type_of)
    if schema is None:
        return _value_of(parameter.type_of)
    made = _of_schema(schema, parameter.name, schema, (module, app))
    return made if made != {} else read_keys(node, module, app, {parameter.name})


def _schema_of(type_of):
    for name in ("model_json_schema", "schema"):
        if hasattr(type_of, name):
            return getattr(type_of, name)()
    try:
        import pydantic

        return pydantic.TypeAdapter(type_of).json_schema() if hasattr(pydantic, "TypeAdapter") else pydantic.schema_of(type_of)
    except Exception:  # of a type that it does not know
        return {} if type_of is dict else None


def _of_schema(schema, name, root, owners):
    for known in ("example", "default", "const"):
        if schema.get(known) is not None:
            return schema[known]
    for many in ("examples", "enum"):
        if schema.get(many):
            return schema[many][0] if isinstance(schema[many], list) else next(iter(schema[many].values()))
    if "$ref" in schema:
        found = root
        for part in schema["$ref"].lstrip("#/").split("/"):
            found = found[part]
        return _of_schema(found, name, root, owners)
    for choice in ("anyOf", "oneOf", "allOf"):
        if schema.get(choice):
            return _of_schema(schema[choice][0], name, root, owners)
    kind = schema.get("type")
    if kind == "object":
        wanted = schema.get("required") or list(schema.get("properties", {}))
        return {key: _of_schema(one, key, root, owners) for key, one in schema.get("properties", {}).items() if key in wanted}
    if kind == "array":
        items = schema.get("items") or {"type": "number"}
        numbers = items.get("type") in ("number", "integer")
        count = schema.get("minItems") or (_width_of(*owners) if numbers else 1)
        return [_of_schema(items, name, root, owners) for _ in range(count)]
    if kind in ("number", "integer"):
        return _number_of(schema, kind)
    return False if kind == "boolean" else _TEXT


def _number_of(schema, kind):
    low, high = (schema.get(name, schema.get(other)) for name, other in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")))
    made = (0.5 if low is None else low + 0.5) if kind == "number" else (1 if low is None else int(low) + 1)
    if high is None or made < high:
        return made
    below = high - 1 if low is None else (low + high) / 2
    return below if kind == "number" else int(below)


def _value_of(type_of):
    members = list(getattr(type_of, "__members__", {}).values())
    if members:
        return members[0].value
    return next((value for known, value in ((int, 1), (float, 0.5), (bool, False)) if type_of is known), _TEXT)


def _width_of(module, app):
    """Numbers that a model of the module takes in a row."""
    return next((count for one in _held(module, app) for count in _widths_of(one)), _WIDTH)


def _widths_of(model):
    for asked in _WIDTHS:
        try:
            count = operator.index(asked(model))
        except Exception:  # of another library, or a size that is not fixed
            continue
        if count > 0:
            yield count


def _shape_of_keras(model):
    shapes = model.input_shape
    return shapes[0] if isinstance(shapes, list) else shapes


def _count_in(shape):
    """Numbers of one row: of an image all of its pixels, which a handler is given as one list."""
    return math.prod(map(operator.index, list(shape)[1:] or shape))


#: Of scikit-learn and its like, XGBoost, LightGBM, ONNX Runtime, LiteRT, Keras, PyTorch.
_WIDTHS = (
    lambda model: model.n_features_in_,
    lambda model: model.num_features(),
    lambda model: model.num_feature(),
    lambda model: _count_in(model.get_inputs()[0].shape),
    lambda model: _count_in(model.get_input_details()[0]["shape"]),
    lambda model: _count_in(_shape_of_keras(model)),
    # Of the first layer with weights.
    lambda model: next(layer for layer in model.modules() if next(layer.parameters(recurse=False), None) is not None).in_features,
)


def _held(module, app):
    """Values of the module's variables and of the application's state, and what objects and dictionaries among them hold."""
    owners = [*vars(module).values(), *getattr(getattr(app, "state", None), "_state", {}).values()]
    # A proxy of a request's is asked nothing: there is no request.
    owners = [one for one in owners if not issubclass(type(one), (type, type(ast))) and type(one).__name__ != "LocalProxy"]
    inner = []
    for one in owners:
        held = one if type(one) is dict else getattr(one, "__dict__", None)
        inner.extend(held.values() if isinstance(held, dict) else ())
    return [*owners, *inner]


def read_keys(node, module, app, named=frozenset()):
    """What a handler that reads the body itself takes of it: `request.json["features"]`, `data = await request.json()`, `data.get("text")`; `named`: what
    else it calls the body."""
    bodies, keys = set(named), []
    for one in ast.walk(node):
        if isinstance(one, (ast.Assign, ast.AnnAssign)) and one.value is not None and _is_body(one.value):
            bodies.update(targets_of(one))
    is_body = lambda value: _is_body(value) or isinstance(value, ast.Name) and value.id in bodies  # noqa: E731
    for one in ast.walk(node):
        if isinstance(one, ast.Subscript) and is_body(one.value) and isinstance(one.slice, ast.Constant):
            keys.append(one.slice.value)
        elif isinstance(one, ast.Call) and isinstance(one.func, ast.Attribute) and one.func.attr == "get" and is_body(one.func.value) and one.args:
            keys.append(one.args[0].value if isinstance(one.args[0], ast.Constant) else None)
    return {key: _by_name(key, module, app) for key in dict.fromkeys(keys) if isinstance(key, str) and key}


def _is_body(value):
    if isinstance(value, ast.Await):
        return _is_body(value.value)
    if isinstance(value, ast.Call):
        is_converted = isinstance(value.func, ast.Attribute) and value.func.attr == "to_dict" and _is_body(value.func.value)
        return is_converted or isinstance(value.func, ast.Attribute) and value.func.attr in ("get_json", "json")
    return isinstance(value, ast.Attribute) and value.attr in ("json", "form", "values", "args") and _is_request(value.value, value.attr)


def _is_request(value, attribute):
    """`.values` and `.args` are many things' but a request's only if that is called so."""
    name = value.attr if isinstance(value, ast.Attribute) else value.id if isinstance(value, ast.Name) else None
    return attribute == "json" or name == "request"


def parts_read(node):
    """Of a request of Flask, which parts a handler reads: {part: the first key that it takes of it, or None}."""
    found = {}
    for one in ast.walk(node):
        if isinstance(one, ast.Attribute) and one.attr in _PARTS and _is_request(one.value, one.attr):
            found.setdefault("form" if one.attr == "values" else one.attr, None)
        whole = one.value if isinstance(one, ast.Subscript) else one.func.value if isinstance(one, ast.Call) and isinstance(one.func, ast.Attribute) else None
        key = one.slice if isinstance(one, ast.Subscript) else one.args[0] if isinstance(one, ast.Call) and one.args else None
        if isinstance(whole, ast.Attribute) and whole.attr in _PARTS and isinstance(key, ast.Constant) and isinstance(key.value, str):
            found["form" if whole.attr == "values" else whole.attr] = key.value
    return found


def _by_name(key, module, app):
    if _TEXTS.search(key):
        return [_TEXT] if key.endswith("s") and not key.endswith("ss") else _TEXT
    return [0.5] * _width_of(module, app) if _ROWS.search(key) else 0.5


def decodes_images(files):
    """Whether one of the files reads images."""
    return any(one["pattern"] == "image-decode" and one["callee"] in DECODES and one["callee"].split(".")[0] not in _SOUNDS for one in patterns_of(files))


def picture():
    """An image of colours that run into each other, as a PNG."""
    width, height = _PICTURE
    rows = (bytes(part for x in range(width) for part in (255 * x // width, 255 * y // height, (x * y) % 256)) for y in range(height))
    chunk = lambda kind, data: struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))  # noqa: E731
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(b"".join(b"\0" + row for row in rows))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
