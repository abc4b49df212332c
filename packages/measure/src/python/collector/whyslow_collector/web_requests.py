"""A request as FastAPI, Starlette or Flask read it, and the body of what a handler gives: what stands around a handler that is called without a server."""

import dataclasses
import inspect
import io
import json
import os
import types
import typing
from collections.abc import Mapping, Sequence, Set

from . import web_samples
from .errors import Contract
from .finishing import awaited, finished, run
from .value_tree import Body

_BUILT_IN = (int, float, str, bool)
_NONE = object()
#: A handler's answer from here on says that it has not predicted.
_REFUSED = 400


class Once:
    """What `make` gives of a sample, made once: that is the client's work."""

    def __init__(self, make):
        self._make, self._made = make, {}

    def of(self, sample):
        kept = self._made.get(id(sample))
        if kept is None or kept[0] is not sample:
            kept = self._made[id(sample)] = (sample, self._make(sample))
        return kept[1]


def _body_of(sample):
    return sample if isinstance(sample, bytes) else json.dumps(sample, default=_plain).encode()


def _plain(value):
    if hasattr(value, "tolist"):
        return value.tolist()
    raise Contract("a request is JSON, and %s is not" % type(value).__name__)


class Adapter:
    """`function`: the user's handler; `app`: the application or the part of one that has it."""

    def __init__(self, module, handler, function, app):
        self._module, self._handler, self._function, self._app = module, handler, function, app
        self._bodies = Once(_body_of)
        self._made_up = None

    def made_up_request(self):
        self._made_up = self._made_up_file() if self.takes_files() else self.made_up()
        return self._made_up

    def checked(self, status, body):
        """The body; Contract if it says that the handler takes no request that whyslow made up."""
        if status >= _REFUSED and self._made_up is not None:
            said = " ".join(body.decode("utf-8", "replace").split())[:120]
            raise Contract("%s() answers %d to a request that was made up (%s): %s" % (self._handler.name, status, said, web_samples.GIVE_REAL_ONES))
        return Body(body)

    def _made_up_file(self):
        """An image, if that is what the program decodes."""
        code = getattr(inspect.unwrap(self._function), "__code__", None)
        files = {self._module.__file__, *(() if code is None else (code.co_filename,))}
        if web_samples.decodes_images(sorted(files)):
            return web_samples.picture()
        raise Contract("%s takes a file: name files with --data FOLDER, or give samples()" % self._handler.name)


class Asgi(Adapter):
    def __init__(self, module, handler, function, app):
        super().__init__(module, handler, function, app)
        self._state = {}
        #: Dependencies that go on behind a `yield`.
        self._open = []
        self._known = {}
        self._parameters = [] if handler.framework == "starlette" else self._parameters_of(function)
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
            self._context = context(self._app)
            self._state = dict(awaited(self._context.__aenter__()) or {})
        return None

    def request(self, sample):
        body = self._bodies.of(sample)
        if self._handler.framework == "starlette":
            return (self._made_request(body),)
        read = json.loads(body) if not isinstance(sample, bytes) else sample
        call = _Call(sample, read, self._made_request(body))
        given = self._given(self._parameters, call)
        self._open = call.open
        return given

    def _given(self, parameters, call):
        bodies = [one for one in parameters if one.kind == "body"]
        read, given = call.read, {}
        for one in parameters:
            if one.kind == "request":
                given[one.name] = call.request
            elif one.kind == "made":
                given[one.name] = one.type_of()
            elif one.kind == "depends":
                given[one.name] = self._depended(one.default, call)
            elif one.kind == "file":
                given[one.name] = _uploaded(one.type_of, call.sample)
            elif one.kind == "body":
                of = read.get(one.name, read) if isinstance(read, dict) and (len(bodies) > 1 or one.is_list) else read
                given[one.name] = one.read(of)
            elif isinstance(read, dict) and one.name in read:
                given[one.name] = one.read(read[one.name])
            elif one.default is not _NONE:
                given[one.name] = one.default
        return given

    def _depended(self, dependency, call):
        """What a dependency gives, with what it depends on; once in a request."""
        if dependency not in call.solved:
            made = dependency(**self._given(self._parameters_of(dependency), call))
            if inspect.isgenerator(made):
                call.open.append(made)
                made = next(made)
            elif inspect.isasyncgen(made):
                call.open.append(made)
                made = run(made.__anext__())
            call.solved[dependency] = awaited(made)
        return call.solved[dependency]

    def _parameters_of(self, function):
        if function not in self._known:
            self._known[function] = parameters(function)
        return self._known[function]

    def handle(self, given):
        return self._function(**given) if isinstance(given, dict) else self._function(*given)

    def response(self, result):
        for one in reversed(self._open):
            finished(one)
        self._open = []
        if not isinstance(result, self._response):
            return Body(json.dumps(self._encode(result)).encode())
        body = getattr(result, "body", None)
        return result if body is None else self.checked(result.status_code, bytes(body))

    def takes_files(self):
        return any(one.kind == "file" for one in self._all_parameters(self._parameters))

    def made_up(self):
        known = self._all_parameters(self._parameters)
        return web_samples.of_parameters(self._handler.node, known, self._module, self._app)

    def _all_parameters(self, parameters):
        """With those of dependencies."""
        inner = [one for each in parameters if each.kind == "depends" for one in self._all_parameters(self._parameters_of(each.default))]
        return [*parameters, *inner]

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
            "state": dict(self._state),
        }
        return self._request(scope, receive)


class _Call:
    """One request: `read`: its body as JSON; `solved`: what its dependencies gave."""

    def __init__(self, sample, read, request):
        self.sample, self.read, self.request = sample, read, request
        self.solved, self.open = {}, []


class InFlask(Adapter):
    def __init__(self, module, handler, function, app):
        super().__init__(module, handler, function, app)
        import flask

        if not isinstance(self._app, flask.Flask):
            self._app = next((one for one in vars(module).values() if isinstance(one, flask.Flask)), None) or flask.Flask(module.__name__)
        self._context = None
        self.load = None
        self._reads = web_samples.parts_read(handler.node)
        #: Parts of its path that the handler is given.
        self._named = [one for one in inspect.signature(function).parameters if "<%s>" % one in handler.path or ":%s>" % one in handler.path]
        self._environs = Once(self._environ_of)

    def request(self, sample):
        environ, body = self._environs.of(sample)
        environ = {**environ, "wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(len(body))}
        self._context = self._app.request_context(environ)
        self._context.push()
        # As the routes have it, for what goes by the endpoint.
        return {name: value for name, value in sample.items() if name in self._named} if isinstance(sample, dict) else {}

    def _environ_of(self, sample):
        """(the environment of a request with the sample, its body)."""
        from werkzeug.test import EnvironBuilder

        words = {"path": self._handler.path or "/", "method": self._handler.method.upper()}
        if "files" in self._reads and isinstance(sample, (str, bytes)):
            name = self._reads["files"] or "file"
            words["data"] = {name: (io.BytesIO(_bytes_of(sample)), os.path.basename(sample) if isinstance(sample, str) else "sample")}
        elif "form" in self._reads and isinstance(sample, dict):
            words["data"] = {name: str(value) for name, value in sample.items()}
        else:
            words.update(data=self._bodies.of(sample), content_type="application/json")
            if "args" in self._reads and isinstance(sample, dict):
                words["query_string"] = {name: str(value) for name, value in sample.items()}
        builder = EnvironBuilder(**words)
        environ = builder.get_environ()
        body = environ["wsgi.input"].read()
        builder.close()
        return environ, body

    def handle(self, given):
        return self._function(**given)

    def response(self, result):
        made = self._app.make_response(result)
        body = made.get_data()
        self._context.pop()
        return self.checked(made.status_code, body)

    def takes_files(self):
        return "files" in self._reads

    def made_up(self):
        return web_samples.read_keys(self._handler.node, self._module, self._app)


class Parameter:
    """Of a handler of FastAPI or of what it depends on. `kind`: 'body', 'request', 'depends', 'file', 'made' (by its class) or 'scalar'; `default`: _NONE:
    there is none; of 'depends' the dependency; `read`: makes its value of what JSON holds."""

    def __init__(self, name, kind, type_of, default):
        self.name, self.kind, self.type_of, self.default = name, kind, type_of, default
        self.is_needed = kind == "scalar" and default is _NONE
        # Among values of the address, a body that is no object goes by its name.
        self.is_list = _is_below(typing.get_origin(type_of) or type_of, (list, tuple, set))
        self.read = reader_of(type_of) if kind in ("body", "scalar") else None


def parameters(function):
    from fastapi import BackgroundTasks, UploadFile, params
    from starlette.requests import HTTPConnection
    from starlette.responses import Response

    hints, found = _hints_of(function), []
    for name, one in inspect.signature(function).parameters.items():
        if one.kind in (one.VAR_POSITIONAL, one.VAR_KEYWORD):
            continue
        hint = hints.get(name, str)
        extras = list(getattr(hint, "__metadata__", ()))
        type_of = typing.get_args(hint)[0] if extras else hint
        marks = [*extras, *([] if one.default is one.empty else [one.default])]
        depends = next((mark for mark in marks if isinstance(mark, params.Depends)), None)
        if depends is not None:
            found.append(Parameter(name, "depends", type_of, depends.dependency or type_of))
        elif _is_below(type_of, HTTPConnection):
            found.append(Parameter(name, "request", type_of, _NONE))
        elif _is_below(type_of, (BackgroundTasks, Response)):
            found.append(Parameter(name, "made", type_of, _NONE))
        elif _is_below(type_of, UploadFile) or any(isinstance(mark, params.File) for mark in marks):
            found.append(Parameter(name, "file", type_of, _NONE))
        else:
            is_named = any(isinstance(mark, (params.Param, params.Form)) for mark in marks)
            is_body = any(type(mark) is params.Body for mark in marks) or not is_named and is_structured(type_of)
            found.append(Parameter(name, "body" if is_body else "scalar", type_of, _default_of(one, extras, params)))
    return found


def _hints_of(function):
    of = function.__init__ if isinstance(function, type) else function if hasattr(function, "__code__") or hasattr(function, "__wrapped__") else function.__call__
    try:
        return typing.get_type_hints(inspect.unwrap(of), include_extras=True)
    except (NameError, TypeError, AttributeError):
        return {}


def _is_below(type_of, classes):
    return isinstance(type_of, type) and issubclass(type_of, classes)


def _default_of(parameter, extras, params):
    """Without what only describes it: Query(0.5) is 0.5."""
    own = parameter.default
    described = [one for one in (own, *extras) if isinstance(one, (params.Param, params.Body))]
    if own is parameter.empty or own in described:
        own = described[0].get_default(call_default_factory=True) if described else _NONE
    return _NONE if own is ... or type(own).__name__ in ("PydanticUndefinedType", "UndefinedType") else own


def is_structured(type_of):
    """Whether a value of the type is the body of a request, as FastAPI has it, and no part of its address."""
    origin = typing.get_origin(type_of)
    if origin in (typing.Union, getattr(types, "UnionType", typing.Union)):
        return any(map(is_structured, typing.get_args(type_of)))
    kind = origin or type_of
    if not isinstance(kind, type) or issubclass(kind, (str, bytes)):
        return False
    return is_model(kind) or dataclasses.is_dataclass(kind) or issubclass(kind, (Mapping, Sequence, Set))


def is_model(kind):
    """Whether it is a class of pydantic's."""
    return hasattr(kind, "model_validate") or hasattr(kind, "parse_obj")


def reader_of(type_of):
    if type_of in _BUILT_IN:
        return type_of
    for name in ("model_validate", "parse_obj"):
        if hasattr(type_of, name):
            return getattr(type_of, name)
    try:
        from pydantic import TypeAdapter

        return TypeAdapter(type_of).validate_python
    except Exception:  # an older pydantic, or a type that it does not know
        return lambda value: value


def _uploaded(type_of, sample):
    data = _bytes_of(sample)
    if type_of is bytes:
        return data
    from fastapi import UploadFile

    return UploadFile(file=io.BytesIO(data), filename=os.path.basename(sample) if isinstance(sample, str) else "sample")


def _bytes_of(sample):
    """Of the file that it names, or its own."""
    if not isinstance(sample, str):
        return sample
    with open(sample, "rb") as file:
        return file.read()
