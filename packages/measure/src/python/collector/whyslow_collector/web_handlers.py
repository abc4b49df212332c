"""Handlers of web applications (FastAPI, Starlette, Flask), found by the source and called without a server: a request is read as the framework
reads it, the handler is called with what comes of that, and what it gives becomes the body of a response. Each is a stage. Routing, middleware and
the network are not among them."""

import ast
import inspect
import os
import re
import textwrap

from .errors import Contract
from .finishing import finished
from .module_file import named_after, tree_of
from .names_in_source import full_name, functions_of, imported_names, targets_of

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
_PREDICTING = re.compile(r"predict|infer|scor|classif|embed|detect|recogni|rank|recommend|forecast|generat|segment|transcri|invocation|invoke|estimat|analy[sz]e|sentiment|translat|summari[sz]", re.I)
_SERVING = re.compile(r"health|ready|readiness|live|liveness|metrics|version|index|root|home|docs|static", re.I)
#: What brings handlers of other files into an application.
_INCLUDES = ("include_router", "register_blueprint", "mount")


class Handler:
    """`factory`: the function that makes the application and has the handler in it; `function`: the handler itself, if another file has it."""

    def __init__(self, node, framework, app, method, path, factory=None, function=None):
        self.node = node
        self.name = node.name
        self.framework = framework
        self.app = app
        self.method = method
        self.path = path
        self.factory = factory
        self.function = function

    def rank(self):
        about = self.name + " " + self.path
        return (bool(_PREDICTING.search(about)), self.method in _WRITING, not _SERVING.search(about))


def _applications_in(body, names):
    """Framework by the name of the variable."""
    apps = {}
    for node in body:
        if isinstance(node, (ast.Assign, ast.AnnAssign)) and isinstance(node.value, ast.Call):
            framework = _APPLICATIONS.get(full_name(node.value.func, names))
            if framework:
                apps.update(dict.fromkeys(targets_of(node), framework))
    return apps


def handlers_in(tree):
    """All of a file, the likeliest first."""
    names = imported_names(tree)
    apps = _applications_in(tree.body, names)
    functions = functions_of(tree)
    found = [handler for node in functions.values() for handler in _decorated(node, apps)]
    for factory in functions.values():
        own = _applications_in(factory.body, names)
        found.extend(handler for node in functions_of(factory).values() for handler in _decorated(node, own, factory.name))
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and full_name(node.func, names) == _ROUTE and len(node.args) > 1 and isinstance(node.args[1], ast.Name):
            function = functions.get(node.args[1].id)
            if function is not None:
                app = next((name for name, framework in apps.items() if framework == "starlette"), None)
                found.append(Handler(function, "starlette", app, _method(node, "get"), _text(node.args[0])))
    return _ranked(found)


def _ranked(handlers):
    return sorted(handlers, key=Handler.rank, reverse=True)


def includes_others(tree):
    """Whether an application of the file has handlers of other files."""
    names = imported_names(tree)
    has_app = any(_applications_in(one.body, names) for one in (tree, *functions_of(tree).values()))
    return has_app and any(isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _INCLUDES for node in ast.walk(tree))


def handler_in(tree, has_data=False):
    """The one that predicts; None: there is none, those there only say how the service is, or the file has `predict` and `samples` of its own.

    What a handler does that is not named so, nobody knows: it may write to a database. It is called only if the file gives it samples(), the
    user names it, or --data has requests and no other handler takes any. Raises Contract if there are only such ones.
    """
    return _chosen(handlers_in(tree), tree, not includes_others(tree), has_data)


def _chosen(all_of_them, tree, is_all=True, has_data=False):
    # A handler that only answers DELETE, or no request at all, is never called unless the user names it.
    able = [one for one in all_of_them if one.method in (*_WRITING, "get")]
    found = [one for one in able if one.rank()[0] or one.rank()[1] and one.rank()[2]]
    own = functions_of(tree)
    predict = own.get("predict")
    is_pipeline = predict is not None and all(one.node is not predict for one in all_of_them)
    if not found or is_pipeline and "samples" in own:
        return None
    if found[0].rank()[0] or "samples" in own:
        return found[0]
    if is_pipeline or not is_all:
        return None
    if has_data and len(found) == 1:
        return found[0]
    raise Contract(
        "no handler is named as one that predicts, and others may change something: name it after the file, as in %s%s"
        % (named_after(tree, found[0].name), "" if has_data else ", and give requests with --data requests.json")
    )


def _decorated(node, apps, factory=None):
    for decorator in node.decorator_list:
        if not isinstance(decorator, ast.Call) or not isinstance(decorator.func, ast.Attribute) or decorator.func.attr not in _DECORATORS:
            continue
        owner = decorator.func.value
        framework = apps.get(owner.id) if isinstance(owner, ast.Name) else None
        if framework is not None:
            attribute = decorator.func.attr
            path = _text(decorator.args[0]) if decorator.args else _text(_keyword(decorator, "path"))
            yield Handler(node, framework, owner.id, attribute if attribute in (*_WRITING, "get") else _method(decorator, "get"), path, factory)


def _method(call, otherwise):
    methods = _keyword(call, "methods")
    named = [_text(one).lower() for one in methods.elts] if isinstance(methods, (ast.List, ast.Tuple, ast.Set)) else []
    return _likeliest(named or [otherwise])


def _likeliest(methods):
    """The one that a handler of several is called with."""
    return next((one for one in (*_WRITING, "get") if one in methods), methods[0])


def _keyword(call, name):
    return next((one.value for one in call.keywords if one.arg == name), None)


def _text(node):
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


# Called


class Service:
    """Stages of a handler: `stages`, `load`, `samples`; `made_up`: what is said of the samples, if the file has none."""

    def __init__(self, module, handler, app):
        from .web_requests import Asgi, InFlask

        function = _function_of(module, handler, app)
        adapter = (InFlask if handler.framework == "flask" else Asgi)(module, handler, function, app)
        handle = lambda given: finished(adapter.handle(given))  # noqa: E731
        # Its place is that of the user's function; its one argument is not that function's.
        handle.__wrapped__ = function
        handle.__signature__ = inspect.Signature([inspect.Parameter("given", inspect.Parameter.POSITIONAL_ONLY)])
        self.stages = [("request", _Stage(adapter.request)), (handler.name, handle), ("response", _Stage(adapter.response))]
        self.load = adapter.load
        own = getattr(module, "samples", None)
        self.samples = own if own is not None else lambda: [adapter.made_up_request()]
        self.made_up = (
            None
            if own is not None
            else "the request to %s %s is made up by what the handler reads: name real ones with --data %s, or give samples()"
            % (handler.method.upper(), handler.path or handler.name, "FOLDER" if adapter.takes_files() else "requests.json")
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


def service_of(module, call, has_data=False):
    """Of the module's handlers the one that is called so, else the one that predicts; None: it has none."""
    try:
        tree = tree_of(module.__file__)
    except (OSError, SyntaxError, ValueError, AttributeError):
        return None
    handlers = handlers_in(tree)
    if includes_others(tree) and not (call and any(one.name == call for one in handlers)):
        handlers = _ranked([*handlers, *_included(module)])
    handler = next((one for one in handlers if one.name == call), None) if call else _chosen(handlers, tree, has_data=has_data)
    if handler is None:
        return None
    app = _application_of(module, handler)
    return None if _function_of(module, handler, app) is None else Service(module, handler, app)


def _application_of(module, handler):
    if handler.factory is None:
        return getattr(module, handler.app or "", None)
    made = next((one for one in vars(module).values() if _framework_of(one) == handler.framework), None)
    return made if made is not None else getattr(module, handler.factory)()


def _framework_of(value):
    """Of an application; None: it is none."""
    names = ["%s.%s" % (one.__module__, one.__name__) for one in type(value).__mro__]
    found = next((one for one in names if one in ("fastapi.applications.FastAPI", "starlette.applications.Starlette", "flask.app.Flask")), None)
    return found and found.split(".")[0]


def _function_of(module, handler, app):
    if handler.function is not None:
        return handler.function
    own = getattr(module, handler.name, None) if handler.factory is None else None
    if callable(own) or handler.factory is None:
        return own if callable(own) else None
    return next((function for function, _, _ in _endpoints(app) if function.__name__ == handler.name), None)


def _included(module):
    """Handlers that other files of the user's brought into an application of the module."""
    for name, app in list(vars(module).items()):
        framework = _framework_of(app)
        for function, method, path in () if framework is None else _endpoints(app):
            code = inspect.unwrap(function).__code__
            if not _is_same(code.co_filename, module.__file__):
                yield Handler(_source_of(function), framework, name, method, path, function=function)


def _is_same(one, other):
    return os.path.realpath(one) == os.path.realpath(other)


def _source_of(function):
    """Its node."""
    try:
        return ast.parse(textwrap.dedent(inspect.getsource(inspect.unwrap(function)))).body[0]
    except (OSError, TypeError, SyntaxError):
        return ast.parse("def %s(): ..." % function.__name__).body[0]


def _endpoints(app):
    """(function, method, path) of all routes that a function answers."""
    if hasattr(app, "view_functions"):
        routes = [(app.view_functions.get(one.endpoint), one.methods, one.rule) for one in app.url_map.iter_rules()]
    else:
        routes = [(getattr(one, "endpoint", None), getattr(one, "methods", None), getattr(one, "path", "")) for one in _routes_of(app)]
    for function, methods, path in routes:
        top = (getattr(function, "__module__", None) or "").split(".")[0]
        if inspect.isfunction(inspect.unwrap(function)) and top not in ("fastapi", "starlette", "flask"):
            # A WebSocket has no methods.
            yield function, _likeliest(sorted(one.lower() for one in methods or ()) or ["websocket"]), path


def _routes_of(app):
    """With those of applications below it, and of routers that FastAPI holds as they are."""
    for one in getattr(app, "routes", None) or ():
        yield one
        yield from _routes_of(getattr(one, "original_router", one))
