"""Tokenizers written by hand: a loop that looks pieces of a text (its words, its characters, what was cut from it) up in a table. What is a text is
told by what is done with it: methods that only texts have, regular expressions, `ord`, an annotation, a parameter's name. Arrays are sliced and
indexed too, and numbers looked up: none of that is a tokenizer."""

import ast

from . import pattern_names as known
from .names_in_source import COMPREHENSIONS, LOOPS

#: What a name or an expression is: nothing of the kind, several texts, a text, pieces of one. Of two the later one stands.
_NONE, _MANY, _TEXT, _PIECE = range(4)

#: Methods that only texts have.
_TEXT_METHODS = {
    "lower", "upper", "casefold", "strip", "lstrip", "rstrip", "removeprefix", "removesuffix", "splitlines", "startswith", "endswith",
    "isalpha", "isalnum", "isspace", "isdigit", "isupper", "islower",
}  # fmt: skip
#: Methods whose result is of the kind of what they are called on.
_SAME_METHODS = {
    "lower", "upper", "casefold", "strip", "lstrip", "rstrip", "removeprefix", "removesuffix", "replace", "translate", "encode", "decode",
    "pop", "copy", "group", "groups",
}  # fmt: skip
_SPLITS = {"split", "rsplit", "partition", "rpartition"}
_LISTS = {"list", "tuple", "set", "sorted", "reversed", "iter", "zip", "enumerate", "filter", "map"}
_SAME_FUNCTIONS = {"str", "min", "max", "next", "chr"}
#: Codes of characters are looked up by what decodes bytes, too.
_NO_TEXTS = {"len", "int", "float", "bool", "hash", "range", "sum", "isinstance", "print", "any", "all", "type", "ord"}
#: Their methods are of whole columns and arrays.
_LIBRARIES = {"numpy", "torch", "tensorflow", "jax", "pandas", "polars", "os", "itertools"}
#: Parameters by their names.
_PARAMETERS = {
    **dict.fromkeys(("texts", "sentences", "strings", "utterances"), _MANY),
    **dict.fromkeys(("text", "sentence", "string", "utterance", "word", "char", "character", "letter"), _TEXT),
    **dict.fromkeys(("words", "chars", "characters", "letters"), _PIECE),
}
#: Functions with these in their names are given a text.
_TOKENIZERS = ("tokeni", "bpe", "wordpiece", "encode_text")
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
#: A piece may be handed on so often before its line is reached.
_ROUNDS = 4


def tokenizer_in(function, resolve):
    """Where it is: the function, or its loop where the function runs a model, too. None: it is none."""
    texts = Texts(function, resolve)
    loop = next((loop for loop in _outermost_loops(function) if any(texts.is_look_up(node) for node in _own(loop))), None)
    return loop if loop is None or any(map(_runs_a_model, _own(function))) else function


def _own(node):
    """It and all below that is not of a function or a class in it."""
    todo = [node]
    while todo:
        one = todo.pop()
        yield one
        todo.extend(child for child in ast.iter_child_nodes(one) if not isinstance(child, _FUNCTIONS))


def _outermost_loops(function):
    todo = list(reversed(function.body))
    while todo:
        node = todo.pop()
        if isinstance(node, LOOPS):
            yield node
        elif not isinstance(node, _FUNCTIONS):
            todo.extend(reversed(list(ast.iter_child_nodes(node))))


def _runs_a_model(node):
    if not isinstance(node, ast.Call):
        return False
    if isinstance(node.func, ast.Name):
        return bool(known.MODELS.search(node.func.id))
    return isinstance(node.func, ast.Attribute) and node.func.attr in known.PREDICT_METHODS and node.func.attr != "encode"


def _element(kind):
    """What an element is of what is of this kind, or a part that is cut out."""
    return _TEXT if kind == _MANY else _PIECE if kind > _MANY else _NONE


def _list(kind):
    """What a list is of items of this kind."""
    return _MANY if kind == _TEXT else kind


def _kind_of_parameter(parameter):
    is_text = isinstance(parameter.annotation, ast.Name) and parameter.annotation.id == "str"
    return _PARAMETERS.get(parameter.arg, _TEXT if is_text else _NONE)


class Texts:
    """Which names of a function hold texts, and which hold pieces of them."""

    def __init__(self, function, resolve):
        self.resolve = resolve
        self.is_named = any(part in function.name.lower() for part in _TOKENIZERS)
        given = [one for one in ast.walk(function.args) if isinstance(one, ast.arg) and one.arg not in ("self", "cls")]
        self.names = {one.arg: _kind_of_parameter(one) for one in given}
        if self.is_named and given and given[0].annotation is None:
            self.names[given[0].arg] = self.names[given[0].arg] or _TEXT
        nodes = sorted((node for node in _own(function) if hasattr(node, "lineno")), key=lambda node: (node.lineno, node.col_offset))
        for _ in range(_ROUNDS):
            before = dict(self.names)
            for node in nodes:
                self._read(node)
            if self.names == before:
                break

    # names -------------------------------------------------------------------------------------------------------------------------------

    def _set(self, target, kind):
        if isinstance(target, ast.Name):
            self.names[target.id] = max(kind, self.names.get(target.id, _NONE))
        elif isinstance(target, (ast.Tuple, ast.List)):
            for one in target.elts:
                self._set(one, kind)
        elif isinstance(target, ast.Starred):
            self._set(target.value, kind)

    def _read(self, node):
        if isinstance(node, ast.Assign):
            for target in node.targets:
                self._assign(target, node.value)
        elif isinstance(node, (ast.AnnAssign, ast.NamedExpr)) and node.value is not None:
            self._assign(node.target, node.value)
        elif isinstance(node, ast.AugAssign):
            self._set(node.target, self.kind(node.value))
        elif isinstance(node, (ast.For, ast.AsyncFor)):
            self._each(node.target, node.iter)
        elif isinstance(node, COMPREHENSIONS):
            for one in node.generators:
                self._each(one.target, one.iter)
        elif isinstance(node, ast.Call):
            self._read_call(node)

    def _assign(self, target, value):
        if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple) and len(target.elts) == len(value.elts):
            for one, other in zip(target.elts, value.elts):
                self._assign(one, other)
        elif isinstance(target, (ast.Tuple, ast.List)):
            self._set(target, _element(self.kind(value)))
        else:
            self._set(target, self.kind(value))

    def _each(self, target, given):
        """What a loop's variables are; of `enumerate` the first is a number, of `zip` each has its own."""
        function = given.func.id if isinstance(given, ast.Call) and isinstance(given.func, ast.Name) else None
        names = target.elts if isinstance(target, ast.Tuple) else []
        if function == "enumerate" and len(names) == 2 and given.args:
            self._each(names[1], given.args[0])
        elif function == "zip" and len(names) == len(given.args):
            for one, other in zip(names, given.args):
                self._each(one, other)
        else:
            self._set(target, _element(self.kind(given)))

    def _read_call(self, node):
        """word.lower(), ord(letter): they are texts. min(pairs, key=lambda pair: …): the function is given elements of the other arguments."""
        if isinstance(node.func, ast.Attribute) and node.func.attr in _TEXT_METHODS and not self._is_library(node.func):
            self._set(node.func.value, _TEXT)
        if isinstance(node.func, ast.Name) and node.func.id == "ord" and node.args:
            self._set(node.args[0], _TEXT)
        others = self._kind_of(node.args)
        for function in [*node.args, *(word.value for word in node.keywords)]:
            if isinstance(function, ast.Lambda):
                for parameter in function.args.args:
                    self._set(ast.Name(parameter.arg), _element(others))

    def _is_library(self, function):
        """np.char.lower, df["name"].str.strip: whole columns at once."""
        owner = function.value
        return self._root(function) in _LIBRARIES or isinstance(owner, ast.Attribute) and owner.attr in ("str", "char")

    def _root(self, function):
        return (self.resolve(function) or "").split(".")[0]

    # expressions -------------------------------------------------------------------------------------------------------------------------

    def kind(self, node):
        if isinstance(node, ast.Name):
            return self.names.get(node.id, _NONE)
        if isinstance(node, ast.Subscript):
            return _element(self.kind(node.value))
        if isinstance(node, ast.Call):
            return self._kind_of_call(node)
        if isinstance(node, ast.IfExp):
            return self._kind_of([node.body, node.orelse])
        if isinstance(node, ast.BinOp):
            return self._kind_of([node.left, node.right]) if isinstance(node.op, ast.Add) else _NONE
        if isinstance(node, (ast.Starred, ast.NamedExpr, ast.FormattedValue)):
            return self.kind(node.value)
        if isinstance(node, (ast.ListComp, ast.SetComp, ast.GeneratorExp)):
            return _list(self.kind(node.elt))
        if isinstance(node, (ast.BoolOp, ast.JoinedStr)):
            return self._kind_of(node.values)
        return _list(self._kind_of(node.elts)) if isinstance(node, (ast.Tuple, ast.List, ast.Set)) else _NONE

    def _kind_of(self, nodes):
        return max(map(self.kind, nodes), default=_NONE)

    def _kind_of_call(self, node):
        given = self._kind_of(node.args)
        if isinstance(node.func, ast.Name):
            name = node.func.id
            if name in _LISTS:
                return _PIECE if given == _TEXT else given
            # In a tokenizer, what its other functions make of a text: pairs_of(word).
            return given if name in _SAME_FUNCTIONS or self.is_named and name not in _NO_TEXTS else _NONE
        return self._kind_of_method(node, given) if isinstance(node.func, ast.Attribute) else _NONE

    def _kind_of_method(self, node, given):
        method, root = node.func.attr, self._root(node.func)
        own = self.kind(node.func.value)
        if root in ("re", "regex"):
            return _PIECE if method in ("findall", "finditer", "split") else given
        if root == "unicodedata":
            return given
        if self._is_library(node.func):
            return _PIECE if root == "itertools" and given > _MANY else _NONE
        if method in ("findall", "finditer"):  # of an expression; elements of XML are asked for by a name
            return _PIECE if node.args and not isinstance(node.args[0], ast.Constant) else _NONE
        if method in ("match", "fullmatch", "search"):
            return given
        if method in _SPLITS:
            return self._kind_of_split(node, own)
        if method == "splitlines":
            return _MANY
        if method == "join":
            return max(given, _TEXT) if given > _NONE else _NONE
        if method in _SAME_METHODS:
            return max(own, _TEXT) if method in _TEXT_METHODS else own
        return _NONE

    def _kind_of_split(self, node, own):
        """Words, where there is white space between them; between commas are fields. A tensor is split by a number."""
        by = node.args[0] if node.args else None
        if by is not None and not isinstance(by, ast.Constant):
            return _PIECE if own > _NONE else _NONE
        separator = None if by is None else by.value
        if separator is None or isinstance(separator, str) and separator.strip() == "":
            return _MANY if separator == "\n" else _PIECE
        return _MANY if isinstance(separator, str) else _NONE

    # look-ups ----------------------------------------------------------------------------------------------------------------------------

    def is_look_up(self, node):
        """table.get(piece), piece in table, table[piece]."""
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "get" and node.args:
            table, key = node.func.value, node.args[0]
        elif isinstance(node, ast.Compare) and isinstance(node.ops[0], (ast.In, ast.NotIn)):
            table, key = node.comparators[0], node.left
        elif isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load):
            table, key = node.value, node.slice
        else:
            return False
        return self.kind(key) == _PIECE and self.kind(table) == _NONE and not self._is_few(table)

    def _is_few(self, table):
        """A handful of characters, as punctuation, is no vocabulary."""
        return isinstance(table, (ast.Constant, ast.Tuple, ast.List, ast.Set)) or self._root(table) == "string"
