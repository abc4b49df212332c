"""Handlers of web applications (FastAPI, Starlette, Flask), found by the source and called without a server: a request is read as the framework
reads it, the handler is called with what comes of that, and what it gives becomes the body of a response. Each is a stage. Routing, middleware and
the network are not among them."""

import ast
import inspect
import io
import json
import re
import typing

from .errors import Contract
from .finishing import awaited, finished
from .module_file import read_source

#: What makes an application or a part of one, and the framework that reads its requests.
_APPLICATIONS = {
    "fastapi.FastAPI": "fastapi",
    "fastapi.APIRouter": "fastapi",
    "fastapi.routing.APIRouter": "fastapi",
    "fastapi.applications.FastAPI": "fastapi",
    "starlette.applications.Starlette": "starlette",
    "flask.Flask": "flask",
    "flask.Blueprint": "flask",
}
_ROUTE = "starlette.routing.Route"
_WRITING = ("post", "put", "patch")
_DECORATORS = (*_WRITING, "get", "route", "api_route")
#: Of several handlers, whose names or paths say that they predict.
_PREDICTING = re.compile(r"predict|infer|scor|classif|embed|detect|recogni|rank|recommend|forecast|generat|segment|transcri", re.I)
_SERVING = re.compile(r"health|ready|readiness|live|liveness|metrics|version|index|root|home|docs|static", re.I)
_BUILT_IN = (int, float, str, bool)
_TEXTS = re.compile(r"text|sentence|message|query|prompt|title|content|question|review|comment|name", re.I)
_ROWS = re.compile(r"feature|input|instance|values|vector|row|data|array|pixels|^x$|^xs$", re.I)
_TEXT = "a service is slow, and nobody knows why"
#: Numbers in a row if no model of the module says how many.
_WIDTH = 8


class Handler:
    def __init__(self, node, framework, app, method, path):
        self.node = node
        self.name = node.name
        self.framework = framework
        self.app = app
        self.method = method
        self.path = path

    def rank(self):
        about = self.name + " " + self.path
        return (bool(_PREDICTING.search(about)), self.method in _WRITING, not _SERVING.search(about))


def handlers_in(tree):
    """All of a file, the likeliest first."""
    names = _imported(tree)
    apps = {}
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
            framework = _APPLICATIONS.get(_full_name(node.value.func, names))
            if framework:
                apps.update({target.id: framework for target in node.targets if isinstance(target, ast.Name)})
    functions = {node.name: node for node in tree.body if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))}
    found = [handler for node in functions.values() for handler in _decorated(node, apps)]
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _full_name(node.func, names) == _ROUTE and len(node.args) > 1 and isinstance(node.args[1], ast.Name):
            function = functions.get(node.args[1].id)
            if function is not None:
                app = next((name for name, framework in apps.items() if framework == "starlette"), None)
                found.append(Handler(function, "starlette", app, _method(node, "get"), _text(node.args[0])))
    found.sort(key=Handler.rank, reverse=True)
    return found


def handler_in(tree):
    """The one that predicts; None: there is none, those there only say how the service is, or the file has `predict` and `samples` of its own.

    What a handler does that is not named so, nobody knows: it may write to a database. It is called only if the file gives it samples() or --call
    names it. Raises Contract if there are only such ones.
    """
    all_of_them = handlers_in(tree)
    found = [one for one in all_of_them if one.rank()[0] or one.rank()[1] and one.rank()[2]]
    own = {node.name: node for node in tree.body if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))}
    predict = own.get("predict")
    is_pipeline = predict is not None and all(one.node is not predict for one in all_of_them)
    if not found or is_pipeline and "samples" in own:
        return None
    if found[0].rank()[0] or "samples" in own:
        return found[0]
    if is_pipeline:
        return None
    raise Contract(
        "no handler is named as one that predicts, and others may change something: name the handler with --call %s and give requests with "
        "--data requests.json" % found[0].name
    )


def _decorated(node, apps):
    for decorator in node.decorator_list:
        if not isinstance(decorator, ast.Call) or not isinstance(decorator.func, ast.Attribute) or decorator.func.attr not in _DECORATORS:
            continue
        owner = decorator.func.value
        framework = apps.get(owner.id) if isinstance(owner, ast.Name) else None
        if framework is not None:
            attribute = decorator.func.attr
            path = _text(decorator.args[0]) if decorator.args else _text(_keyword(decorator, "path"))
            yield Handler(node, framework, owner.id, attribute if attribute in (*_WRITING, "get") else _method(decorator, "get"), path)


def _method(call, otherwise):
    methods = _keyword(call, "methods")
    named = [_text(one).lower() for one in methods.elts] if isinstance(methods, (ast.List, ast.Tuple, ast.Set)) else []
    return next((one for one in named if one in _WRITING), named[0] if named else otherwise)


def _keyword(call, name):
    return next((one.value for one in call.keywords if one.arg == name), None)


def _text(node):
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def _imported(tree):
    found = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found.update({one.asname or one.name.split(".")[0]: one.name if one.asname else one.name.split(".")[0] for one in node.names})
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.update({one.asname or one.name: "%s.%s" % (node.module, one.name) for one in node.names})
    return found


def _full_name(node, names):
    parts = []
    while isinstance(node, ast.Attribute):
        parts.insert(0, node.attr)
        node = node.value
    return ".".join([names.get(node.id, node.id), *parts]) if isinstance(node, ast.Name) else None


# Called


class Service:
    """Stages of a handler: `stages`, `load`, `samples`; `made_up`: what is said of the samples, if the file has none."""

    def __init__(self, module, handler):
        function = getattr(module, handler.name)
        adapter = (_Flask if handler.framework == "flask" else _Asgi)(module, handler, function)
        handle = lambda given: finished(adapter.handle(given))  # noqa: E731
        # Its place is that of the user's function; its one argument is not that function's.
        handle.__wrapped__ = function
        handle.__signature__ = inspect.Signature([inspect.Parameter("given", inspect.Parameter.POSITIONAL_ONLY)])
        self.stages = [("request", _Stage(adapter.request)), (handler.name, handle), ("response", _Stage(adapter.response))]
        self.load = adapter.load
        own = getattr(module, "samples", None)
        self.samples = own if own is not None else lambda: [adapter.made_up()]
        self.made_up = (
            None
            if own is not None
            else "the request to %s %s is made up by what the handler reads: name real ones with --data requests.json, or give samples()"
            % (handler.method.upper(), handler.path or handler.name)
        )


    def target(self, make):
        target = make("stages", self.stages, self.load, self.samples)
        target.made_up = self.made_up
        return target


class _Stage:
    """What is no function of the user's: it has no place."""

    def __init__(self, function):
        self._function = function

    def __call__(self, value):
        return self._function(value)


def service_of(module, call):
    """Of the module's handlers the one that is called so, else the one that predicts; None: it has none."""
    try:
        tree = ast.parse(read_source(module.__file__))
    except (OSError, SyntaxError, ValueError, AttributeError):
        return None
    handler = next((one for one in handlers_in(tree) if one.name == call), None) if call else handler_in(tree)
    return None if handler is None or not callable(getattr(module, handler.name, None)) else Service(module, handler)


class _Bodies:
    """The JSON of a sample, made once: that is the client's work."""

    def __init__(self):
        self._made = {}

    def of(self, sample):
        kept = self._made.get(id(sample))
        if kept is None or kept[0] is not sample:
            body = sample if isinstance(sample, bytes) else json.dumps(sample, default=_plain).encode()
            kept = self._made[id(sample)] = (sample, body)
        return kept[1]


def _plain(value):
    if hasattr(value, "tolist"):
        return value.tolist()
    raise Contract("a request is JSON, and %s is not" % type(value).__name__)


class _Asgi:
    def __init__(self, module, handler, function):
        self._module, self._handler, self._function = module, handler, function
        self._app = getattr(module, handler.app or "", None)
        self._bodies = _Bodies()
        self._parameters = [] if handler.framework == "starlette" else _parameters(function)
        if handler.framework == "fastapi":
            from fastapi.encoders import jsonable_encoder

            self._encode = jsonable_encoder
        else:
            self._encode = lambda value: value
        from starlette.requests import Request
        from starlette.responses import Response

        self._request, self._response = Request, Response

    def load(self):
        """What the application does when it starts: its lifespan, which stays open."""
        context = getattr(getattr(self._app, "router", None), "lifespan_context", None)
        if context is not None and hasattr(self._app, "build_middleware_stack"):
            self._state = awaited(context(self._app).__aenter__())
        return None

    def request(self, sample):
        body = self._bodies.of(sample)
        if self._handler.framework == "starlette":
            return (self._made_request(body),)
        read = json.loads(body) if not isinstance(sample, bytes) else sample
        bodies = [one for one in self._parameters if one[1] == "body"]
        given = {}
        for name, kind, type_of, default in self._parameters:
            if kind == "request":
                given[name] = self._made_request(body)
            elif kind == "depends":
                given[name] = finished(default())
            elif kind == "file":
                given[name] = _uploaded(type_of, sample)
            elif kind == "body":
                of = read.get(name, read) if len(bodies) > 1 and isinstance(read, dict) else read
                given[name] = _validated(type_of, of)
            elif isinstance(read, dict) and name in read:
                given[name] = type_of(read[name]) if type_of in _BUILT_IN else read[name]
        return given

    def handle(self, given):
        return self._function(**given) if isinstance(given, dict) else self._function(*given)

    def response(self, result):
        if isinstance(result, self._response):
            return result
        return json.dumps(self._encode(result)).encode()

    def made_up(self):
        bodies = [(name, type_of) for name, kind, type_of, _ in self._parameters if kind == "body"]
        scalars = {name: _value_for(name, type_of, self._module) for name, kind, type_of, default in self._parameters if kind == "scalar" and default is _NONE}
        made = {name: _example(type_of, name, self._module) for name, type_of in bodies}
        if any(kind == "file" for _, kind, _, _ in self._parameters):
            raise Contract("%s takes a file: name files with --data FOLDER, or give samples()" % self._handler.name)
        if len(made) == 1 and not scalars:
            return next(iter(made.values()))
        found = {**(next(iter(made.values())) if len(made) == 1 and isinstance(next(iter(made.values())), dict) else made), **scalars}
        return found or _read_keys(self._handler.node, self._module)

    def _made_request(self, body):
        async def receive():
            return {"type": "http.request", "body": body, "more_body": False}

        scope = {
            "type": "http",
            "method": self._handler.method.upper(),
            "path": self._handler.path,
            "raw_path": self._handler.path.encode(),
            "query_string": b"",
            "headers": [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())],
            "path_params": {},
            "app": self._app,
        }
        return self._request(scope, receive)


class _Flask:
    def __init__(self, module, handler, function):
        self._module, self._handler, self._function = module, handler, function
        import flask

        found = getattr(module, handler.app, None)
        self._app = found if isinstance(found, flask.Flask) else next((one for one in vars(module).values() if isinstance(one, flask.Flask)), None)
        if self._app is None:
            self._app = flask.Flask(module.__name__)
        self._bodies = _Bodies()
        self._context = None
        self.load = None

    def request(self, sample):
        from werkzeug.test import EnvironBuilder

        body = self._bodies.of(sample)
        kept = getattr(self, "_environ", None)
        if kept is None:
            builder = EnvironBuilder(path=self._handler.path or "/", method=self._handler.method.upper(), data=b"", content_type="application/json")
            kept = self._environ = builder.get_environ()
        environ = {**kept, "wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(len(body))}
        self._context = self._app.request_context(environ)
        self._context.push()
        return {}

    def handle(self, _):
        return self._function()

    def response(self, result):
        made = self._app.make_response(result)
        body = made.get_data()
        self._context.pop()
        return body

    def made_up(self):
        return _read_keys(self._handler.node, self._module)


_NONE = object()


def _parameters(function):
    """(name, kind, type, default or dependency) of what a handler of FastAPI takes."""
    from fastapi import UploadFile, params
    from pydantic import BaseModel
    from starlette.requests import Request

    hints = typing.get_type_hints(function, include_extras=True)
    found = []
    for name, one in inspect.signature(function).parameters.items():
        hint = hints.get(name, str)
        extras = list(getattr(hint, "__metadata__", ()))
        type_of = typing.get_args(hint)[0] if extras else hint
        default = _NONE if one.default is one.empty else one.default
        marks = [*extras, default]
        depends = next((mark for mark in marks if isinstance(mark, params.Depends)), None)
        is_class = isinstance(type_of, type)
        if depends is not None:
            found.append((name, "depends", type_of, depends.dependency or type_of))
        elif is_class and issubclass(type_of, Request):
            found.append((name, "request", type_of, default))
        elif is_class and issubclass(type_of, UploadFile) or any(isinstance(mark, params.File) for mark in marks):
            found.append((name, "file", type_of, default))
        elif is_class and issubclass(type_of, BaseModel) or any(type(mark) is params.Body for mark in marks) or typing.get_origin(type_of) in (list, dict):
            found.append((name, "body", type_of, default))
        else:
            found.append((name, "scalar", type_of, default))
    return found


def _validated(type_of, value):
    for name in ("model_validate", "parse_obj"):
        if hasattr(type_of, name):
            return getattr(type_of, name)(value)
    return value


def _uploaded(type_of, sample):
    data = sample
    if isinstance(sample, str):
        with open(sample, "rb") as file:
            data = file.read()
    if type_of is bytes:
        return data
    from fastapi import UploadFile

    return UploadFile(file=io.BytesIO(data), filename="sample")


# Made up


def _example(type_of, name, module):
    """A value of a type of pydantic, by its schema."""
    schema = next((getattr(type_of, one)() for one in ("model_json_schema", "schema") if hasattr(type_of, one)), None)
    return _value_for(name, type_of, module) if schema is None else _of_schema(schema, name, schema, module)


def _of_schema(schema, name, root, module):
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
        return _of_schema(found, name, root, module)
    for choice in ("anyOf", "oneOf", "allOf"):
        if schema.get(choice):
            return _of_schema(schema[choice][0], name, root, module)
    kind = schema.get("type")
    if kind == "object":
        wanted = schema.get("required") or list(schema.get("properties", {}))
        return {key: _of_schema(one, key, root, module) for key, one in schema.get("properties", {}).items() if key in wanted}
    if kind == "array":
        items = schema.get("items") or {"type": "number"}
        numbers = items.get("type") in ("number", "integer")
        count = schema.get("minItems") or (_width_of(module) if numbers else 1)
        return [_of_schema(items, name, root, module) for _ in range(count)]
    low = schema.get("minimum", schema.get("exclusiveMinimum"))
    if kind == "number":
        return 0.5 if low is None else low + 0.5
    if kind == "integer":
        return 1 if low is None else int(low) + 1
    return False if kind == "boolean" else _TEXT


def _value_for(name, type_of, module):
    if typing.get_origin(type_of) is list or type_of is list:
        inner = (typing.get_args(type_of) or (float,))[0]
        return [_value_for(name, inner, module) for _ in range(_width_of(module) if inner in (int, float) else 1)]
    if type_of in (int, float, bool):
        return {int: 1, float: 0.5, bool: False}[type_of]
    return _TEXT


def _width_of(module):
    """Numbers that a model among the module's variables takes in a row."""
    for one in vars(module).values():
        count = getattr(one, "n_features_in_", None)
        if isinstance(count, int):
            return count
        if hasattr(one, "num_features") and callable(one.num_features):
            try:
                return int(one.num_features())
            except Exception:
                continue
        if hasattr(one, "get_inputs") and callable(one.get_inputs):
            try:
                size = one.get_inputs()[0].shape[-1]
            except Exception:
                continue
            if isinstance(size, int):
                return size
    return _WIDTH


def _read_keys(node, module):
    """What a handler that reads the body itself takes of it: `request.json["features"]`, `data = await request.json()`, `data.get("text")`."""
    bodies, keys = set(), []
    for one in ast.walk(node):
        if isinstance(one, ast.Assign) and _is_body(one.value):
            bodies.update(target.id for target in one.targets if isinstance(target, ast.Name))
    is_body = lambda value: _is_body(value) or isinstance(value, ast.Name) and value.id in bodies  # noqa: E731
    for one in ast.walk(node):
        if isinstance(one, ast.Subscript) and is_body(one.value) and isinstance(one.slice, ast.Constant):
            keys.append(one.slice.value)
        elif isinstance(one, ast.Call) and isinstance(one.func, ast.Attribute) and one.func.attr == "get" and is_body(one.func.value) and one.args:
            keys.append(_text(one.args[0]))
    return {key: _by_name(key, module) for key in dict.fromkeys(keys) if isinstance(key, str) and key}


def _is_body(value):
    if isinstance(value, ast.Await):
        return _is_body(value.value)
    if isinstance(value, ast.Call):
        return isinstance(value.func, ast.Attribute) and value.func.attr in ("get_json", "json")
    return isinstance(value, ast.Attribute) and value.attr == "json"


def _by_name(key, module):
    if _TEXTS.search(key):
        return [_TEXT] if key.endswith("s") and not key.endswith("ss") else _TEXT
    return [0.5] * _width_of(module) if _ROWS.search(key) else 0.5
