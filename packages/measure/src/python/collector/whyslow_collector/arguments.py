"""How a function of the user's is called with a model and a sample, by what its signature says."""

import inspect

from .finishing import finished

#: Names of a first parameter that is the model.
_MODEL = ("model", "session", "net", "interpreter")


def bind(function, model, has_model, predicts=False, is_first=False):
    """
    `function(value)` as it is called, by the rules of packages/code/src/turns/contract.ts. With a model it is given that first where it takes two
    arguments and more, or, as the one that predicts, whatever it is given; one that takes none is given nothing. Of several without a model, the
    first takes the members of its sample. What it gives back is done to its end.
    """
    required, most = arity_of(function)
    takes_any = most > 0 and not _positional(function)
    is_named = _first_name(function) in _MODEL
    if most == 0:
        call = lambda value: function()  # noqa: E731
    elif has_model and most >= 2 and (required >= 2 or predicts and takes_any or is_named):
        call = lambda value: function(model, value)  # noqa: E731
    elif has_model and predicts and is_named:
        call = lambda value: function(model)  # noqa: E731
    elif has_model and predicts and is_first:
        call = lambda value: function(model if value is None else value)  # noqa: E731
    elif is_first and required >= 2:
        call = _spread(function, required)
    else:
        call = function
    if any(of(function) for of in (inspect.iscoroutinefunction, inspect.isgeneratorfunction, inspect.isasyncgenfunction)):
        return lambda value: finished(call(value))
    return call


def _spread(function, count):
    """The function, called with the members of its sample, by their names if it has them."""
    names = [one.name for one in parameters_of(function)]

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


def arity_of(function):
    """(positional arguments that it needs, that it takes at most); of what does not tell (1, 1)."""
    known = parameters_of(function)
    if known is None:
        return 1, 1
    positional = _positional(function)
    required = sum(1 for one in positional if one.default is one.empty)
    return required, 99 if any(one.kind is one.VAR_POSITIONAL for one in known) else len(positional)


def _positional(function):
    return [one for one in parameters_of(function) or () if one.kind in (one.POSITIONAL_ONLY, one.POSITIONAL_OR_KEYWORD)]


def parameters_of(function, depth=0):
    """As it is told; of a decorator's wrapper that takes whatever it is given, those of the function that it holds. None: it does not tell."""
    try:
        found = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        return None
    held = _held(function) if found and found[0].kind is inspect.Parameter.VAR_POSITIONAL and depth < 8 else None
    inner = None if held is None else parameters_of(held, depth + 1)
    if inner is None:
        return found
    return inner[1:] if inspect.ismethod(function) else inner


def _held(function):
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


def _first_name(function):
    known = parameters_of(function)
    return known[0].name if known else ""
