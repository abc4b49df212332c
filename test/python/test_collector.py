"""The collector's parts that can be looked at without a process of their own: `python -m unittest discover test/python`. The standard library
alone; no test looks at how long something takes."""

import ast
import builtins
import gc
import importlib.util
import json
import os
import pickle
import sys
import tempfile
import textwrap
import threading
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "..", "packages", "measure", "src", "python", "collector"))

from whyslow_collector import (  # noqa: E402
    alternatives,
    calls,
    clock,
    finishing,
    import_times,
    instead_of_calls,
    libraries,
    loops,
    loops_seen,
    module_file,
    patterns,
    pools,
    predictions,
    samples,
    script,
    script_facts,
    target,
    values,
    values_seen,
    whereabouts,
)
from whyslow_collector.errors import Contract, reason_of  # noqa: E402
from whyslow_collector.loops_seen import LoopsSeen  # noqa: E402
from whyslow_collector.places import Places  # noqa: E402


def written(source, name="user.py"):
    folder = tempfile.mkdtemp()
    path = os.path.join(folder, name)
    with open(path, "w") as file:
        file.write(textwrap.dedent(source))
    return path


def found(source):
    return [(row["pattern"], row["line"]) for row in patterns.patterns_of([written(source)])]


def kind(source):
    """Of the first loop."""
    tree = ast.parse(textwrap.dedent(source))
    names = patterns.imported_names(tree)

    def resolve(node):
        parts = []
        while isinstance(node, ast.Attribute):
            parts.insert(0, node.attr)
            node = node.value
        return ".".join([names.get(node.id, node.id), *parts]) if isinstance(node, ast.Name) else None

    nodes = (ast.For, ast.While, ast.ListComp, ast.GeneratorExp)
    loop = next(node for node in ast.walk(tree) if isinstance(node, nodes))
    told = loops.kind_of(loop, resolve)
    return told and told.name


class Site:
    """A place that was called with first arguments."""

    def __init__(self, path, line, callee, given):
        self.place = {"file": path, "line": line, "function": "predict"}
        self.callee, self.given, self.count = callee, given, len(given)


def instead(source, callee, given):
    path = written(source)
    rows = patterns.patterns_of([path])
    calls = type("Calls", (), {"sites": {row["line"]: Site(row["file"], row["line"], callee, given) for row in rows}})
    return instead_of_calls.instead_of_calls(calls, rows)


class InsteadOfCalls(unittest.TestCase):
    PARSED = "import json\ndef predict(text):\n    return json.loads(text)\n"

    def test_numbers_of_json_as_bytes(self):
        for value in ([0.1, -0.0, 5e-324, 1e308] * 100, {"id": 3, "rows": [list(range(-300, 300)), [2.5] * 300]}, [float("nan"), float("inf")] * 200):
            (row,) = instead(self.PARSED, "json.loads", [json.dumps(value)])
            self.assertEqual((row["rule"], row["line"], row["equal"]), ("json-in-the-loop", 3, "bits"))
            self.assertTrue(all(ms > 0 for pair in row["pairsMs"] for ms in pair))

    def test_texts_and_short_lists_are_not_numbers(self):
        for value in ({"name": ["x"] * 999}, [1, 2, 3], [1, 2.5] * 500, [2**70] * 500, "text"):
            self.assertEqual(instead(self.PARSED, "json.loads", [json.dumps(value)]), [])
        self.assertEqual(instead("import json\ndef predict(t):\n    return json.loads(t, parse_float=str)\n", "json.loads", ["[0.5]" * 9]), [])

    def test_a_file_of_one_path(self):
        source = "def predict(x):\n    with open(PATH) as file:\n        return file.read()\n"
        path = written("words")
        (row,) = instead(source, "open", [path, path])
        self.assertEqual((row["rule"], row["line"], row["equal"]), ("file-in-the-loop", 2, "bits"))
        self.assertEqual(row["code"], ["kept = open(PATH).read()  # once, when the model is loaded"])
        self.assertEqual(instead(source, "open", [path, written("others")]), [])
        self.assertEqual(instead(source.replace("PATH)", "PATH, 'w')"), "open", [path, path]), [])


class Loops(unittest.TestCase):
    def test_elementwise(self):
        for source in (
            "for i in range(n):\n    c[i] = a[i] * b[i]",
            "for i in range(len(a)):\n    out.append(a[i] + 1)",
            "for i, x in enumerate(a):\n    if x > 0:\n        c[i] = x\n    else:\n        c[i] = -x",
            "import math\nfor x in a:\n    y = math.sqrt(x)\n    out.append(y * 2)",
            "import numpy as np\nfor i in range(n):\n    c[i] = np.exp(a[i])",
            "[x * y for x, y in zip(a, b)]",
            "while i < n:\n    c[i] = a[i] * 2\n    i += 1",
            "for y in range(h):\n    for x in range(w):\n        c[y, x] = a[y, x] / 255.0",
        ):
            self.assertEqual(kind(source), "elementwise-loop", source)

    def test_reduction(self):
        for source in (
            "for x in a:\n    s += x * x",
            "for i in range(n):\n    s = s + a[i]",
            "for i in range(n):\n    if a[i] > best:\n        best = a[i]\n        at = i",
        ):
            self.assertEqual(kind(source), "reduction-loop", source)

    def test_layout(self):
        for source in (
            "for y in range(h):\n    for x in range(w):\n        for c in range(3):\n            out[c, y, x] = img[y, x, c] / 255",
            "for y in range(h):\n    for x in range(w):\n        out[x * h + y] = img[y * w + x]",
        ):
            self.assertEqual(kind(source), "layout-loop", source)

    def test_what_no_array_function_does(self):
        for source in (
            "for i in range(1, n):\n    c[i] = c[i - 1] + a[i]",
            "for i in range(n):\n    c[i] = f(a[i])",
            "for i in range(n):\n    print(a[i])",
            "for i in range(n):\n    c[0] = a[i]",
            "for i in range(n):\n    c[i] = a[i]\n    if a[i] < 0:\n        break",
            "for i in range(n):\n    s = (s * 3 + a[i]) % 7",
            "for i in range(n):\n    s /= a[i]",
            "state = 0\nfor i in range(n):\n    c[i] = state\n    state = a[i]",
            "import numpy as np\nfor x in a:\n    z = np.append(z, x)",
            "for row in rows:\n    table[row] = 'x'",
        ):
            self.assertIsNone(kind(source), source)


class Patterns(unittest.TestCase):
    def test_places(self):
        source = """\
            import json
            import numpy as np
            import pandas as pd
            import torch

            def load():
                return torch.load("m.pt")

            def predict(model, rows):
                z = np.array([])
                for row in rows:
                    z = np.append(z, row)
                df = pd.DataFrame([rows])
                for _, r in df.iterrows():
                    y = model.predict(r)
                return json.dumps(z.tolist())
            """
        rows = found(source)
        for expected in (("array-regrown", 12), ("dataframe-made", 13), ("dataframe-rows", 14), ("predict-in-loop", 15), ("json", 16)):
            self.assertIn(expected, rows)

    def test_what_is_compiled_in_a_call_is_so_where_it_is_called(self):
        source = """
            import torch
            fixed = torch.compile(net)
            def predict(model, x):
                fast = torch.compile(model)
                y = x + 1
                return fast(y)
        """
        rows = patterns.patterns_of([written(source)])
        self.assertEqual([(row["line"], row["endLine"]) for row in rows if row["pattern"] == "traced-function-made"], [(5, 7)])

    def test_what_runs_once(self):
        path = written(
            """\
            import functools
            import pickle
            model = None
            def load():
                return pickle.load(open("m", "rb"))
            @functools.lru_cache()
            def labels():
                return open("labels.txt").read()
            def predict(x):
                global model
                if model is None:
                    model = pickle.load(open("m", "rb"))
                return open("again.txt").read()
            """
        )
        rows = [(row["line"], row["once"]) for row in patterns.patterns_of([path]) if row["pattern"] in ("file-read", "model-load")]
        self.assertEqual(sorted(set(rows)), [(5, True), (8, True), (12, True), (13, False)])

    def test_tokenizer(self):
        source = """\
            def tokenize(text, vocab):
                ids = []
                for word in text.lower().split():
                    ids.append(vocab.get(word, 0))
                return ids

            def total(values):
                s = 0
                for value in values:
                    s += value.price
                return s
            """
        self.assertEqual([row for row in found(source) if row[0] == "hand-tokenizer"], [("hand-tokenizer", 1)])

    def tokenizers(self, source):
        return [line for pattern, line in found(source) if pattern == "hand-tokenizer"]

    def test_tokenizers_by_what_they_do(self):
        for source in (
            "def ids(text):\n    return [stoi[letter] for letter in text]\n",
            "def ids(given: str):\n    return [stoi[letter] for letter in given]\n",
            "def ids(x):\n    for m in WORDS.finditer(x):\n        out.append(vocab.get(m.group()))\n",
            "def ids(x):\n    for k, word in enumerate(x.lower().split()):\n        out[k] = table[word]\n",
            "def pieces_of(word):\n    pieces = list(word)\n    while len(pieces) > 1:\n        pairs = list(zip(pieces, pieces[1:]))\n"
            "        best = min(pairs, key=lambda pair: RANKS.get(pair, 9))\n        pieces = merged(pieces, best)\n    return pieces\n",
            "class Bpe:\n    def bpe(self, token):\n        pairs = get_pairs(tuple(token))\n        while True:\n"
            "            best = min(pairs, key=lambda pair: self.ranks.get(pair))\n            if best not in self.ranks:\n                break\n",
        ):
            self.assertEqual(len(self.tokenizers(source)), 1, source)

    def test_arrays_and_fields_are_no_text(self):
        for source in (
            'def predict(input_ids):\n    for i in range(0, 99, 32):\n        sess.run(None, {"input_ids": input_ids[i : i + 32]})\n',
            "def nearest(points, centroids, index):\n    for i, point in enumerate(points):\n        out[i] = centroids[index[i]] - point[1:3]\n",
            "def predict(features, lookup):\n    return [lookup[row[0]] for row in features[2:]]\n",
            "def chunks(x, table):\n    for part in x.split(32):\n        out.append(table[part])\n",
            'def row_of(row, index):\n    for name in ("country", "city"):\n        out[index[row[name].strip().lower()]] = 1\n',
            'def rows(lines, codes):\n    for line in lines:\n        out.append(codes[line.split(",")[0]])\n',
            'def frame(df, vocab):\n    for name in df.columns:\n        df[name] = df[name].str.lower().map(vocab)\n',
            "def clean(text):\n    return [c for c in text if c not in string.punctuation and c not in (' ', '-')]\n",
            "def cached(texts):\n    return [cache[text] for text in texts]\n",
        ):
            self.assertEqual(self.tokenizers(source), [], source)

    def test_beside_a_model_the_loop_alone_is_the_tokenizer(self):
        source = """\
            def predict(model, text):
                ids = []
                for word in text.split():
                    ids.append(vocab[word])
                return model.run(ids)
            """
        self.assertEqual(self.tokenizers(source), [3])

    def test_a_path_that_hangs_on_nothing_of_the_function(self):
        source = """\
            HERE = "models"
            def predict(self, image, name="x"):
                labels = "labels.txt"
                return open(HERE + "/a"), open(self.path), open(image), open(labels), Path(HERE).read_text(), Path(image).read_text()
            """
        rows = [row["fixed"] for row in patterns.patterns_of([written(source)]) if row["pattern"] == "file-read"]
        self.assertEqual(rows, [True, True, False, False, True, False])

    def test_an_array_that_was_a_list_in_between(self):
        source = """\
            import numpy as np
            import torch
            def predict(x, rows):
                return torch.tensor(x.T.tolist()), np.array(rows), np.array([1, 2])
            """
        rows = [row.get("ofList") for row in patterns.patterns_of([written(source)]) if row["pattern"] == "list-to-array"]
        self.assertEqual(rows, [True, None, None])

    def test_files_that_a_sample_names(self):
        from whyslow_collector.inputs import is_input

        folder = os.path.abspath("photos")
        for sample in ("photos/a.jpg", {"image": ["x", "photos/a.jpg"]}, "photos", {"id": "a"}, ("x", {"id": os.path.join("other", "a.png")})):
            self.assertTrue(is_input(os.path.join(folder, "a.jpg"), sample), sample)
        for sample in ("", "b", "photos and\na", 3, None, [1.5], {"id": 7}, b"a"):
            self.assertFalse(is_input(os.path.join(folder, "a.jpg"), sample), sample)

    def test_source_that_is_none(self):
        self.assertEqual(patterns.patterns_of([written("def broken(:\n"), "/no/such/file.py"]), [])


class Targets(unittest.TestCase):
    def kind(self, source, call=None, data=False):
        return target.kind_of(ast.parse(textwrap.dedent(source)), call, data)

    def test_what_a_file_is(self):
        self.assertEqual(self.kind("def predict(x): pass\ndef samples(): pass"), "stages")
        self.assertEqual(self.kind("def predict(): pass"), "stages")
        self.assertEqual(self.kind("def predict(x): pass\npredict(1)"), "script")
        self.assertEqual(self.kind("def predict(x): pass", data=True), "stages")
        self.assertEqual(self.kind("print(1)"), "script")
        self.assertEqual(self.kind("print(1)", call="f"), "function")
        self.assertEqual(self.kind("class pipeline:\n    def predict(self, x): pass"), "stages")
        self.assertEqual(self.kind("class Service:\n    def predict(self, x): pass\npipeline = Service()"), "stages")
        self.assertEqual(self.kind("from service import pipeline\ndef samples(): pass"), "stages")
        self.assertEqual(self.kind("from transformers import pipeline\nprint(pipeline('x'))"), "script")
        self.assertEqual(self.kind("pipeline = make_pipeline(a, b)\npipeline.fit(x, y)"), "script")

    def test_samples_choose_a_function_of_a_file_that_also_loads_something(self):
        loads = "model = Booster()\nmodel.load_model('m.ubj')\ndef clean(x): return x\ndef score(x): return model.predict(clean(x))\n"
        self.assertEqual((self.kind(loads), self.kind(loads, data=True), self.kind(loads + "def samples(): return [1]")), ("script", "stages", "stages"))
        self.assertEqual(self.kind(loads + "for x in [1, 2]: print(score(x))", data=True), "script")

    def test_samples_that_a_script_would_leave_unused_are_refused(self):
        two = "import torch\nmodel.eval()\ndef embed(x): return x\ndef score(x, k=1): return x\n"
        told = "it runs from top to bottom, and %s are for a function that takes a sample; name it after the file, as in service.py:score (it has embed, score)"
        for source, data, given in ((two, True, "the samples of --data"), (two + "def samples(): return [1]", False, "samples()")):
            self.assertEqual(self.kind(source, data=data), "script")
            with self.assertRaises(Contract) as raised:
                target.check_unfed(ast.parse(source), data)
            self.assertEqual(str(raised.exception), told % given)
        with self.assertRaisesRegex(Contract, "it has none: leave them out"):
            target.check_unfed(ast.parse("print(1)"), True)
        for source in (two, "print(1)\ndef samples(): return [1]", two + "def samples(): return [1]\nfor x in samples(): print(score(x))"):
            target.check_unfed(ast.parse(source), False)

    def test_a_file_that_gives_a_model(self):
        model = "def model(): return Net()\n"
        self.assertEqual(self.kind(model + "def example_inputs(): return 1"), "stages")
        self.assertEqual(self.kind(model + "samples = [1]"), "stages")
        self.assertEqual((self.kind(model), self.kind(model, data=True)), ("stages", "stages"))
        self.assertEqual(self.kind(model + "train(model())"), "script")
        self.assertEqual(self.kind("def model(size): return Net(size)\nprint(model(3))"), "script")
        self.assertEqual(self.kind(model + "def predict(x): return x\ndef samples(): return [1]"), "stages")

    def test_a_model_that_needs_arguments_is_told(self):
        needs = "import torch\ndef model(size, depth=2): return Net(size)\n"
        for source in (needs, needs + "def example_inputs(): return 1", needs.replace("import torch\n", "") + "example_inputs = 1"):
            with self.assertRaisesRegex(Contract, r"^model\(size\) needs arguments, .*def model\(size=\.\.\.\)"):
                self.kind(source)
        self.assertEqual(self.kind(needs + "net = model(3)\nprint(net)"), "script")
        self.assertEqual(self.kind(needs + "def samples(): return [1]"), "stages")

    def test_what_calls_the_model_that_a_file_gives(self):
        source = """
            class Net:
                def __call__(self, a, b=1):
                    return a * b

            def model():
                return Net()

            def example_inputs():
                return (3,)
        """
        module = module_file.import_file(written(source, "gives_model.py"))
        found = target.target_of(module, None)
        self.assertEqual(found.described()["places"][0]["line"], 6)
        self.assertIs(found.described()["givesModel"], True)
        [sample] = found.own_samples()
        [(name, predict)] = found.steps(found.loaded())
        self.assertEqual((name, predict(sample)), ("predict", 3))
        module.example_inputs = {"a": 3, "b": 5}
        [sample] = target.target_of(module, None).own_samples()
        self.assertEqual(predict(sample), 15)

    def test_which_predict_is_a_function(self):
        fed = "\ndef samples(): return [1]"
        self.assertEqual(self.kind("predict = model.predict(X_test)\nprint(predict)"), "script")
        self.assertEqual(self.kind("samples = X[:5]\npredict = model.predict(samples)"), "script")
        self.assertEqual(self.kind("def predict(x, w): return x @ w\nsamples = 3\npredict = predict(X, w)"), "script")
        self.assertEqual(self.kind("from model import predict\nprint(predict(1))"), "script")
        self.assertEqual(self.kind("import predict\npredict.main()" + fed), "script")
        self.assertEqual(self.kind("predict: object" + fed), "script")
        self.assertEqual(self.kind("predict = lambda x: x"), "script")
        for source in ("from model import predict", "predict = model.predict", "predict = run", "predict = lambda x: x", "predict = partial(run, 2)"):
            self.assertEqual((self.kind(source + fed), self.kind(source, data=True)), ("stages", "stages"), source)
        for source in ("predict = lambda: 1", "def run(): pass\npredict = run", "def load(): pass\npredict = lambda model: 1"):
            self.assertEqual(self.kind(source), "stages", source)

    def test_a_predict_that_is_none_when_it_has_run(self):
        module = type(os)("user")
        module.__file__, module.predict = "user.py", [1, 2]
        with self.assertRaisesRegex(Contract, "user.py has a predict that is no function but a list: name a function"):
            target.target_of(module, None)

    def test_binding(self):
        bind = lambda function, has_model, predicts=True: target.bind(function, "M", has_model, predicts)  # noqa: E731
        self.assertEqual(bind(lambda model, x: (model, x), True)(1), ("M", 1))
        self.assertEqual(bind(lambda x: x, True)(1), 1)
        self.assertEqual(bind(lambda: "none", False)(1), "none")
        self.assertEqual(bind(lambda x, scale=2: x * scale, True)(3), 6)

        def several(x):
            yield x
            yield x + 1

        self.assertEqual(bind(several, False)(1), [1, 2])

        async def later(x):
            yield x
            yield x + 1

        self.assertEqual(bind(later, False)(1), [1, 2])

    def test_wrappers_that_take_whatever_they_are_given(self):
        def wrapped(function):
            def wrapper(*args, **kwargs):
                return function(*args, **kwargs)

            return wrapper

        both = wrapped(lambda model, x: (model, x))
        self.assertEqual(target.bind(both, "M", True, True)(1), ("M", 1))
        self.assertEqual(target.bind(wrapped(wrapped(lambda model, x: (model, x))), "M", True, True)(1), ("M", 1))
        self.assertEqual(target.bind(wrapped(lambda x: x), "M", True, False)(1), 1)
        self.assertEqual(target.bind(wrapped(lambda x: x), "M", True, True)(1), 1)

        class Service:
            @wrapped
            def predict(self, model, x):
                return model, x

        self.assertEqual(target.bind(Service().predict, "M", True, True)(1), ("M", 1))

        def unknown(*args):
            return args

        self.assertEqual(target.bind(unknown, "M", True, True)(1), ("M", 1))
        self.assertEqual(target.bind(unknown, "M", True, False)(1), (1,))

    def test_syntax_errors_are_contracts(self):
        with self.assertRaisesRegex(Contract, "user.py:1"):
            target.parse(written("def f(:\n"))


class ModulesAlone(unittest.TestCase):
    NET = "import torch\nfrom torch import nn\nWIDTH: int = 3\nclass Part:\n  pass\nclass Net(nn.Module):\n  size = len('ab')\n"

    def test_a_file_that_only_defines_modules_names_them(self):
        self.assertEqual(script.modules_alone(ast.parse(self.NET)), ["Net"])
        self.assertEqual(script.modules_alone(ast.parse("\"\"\"Doc.\"\"\"\n" + self.NET + "class B(Net, torch.nn.Module):\n  pass\n")), ["Net", "B"])

    def test_what_runs_something_or_has_no_module_is_a_script(self):
        for more in ("net = Net()\n", "print(1)\n", "if WIDTH:\n  pass\n"):
            self.assertEqual(script.modules_alone(ast.parse(self.NET + more)), [])
        self.assertEqual(script.modules_alone(ast.parse("def predict(x):\n  return x\nclass A:\n  pass\n")), [])


class ModuleFiles(unittest.TestCase):
    """How a file is imported, whoever imports it."""

    def setUp(self):
        self.path = list(sys.path)
        self.names = set(sys.modules)

    def tearDown(self):
        sys.path[:] = self.path
        for name in set(sys.modules) - self.names:
            del sys.modules[name]

    def imported(self, files, name):
        folder = tempfile.mkdtemp()
        for path, source in files.items():
            os.makedirs(os.path.dirname(os.path.join(folder, path)), exist_ok=True)
            with open(os.path.join(folder, path), "w") as file:
                file.write(source)
        return module_file.import_file(os.path.join(folder, name))

    def test_of_a_package_by_its_relative_imports_or_by_what_lies_beside_it(self):
        beside = {"app_a/__init__.py": "", "app_a/deep/__init__.py": "", "app_a/deep/beside_a.py": "f = 7"}
        made = self.imported({**beside, "app_a/deep/service.py": "from .beside_a import f\nfrom app_a.deep import beside_a"}, "app_a/deep/service.py")
        self.assertEqual((made.f, made.__name__), (7, "app_a.deep.service"))
        beside = {"app_b/__init__.py": "", "app_b/beside_b.py": "f = 8", "app_b/colorsys.py": "raise OSError"}
        made = self.imported({**beside, "app_b/my-service.py": "import colorsys\nfrom beside_b import f\nfrom . import beside_b"}, "app_b/my-service.py")
        self.assertEqual((made.f, made.__package__), (8, "app_b"))

    def test_of_a_package_that_imports_it(self):
        made = self.imported({"app_c/__init__.py": "from .service import ran", "app_c/service.py": "ran = [1]"}, "app_c/service.py")
        self.assertIs(made.ran, sys.modules["app_c"].ran)

    def test_a_script_is_what_was_started_and_may_end_itself(self):
        held = sys.modules["__main__"], sys.argv
        source = "import sys\nran = [__name__, sys.argv[1:], given]\nsys.exit(int(sys.argv[1]))\n"
        path = written(source, "script.py")
        try:
            main = module_file.run_main(path, ["0"], module_file.compiled(source, path), given=7)
            self.assertEqual(main.ran, ["__main__", ["0"], 7])
            with self.assertRaises(SystemExit):
                module_file.run_main(path, ["3"], module_file.compiled(source, path), given=7)
        finally:
            sys.modules["__main__"], sys.argv = held

    def test_of_a_name_that_another_module_bears(self):
        made = self.imported({"ast.py": "own = 1"}, "ast.py")
        self.assertEqual((made.own, sys.modules["ast"]), (1, ast))


class Stacks(unittest.TestCase):
    def test_what_a_library_does_through_a_wrapper_of_ours_is_the_line_that_calls_it(self):
        from whyslow_collector import sampler

        path, folder = written("", "service.py"), os.path.dirname(sampler.__file__)
        looking = sampler.Sampler(Places([path]), None, 0.001)
        found = {}
        library, ours = {"look": lambda: found.update(zip(("stack", "user"), looking._stack(sys._getframe(1))))}, {}
        exec(compile("def inner():\n    look()\n", "/usr/lib/python3/site-packages/library.py", "exec"), library)
        exec(compile("def wrapped():\n    inner()\ndef run(code, names):\n    exec(code, names)\n", os.path.join(folder, "ours.py"), "exec"), ours)
        ours["inner"] = library["inner"]
        # In a thread, whose stack has nothing of this test.
        thread = threading.Thread(target=ours["run"], args=(compile("x = 1\nwrapped()\n", path, "exec"), {"wrapped": ours["wrapped"]}))
        thread.start()
        thread.join()
        # Neither what wraps the library nor what runs the user's file.
        told = [(os.path.basename(code.co_filename), line) for code, line in found["stack"]]
        self.assertEqual(told, [("library.py", 0), ("service.py", 2)])
        self.assertEqual(found["user"].f_code.co_filename, path)


class Batches(unittest.TestCase):
    def test_rows_of_a_script_are_tried_as_one_batch(self):
        import types

        from whyslow_collector import instead_of_sessions

        try:
            import numpy as np
        except ImportError:
            self.skipTest("without NumPy")
        model = types.SimpleNamespace(predict=lambda x: x.sum(axis=1))
        session = libraries.Session("keras")
        session.ran = {"file": "a.py", "line": 3, "function": None}
        session.in_one_prediction = [("predict", (model, np.full((1, 2), number)), {}) for number in range(5)]
        [row] = instead_of_sessions.as_batches(types.SimpleNamespace(sessions=[session]))
        self.assertEqual((row["rule"], row["equal"], row["on"], row["code"]), ("sequential-calls", "bits", "5 runs of one row", ["y = model.predict(np.concatenate(rows))"]))


class Samples(unittest.TestCase):
    def test_files(self):
        self.assertEqual(samples.from_path(written('[{"a": 1}, {"a": 2}]', "s.json")), [{"a": 1}, {"a": 2}])
        self.assertEqual(samples.from_path(written('{"a": 1}\n{"a": 2}\n', "s.jsonl")), [{"a": 1}, {"a": 2}])
        self.assertEqual(samples.from_path(written("a,b\n1,x\n2.5,y\n", "s.csv")), [{"a": 1, "b": "x"}, {"a": 2.5, "b": "y"}])
        self.assertEqual(samples.from_path(written("one\ntwo\n", "s.txt")), ["one", "two"])
        picture = written("", "s.png")
        self.assertEqual(samples.from_path(picture), [picture])
        self.assertEqual(samples.from_path(os.path.dirname(picture)), [picture])

    def test_numbers_of_one_axis_are_one_sample(self):
        self.assertEqual(samples.from_path(written("[1, 2.5]", "s.json")), [[1, 2.5]])
        self.assertEqual(samples.from_path(written('\ufeff["a", 2]', "s.json")), ["a", 2])

    def test_a_table_reads_numbers_as_javascript_does(self):
        read = samples.from_path(written("a\tb\n 1 \tnan\n1e3\t1_000\n", "s.tsv"))
        self.assertEqual(read, [{"a": 1, "b": "nan"}, {"a": 1000.0, "b": "1_000"}])

    def test_endless_samples_end(self):
        def arrays():
            while True:
                yield bytes(1000)

        found, why = samples.taken(arrays(), most_bytes=10_000)
        self.assertEqual((len(found), why), (10, "they hold 0 MB"))
        self.assertEqual(len(samples.taken(arrays(), most=7)[0]), 7)
        self.assertEqual(samples.taken([1, 2]), ([1, 2], None))
        clock_of = iter([0, 1, 50]).__next__
        self.assertEqual(len(samples.taken(arrays(), now=clock_of)[0]), 2)
        self.assertEqual(samples.bytes_of([{"a": bytes(100)}] * 3), 3 * 116)

    def test_what_samples_give_later(self):
        async def one_by_one():
            yield 1
            yield 2

        async def together():
            return [3, 4]

        for given, items in ((one_by_one, [1, 2]), (together, [3, 4]), ({"a": 1}, [{"a": 1}])):
            self.assertEqual(samples.read(target.Target("stages", [], None, given), None), (items, "module"))

    def test_none(self):
        for path in ("/no/such/folder", tempfile.mkdtemp()):
            with self.assertRaises(Contract):
                samples.from_path(path)
        with self.assertRaises(Contract):
            samples.from_path(written("{", "s.json"))


class Values(unittest.TestCase):
    def test_facts(self):
        def told(value):
            fact = values.fact(value)
            return fact["kind"], fact["dtype"], fact["shape"], fact["length"]

        self.assertEqual(told([1, 2.5]), ("array", "number", [2], 2))
        self.assertEqual(told([[1, 2], [3, 4]]), ("array", "number", [2, 2], 4))
        self.assertEqual(told(["a"]), ("array", "str", [1], 1))
        self.assertEqual(told("abc"), ("string", None, None, 3))
        self.assertEqual(told(b"abc"), ("typed-array", "uint8", [3], 3))
        self.assertEqual(told(None), ("nothing", None, None, None))
        self.assertEqual(told({}), ("object", None, None, 0))

    def test_names(self):
        self.assertEqual(values.name_of(len), "len")
        self.assertEqual(values.name_of(ast.parse), "ast.parse")


class Runs(unittest.TestCase):
    def test_stages_add_up_and_failures_have_their_place(self):
        path = written("def predict(x):\n    return 1 / x\n")
        module = module_file.import_file(path, lambda source, name: compile(source, name, "exec"))
        found = target.target_of(module, None)
        at = whereabouts.Whereabouts(None)
        made = predictions.Predictions(found, None, [1, 0], at)
        marks, values_of = made.first()
        self.assertEqual((len(marks), values_of), (2, [1.0]))
        with self.assertRaises(predictions.Failed) as caught:
            made.plain_once()
        self.assertEqual((at.stage, at.sample), (0, 1))
        self.assertEqual(reason_of(caught.exception.error), "ZeroDivisionError: division by zero")

    def test_loops_are_counted_where_they_stand(self):
        path = written("def f(a):\n    out = []\n    for x in a:\n        out.append(x * 2)\n    return out\n")
        seen = LoopsSeen(Places([path]))
        seen.install()
        with open(path) as file:
            space = {}
            exec(seen.compile(file.read(), path), space)
        seen.is_counting = True
        self.assertEqual(space["f"]([1, 2, 3]), [2, 4, 6])
        self.assertEqual(space["f"](iter([1])), [2])
        rows = seen.rows(2)
        self.assertEqual([(row["line"], row["endLine"], row["tripsPerPrediction"]) for row in rows], [(3, 4, 2.0)])
        self.assertEqual(rows[0]["operands"]["a"]["length"], 3)

    def test_asynchronous_comprehensions_stay_as_they_are(self):
        path = written(
            """
            async def rows():
                for k in range(3):
                    yield k

            async def predict():
                doubled = [k * 2 async for k in rows()]
                return doubled + [k async for k in rows() for _ in range(2)] + list({k async for k in rows()})
            """
        )
        seen = LoopsSeen(Places([path]))
        seen.install()
        with open(path) as file:
            space = {}
            exec(seen.compile(file.read(), path), space)
        seen.is_counting = True
        self.assertEqual(finishing.run(space["predict"]()), [0, 2, 4, 0, 0, 1, 1, 2, 2, 0, 1, 2])

    def test_stages_that_are_not_done_when_they_come_back(self):
        path = written(
            """
            import asyncio
            ran = []

            async def load():
                return asyncio.get_running_loop()

            def preprocess(x):
                yield x
                ran.append("preprocess")

            async def predict(model, rows):
                assert model is asyncio.get_running_loop()
                for row in rows:
                    yield row
                ran.append("predict")

            def postprocess(rows):
                return map(ran.append, rows)
            """
        )
        module = module_file.import_file(path, lambda source, name: compile(source, name, "exec"))
        found = target.target_of(module, None)
        model = finishing.awaited(found.load())
        made = predictions.Predictions(found, model, [7], whereabouts.Whereabouts(None))
        made.first()
        made.plain_once()
        self.assertEqual(module.ran, ["preprocess", "predict", 7] * 2)

    def test_slopes(self):
        self.assertEqual(predictions.slope([(0, 0), (10, 20), (20, 40)]), 2)

    def test_nothing_has_no_middle(self):
        self.assertEqual([clock.median([3, 1, 2]), clock.median([4, 1, 2, 3])], [2, 2.5])
        self.assertRaises(IndexError, clock.median, [])

    def test_pairs_alternate_who_is_first(self):
        asked = []
        self.assertEqual(clock.pairs_in_turns(9, lambda side: asked.append(side) or side, lambda pairs: len(pairs) == 3), [[0, 1]] * 3)
        self.assertEqual(asked, [0, 1, 1, 0, 0, 1])

    def test_turns_go_on_while_they_do_not_tell(self):
        of = lambda ratio, noise: [[ratio * (1 + noise * (k % 3 - 1)), 1.0] for k in range(60)]  # noqa: E731
        self.assertEqual([clock._is_clear(pairs) for pairs in (of(2, 0.5), of(1, 0.01), of(1.06, 0.3), [[0, 1]])], [True, True, False, True])

    def test_turns_on_a_busy_machine_have_the_processor_for_as_long(self):
        import itertools
        from unittest import mock

        def pairs(of_processor, ratios):
            at, ratio = [0], itertools.cycle(ratios)
            ways = [lambda: at.__setitem__(0, at[0] + int(5e6 * next(ratio))), lambda: at.__setitem__(0, at[0] + 5_000_000)]
            with mock.patch.object(clock, "now_ns", lambda: at[0]), mock.patch.object(clock.time, "process_time_ns", lambda: at[0] * of_processor):
                return len(clock.in_turns(*ways, 700)["pairsMs"])

        unclear, clear = (0.6, 1.05, 1.9), (2.9, 3, 3.1)
        self.assertEqual([pairs(1, unclear) < 75, pairs(0.1, unclear) > 250, pairs(0.1, clear) < 75], [True, True, True])

    def test_whose_code(self):
        self.assertFalse(Places().is_user(ast.__file__))
        self.assertFalse(Places().is_user("<string>"))
        self.assertFalse(Places().is_user(predictions.__file__))
        self.assertTrue(Places().is_user(written("")))


class ValuesSeen(unittest.TestCase):
    def seen(self, source, watched=values_seen.of_all):
        path = written(source)
        seen = LoopsSeen(Places([path]), watched=watched)
        seen.install()
        with open(path) as file:
            code = seen.compile(file.read(), path)
        seen.is_counting = True
        self.space = {"__name__": "user"}
        exec(code, self.space)
        return path, seen

    SCRIPT = """\
        import json
        texts = ["[1, 2]"] * 5
        for text in texts:
            json.loads(text)
        once = json.loads("[3]")
        def main():
            return json.dumps(once)
        main()
        class Holder:
            values = [1]
        for _ in range(5):
            Holder.values, {}.values()
        """

    def test_how_often_places_of_a_script_run_and_on_what(self):
        path, seen = self.seen(self.SCRIPT)
        rows = {row["line"]: row for row in seen.value_rows(1)}
        told = {line: (row["callee"], row["callsPerPrediction"], row["function"]) for line, row in rows.items()}
        self.assertEqual(
            told, {4: ("json.loads", 5, None), 5: ("json.loads", 1, None), 7: ("json.dumps", 1, "main"), 12: ("values", 5, None)}
        )
        self.assertEqual((rows[4]["argument"]["kind"], rows[4]["argument"]["bytes"], rows[4]["result"]), ("string", 6, None))
        self.assertEqual((rows[7]["result"]["kind"], rows[7]["argument"]), ("string", None))
        self.assertEqual(rows[12]["argument"]["kind"], "object")
        patterns_ = script_facts.settled(patterns.patterns_of([path], path), seen.values)
        self.assertEqual({row["line"]: row["once"] for row in patterns_ if row["pattern"] == "json"}, {4: False, 5: True, 7: True})
        self.assertEqual([row["once"] for row in patterns_ if row["pattern"] == "dataframe-converted"], [False])

    def test_of_stages_only_what_is_no_call(self):
        self.assertEqual([row["callee"] for row in self.seen(self.SCRIPT, values_seen.of_frames)[1].value_rows(1)], ["values"])

    def test_paths_that_differ(self):
        _, seen = self.seen("import os\nfor path in (os.devnull, __import__('os').__file__):\n    open(path).close()\n    open(os.devnull).close()\n")
        self.assertEqual([(row["line"], row.get("varies", False)) for row in seen.value_rows(1)], [(3, True), (4, False)])

    def test_places_that_run_very_often_are_left_alone(self):
        most, values_seen.MOST_COUNTED = values_seen.MOST_COUNTED, 3
        try:
            _, seen = self.seen("import json\nfor k in range(9):\n    assert json.loads(str(k)) == k\n")
        finally:
            values_seen.MOST_COUNTED = most
        self.assertEqual([row["callsPerPrediction"] for row in seen.value_rows(1)], [3])

    def test_functions_that_are_sent_to_another_process(self):
        """By what pickles functions with the names of their module that they read: there nobody counts."""
        _, seen = self.seen('"""A docstring."""\nfrom __future__ import annotations\nimport json\ndef f(x):\n    return [json.loads(one) for one in x]\n')
        for name in (loops_seen.HOOK, loops_seen.VALUE_HOOK % 0):
            self.assertIn(name, self.space)
            self.assertEqual(pickle.loads(pickle.dumps(self.space[name]))(0, "given"), "given")
        self.assertEqual((self.space["f"](["1", "2"]), self.space["__doc__"]), ([1, 2], "A docstring."))
        self.assertEqual([row["callsPerPrediction"] for row in seen.value_rows(1)], [2])

    @unittest.skipIf(sys.version_info < (3, 10), "no match before 3.10")
    def test_what_stands_for_a_pattern_stays(self):
        path = written("match 3:\n    case Holder.values:\n        pass\n")
        seen = LoopsSeen(Places([path]), watched=values_seen.of_all)
        with open(path) as file:
            seen.compile(file.read(), path)
        self.assertEqual(seen.values, [])


class Imports(unittest.TestCase):
    def test_what_a_script_imports_and_where(self):
        own = written("import whyslow_imported_b\n", "whyslow_imported_a.py")
        with open(os.path.join(os.path.dirname(own), "whyslow_imported_b.py"), "w"):
            pass
        path = os.path.join(os.path.dirname(own), "script.py")
        before = builtins.__import__
        sys.path.insert(0, os.path.dirname(own))
        times = import_times.ImportTimes(path)
        try:
            exec(compile("\nimport whyslow_imported_a\nimport os\n", path, "exec"), {})
        finally:
            rows = {row["module"]: row for row in times.stop()}
            sys.path.pop(0)
        self.assertIs(builtins.__import__, before)
        self.assertEqual((rows["whyslow_imported_a"]["line"], rows["whyslow_imported_b"]["line"]), (2, None))
        self.assertEqual(times.total_ms, rows["whyslow_imported_a"]["totalMs"])
        self.assertNotIn("os", rows)

    def test_what_is_collected_while_something_is_imported_is_a_part_of_importing_it(self):
        own = written("import gc\ngc.collect()\n", "whyslow_imported_c.py")
        sys.path.insert(0, os.path.dirname(own))
        times = import_times.ImportTimes(own)
        garbage = predictions.Garbage(times.is_importing)
        gc.disable()
        garbage.start()
        try:
            exec("import whyslow_imported_c", {})
            self.assertEqual((garbage.pauses, garbage.ns), (0, 0))
            gc.collect()
        finally:
            garbage.stop()
            gc.enable()
            times.stop()
            sys.path.pop(0)
        self.assertEqual(garbage.pauses, 1)
        self.assertGreater(garbage.ns, 0)


class Threads(unittest.TestCase):
    def test_the_collectors_own_are_left_out(self):
        done = threading.Event()
        started = [threading.Thread(target=done.wait, name=name) for name in ("whyslow-test", "user")]
        for one in started:
            one.start()
        try:
            own = pools.own_threads()
            facts = pools.process_facts(pools.thread_ticks(), 10**9)
            alive = len(pools.thread_ticks())
        finally:
            done.set()
        self.assertIn(str(started[0].native_id), own)
        self.assertNotIn(str(started[1].native_id), own)
        if alive:
            self.assertEqual(facts["threadsAlive"], alive - len(own))


class Sessions(unittest.TestCase):
    """Classes of a library that is none, wrapped as those of the libraries are."""

    def setUp(self):
        whole = type("Run", (), {"whereabouts": whereabouts.Whereabouts(None), "places": Places([__file__])})
        self.seen = libraries.Libraries(whole)
        self.seen.counting = True

    def wrapped(self, engine, cls, **kinds):
        for attribute, kind in kinds.items():
            setattr(cls, attribute, self.seen._wrapper(engine, attribute, kind, vars(cls)[attribute]))
        return cls

    def interpreter(self):
        class Interpreter:
            def __init__(self, model_path=None):
                self.input = None

            def set_tensor(self, tensor_index, value):
                self.input = value

            def invoke(self):
                return self.input

        return self.wrapped("litert", Interpreter, __init__="open", set_tensor="input", invoke="run")

    def test_a_file_by_keyword(self):
        path = written("", "m.tflite")
        interpreter = self.interpreter()(model_path=path)
        interpreter.set_tensor(0, (1.0, 2.0))
        interpreter.set_tensor(tensor_index=1, value=[3.0])
        interpreter.invoke()
        (row,) = self.seen.rows(1, [])
        self.assertEqual((row["modelFile"], row["runsPerPrediction"]), (path, 1))
        self.assertEqual([one["shape"] for one in row["inputs"]], [[2], [1]])

    def test_a_load_by_keyword(self):
        path = written("model", "m.pkl")

        class Model:
            pass

        Model.__module__ = "keras"

        def load(file):
            with open(file, "rb") if isinstance(file, str) else file as held:
                held.read()
            return Model()

        load_model = self.seen._wrapper("keras", "load", "load", load)
        self.assertIsInstance(load_model(file=path), Model)
        with open(path, "rb") as file:
            load_model(file=file)
        self.assertEqual({row["modelFile"] for row in self.seen.rows(1, [])}, {path})
        for session in self.seen.sessions:
            self.assertIsInstance(session.opening(), Model)

    def test_a_call_in_training_mode(self):
        class Model:
            def __call__(self, x, training=False):
                return x

        model = self.wrapped("keras", Model, __call__="run")()
        model([1.0, 2.0])
        self.assertIsNone(self.seen.sessions[0].training)
        model([1.0, 2.0], training=True)
        self.assertTrue(self.seen.sessions[0].training)


class CallSites(unittest.TestCase):
    def rows(self, source):
        path = written(source)
        whole = type("Run", (), {"whereabouts": whereabouts.Whereabouts(None), "places": Places([path])})
        module = module_file.import_file(path, lambda text, name: compile(text, name, "exec"))
        seen = calls.Calls(whole)
        seen.start()
        try:
            for k in range(3):
                whole.whereabouts.at_sample(k % 2, k)
                module.predict(k)
        finally:
            seen.stop()
        return {(row["line"], row.get("varies", False)) for row in seen.rows(3, []) if row["callee"].endswith("open")}

    def test_paths_that_differ_from_call_to_call(self):
        source = "import os\nPATHS = [os.devnull, __file__]\ndef predict(k):\n    open(PATHS[0]).close()\n    open(PATHS[k % 2]).close()\n    [open(path).close() for path in PATHS]\n"
        self.assertEqual(self.rows(source), {(4, False), (5, True), (6, False)})


    def test_a_call_that_others_held_up_in_one_prediction(self):
        place = {"file": "a.py", "line": 1, "function": "f"}
        seen = calls.Calls(type("Run", (), {"whereabouts": whereabouts.Whereabouts(None), "places": Places([])}))
        steady, rare = calls.Site("steady", place), calls.Site("rare", place)
        seen.sites = {1: steady, 2: rare}
        for ns, more in ((2e6, 0), (90e6, 6e6), (3e6, 0)):
            for site, spent in ((steady, ns), (rare, more)):
                site.count += bool(spent)
                site.ns += spent
            seen.end_prediction()
        self.assertEqual({row["callee"]: row["timeMs"] for row in seen.rows(3, [])}, {"steady": 3, "rare": 2})

    def test_what_a_native_function_is_given(self):
        path = written(
            """
            def run(numbers, other):
                both = sorted(other), sorted(numbers)
                return sum(numbers), len(numbers + [4])
            """
        )
        namespace = {}
        with open(path) as file:
            exec(compile(file.read(), path, "exec"), namespace)
        seen = calls.Calls(type("Run", (), {"places": Places([path]), "whereabouts": whereabouts.Whereabouts(None)}))
        seen.how = calls.Profiling(seen)
        seen.how.start()
        try:
            namespace["run"]([1, 2, 3], "ba")
        finally:
            seen.how.stop()
        given = {calls.called(callee): site.argument for (_, _, callee), site in seen.sites.items()}
        self.assertEqual((given["sum"]["kind"], given["sum"]["length"]), ("array", 3))
        # No variable, and two calls that cannot be told apart.
        self.assertIsNone(given["len"])
        self.assertIsNone(given["sorted"])


class Rules(unittest.TestCase):
    @unittest.skipUnless(importlib.util.find_spec("numpy"), "NumPy is not installed")
    def test_labels_and_probabilities_of_one_input_are_asked_for_once(self):
        import numpy as np

        class Sorter:
            classes_ = np.array(["no", "yes"])

            def __init__(self, least=0.5):
                self.least = least

            def predict_proba(self, x):
                return np.column_stack((1 - x, x))

            def predict(self, x):
                return self.classes_[(x > self.least).astype(int)]

        def asked(model, *calls, engine="scikit-learn"):
            session = libraries.Session(engine)
            session.in_one_prediction = [(method, (model, x), {}) for method, x in calls]
            return alternatives._asked_twice(session)

        x, other = np.array([0.2, 0.7]), np.array([0.2, 0.7])
        both = [("predict", x), ("predict_proba", x)]
        for least, equal in ((0.5, "bits"), (0.8, "different")):
            count, (rule, _, _, (now, once)) = asked(Sorter(least), *both, ("predict", other))
            self.assertEqual((count, rule, alternatives.compare(now(), once())), (1, "repeated-prediction", equal))
        self.assertEqual(asked(Sorter(), *both, *both)[0], 2)
        self.assertIsNone(asked(Sorter(), ("predict", x), ("predict_proba", other)))
        self.assertIsNone(asked(Sorter(), ("predict", x), ("predict", x)))
        self.assertIsNone(asked(object(), *both))
        self.assertIsNone(asked(Sorter(), *both, engine="keras"))
        several = Sorter()
        several.classes_ = [np.array([0, 1]), np.array([0, 1])]
        self.assertIsNone(asked(several, *both))

    def test_which_finding_another_way_to_ask_belongs_to(self):
        of = lambda engine, now, instead: alternatives._rule_of(libraries.Session(engine), (now, instead, ()))  # noqa: E731
        self.assertEqual(of("keras", "model.predict(x)", "model(x)"), "predict-call-overhead")
        self.assertEqual(of("xgboost", "predict(DMatrix(x))", "Booster.inplace_predict(array)"), "predict-call-overhead")
        self.assertEqual(of("xgboost", "predict(x)", "Booster.inplace_predict(array)"), "wrapper-overhead")
        self.assertEqual(of("scikit-learn", "predict(x)", "with sklearn.config_context(assume_finite=True): predict(x)"), "predict-call-overhead")
        self.assertEqual(of("scikit-learn", "predict(x) with n_jobs=-1", "predict(x) with n_jobs=1"), "wrapper-overhead")


class Ways(unittest.TestCase):
    def ways(self, engine, method, model, x, **matrices):
        session = libraries.Session(engine)
        session.last = (method, (model, x), {})
        return [(instead, alternatives.compare(now(), other())) for _, instead, (now, other) in alternatives._ways(session, **matrices)]

    @unittest.skipUnless(importlib.util.find_spec("xgboost"), "xgboost is not installed")
    def test_a_matrix_with_names_of_columns(self):
        import numpy as np
        import xgboost

        rows, names = np.random.default_rng(0).normal(size=(40, 3)), ["a", "b", "c"]
        named = lambda rows, **more: xgboost.DMatrix(rows, feature_names=names, **more)  # noqa: E731
        booster = xgboost.train({}, named(rows, label=rows[:, 0]), 5)
        one = named(rows[:1])
        told = self.ways("xgboost", "predict", booster, one, matrices=[(one, rows[:1])])
        self.assertEqual([equal for _, equal in told], ["bits", "bits"])

    @unittest.skipUnless(importlib.util.find_spec("keras") and importlib.util.find_spec("tensorflow"), "keras is not installed")
    def test_several_inputs_and_outputs(self):
        import keras
        import numpy as np

        a, b = keras.Input((2,), name="a"), keras.Input((3,), name="b")
        both = keras.layers.Concatenate()([a, b])
        model = keras.Model([a, b], [keras.layers.Dense(1)(both), keras.layers.Dense(4)(both)])
        for x in ([np.ones((1, 2)), np.ones((1, 3))], {"a": np.ones((1, 2)), "b": np.ones((1, 3))}):
            told = self.ways("keras", "predict", model, x)
            self.assertEqual([instead for instead, _ in told], ["model(x, training=False).numpy()", "tf.function(model)(x).numpy()"])
            self.assertTrue({equal for _, equal in told} <= {"bits", "rounding"}, told)
        self.assertEqual(self.ways("keras", "predict", model, [np.ones((64, 2)), np.ones((64, 3))]), [])


    @unittest.skipUnless(importlib.util.find_spec("sklearn"), "scikit-learn is not installed")
    def test_a_forest_is_asked_tree_by_tree(self):
        import numpy as np
        from sklearn.ensemble import ExtraTreesClassifier, GradientBoostingRegressor, RandomForestRegressor

        rows = np.random.default_rng(0).normal(size=(60, 4))
        target, names = rows[:, 0] + rows[:, 1], np.array(["a", "b", "c"])[(rows[:, 2] > 0).astype(int) + (rows[:, 0] > 1)]
        trees = lambda *asked: [equal for instead, equal in self.ways("scikit-learn", *asked) if "tree_" in instead]  # noqa: E731
        numbers, classes = RandomForestRegressor(9).fit(rows, target), ExtraTreesClassifier(9).fit(rows, names)
        self.assertIn(trees("predict", numbers, rows[:5]), (["bits"], ["rounding"]))
        self.assertIn(trees("predict_proba", classes, rows[:5].tolist()), (["bits"], ["rounding"]))
        self.assertEqual(trees("predict", classes, rows[:5]), ["bits"])
        self.assertEqual(trees("predict", RandomForestRegressor(9).fit(rows, rows[:, :2]), rows[:5]), [])
        self.assertEqual(trees("predict", GradientBoostingRegressor().fit(rows, target), rows[:5]), [])


    @unittest.skipUnless(importlib.util.find_spec("torch"), "PyTorch is not installed")
    def test_a_model_is_asked_without_the_padding_of_all_texts(self):
        import torch

        mask = torch.tensor([[1, 1, 0, 0, 0], [1, 1, 1, 0, 0]])
        given = {"input_ids": mask * 7, "attention_mask": mask, "position": torch.zeros(5), "other": 3}
        words = alternatives._without_padding(torch, given)
        self.assertEqual((words["input_ids"].tolist(), words["attention_mask"].shape), ([[7, 7, 0], [7, 7, 7]], (2, 3)))
        self.assertEqual((words["position"].shape, words["other"]), ((5,), 3))
        for other in (torch.ones(2, 5), torch.zeros(2, 5), mask.flip(1), torch.ones(5), None):
            self.assertIsNone(alternatives._without_padding(torch, {"attention_mask": other}))
        session = libraries.Session("pytorch")
        model = lambda input_ids, attention_mask: (input_ids * attention_mask).sum(1)  # noqa: E731
        session.last = ("__call__", (model,), {"input_ids": mask * 7, "attention_mask": mask})
        [(rule, _, _, (one, other))] = alternatives._torch(session)
        self.assertEqual(rule, "padding-waste")
        self.assertEqual(alternatives.compare(one(), other()), "bits")


class Agreement(unittest.TestCase):
    def test_within_rounding_of_the_largest(self):
        try:
            import numpy as np
        except ImportError:
            self.skipTest("without NumPy")
        for one, other, equal in (
            ([1.0, 2.0], [1.0, 2.0], "bits"),
            ([1.0, 2.0], [1.0, 2.0001], "rounding"),
            ([100.0, 1e-6], [100.0, -1e-6], "rounding"),
            ([1e-7, 2e-7], [2e-7, 1e-7], "different"),
            ([1.0, float("nan")], [1.0, float("nan")], "bits"),
            ([1.0, float("inf")], [1.0, 5.0], "different"),
        ):
            self.assertEqual(alternatives.compare(np.array(one), np.array(other)), equal, (one, other))
        self.assertEqual(alternatives.compare(np.array([1]), np.array([2])), "different")
        ones, twos = np.ones((1, 2), "float32"), np.full((1, 3), 2, "float32")
        near = np.nextafter(twos, np.float32(3))
        for one, other, equal in (
            ([ones, twos], [ones, twos], "bits"),
            ((ones, twos), [ones, near], "rounding"),
            ({"a": ones, "b": twos}, {"a": ones, "b": near}, "rounding"),
            ({"a": ones}, {"a": -ones}, "different"),
            ([ones, twos], [ones], "different"),
            ({"a": ones, "b": None}, {"a": ones, "b": None}, "bits"),
            ([1.0, 2.0], [1.0, 2.5], "different"),
        ):
            self.assertEqual(alternatives.compare(one, other), equal, (one, other))


class Wrappers(unittest.TestCase):
    @unittest.skipUnless(importlib.util.find_spec("numpy"), "numpy is not here")
    def test_what_a_booster_gives_is_answered_as_its_class_does(self):
        import numpy

        class Classifier:
            classes_ = ["no", "yes"]

        class Classes:
            classes_ = [3, 5, 9]

        one, rows = numpy.array([0.2, 0.5, 0.7]), numpy.array([[0.1, 0.6, 0.3], [0.5, 0.2, 0.3]])
        then, answer = alternatives._answered(Classifier(), "predict")
        self.assertEqual((then, answer(one).tolist()), (" > 0.5", ["no", "no", "yes"]))
        self.assertEqual(alternatives._answered(Classifier(), "predict_proba")[1](one).tolist()[2], [1 - 0.7, 0.7])
        self.assertEqual(alternatives._answered(Classifier(), "margin")[1](one).tolist(), one.tolist())
        then, answer = alternatives._answered(Classes(), "predict")
        self.assertEqual((then, answer(rows).tolist()), (".argmax(axis=1)", [5, 3]))
        self.assertEqual(alternatives._answered(object(), "predict")[1](one).tolist(), one.tolist())


if __name__ == "__main__":
    unittest.main()
