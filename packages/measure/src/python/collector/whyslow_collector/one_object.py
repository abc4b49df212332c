"""Whether an expression of the user's names one object for as long as the program runs, by its source: a call site is redirected for whatever reaches it, so
what has only been seen to be one model (`MODELS[sample["lang"]]`) is not enough. What cannot be shown is no."""

import ast

from .makers import makers_of
from .names_in_source import COMPREHENSIONS, DEFS, FUNCTIONS, LOOPS, binds, by_place, decorator_name, defaults_of, dependency_of, is_by_name
from .names_in_source import is_decorated, is_dictionary, last_name, names_of, parameters_of, sets

_DEEPEST = 40
#: Calls of these give something else each time.
_CHANGING = {"next", "pop", "popleft", "choice", "choices", "sample", "random", "get", "get_nowait"}
#: Methods that give a model itself.
_SAME = {"eval", "to", "cpu", "float", "double", "requires_grad_", "train"}
#: Of web frameworks, by name of the parameter or its type: the application and its state are behind them.
_REQUESTS = {"request", "req", "websocket", "Request", "WebSocket", "HTTPConnection"}
#: Imported names that mean something else in each request.
_PROXIES = {"request", "g", "session", "websocket"}
_WITH_PROXIES = ("flask", "quart", "bottle")
#: Decorators of libraries whose functions only the program calls. Others may register them with a framework.
_QUIET = {"lru_cache", "cache", "cache_resource", "staticmethod", "classmethod", "no_grad", "inference_mode", "contextmanager", "asynccontextmanager"}
#: Decorators by which a web framework calls a function with what is in a request.
_ROUTES = {"get", "post", "put", "patch", "delete", "route", "api_route", "websocket", "api", "task", "command"}
#: Methods after which a place of a container may hold something else.
_CHANGES = ("update", "setdefault", "insert", "sort", "reverse", "pop", "popitem", "popleft", "remove", "clear", "append", "appendleft", "extend")
#: Of those, the ones that only take something away from a dictionary, or that it does not have.
_HARMLESS_BY_NAME = ("pop", "popitem", "remove", "clear", "append", "extend")
#: Methods of a tuple and a dictionary that change nothing.
_READING = {"get", "items", "keys", "values", "copy", "index", "count"}


class OneObject:
    """`trees`: of all files of the program."""

    def __init__(self, trees):
        self.trees = trees
        self.parents = {}
        for tree in trees:
            self._adopt(tree)
        #: By name: what reads it, sets it, defines it, imports it.
        self.named = {}
        self.hints = set()
        #: What is being looked at: `model = model.eval()` is as steady as what it was.
        self._asked = set()
        for node in (node for tree in trees for node in ast.walk(tree)):
            for name in names_of(node):
                self.named.setdefault(name, []).append(node)
            for stated in (getattr(node, "annotation", None), getattr(node, "returns", None)):
                self.hints.update(() if stated is None else ast.walk(stated))

    def _adopt(self, tree):
        for node in ast.walk(tree):
            for child in ast.iter_child_nodes(node):
                self.parents[child] = node

    def path(self, text, call):
        """Whether names, written where the call is, mean one object."""
        made = ast.parse(text, mode="eval").body
        self._adopt(made)
        self.parents[made] = call
        return self.is_one(made)

    def is_one(self, node, depth=0):
        depth += 1
        if depth > _DEEPEST:
            return False
        if isinstance(node, ast.Name):
            return self._name(node.id, node, depth)
        if isinstance(node, ast.Attribute):
            return self._attribute(node, depth)
        if isinstance(node, ast.Subscript):
            key = getattr(node.slice, "value", None) if type(node.slice).__name__ == "Index" else node.slice
            is_known = isinstance(key, ast.Constant) or isinstance(key, ast.Name) and self._name(key.id, node, depth)
            return is_known and self.is_one(node.value, depth) and self._items(node, depth)
        if isinstance(node, ast.Call):
            return self._call(node, depth)
        return isinstance(node, ast.Await) and self.is_one(node.value, depth)

    def _is_fixed(self, node, depth):
        """Whether an expression has the same value whenever it is run, apart from what it makes anew."""
        if isinstance(node, (ast.Name, ast.Attribute, ast.Subscript, ast.Call)):
            return self.is_one(node, depth)
        if isinstance(node, (*COMPREHENSIONS, ast.Lambda, ast.Yield, ast.YieldFrom)):
            return False
        return all(self._is_fixed(one, depth) for one in ast.iter_child_nodes(node) if isinstance(one, (ast.expr, ast.keyword)))

    def _around(self, node):
        while node in self.parents:
            node = self.parents[node]
            yield node

    def _function(self, node):
        """The innermost around it; None: it is the module's."""
        return next((one for one in self._around(node) if isinstance(one, FUNCTIONS)), None)

    def _own(self, function):
        return [node for node in ast.walk(function) if node is not function and self._function(node) is function]

    def _name(self, name, node, depth):
        inner = node
        for scope in self._around(node):
            if isinstance(scope, COMPREHENSIONS) and any(binds(one.target, name) for one in scope.generators):
                return False
            if isinstance(scope, FUNCTIONS) and inner not in getattr(scope, "decorator_list", ()):
                own = self._own(scope)
                if any(isinstance(one, ast.Global) and name in one.names for one in own):
                    return self._global(name, list(self._around(scope))[-1], depth)
                stores = [one for one in own if sets(one, name)]
                if name in parameters_of(scope.args):
                    return self._parameter(name, scope, depth) and (not stores or self._is_set_in(scope, stores, depth))
                if stores:
                    return self._is_one_of(stores, depth)
            inner = scope
        return self._global(name, inner, depth)

    def _global(self, name, tree, depth, is_followed=True):
        """In a module: set while that is imported, or by one line of a function to what does not depend on its caller."""
        nodes = [node for node in self.named.get(name, ()) if sets(node, name) and list(self._around(node))[-1] is tree]
        of_functions, others = [], []
        for node in nodes:
            function = self._function(node)
            if function is None:
                others.append(node)
            elif any(isinstance(one, ast.Global) and name in one.names for one in self._own(function)):
                of_functions.append(node)
        of_functions = [one for one in of_functions if not self._is_nothing(one)]
        others = [one for one in others if not self._is_nothing(one)]
        if of_functions and others:
            return False
        for node in others:
            if isinstance(node, ast.Name) and self._value(node) is None:
                # Of a loop.
                return False
            if isinstance(node, ast.ImportFrom) and is_followed:
                alias = next(one for one in node.names if (one.asname or one.name) == name)
                if alias.name in _PROXIES and (node.module or "").split(".")[0] in _WITH_PROXIES:
                    return False
                if not all(self._global(alias.name, one, depth, False) for one in self.trees if one is not tree):
                    return False
        return not of_functions or self._is_one_of(of_functions, depth)

    def _value(self, store):
        """What a name or an attribute is set to by the statement around it; None: it is no single value."""
        parent = self.parents.get(store)
        if isinstance(parent, (ast.Tuple, ast.List)) and isinstance(self.parents.get(parent), ast.Assign):
            whole = self.parents[parent].value
            is_each = isinstance(whole, (ast.Tuple, ast.List)) and len(whole.elts) == len(parent.elts)
            return whole.elts[parent.elts.index(store)] if is_each else whole
        if isinstance(parent, (ast.Assign, ast.AnnAssign, ast.NamedExpr)):
            return parent.value
        return parent.context_expr if isinstance(parent, ast.withitem) else None

    def _is_nothing(self, store):
        value = self._value(store)
        is_bare = isinstance(self.parents.get(store), ast.AnnAssign) and value is None
        return is_bare or isinstance(value, ast.Constant) and value.value is None

    def _lines(self, stores):
        """The statement of each."""
        return [next(one for one in [store, *self._around(store)] if isinstance(one, ast.stmt)) for store in stores]

    def _is_one_of(self, stores, depth):
        """Lines that set one thing: one of them, or several that are run one after the other."""
        lines = self._lines(stores)
        blocks = [getattr(self.parents[lines[0]], name, None) for name in ("body", "orelse", "finalbody")]
        is_row = any(isinstance(block, list) and all(line in block for line in lines) for block in blocks)
        return (len(stores) == 1 or is_row) and all(self._is_set_to_one(one, depth) for one in stores)

    def _is_set_in(self, function, stores, depth):
        """Whether a parameter that is set anew is set for every call, to one thing."""
        lines = self._lines(stores)
        return all(line in function.body for line in lines) and self._is_one_of(stores, depth)

    def _is_set_to_one(self, store, depth):
        if store in self._asked or isinstance(store, (*DEFS, ast.ClassDef, ast.Import, ast.ImportFrom)):
            return True
        self._asked.add(store)
        value = self._value(store)
        fixed = value is not None and self._is_fixed(value, depth)
        self._asked.remove(store)
        return fixed

    def _parameter(self, name, function, depth):
        if isinstance(function, ast.Lambda):
            return False
        body, words = self.parents[function], function.args
        places = [one.arg for one in by_place(words)]
        is_method = isinstance(body, ast.ClassDef) and not is_decorated(function, "staticmethod")
        if is_method and places[:1] == [name] and is_decorated(function, "classmethod"):
            # The class itself, unless another one inherits the method.
            return not any(isinstance(self.parents.get(one), ast.ClassDef) for one in self._uses(body.name))
        if is_method and (places[:1] == [name] or function.name == "__init__"):
            return self._is_only(body, depth)
        first = places[int(is_method) :]
        getter = dependency_of(name, words)
        if getter is not None:
            return self._gives_one(getter, depth)
        uses = self._uses(function.name, is_method)
        # What load() gives is given to predict(model, sample), or to the function that the user names.
        loads = any(sets(inner, "load") for one in body.body for inner in ast.walk(one))
        is_passed_on = all(map(self._passes_on, function.decorator_list))
        is_routed = any(decorator_name(one) in _ROUTES for one in function.decorator_list)
        is_given = first[:1] == [name] and len(first) > 1 and loads and is_passed_on and not is_routed and (function.name == "predict" or not uses)
        is_used_once = len(uses) == 1 and not self._is_called_by_others(function, body)
        return (is_given or is_used_once) and all(self._is_given_one(name, function, first, use, depth) for use in uses)

    def _is_called_by_others(self, function, body):
        """Whether a framework, or whoever runs the program, may call it with other values than the program does."""
        if isinstance(body, ast.Module) and function.name == "predict":
            return True
        if isinstance(body, ast.ClassDef) and any(last_name(one) not in ("object", "ABC") and not self._defined(last_name(one)) for one in body.bases):
            return True
        return not all(self._passes_on(one) if self._defined(decorator_name(one)) else decorator_name(one) in _QUIET for one in function.decorator_list)

    def _defined(self, name):
        """Functions and classes of the program that are called so."""
        return [one for one in self.named.get(name, ()) if isinstance(one, (*DEFS, ast.ClassDef))]

    def _passes_on(self, decorator):
        """Whether a decorator gives its function what it is given itself: one of a library, or one that calls it with `*args, **kwargs` alone."""
        known = self._defined(decorator_name(decorator))
        if not known:
            return True
        inner = [one for one in ast.walk(known[0]) if isinstance(one, FUNCTIONS)]
        held = {given for one in inner for given in parameters_of(one.args)}
        calls = [one for one in ast.walk(known[0]) if isinstance(one, ast.Call) and isinstance(one.func, ast.Name) and one.func.id in held]
        rest = {given.arg for one in inner for given in (one.args.vararg, one.args.kwarg) if given is not None}
        whole = [
            all(isinstance(arg, ast.Starred) and last_name(arg.value) in rest for arg in one.args)
            and all(word.arg is None and last_name(word.value) in rest for word in one.keywords)
            for one in calls
        ]
        names = [one for one in ast.walk(known[0]) if isinstance(one, ast.Name) and one.id in rest]
        return len(known) == 1 and bool(calls) and all(whole) and all(map(self._is_only_read, names))

    def _is_only_read(self, name):
        """Whether `args` or `kwargs` of a decorator's function stay as they are where they are named."""
        around = self.parents.get(name)
        if isinstance(around, ast.Attribute):
            return around.attr in _READING
        if isinstance(around, ast.Subscript) and around.value is name:
            return isinstance(around.ctx, ast.Load)
        if isinstance(around, ast.Call) and self._defined(last_name(around.func)):
            # It may change them.
            return False
        return isinstance(name.ctx, ast.Load) and not isinstance(around, (ast.Assign, ast.AnnAssign, ast.NamedExpr))

    def _is_given_one(self, name, function, first, use, depth):
        call = self.parents.get(use)
        if not isinstance(call, ast.Call) or call.func is not use or any(isinstance(one, ast.Starred) for one in call.args):
            return False
        given = next((one.value for one in call.keywords if one.arg == name), None)
        if given is None and name in first and first.index(name) < len(call.args):
            given = call.args[first.index(name)]
        if given is None and not any(one.arg is None for one in call.keywords):
            given = defaults_of(function.args).get(name)
        return given is not None and self._is_fixed(given, depth)

    def _uses(self, name, is_method=False):
        """Of a function or a class, by its name; types that are stated are none."""
        found = [node for node in self.named.get(name, ()) if isinstance(node, (ast.Name, ast.Attribute)) and isinstance(node.ctx, ast.Load)]
        return [node for node in found if node not in self.hints and (is_method or isinstance(node, ast.Name) or self._is_imported(node.value))]

    def _is_imported(self, node):
        return isinstance(node, ast.Name) and any(isinstance(one, (ast.Import, ast.ImportFrom)) for one in self.named.get(node.id, ()))

    def _is_only(self, cls, depth):
        """Whether the class has one object: it is made at one place, not in a loop, of what does not depend on a caller."""
        uses = self._uses(cls.name)
        if not uses and cls.name == "pipeline":
            # Whoever runs the program makes one.
            return True
        calls = makers_of(cls, uses, self.parents, self.named)
        if calls is None or len(calls) != 1 or any(isinstance(one, LOOPS) for one in self._around(calls[0])):
            return False
        [call] = calls
        if self._function(call) is None:
            return True
        return all(self._is_fixed(one, depth + 1) for one in [*call.args, *call.keywords])

    def _attribute(self, node, depth):
        owner = node.value
        if isinstance(owner, ast.Name) and node.attr in ("app", "state"):
            function = self._function(node)
            given = [] if function is None else [*by_place(function.args), *function.args.kwonlyargs]
            if any(one.arg == owner.id and (one.arg in _REQUESTS or last_name(one.annotation) in _REQUESTS) for one in given):
                return True
        is_proxy = node.attr in _PROXIES and isinstance(owner, ast.Name) and owner.id in _WITH_PROXIES
        if is_proxy or not self.is_one(owner, depth):
            return False
        if self._is_imported(owner) and not all(self._global(node.attr, one, depth, False) for one in self.trees):
            return False
        own, named = self._class_of(node), self.named.get(node.attr, ())
        stores = [one for one in named if isinstance(one, ast.Attribute) and one.attr == node.attr and isinstance(one.ctx, ast.Store)]
        stores = [one for one in stores if not self._is_nothing(one) and (own is None or self._class_of(one) in (None, own))]
        late = [one for one in stores if self._function(one) is not None and getattr(self._function(one), "name", "") != "__init__"]
        for cls in {self._class_of(one) for one in late}:
            of_class = [one for one in stores if self._class_of(one) is cls]
            if not self._is_one_of(of_class, depth):
                return False
        methods = [one for one in named if isinstance(one, DEFS)]
        properties = [one for one in methods if isinstance(self.parents[one], ast.ClassDef) and (own is None or self.parents[one] is own)]
        return all(self._returns_one(one, depth) for one in properties)

    def _class_of(self, node):
        """Of `self.name` in a method: the class; None: it is another object's."""
        function = self._function(node)
        cls = None if function is None else self.parents.get(function)
        places = [] if function is None else [one.arg for one in by_place(function.args)]
        return cls if isinstance(cls, ast.ClassDef) and isinstance(node.value, ast.Name) and places[:1] == [node.value.id] else None

    def _items(self, node, depth):
        """What functions put into the container under a key does not depend on who calls them."""
        name = last_name(node.value)
        for one in map(self.parents.get, self.named.get(name, ())):
            if isinstance(one, ast.Subscript) and isinstance(one.ctx, ast.Store) and last_name(one.value) == name and self._function(one) is not None:
                is_other = isinstance(one.slice, ast.Constant) and isinstance(node.slice, ast.Constant) and one.slice.value != node.slice.value
                if not is_other and not self._is_set_to_one(one, depth):
                    return False
            is_deleted = isinstance(one, ast.Subscript) and isinstance(one.ctx, ast.Del) and last_name(one.value) == name and self._function(one) is not None
            if is_deleted and not is_by_name(node):
                return False
            if isinstance(one, ast.Attribute) and one.attr in _CHANGES and last_name(one.value) == name and not self._is_harmless(one, node, depth):
                return False
        return True

    def _is_harmless(self, method, node, depth):
        """Whether a change of a container leaves what it has in the place of the node."""
        call = self.parents.get(method)
        if not isinstance(call, ast.Call) or self._function(call) is None:
            return True
        if method.attr in ("append", "extend") and self._is_new_in(self._function(call), method.value):
            return True
        if method.attr in _HARMLESS_BY_NAME:
            # Of a dictionary it takes a model away, of a list it moves the others or, once that is empty, puts new ones in their places.
            return is_by_name(node)
        return method.attr in ("update", "setdefault") and all(self._is_fixed(one, depth) for one in [*call.args, *call.keywords])

    def _is_new_in(self, function, owner):
        """Whether a list is made by the function that fills it: one of its own names, or of the object that is being made."""
        own = self._own(function)
        stores = [one for one in own if type(one) is type(owner) and isinstance(getattr(one, "ctx", None), ast.Store) and last_name(one) == last_name(owner)]
        is_own = isinstance(owner, ast.Name) or getattr(function, "name", "") == "__init__"
        is_shared = any(isinstance(one, (ast.Global, ast.Nonlocal)) and last_name(owner) in one.names for one in own)
        return is_own and not is_shared and bool(stores) and all(isinstance(self._value(one), (ast.List, ast.ListComp)) for one in stores)

    def _call(self, node, depth):
        name = last_name(node.func)
        if not all(self._is_fixed(one, depth) for one in [*node.args, *node.keywords]):
            return False
        known = self.named.get(name, ())
        if any(isinstance(one, DEFS) for one in known):
            is_of_one = not isinstance(node.func, ast.Attribute) or self.is_one(node.func.value, depth)
            return is_of_one and self._gives_one(name, depth)
        if self._is_lookup(node):
            key = ast.Subscript(value=node.func.value, slice=node.args[0], ctx=ast.Load())
            return self.is_one(node.func.value, depth) and self._items(key, depth)
        if name in _CHANGING:
            return False
        if any(isinstance(one, ast.ClassDef) for one in known):
            return True
        root = node.func
        while isinstance(root, ast.Attribute):
            root = root.value
        around = self.parents.get(node)
        is_argument = isinstance(around, ast.Call) and around.func is not node
        if isinstance(node.func, ast.Attribute) and (name in _SAME or is_argument or isinstance(root, ast.Call)):
            return self.is_one(node.func.value, depth)
        # Of a library, or of Python itself.
        is_of_python = isinstance(node.func, ast.Name) and not any(sets(one, name) for one in self.named.get(name, ()))
        return (is_of_python or self._is_imported(root)) and self._name(root.id, root, depth)

    def _is_lookup(self, node):
        """Whether it is `get("key")` of os.environ, or of what is surely a dictionary: of a library it may give something else each time."""
        is_get = isinstance(node.func, ast.Attribute) and node.func.attr == "get" and node.args
        if not is_get or not isinstance(node.args[0], ast.Constant) or not isinstance(node.args[0].value, str):
            return False
        owner, name = node.func.value, last_name(node.func.value)
        if name == "environ":
            return self._is_imported(owner) or isinstance(owner, ast.Attribute) and self._is_imported(owner.value)
        if any(name in parameters_of(one.args) for one in self._around(node) if isinstance(one, FUNCTIONS)):
            return False
        stores = [one for one in self.named.get(name, ()) if isinstance(one, (ast.Name, ast.Attribute)) and isinstance(one.ctx, ast.Store)]
        values = [self._value(one) for one in stores if not self._is_nothing(one)]
        return bool(values) and all(map(is_dictionary, values))

    def _gives_one(self, name, depth):
        found = [one for one in self.named.get(name, ()) if isinstance(one, DEFS)]
        return len(found) == 1 and self._returns_one(found[0], depth)

    def _returns_one(self, function, depth):
        given = [one.value for one in self._own(function) if isinstance(one, (ast.Return, ast.Yield)) and one.value is not None]
        given = [one for one in given if not (isinstance(one, ast.Constant) and one.value is None)]
        return len({ast.dump(one) for one in given}) == 1 and self._is_fixed(given[0], depth)
