"""What PyTorch would evaluate in a file that it opens, looked at beforehand with the standard library alone. An exported program is JSON, but PyTorch gives
its sizes to `sympy.sympify`, which evaluates text, imports modules that structures name, looks operators up by any name and writes names into Python code.
The code in a TorchScript archive runs when it is opened or called. `found` gives what is not allowed, in words; None: nothing was found."""

import ast
import json
import re

_MOST_EXPRESSION = 20_000
_FUNCTIONS = set(
    "FloorDiv ModularIndexing Where PythonMod Mod CleanDiv CeilToInt FloorToInt CeilDiv LShift RShift PowByNatural FloatPow FloatTrueDiv IntTrueDiv "
    "IsNonOverlappingAndDenseIndicator TruncToFloat TruncToInt RoundToInt RoundDecimal ToFloat Identity "
    "Max Min Abs floor ceiling sqrt Eq Ne Lt Le Gt Ge And Or Not "
    # As sympy.srepr writes them.
    "Symbol Integer Float Rational Add Mul Pow Equality Unequality GreaterThan StrictGreaterThan LessThan StrictLessThan ITE Piecewise ExprCondPair".split()
)
_ALLOWED = (
    ast.Expression, ast.BinOp, ast.UnaryOp, ast.BoolOp, ast.Compare, ast.Call, ast.keyword, ast.Name, ast.Load, ast.Constant,
    ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod, ast.Pow, ast.USub, ast.UAdd, ast.Not, ast.Invert, ast.And, ast.Or, ast.BitAnd, ast.BitOr,
    ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE,
)  # fmt: skip
_SYMBOL = re.compile(r"[A-Za-z]\w*", re.ASCII)
_TEXTS = {"Symbol": _SYMBOL, "Float": re.compile(r"-?[0-9.]+(e[+-]?[0-9]+)?", re.ASCII)}
_MOST_POWER = 64

_OPERATORS = re.compile(
    r"torch\.ops\.(aten|prims)\.(__i?(and|or|xor|lshift|rshift)__|_?[A-Za-z0-9]\w*)\.[A-Za-z]\w*"
    r"|torch\._?sym_[a-z_]+"
    r"|torch\.ops\.higher_order\.(cond|while_loop|map|map_impl|scan|associative_scan|wrap_with_set_grad_enabled|wrap_with_autocast|flex_attention"
    r"|invoke_subgraph|auto_functionalized|auto_functionalized_v2|out_dtype|hints_wrapper|wrap|tag_activation_checkpoint)"
    r"|_operator\.(getitem|add|sub|mul|truediv|floordiv|mod|pow|neg|pos|abs|eq|ne|lt|le|gt|ge|and_|or_|xor|not_|lshift|rshift|inv|invert|index|is_|is_not)"
    r"|math\.[a-z][a-z0-9]*",
    re.ASCII,
)
#: Operators that read or write files.
_OF_FILES = re.compile(r"from_file|save|load|_?save_to\w*|_?load_from\w*", re.ASCII)
_NAME = re.compile(r"[\w.+@-]*", re.ASCII)
_KEY_OF_STRUCTURE = re.compile(r"[\w.+@ :/-]*", re.ASCII)
_STRUCTURES = {None, "builtins.tuple", "builtins.list", "builtins.dict", "collections.OrderedDict", "collections.deque"}


def short(text):
    return ascii(str(text)[:80])


def in_expression(text):
    """What a size or a bound is made of: names, numbers, arithmetic, comparisons and calls of PyTorch's own few functions."""
    told = "an expression that is no size: %s" % short(text)
    if not isinstance(text, str) or len(text) > _MOST_EXPRESSION or "__" in text or not text.isascii() or not text.isprintable():
        return told
    try:
        nodes = list(ast.walk(ast.parse(text.strip(), mode="eval")))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return told
    texts = {id(one.args[0]) for one in nodes if _has_text(one)}
    return told if any(not _is_of_a_size(node) and id(node) not in texts for node in nodes) else None


def _has_text(node):
    """Symbol('s0'), Float('0.5')."""
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _TEXTS and node.args):
        return False
    first = node.args[0]
    return isinstance(first, ast.Constant) and isinstance(first.value, str) and _TEXTS[node.func.id].fullmatch(first.value) is not None


def _is_of_a_size(node):
    if not isinstance(node, _ALLOWED):
        return False
    if isinstance(node, ast.Constant):
        return isinstance(node.value, (bool, int, float))
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Name) and node.func.id in _FUNCTIONS
    if isinstance(node, ast.keyword):
        return node.arg is not None and _SYMBOL.fullmatch(node.arg) is not None and isinstance(node.value, ast.Constant)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow):
        power = node.right.operand if isinstance(node.right, ast.UnaryOp) else node.right
        return isinstance(power, ast.Name) or (isinstance(power, ast.Constant) and power.value <= _MOST_POWER)
    return not isinstance(node, ast.Name) or _SYMBOL.fullmatch(node.id) is not None


def in_operator(target):
    if not isinstance(target, str) or not _OPERATORS.fullmatch(target):
        return "the operator %s, which is not one of PyTorch's own that only compute" % short(target)
    if any(_OF_FILES.fullmatch(part) for part in target.split(".")):
        return "the operator %s, which reads or writes files" % short(target)
    return None


def in_structure(text):
    """How arguments and outputs are nested. Other types than these few may import a module that they name."""
    try:
        _, spec = json.loads(text)
        return _in_structure(spec)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return "a structure of arguments that cannot be read: %s" % short(text)


def _in_structure(spec):
    if spec["type"] not in _STRUCTURES:
        return "a structure of arguments of the type %s" % short(spec["type"])
    context = spec["context"]
    keys = json.loads(context) if isinstance(context, str) else context
    for key in keys if isinstance(keys, list) else [keys]:
        if not (key is None or isinstance(key, (bool, int, float)) or isinstance(key, str) and _KEY_OF_STRUCTURE.fullmatch(key)):
            return "a structure of arguments with the key %s" % short(key)
    return next((told for told in map(_in_structure, spec["children_spec"]) if told), None)


def in_program(content):
    """What an exported program (JSON, in bytes) holds."""
    try:
        return _in_value(json.loads(content), None)
    except (ValueError, RecursionError):
        return "a graph that is not JSON"


def _in_value(value, key):
    if isinstance(value, dict):
        return next((told for told in (_in_entry(name, one, key) for name, one in value.items()) if told), None)
    if isinstance(value, list):
        return next((told for told in (_in_value(one, key) for one in value) if told), None)
    if not isinstance(value, str) or _NAME.fullmatch(value):
        return None
    return "the name %s" % short(value)


def _in_entry(name, value, of):
    if of == "range_constraints":
        return in_expression(name) or _in_range(value)
    if name == "expr_str":
        return in_expression(value)
    if name in ("target", "as_operator"):
        return in_operator(value)
    if name in ("in_spec", "out_spec"):
        return None if value is None else in_structure(value)
    if not _NAME.fullmatch(name):
        return "the name %s" % short(name)
    if name == "metadata":
        return _in_metadata(value, None)
    # Texts: of a failed assertion, and of guards, which are not asked for.
    if name in ("as_string", "as_strings", "guards_code"):
        return None if isinstance(value, str) or isinstance(value, list) and all(isinstance(one, str) for one in value) else _in_value(value, name)
    return _in_value(value, name)


def _in_range(value):
    """Bounds are numbers; an older PyTorch wrote them as text."""
    for one in value.values() if isinstance(value, dict) else [value]:
        if isinstance(one, str) and in_expression(one):
            return in_expression(one)
        if isinstance(one, (dict, list)):
            return "a range that is no range: %s" % short(one)
    return None


def _in_metadata(value, name):
    """It is told in comments of generated code, which end with the line."""
    if isinstance(value, (dict, list)):
        pairs = value.items() if isinstance(value, dict) else [(name, one) for one in value]
        told = (_in_metadata(str(at), None) or _in_metadata(one, at) if at is not None else _in_metadata(one, None) for at, one in pairs)
        return next((one for one in told if one), None)
    if not isinstance(value, str) or name == "stack_trace":
        return None
    if name in ("from_node", "custom"):
        return _in_metadata(json.loads(value), None)
    return None if len(value.splitlines()) <= 1 else "metadata of more than a line: %s" % short(value)


_SCRIPT = (
    (re.compile(r"\b(from_file|save|load|_?save_to\w*|_?load_from\w*|rpc_\w+|remote)\b", re.ASCII), "the operator %s, which reads or writes files"),
    (re.compile(r"(?<![.\w])ops\b(?!\s*\.\s*(?:aten|prim|prims|quantized)\s*\.\s*\w)(?:\s*\.\s*\w+)*", re.ASCII), "operators that are not PyTorch's own: %s"),
    (re.compile(r"(?<![.\w])torch\b(?!\s*\.\s*\w)", re.ASCII), "operators by a name that it makes up: %s"),
    (re.compile(r"\btorch\s*\.\s*classes\b(?!\s*\.\s*quantized\b)(?:\s*\.\s*\w+)*", re.ASCII), "a class of compiled code: %s"),
)


def in_script(text):
    """What the code of a TorchScript archive calls. Its words are looked for wherever they stand: what is no call of them is refused, too."""
    for pattern, told in _SCRIPT:
        match = pattern.search(text)
        if match is not None:
            return told % short(match.group(0))
    return None


def in_archive(kind, names, read):
    """What one of the entries holds, of an archive that torch_files.kind_of knows. `read(name)` gives an entry's bytes."""
    checks = (_in_script_entry if kind == "torchscript" else _in_program_entry)
    return next((told for told in (checks(name, read) for name in names) if told), None)


def _in_program_entry(name, read):
    for one in (name, name.split("/", 1)[-1]):
        lower = one.lower()
        if lower.startswith("models/") or lower == "serialized_exported_program.json" or lower.startswith("data/") and lower.endswith(".json"):
            return in_program(read(name))
    return None


def _in_script_entry(name, read):
    inner = [one.lower() for one in (name, name.split("/", 1)[-1])]
    if "model.json" in inner:
        return "a graph of PyTorch before 1.2"
    if name.lower().endswith(".py"):
        return in_script(read(name).decode("utf-8", "replace"))
    if inner[-1] in ("data.pkl", "constants.pkl") or inner[0] in ("data.pkl", "constants.pkl"):
        return in_script_classes(read(name))
    return None


def in_script_classes(content):
    match = re.search(rb"torch\.classes\.(?!quantized\b)[\w.]*", content)
    return None if match is None else "a class of compiled code: %s" % short(match.group(0).decode("ascii", "replace"))
