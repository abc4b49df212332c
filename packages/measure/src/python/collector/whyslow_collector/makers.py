"""What makes objects of a class of the user's."""

import ast

from .names_in_source import FUNCTIONS, LOOPS, class_methods, has_function, has_plain, names_of, sets


def makers_of(cls, uses, parents, named):
    """Calls that make an object of the class: of itself, or of its class methods that call it; None: it is used in another way."""
    methods = class_methods(cls)
    own = {name for one in cls.body for inner in ([one] if isinstance(one, FUNCTIONS) else ast.walk(one)) for name in names_of(inner) if sets(inner, name)}
    found = []
    for use in uses:
        around = parents.get(use)
        if isinstance(around, ast.Attribute) and not around.attr.startswith("__"):
            method = methods.get(around.attr)
            made = [] if method is None else _made_by(method, cls, parents)
            is_called = getattr(parents.get(around), "func", None) is around
            if method is None and (around.attr not in own and not _is_set(around.attr, named) or is_called and not has_function(cls, around.attr)):
                # A base class has it, and it may make an object.
                return None
            if made is None:
                return None
            if not made:
                continue
            use, around = around, parents.get(around)
            if len(made) > 1 or _is_in_loop(made[0], parents):
                return None
        if not isinstance(around, ast.Call) or around.func is not use:
            return None
        found.append(around)
    return found


def _is_set(name, named):
    return any(isinstance(one, ast.Attribute) and isinstance(one.ctx, ast.Store) for one in named.get(name, ()))


def _made_by(method, cls, parents, asked=()):
    """Calls of the class in one of its class methods; None: it may make an object in another way."""
    own = method.args.args[0].arg if method.args.args else None
    found = []
    for one in (one for one in ast.walk(method) if isinstance(one, ast.Name) and one.id in (own, "super")):
        around = parents.get(one)
        if isinstance(around, ast.Call) and around.func is one and one.id == own:
            found.append(around)
        elif not isinstance(around, ast.Attribute):
            return None
        elif getattr(parents.get(around), "func", None) is around and around.attr not in asked and not has_plain(cls, around.attr):
            other = class_methods(cls).get(around.attr)
            if other is None or _made_by(other, cls, parents, (*asked, method.name)) != []:
                return None
    return found


def _is_in_loop(node, parents):
    while node in parents and not isinstance(node, LOOPS):
        node = parents[node]
    return isinstance(node, LOOPS)
