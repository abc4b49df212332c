"""What names of the user's source held when a call was made, and by which of them a model is reached that a library holds."""

import ast
import gc
import os
import sys

from .names_in_source import DEFS

#: Attributes that are followed from a name of the user's to what a library holds for them.
_DEEPEST = 3
_MOST_NAMES = 3
#: Of a list of models.
_MOST_PLACES = 64
UNKNOWN = object()


def value_of(node, names):
    """What a name, or attributes of one, were when the call was made; UNKNOWN: it takes more than looking."""
    if isinstance(node, ast.Name):
        return next((one[node.id] for one in names if node.id in one), UNKNOWN)
    if isinstance(node, ast.Attribute):
        owner = value_of(node.value, names)
        if owner is UNKNOWN:
            return UNKNOWN
        try:
            return getattr(owner, node.attr)
        except Exception:
            return UNKNOWN
    if isinstance(node, ast.Subscript) and isinstance(node.slice, (ast.Constant, ast.Name)):
        owner = value_of(node.value, names)
        key = node.slice.value if isinstance(node.slice, ast.Constant) else value_of(node.slice, names)
        if type(owner) not in (dict, list, tuple) or key is UNKNOWN:
            return UNKNOWN
        try:
            return owner[key]
        except (LookupError, TypeError):
            return UNKNOWN
    return UNKNOWN


def variables_of(file):
    """Of the module that has been imported from the file."""
    known = os.path.realpath(file)
    modules = [one for one in list(sys.modules.values()) if isinstance(getattr(one, "__file__", None), str)]
    return next((vars(one) for one in modules if os.path.realpath(one.__file__) == known), {})


def owner_in(tree, node, variables):
    """{"self": the one object of the class whose method the node stands in}; {}: there is no such object, or there are several."""
    for kind in (one for one in ast.walk(tree) if isinstance(one, ast.ClassDef)):
        for method in (one for one in kind.body if isinstance(one, DEFS) and one.args.args):
            if any(one is node for one in ast.walk(method)):
                found = [one for one in gc.get_objects() if type(one) is variables.get(kind.name)]
                return {method.args.args[0].arg: found[0]} if len(found) == 1 else {}
    return {}


def _members(value):
    """Its own, and those that its class finds by their names: of a module of PyTorch, of an application's state."""
    try:
        members = dict(getattr(value, "__dict__", {}))
    except Exception:  # a proxy without a request
        return {}
    for name in ("_modules", "_state"):
        if type(members.get(name)) is dict:
            members.update(members[name])
    members.pop("_state", None)
    return members


def path_to(target, names, call, is_one):
    """`pipe.model`: from a name in the call, or one of the user's, to the model that a library holds for it."""
    near = [one.id for one in ast.walk(call) if isinstance(one, ast.Name)]
    known = {**names[1], **names[0]}
    todo = [(name, known[name]) for name in [*near, *known] if name in known and not name.startswith("__")]
    #: How often an object was looked into: one of its names may be sure where another is not.
    seen = {}
    for _ in range(_DEEPEST + 1):
        following = []
        for path, value in todo:
            if value is target and is_one(path):
                return path
            # A proxy of a request's is asked nothing: there is no request.
            kind = type(value)
            if issubclass(kind, dict):
                # Its models may be opened when they are first needed.
                keys = [key for key, one in value.items() if one is target and isinstance(key, str)]
                found = next(("%s.get(%r)" % (path, key) for key in keys if is_one("%s[%r]" % (path, key))), None)
                if found is not None:
                    return found
            if issubclass(kind, (list, tuple)):
                places = [at for at, one in enumerate(value[:_MOST_PLACES]) if one is target]
                found = next((text for text in ("%s[%d]" % (path, at) for at in places) if is_one(text)), None)
                if found is not None:
                    return found
            if value is target or seen.get(id(value), 0) >= _MOST_NAMES or issubclass(kind, (type(ast), type, str, bytes, int, float, list, tuple, dict)) or value is None:
                continue
            seen[id(value)] = seen.get(id(value), 0) + 1
            following.extend(("%s.%s" % (path, key), one) for key, one in _members(value).items() if isinstance(key, str) and key.isidentifier())
        todo = following
    return None
