"""Models that are taken out of a program: which calls become which lines, rows as one array, texts as codes, another text in place of a file's."""

import contextlib
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
import textwrap
import types
import unittest

COLLECTOR = os.path.join(os.path.dirname(__file__), "..", "..", "packages", "measure", "src", "python", "collector")
sys.path.insert(0, COLLECTOR)

from whyslow_collector import call_edits  # noqa: E402


class Model:
    """Notes the frame that calls it."""

    def __init__(self):
        self.sites = {}

    def note(self, method):
        frame = sys._getframe(2)
        while os.path.basename(frame.f_code.co_filename) != "service.py":
            frame = frame.f_back
        site = call_edits.Site(frame)
        self.sites[site.key(), method] = (site, self)
        return 0

    def __call__(self, *given, **words):
        return self.note("__call__")

    def forward(self, x):
        return x

    def predict(self, *given, **words):
        return self.note("predict")


class Library:
    """Holds a model, and calls it."""

    def __init__(self, model):
        self.model = model

    def __call__(self, text):
        return self.model(text)


class Proxy:
    """Of a request, and there is none."""

    def __getattribute__(self, name):
        raise RuntimeError("Working outside of request context")


class DMatrix:
    def __init__(self, data, feature_names=None):
        self.data = data


class Transformer:
    def transform(self, rows, copy=False):
        return rows


class Vectorizer(Transformer):
    vocabulary_ = {"now": 0}


class Edited(unittest.TestCase):
    def edited(self, source, run="predict([1.0])"):
        """(the text with its changes, or the reason why there are none; line, before, after of each change)."""
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        file = os.path.join(folder.name, "service.py")
        text = textwrap.dedent(source)
        with open(file, "w") as written:
            written.write(text)
        model = Model()
        names = {"Model": lambda: model, "Library": Library, "DMatrix": DMatrix, "Vectorizer": Vectorizer, "scaler": Transformer(), "Proxy": Proxy, **({} if "Model()" in text else {"model": model})}
        exec(compile(text, file, "exec"), names)
        eval(run, names)
        edits = call_edits.Edits("fast")
        reason = edits.calls(model.sites, "model")
        if reason is not None:
            self.assertEqual(edits.result(), [])
            return reason, []
        [changed] = edits.result()
        compile(changed["text"], file, "exec")
        self.assertEqual(edits.result(), [changed])
        return changed["text"], [(one["line"], one["before"], one["after"]) for one in changed["changes"]]

    def test_a_method(self):
        text, changes = self.edited(
            '''
            """A service."""
            from __future__ import annotations
            import os

            def predict(rows):
                return [
                    model.predict(rows, verbose=0),
                ]
            '''
        )
        self.assertEqual(
            changes, [(5, None, "from fast import model as fast_model"), (8, "        model.predict(rows, verbose=0),", "        fast_model.of(model).predict(rows, verbose=0),")]
        )

    def test_a_module_that_is_called(self):
        text, _ = self.edited("class Service:\n    def __init__(self):\n        self.net = Model()\n    def run(self, x):\n        return self.net(x)\nservice = Service()\n", "service.run(1)")
        self.assertIn("        return fast_model.of(self.net)(x)\n", text)
        self.assertTrue(text.startswith("from fast import model as fast_model\n"))

    def test_a_model_that_is_opened_by_a_call_is_opened_no_more(self):
        text, _ = self.edited("def get():\n    return model\ndef predict(x):\n    return get()(x) + get().predict(x)\n")
        self.assertIn("return fast_model.of(lambda: get())(x) + fast_model.of(lambda: get()).predict(x)", text)

    def test_a_model_that_is_waited_for_is_not_asked_again(self):
        text, _ = self.edited("import asyncio\nasync def get():\n    return model\nasync def answer(x):\n    return (await get()).predict(x)\ndef predict(x):\n    return asyncio.run(answer(x))\n")
        self.assertIn("return (fast_model).predict(x)", text)

    def test_several_calls_of_a_line_in_letters_of_two_bytes(self):
        text, _ = self.edited("def predict(x):\n    return {'größe': model.predict(x), 'ß': model.predict(x)}\n")
        self.assertIn("{'größe': fast_model.of(model).predict(x), 'ß': fast_model.of(model).predict(x)}", text)

    def test_a_library_that_calls_the_model(self):
        text, changes = self.edited("pipe = Library(Model())\ndef predict(x):\n    if x:\n        return pipe(x)\n")
        self.assertIn("    if x:\n        fast_model.attach(pipe.model)\n        return pipe(x)\n", text)
        self.assertEqual(changes[1], (4, None, "        fast_model.attach(pipe.model)"))

    def test_a_matrix_for_one_call(self):
        text, _ = self.edited("def predict(x):\n    matrix = DMatrix([x], feature_names=['a'])\n    return model.predict(matrix)\n")
        self.assertIn("matrix = fast_model.rows(DMatrix)([x], feature_names=['a'])", text)

    def test_rows_that_a_vectorizer_makes_for_one_call(self):
        made = "vectorizer = Vectorizer()\ndef predict(x):\n"
        for body, expected in (
            ("    rows = vectorizer.transform([x])\n    return model.predict(rows)\n", "    rows = fast_model.rows(vectorizer.transform)([x])\n    return fast_model.of(model).predict(rows)\n"),
            ("    return model.predict(vectorizer.transform(x))\n", "    return fast_model.of(model).predict(fast_model.rows(vectorizer.transform)(x))\n"),
            # The model is given the rows that are made.
            ("    rows = vectorizer.transform([x])\n    str(rows)\n    return model.predict(rows)\n", "    rows = vectorizer.transform([x])\n    str(rows)\n    return fast_model.of(model).predict(rows)\n"),
            ("    return model.predict(vectorizer.transform(x, copy=True))\n", "    return fast_model.of(model).predict(vectorizer.transform(x, copy=True))\n"),
            ("    return model.predict(scaler.transform(x))\n", "    return fast_model.of(model).predict(scaler.transform(x))\n"),
        ):
            with self.subTest(body):
                text, _ = self.edited(made + body)
                self.assertIn(made + expected, text)

    def test_a_matrix_that_others_use_stays_and_so_does_the_call(self):
        reason, _ = self.edited("def predict(x):\n    matrix = DMatrix([x])\n    len(str(matrix))\n    return model.predict(matrix)\n")
        self.assertIn("the DMatrix of the call at service.py:4 is made somewhere else", reason)

    def test_names_that_are_taken(self):
        text, _ = self.edited("fast_model = 1\ndef predict(x):\n    return model(x)\n")
        self.assertIn("from fast import model as fast_fast_model", text)

    def refused(self, source, run="predict('a')", prefix="MODELS = {}; fill = lambda **given: MODELS.update(given); fill(a=Model(), b=None)\n"):
        reason, changes = self.edited(prefix + textwrap.dedent(source), run)
        self.assertEqual(changes, [], source)
        self.assertNotIn("\n", reason)
        return reason

    def told(self, source, run="predict('a')", prefix="MODELS = {'a': Model(), 'b': None}\n"):
        """The lines in front of a call that may reach other models."""
        text, changes = self.edited(prefix + textwrap.dedent(source), run)
        self.assertNotEqual(changes, [], text)
        self.assertEqual([before for _, before, _ in changes], [None] * len(changes), source)
        return [after.strip() for _, _, after in changes if "attach" in after]

    def test_at_a_site_that_other_models_can_reach_the_model_itself_is_told(self):
        for source in (
            "def predict(s):\n    return MODELS[s].predict(1)\n",
            "def get(name):\n    return MODELS[name]\ndef predict(s):\n    return get(s).predict(1)\n",
            "def score(m, x):\n    return m.predict(x)\ndef predict(s):\n    return score(MODELS[s], 1)\n",
            "def predict(s):\n    return [m.predict(1) for m in [MODELS[s]]]\n",
            "def predict(s):\n    return (MODELS['a'] if s == 'a' else MODELS['b']).predict(1)\n",
            "def predict(s, m=MODELS['a']):\n    if s == 'b':\n        m = MODELS['b']\n    return m(1)\n",
        ):
            with self.subTest(source):
                self.assertEqual(self.told(source), ["fast_model.attach(MODELS.get('a'))"])
        head = "class Service:\n    def __init__(self, m):\n        self.m = m\n    def run(self, x):\n        return self.m.predict(x)\n"
        folds = "FOLDS = [Model(), None]\ndef predict(s):\n    return sum(m.predict(1) for m in FOLDS[:1])\n"
        self.assertEqual(self.told(folds, prefix=""), ["fast_model.attach(FOLDS[0])"])
        rotated = "FOLDS = [Model(), None]\ndef turn():\n    FOLDS.insert(0, FOLDS.pop())\ndef predict(s):\n    return sum(m.predict(1) for m in FOLDS[:1])\n"
        self.assertIn("m at service.py:5 can be another model", self.refused(rotated, prefix=""))
        two = "first, second = Service(Model()), Service(None)\ndef predict(s):\n    return (first if s == 'a' else second).run(1)\n"
        self.assertEqual(self.told(head + two, prefix=""), ["fast_model.attach(first.m)"])
        proxy = "class State:\n    pass\nstate = State()\nstate._state = {'m': Model()}\nrequest = Proxy()\ndef predict(s):\n    m = state._state['m'] if s else None\n    return m.predict(1)\n"
        self.assertEqual(self.told(proxy, prefix=""), ["fast_model.attach(state.m)"])
        made = "def make():\n    return Service\nservice = make()(Model())\ndef predict(s):\n    return service.run(1)\n"
        self.assertEqual(self.told(head + made, prefix=""), ["fast_model.attach(service.m)"])
        filled = "def put(name, m):\n    MODELS[name] = m\ndef predict(s):\n    return MODELS[s].predict(1)\n"
        self.assertIn("MODELS[s] at service.py:5 can be another model", self.refused(filled, prefix="MODELS = {'a': Model(), 'b': None}\n"))

    def test_a_site_that_other_models_can_reach_stays(self):
        self.assertEqual(
            self.refused("def predict(s):\n    return MODELS[s].predict(1)\n"), "MODELS[s] at service.py:3 can be another model for other inputs"
        )
        for source in (
            "def get(name):\n    return MODELS[name]\ndef predict(s):\n    return get(s).predict(1)\n",
            "def get(name):\n    return MODELS[name]\ndef predict(s):\n    found = get(s)\n    return found(1)\n",
            "import contextvars\nlang = contextvars.ContextVar('lang', default='a')\ndef get():\n    return MODELS[lang.get()]\ndef predict(s):\n    return get()(1)\n",
            "def score(m, x):\n    return m.predict(x)\ndef predict(s):\n    return score(MODELS[s], 1)\n",
            "def score(m, x):\n    return m.predict(x)\nother = None\ndef predict(s):\n    return score(other, 1) if s == 'b' else score(MODELS['a'], 1)\n",
            "def predict(s):\n    m = MODELS['a']\n    if s == 'b':\n        m = MODELS['b']\n    return m.predict(1)\n",
            "def predict(s):\n    return [m.predict(1) for m in [MODELS[s]]]\n",
            "def predict(s):\n    for name in s:\n        m = MODELS[name]\n        m.predict(1)\n",
            "def predict(s):\n    return (lambda m: m.predict(1))(MODELS[s])\n",
            "def predict(s):\n    return (MODELS['a'] if s == 'a' else MODELS['b']).predict(1)\n",
            "def load():\n    return MODELS['a']\ndef turned(function):\n    def inner(m, x):\n        return function(MODELS[x], x)\n    return inner\n"
            "@turned\ndef predict_two(m, x):\n    return m.predict(x)\ndef predict(s):\n    return predict_two(load(), s)\n",
            "current = None\ndef use(s):\n    global current\n    current = MODELS[s]\ndef predict(s):\n    use(s)\n    return current.predict(1)\n",
            "def put(name, m):\n    MODELS['a'] = MODELS[name]\ndef predict(s):\n    return MODELS['a'].predict(1)\n",
        ):
            with self.subTest(source):
                self.assertIn("can be another model for other inputs", self.refused(source))

    def test_an_attribute_of_a_class_with_several_objects_stays(self):
        head = "class Service:\n    def __init__(self, m):\n        self.m = m\n    def run(self, x):\n        return self.m.predict(x)\n"
        for source in (
            "ALL = {name: Service(m) for name, m in MODELS.items()}\ndef predict(s):\n    return ALL[s].run(1)\n",
            "def predict(s):\n    return Service(MODELS[s]).run(1)\n",
            "service = Service(MODELS['a'])\ndef switch(s):\n    service.m = MODELS[s]\ndef predict(s):\n    switch(s)\n    return service.run(1)\n",
        ):
            with self.subTest(source):
                self.assertIn("self.m at service.py:6 can be another model", self.refused(head + source))
        self.assertIn(
            "self.m at service.py:7",
            self.refused(
                "class Service:\n    @property\n    def m(self):\n        return MODELS[self.lang]\n    def predict(self, lang):\n        return self.m(1)\n"
                "service = Service()\ndef predict(s):\n    service.lang = s\n    return service.predict(1)\n"
            ),
        )

    def test_what_surely_is_one_model_is_redirected(self):
        for source in (
            "class Service:\n    def __init__(self, folder):\n        self.m = Model()\n    def run(self, x):\n        return self.m.predict(x)\n"
            "def load():\n    return Service('here')\ndef predict(service, x):\n    return service.run(x)\nif __name__ == '__main__':\n    predict(load(), 1)\n",
            "def load():\n    return Model()\ndef predict(m, x):\n    return m.predict(x)\n",
            "def predict(m, x):\n    return m(x)\nload = Model\n",
            "_model = None\ndef get():\n    global _model\n    if _model is None:\n        _model = Model()\n    return _model\n"
            "def load():\n    return 1\ndef predict(a, x):\n    found = get()\n    return found.predict(x)\n",
            "state = {}\ndef start(app):\n    state['m'] = Model()\ndef load():\n    start(1)\ndef predict(a, x):\n    return state['m'].predict(x)\n",
            "import functools\n@functools.lru_cache\ndef get():\n    m = Model()\n    m = m\n    return m\n"
            "def load():\n    return get()\ndef score(m, x):\n    return m.predict(x)\ndef predict(a, x):\n    return score(get(), x)\n",
            "class Request:\n    class app:\n        class state:\n            m = None\ndef load():\n    Request.app.state.m = Model()\n"
            "def handle(request, x):\n    return request.app.state.m.predict(x)\ndef predict(a, x):\n    return handle(Request, x)\n",
            "import os\nm = None\ndef start():\n    global m\n    m = Model()\n    os.environ.get('A_PATH', 'b')\ndef load():\n    start()\ndef predict(a, x):\n    return m.predict(x)\n",
            "import os\ndef opened(path):\n    return Model()\ndef load():\n    global m\n    m = opened(os.environ.get('A_PATH', 'b'))\ndef predict(a, x):\n    return m.predict(x)\n",
            "class Scoring:\n    m = None\n    @classmethod\n    def get(cls):\n        if cls.m is None:\n            cls.m = Model()\n        return cls.m\n"
            "    @classmethod\n    def score(cls, x):\n        found = cls.get()\n        return found.predict(x)\ndef load():\n    return 1\ndef predict(a, x):\n    return Scoring.score(x)\n",
            "class Service:\n    SIZE = 1\n    def __init__(self, m):\n        self.m = m\n    @classmethod\n    def opened(cls, path='here'):\n        return cls(Model())\n"
            "    def run(self, x):\n        return self.m.predict(x)\nservice = Service.opened()\ndef load():\n    return Service.SIZE\ndef predict(a, x):\n    return service.run(x)\n",
            "import functools\n@functools.lru_cache\ndef get(name='a'):\n    return opened(name)\ndef opened(name):\n    return Model()\ndef load():\n    return 1\ndef predict(a, x):\n    return get().predict(x)\n",
            "import functools\ndef timed(function):\n    @functools.wraps(function)\n    def inner(*args, **words):\n        return function(*args, **words)\n    return inner\n"
            "def load():\n    return Model()\n@timed\ndef predict(m, x):\n    return m.predict(x)\n",
            "class State:\n    pass\nstate = State()\ndef start():\n    state.m = Model()\ndef stop():\n    del state.m\ndef load():\n    start()\ndef predict(a, x):\n    return state.m.predict(x)\n",
            "m = Model()\nNAME = 'a'\nALL = {'a': m}\ndef load():\n    return 1\ndef predict(a, x):\n    return ALL[NAME].predict(x) if x else 0\n",
        ):
            with self.subTest(source):
                text, changes = self.edited(source, "predict(load(), 1)")
                self.assertIn("return fast_model", text)

    def test_at_a_call_of_several_models_each_is_told(self):
        with tempfile.TemporaryDirectory() as folder:
            file = os.path.join(folder, "service.py")
            source = "def predict():\n    for one in (first, second):\n        model = one\n        model.predict(1)\n        other.predict(1)\n"
            with open(file, "w") as written:
                written.write(source)
            names = {"first": Model(), "second": Model(), "other": Model()}
            exec(compile(source, file, "exec"), names)
            eval("predict()", names)
            shared = set(names["first"].sites) & set(names["second"].sites)
            edits = call_edits.Edits("fast", [file], shared)
            for name in ("first", "second", "other"):
                self.assertIsNone(edits.calls(names[name].sites, name))
            self.assertEqual(edits.calls(names["other"].sites, "model"), "two changes of service.py fall on one place")
            [changed] = edits.result()
            self.assertIn("        fast_first.attach(first)\n        fast_second.attach(second)\n        model.predict(1)\n        fast_other.of(other).predict(1)\n", changed["text"])
            first = names.pop("first")
            self.assertEqual(call_edits.Edits("fast", [file], shared).calls(first.sites, "model"), "the call at service.py:4 is of several models")

    def test_a_method_that_is_given_to_a_library(self):
        source = "import concurrent.futures\npool = concurrent.futures.ThreadPoolExecutor(1)\nclass Service:\n    def __init__(self):\n        self.m = Model()\nservice = Service()\ndef predict(x):\n    return pool.submit(%s.predict, x).result()\n"
        own = "import asyncio\nclass Service:\n    def __init__(self):\n        self.m = Model()\n    async def predict(self, x):\n        return await asyncio.to_thread(self.m.predict, x)\n%s"
        cases = (
            (source % "service.m", lambda service: service.m, "return pool.submit(fast_model.of(service.m).predict, x).result()"),
            # Whatever the expression means: the model itself is told.
            (source % "MODELS[x]", lambda service: service.m, "    fast_model.attach(service.m)\n    return pool.submit(MODELS[x].predict, x).result()"),
            (own % "service = Service()\n", lambda service: service.m, "await asyncio.to_thread(fast_model.of(self.m).predict, x)"),
            # A wrapper around the model, and an object that is not known.
            (own % "service = Service()\nservice.m.inner = Model()\n", lambda service: service.m.inner, None),
            (own % "service = None\n", lambda service: Model(), None),
            # Several objects of the class.
            (own % "other = Service()\nservice = Service()\n", lambda service: service.m, "        fast_model.attach(service.m)\n        return await asyncio.to_thread(self.m.predict, x)"),
            (own % "others = [Service() for _ in 'ab']\nservice = others[1]\n", lambda service: service.m, "fast_model.attach(service.m)"),
        )
        for at, (text, found, expected) in enumerate(cases):
            with self.subTest(text), tempfile.TemporaryDirectory() as folder:
                file = os.path.join(folder, "service.py")
                with open(file, "w") as written:
                    written.write(text)
                module = types.ModuleType("handed_%d" % at)
                module.__file__, module.Model = file, Model
                sys.modules[module.__name__] = module
                self.addCleanup(sys.modules.pop, module.__name__)
                exec(compile(text, file, "exec"), vars(module))
                edits = call_edits.Edits("fast", [file])
                told = edits.calls({(None, "predict"): ("nowhere", found(module.service))}, "model")
                self.assertEqual(told, "nowhere" if expected is None else None)
                if expected is not None:
                    self.assertIn(expected, edits.result()[0]["text"])

    def test_lines_end_where_python_has_them_end(self):
        for letter in ("\x0c", "\x0b", "\x85", "\u2028"):
            text, changes = self.edited("# a%sb\nTEXT = 'a%sb'\ndef predict(x):\n    return model.predict(x)\n" % (letter, letter if letter != "\x0b" else ""))
            self.assertIn("    return fast_model.of(model).predict(x)\n", text)
            self.assertEqual(changes[-1], (4, "    return model.predict(x)", "    return fast_model.of(model).predict(x)"))

    def test_the_import_stands_behind_what_has_to_begin_the_file(self):
        head = "#!/usr/bin/env python3\n# -*- coding: utf-8 -*-\n# Licence.\n"
        text, _ = self.edited(head + "def predict(x):\n    return model.predict(x)")
        self.assertTrue(text.startswith(head + "from fast import model as fast_model\ndef"), text)

    def test_a_line_that_no_line_can_stand_in_front_of(self):
        for body, changed in (
            ("def predict(x): return pipe(x)\n", "def predict(x): fast_model.attach(pipe.model); return pipe(x)\n"),
            ("def predict(x):\n    if not x: return 0\n    else: return pipe(x)\n", "    else: fast_model.attach(pipe.model); return pipe(x)\n"),
            ("def predict(x):\n    y = 1; return pipe(x)\n", "    y = 1; fast_model.attach(pipe.model); return pipe(x)\n"),
        ):
            with self.subTest(body):
                text, _ = self.edited("pipe = Library(Model())\n" + body)
                self.assertIn(changed, text)
        reason, _ = self.edited("pipe = Library(Model())\ndef predict(x):\n    if not x:\n        return 0\n    elif pipe(x):\n        return 1\n")
        self.assertIn("and no line can stand in front of that", reason)
        reason, _ = self.edited("pipes = [Library(Model())]\ndef predict(x):\n    return [p(x) for p in pipes]\n")
        self.assertIn("no name there surely leads to it", reason)

    def test_what_would_be_no_python_is_a_reason(self):
        reason, _ = self.edited("def predict(x):\n    'It.'\n    if x: \\\n        return pipe(x)\npipe = Library(Model())\n")
        self.assertEqual(reason, "service.py with its lines changed is no Python")

    def test_a_function_that_returns_what_another_gives(self):
        with tempfile.TemporaryDirectory() as folder:
            file = os.path.join(folder, "service.py")
            with open(file, "w") as written:
                written.write('class T:\n    def ids(self, text):\n        """Of a text."""\n        return [1]\ndef two(a, b):\n    return a\n')
            edits = call_edits.Edits("fast")
            self.assertIsNone(edits.body(file, 4, "ids", "tokenizer"))
            self.assertIn("takes more than a text", edits.body(file, 6, "two", "tokenizer"))
            [changed] = edits.result()
            self.assertIn('        """Of a text."""\n        return fast_tokenizer(text)\n        return [1]\n', changed["text"])


class Taken(unittest.TestCase):
    """What is kept of a program that runs."""

    def recorder(self):
        from whyslow_collector import capture, places

        run = types.SimpleNamespace(places=places.Places(), door=None, whereabouts=types.SimpleNamespace(stage=-1, calls=0))
        recorder = capture.Recorder(run)
        recorder.counting = True
        return recorder

    def run_with(self, recorder, source, **names):
        class Booster:
            def predict(self, x):
                return x

        Booster.predict = recorder._wrapper("scikit-learn", "predict", "run", Booster.predict)
        with tempfile.TemporaryDirectory() as folder:
            file = os.path.join(folder, "service.py")
            with open(file, "w") as written:
                written.write(source)
            exec(compile(source, file, "exec"), {"Booster": Booster, **names})

    def test_a_call_that_no_line_makes(self):
        from whyslow_collector import capture

        recorder = self.recorder()
        self.run_with(recorder, "import threading\nmodel = Booster()\none = threading.Thread(target=model.predict, args=(1,))\none.start()\none.join()\n")
        [sites] = recorder.sites.values()
        self.assertEqual(call_edits.Edits("fast").calls(sites, "model"), "it is called in another thread; no line of the program calls it")
        [session] = recorder.sessions
        recorder.sites[id(session)] = {}
        exported, capture.export_models.exported = capture.export_models.exported, lambda *given: {}
        try:
            with tempfile.TemporaryDirectory() as folder:
                told = capture.written(session, recorder, call_edits.Edits("fast"), "model", folder)
        finally:
            capture.export_models.exported = exported
        self.assertEqual(told["reason"], "no line of the program calls it")

    def test_each_model_that_is_written_is_a_sign_of_life(self):
        from unittest import mock

        from whyslow_collector import capture, places, whereabouts

        with tempfile.TemporaryDirectory() as folder:
            state = os.path.join(folder, "state")
            sent, seen = [], []
            plan = {"file": "service.py", "capture": {"folder": folder, "package": "fast", "models": [], "without": [], "tokenizers": []}}
            run = types.SimpleNamespace(plan=plan, places=places.Places(), door=None, whereabouts=whereabouts.Whereabouts(state), send=lambda kind, **told: sent.append(told))

            def written(session, *given):
                with open(state, "rb") as file:
                    seen.append(file.read())
                return session

            names = {"Recorder": mock.Mock(), "predict": mock.Mock(), "chosen": lambda *given: [("model", 1), ("model_2", 2), ("model_3", 3)], "made_anew": lambda *given: [], "written": written}
            with mock.patch.multiple(capture, **names):
                capture.captured(run, "stages", None)
        self.assertEqual((sent[0]["models"], len(set(seen))), ([1, 2, 3], 3))

    def test_calls_of_several_models_are_known(self):
        recorder = self.recorder()
        self.run_with(recorder, "for one in (Booster(), Booster()):\n    one.predict(1)\nlast = Booster()\nlast.predict(1)\n")
        [(key, method)] = recorder.shared()
        self.assertEqual((key[1], method), (2, "predict"))

    def test_models_that_are_made_in_each_prediction(self):
        from whyslow_collector import capture

        recorder = self.recorder()
        source = "def predict(x):\n    return Booster().predict(x)\nkept = {}\ndef late(x):\n    return kept.setdefault(x, Booster()).predict(x)\nfor x in (1, 2, 1, 2):\n    predict(x), late(x)\n"
        self.run_with(recorder, source)
        recorder.predictions = 4
        for one in recorder.sessions:
            one.run_ns = 1
        [those] = capture.made_anew(recorder)
        self.assertEqual(([one.ran["line"] for one in those], len(capture.chosen(recorder))), ([2] * 4, 2))
        recorder.known = {id(those[0].target)}
        self.assertEqual(capture.made_anew(recorder), [])

    def test_a_model_that_each_prediction_opens(self):
        from whyslow_collector import capture

        for body, changed in (
            ("    model = Opened('a')\n    return model.predict(x)\n", "    model = fast_model.opened(lambda: Opened('a'))\n    return fast_model.of(model).predict(x)\n"),
            ("    return Opened(\n        'a').predict(x)\n", "    return fast_model.of(lambda: Opened(\n        'a')).predict(x)\n"),
            ("    model = Opened(str(x))\n    return model.predict(x)\n", None),
        ):
            with self.subTest(body):
                recorder = self.recorder()
                made = tempfile.TemporaryDirectory()
                self.addCleanup(made.cleanup)
                folder, file = made.name, os.path.join(made.name, "service.py")
                with open(file, "w") as written:
                    written.write("def predict(x):\n" + body + "for x in (1, 2, 3):\n    predict(x)\n")

                class Opened:
                    def __init__(self, path):
                        pass

                    def predict(self, x):
                        return x

                for name, kind in (("__init__", "open"), ("predict", "run")):
                    setattr(Opened, name, recorder._wrapper("onnxruntime", name, kind, vars(Opened)[name]))
                with open(file) as source:
                    exec(compile(source.read(), file, "exec"), {"Opened": Opened})
                [session] = recorder.sessions
                edits = call_edits.Edits("fast", [file])
                exported, capture.export_models.exported = capture.export_models.exported, lambda *given: {"notes": ["it"]}
                try:
                    told = capture.written(session, recorder, edits, "model", os.path.join(folder, "models"))
                finally:
                    capture.export_models.exported = exported
                if changed is None:
                    self.assertIn("can be another model for other inputs", told["reason"])
                else:
                    self.assertEqual(told["notes"][0], "it")
                    self.assertIn("opened once, in place of each time at service.py:2", told["notes"][1])
                    self.assertIn(changed, edits.result()[0]["text"])

    def test_names_are_by_first_calls_and_stay(self):
        from whyslow_collector import capture

        source = "first = Booster()\nsecond = Booster()\nfirst.predict(1)\nsecond.predict(1)\nthird = Booster()\nthird.predict(1)\n"
        recorder = self.recorder()
        self.run_with(recorder, source)
        a, b, c = recorder.sessions
        a.run_ns, b.run_ns, c.run_ns = 30, 60, 1
        self.assertEqual(capture.chosen(recorder), [("model", a), ("model_2", b)])
        known = [{"name": name, "engine": one.engine, "type": "Booster", "ran": one.ran} for name, one in capture.chosen(recorder)]
        a.run_ns, b.run_ns, c.run_ns = 1, 60, 50
        self.assertEqual(capture.chosen(recorder, known), [("model", a), ("model_2", b)])
        self.assertEqual(capture.chosen(recorder, known[1:]), [("model_2", b)])
        self.assertEqual(capture.chosen(recorder, [{**known[0], "type": "Net"}]), [])


class Patch(unittest.TestCase):
    def patched(self, files, program):
        """By name: bytes before, text that Python would read of it when changed -> bytes as `patch` writes them."""
        from whyslow_collector import capture

        with tempfile.TemporaryDirectory() as folder:
            changed = []
            for name, (before, text) in files.items():
                file = os.path.join(folder, name)
                os.makedirs(os.path.dirname(file), exist_ok=True)
                with open(file, "wb") as written:
                    written.write(before)
                changed.append({"file": file, "text": text})
            root = capture.root_of(os.path.join(folder, program), [one["file"] for one in changed])
            diff = "".join(capture.diff_of(one, root) for one in changed).encode()
            for command in (["git", "apply", "--check", "-"], ["patch", "-p1"]):
                ended = subprocess.run(command, cwd=root, input=diff, capture_output=True)
                self.assertEqual((ended.returncode, ended.stderr), (0, b""), (ended, diff))
            found = {}
            for name in files:
                with open(os.path.join(folder, name), "rb") as file:
                    found[name] = file.read()
            return found

    @unittest.skipUnless(shutil.which("patch") and shutil.which("git"), "patch or git is not installed")
    def test_it_applies(self):
        for before, text, after in (
            (b"a\nb\nc", "new\na\nb\nd", b"new\na\nb\nd"),
            (b"a\nb", "a\nb\nc", b"a\nb\nc"),
            (b"a\r\nb\r\nc\r\n", "a\nnew\nd\nc\n", b"a\r\nnew\r\nd\r\nc\r\n"),
            (b"a\r\nb\r\nc", "a\nb\nd", b"a\r\nb\r\nd"),
            (b"a\r\nb\nc\n", "a\nb\nd\n", b"a\r\nb\nd\r\n"),
            ("# a\x0cb \u2028\x85\na\n".encode(), "# a\x0cb \u2028\x85\nb\n", "# a\x0cb \u2028\x85\nb\n".encode()),
            ("\ufeffa\nb\n".encode(), "a\nc\n", "\ufeffa\nc\n".encode()),
        ):
            with self.subTest(before):
                self.assertEqual(self.patched({"service.py": (before, text)}, "service.py"), {"service.py": after})

    @unittest.skipUnless(shutil.which("patch") and shutil.which("git"), "patch or git is not installed")
    def test_files_outside_the_programs_folder(self):
        files = {"app/my service.py": (b"a\n", "b\n"), "lib/models.py": (b"c\n", "d\n")}
        self.assertEqual(self.patched(files, "app/my service.py"), {"app/my service.py": b"b\n", "lib/models.py": b"d\n"})


class Instead(unittest.TestCase):
    def test_what_a_model_itself_answered_is_told_once(self):
        from whyslow_collector import module_file

        with tempfile.TemporaryDirectory() as folder:
            os.mkdir(os.path.join(folder, "shipped_of_a_test"))
            with open(os.path.join(folder, "shipped_of_a_test", "__init__.py"), "w") as file:
                file.write("class Model:\n    handed_back = None\nmodel, other = Model(), 3\n")
            self.addCleanup(module_file._STAND_INS.clear)
            loader = module_file.importlib.machinery.SourceFileLoader
            for name in ("path_stats", "get_data"):
                self.addCleanup(setattr, loader, name, getattr(loader, name))
            module_file.use_instead({}, os.path.join(folder, "shipped_of_a_test"))
            self.assertIsNone(module_file.handed_back())
            sys.modules["shipped_of_a_test"].model.handed_back = "a text"
            self.assertEqual((module_file.handed_back(), module_file.handed_back()), ("a text", None))

    def test_files_hold_another_text_whoever_imports_them(self):
        with tempfile.TemporaryDirectory() as folder:
            for name, text in {"own.py": "VALUE = 1\n", "service.py": "import own\nprint(own.VALUE, __file__)\n", "fast/__init__.py": "VALUE = 3\n"}.items():
                os.makedirs(os.path.dirname(os.path.join(folder, name)), exist_ok=True)
                with open(os.path.join(folder, name), "w") as file:
                    file.write(text)
            service, own = os.path.join(folder, "service.py"), os.path.join(folder, "own.py")
            # Bytecode of the text as it is must not be taken.
            subprocess.run([sys.executable, "-c", "import own"], cwd=folder, check=True)
            code = (
                "from whyslow_collector import module_file as m\n"
                "m.use_instead({%r: 'import own, fast\\nprint(own.VALUE, fast.VALUE, __file__)\\n', %r: 'VALUE = 2\\n'}, %r)\n"
                "m.import_file(%r)" % (service, own, os.path.join(folder, "fast"), service)
            )
            environment = {**os.environ, "PYTHONPATH": COLLECTOR}
            printed = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, env=environment).stdout
            self.assertEqual(printed.split(), ["2", "3", service])


@unittest.skipUnless(importlib.util.find_spec("numpy"), "NumPy is not installed")
class RowsOf(unittest.TestCase):
    def test_rows_by_name_lists_and_arrays(self):
        import numpy as np
        from whyslow_collector.rows_of import Rows

        rows = Rows(["a", "b"], {"1": {"x": 0, "y": 1}}, {}, {})
        expected = [[1.5, 1.0], [2.0, -1.0]]
        self.assertEqual(rows.matrix([{"b": "y", "a": 1.5}, {"b": "?", "a": 2}]).tolist(), expected)
        self.assertEqual(rows.matrix({"b": ["y", "?"], "a": [1.5, 2]}).tolist(), expected)
        self.assertEqual(rows.matrix(np.array([[1.5, "y"], [2, "?"]], object)).tolist(), expected)
        self.assertTrue(np.isnan(rows.matrix([[1, None]])[0, 1]))
        with self.assertRaisesRegex(ValueError, "'\\?' is no category"):
            Rows(["a"], {"0": {"x": 0}}, {"0": ["x"]}, {}).matrix([["?"]])

    @unittest.skipUnless(importlib.util.find_spec("pandas") and importlib.util.find_spec("sklearn"), "scikit-learn is not installed")
    def test_none_is_a_text_that_is_not_known_and_nan_is_missing(self):
        import numpy as np
        import pandas as pd
        from sklearn.impute import SimpleImputer
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import OneHotEncoder
        from whyslow_collector import estimator_file
        from whyslow_collector.rows_of import Rows

        frame = pd.DataFrame({"c": pd.Series(["x", "x", "y", np.nan], dtype=object)})
        encoded = make_pipeline(SimpleImputer(strategy="most_frequent"), OneHotEncoder(handle_unknown="ignore", sparse_output=False)).fit(frame)
        with tempfile.TemporaryDirectory() as folder:
            texts, strict, _, unknown_none = estimator_file.write(encoded, os.path.join(folder, "m.skops"))
        self.assertEqual(unknown_none, [0])
        rows = Rows(["c"], {str(at): table for at, table in texts.items()}, strict, {}, unknown_none=unknown_none)
        filled = texts[0]["x"]
        for values in ([None], [np.nan], [None, "y"], ["y", None, None], [np.nan, "x"], ["?", None]):
            for made in (pd.DataFrame({"c": values}), pd.DataFrame({"c": pd.Series(values, dtype=object)})):
                expected = [[1.0, 0.0] if code != code or code == filled else [0.0, 1.0] if code >= 0 else [0.0, 0.0] for [code] in rows.matrix(made).tolist()]
                self.assertEqual(encoded.transform(made).tolist(), expected, values)
            # What a DataFrame would be made of is coded as the frame is.
            made = pd.DataFrame({"c": values})
            self.assertEqual(str(rows.matrix([{"c": one} for one in values])), str(rows.matrix(made)), values)
        with self.assertRaisesRegex(ValueError, "None is no category"):
            Rows(["c"], {"0": {"x": 0}}, {"0": ["x"]}, {}, unknown_none=[0]).matrix([[None]])

    def test_each_column_refuses_for_itself(self):
        import numpy as np
        from whyslow_collector.rows_of import Rows

        rows = Rows(["a", "b", "n"], {"0": {"x": 0}, "1": {"y": 0}}, {"1": ["y"], "2": [3, 4.5]}, {})
        self.assertEqual(rows.matrix([["?", "y", 3]]).tolist(), [[-1.0, 0.0, 3.0]])
        self.assertTrue(np.isnan(rows.matrix([["x", None, np.nan]])[0, 1:]).all())
        for row, odd in ((["x", "?", 3], "'\\?'"), (["x", "y", 5], "5.0")):
            with self.assertRaisesRegex(ValueError, odd + " is no category"):
                rows.matrix([row])

    def test_rows_that_the_model_refuses(self):
        import numpy as np
        from whyslow_collector.rows_of import Rows

        rows = Rows(None, {}, {}, {"missing": [1], "infinite": None})
        for given in ([[np.nan, 1.0]], [[3e38, 3e38]]):
            rows.checked(np.array(given, np.float32))
        for given, what in (([[1.0, np.nan]], "NaN"), ([[np.inf, 1.0]], "infinity or a value too large"), ([[1.0, -np.inf]], "infinity")):
            with self.assertRaisesRegex(ValueError, "contains " + what):
                rows.checked(np.array(given))

    def test_what_is_missing_is_filled_as_a_frame_fills_it(self):
        from whyslow_collector.rows_of import Rows, rows_in_order

        rows = Rows(["a", "b"], {}, {}, {})
        self.assertEqual(str(rows.matrix([{"a": 1}, {"a": 2, "b": 3}]).tolist()), "[[1.0, nan], [2.0, 3.0]]")
        with self.assertRaisesRegex(ValueError, "the column 'b' is missing"):
            rows.matrix([{"a": 1}])
        self.assertEqual(str(rows_in_order([{"b": 1}, [2]], ["a", "b"])), "[[nan, 1], [2, nan]]")
        self.assertEqual(str(rows_in_order({"b": [1, 2]}, ["a", "b"])), "[[nan, 1], [nan, 2]]")
        self.assertEqual(rows.matrix({"a": [1, 2], "b": 5}).tolist(), [[1.0, 5.0], [2.0, 5.0]])
        with self.assertRaisesRegex(ValueError, "same length"):
            rows.matrix({"a": [1, 2], "b": [3]})
        with self.assertRaisesRegex(ValueError, "2 columns passed, passed data had 3 columns"):
            rows_in_order([[1, 2, 3]], ["a", "b"])

    @unittest.skipUnless(importlib.util.find_spec("pandas"), "pandas is not installed")
    def test_frames_in_any_order_of_columns(self):
        import pandas as pd
        from whyslow_collector.rows_of import Rows

        rows = Rows(["a", "b"], {}, {}, {})
        self.assertEqual(rows.matrix(pd.DataFrame({"b": [2.0], "more": [3.0], "a": [1.0]})).tolist(), [[1.0, 2.0]])
        with self.assertRaisesRegex(ValueError, "the column 'b' is missing"):
            rows.matrix(pd.DataFrame({"a": [1.0]}))

    @unittest.skipUnless(importlib.util.find_spec("pandas"), "pandas is not installed")
    def test_frames_of_pandas_own_types_and_by_place(self):
        import pandas as pd
        from whyslow_collector.rows_of import Rows

        frame = pd.DataFrame({"b": pd.array([2, None], "Int64"), "a": [1.0, 3.0]})
        self.assertEqual(str(Rows(["a", "b"], {}, {}, {}).matrix(frame).tolist()), "[[1.0, 2.0], [3.0, nan]]")
        self.assertEqual(str(Rows(["a", "b"], {"0": {"x": 0}}, {}, {}).matrix(frame.assign(a=["x", "?"])).tolist()), "[[0.0, 2.0], [-1.0, nan]]")
        self.assertEqual(Rows(["a", "b"], {}, {}, {}, by_place=True).matrix(frame.iloc[:1]).tolist(), [[2.0, 1.0]])

    @unittest.skipUnless(importlib.util.find_spec("pandas"), "pandas is not installed")
    def test_columns_that_hold_no_numbers(self):
        import pandas as pd
        from whyslow_collector.rows_of import Rows

        rows = Rows(["a", "c"], {"1": {"x": 0, "y": 1}}, {}, {}, by_place=True, only_numbers=True)
        frame = pd.DataFrame({"a": [1.0], "c": pd.Categorical(["y"])})
        self.assertEqual(rows.matrix(frame).tolist(), [[1.0, 1.0]])
        for odd in (frame[["c", "a"]], frame.assign(a=["7"]), frame.assign(a=[None]), frame.assign(c=["y"])):
            self.assertRaises(ValueError, rows.matrix, odd)
        for strict in (True, False):
            rows = Rows(["a", "b"], {}, {}, {}, only_numbers=strict)
            for given in ([["7", 1.0]], pd.DataFrame({"a": ["7"], "b": [1.0]})):
                self.assertRaises((TypeError, ValueError), rows.matrix, given)
            self.assertTrue(rows.matrix([[None, 1.0]])[0, 0] != 0)
            taken = lambda: rows.matrix(pd.DataFrame({"a": pd.Series([None], dtype=object), "b": [1.0]})).shape  # noqa: E731
            self.assertRaises(ValueError, taken) if strict else self.assertEqual(taken(), (1, 2))

    @unittest.skipUnless(importlib.util.find_spec("pandas"), "pandas is not installed")
    def test_as_pandas_makes_rows(self):
        import numpy as np
        import pandas as pd
        from whyslow_collector.rows_of import Rows, rows_in_order

        rows, names = Rows(["a", "b"], {}, {}, {}), ["b", "a"]
        of_names = ([{"a": 1.0}], [{"c": 1.0}, {"b": 2.0}], [[1.0, 2.0]], {"a": [1.0, 2.0]}, {"a": [1.0, 2.0], "b": 3.0}, {"a": pd.Series([1.0]), "b": {0: 2.0}})
        for data in of_names:
            np.testing.assert_array_equal(np.array(rows_in_order(data, names), float), pd.DataFrame(data, columns=names).to_numpy(float))
        for data in ([{"a": 1.0, "b": 2.0}, {"b": 3.0}], {"b": (1.0, 2.0), "a": np.array([3.0, 4.0])}, {"a": pd.Series([1.0, 2.0]), "b": 4.0}):
            np.testing.assert_array_equal(rows.matrix(data), pd.DataFrame(data)[["a", "b"]].to_numpy(float))
        for data in ({"a": [1.0, 2.0], "b": [3.0]}, {"a": 1.0, "b": 2.0}):
            for frame in (rows.matrix, pd.DataFrame):
                self.assertRaises(ValueError, frame, data)


@unittest.skipUnless(importlib.util.find_spec("numpy"), "NumPy is not installed")
class InPlaceOfAModel(unittest.TestCase):
    def stand_in(self, **spec):
        """What is shipped, with a model that gives the first column."""
        import numpy as np

        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        package = "shipped_%d" % len(sys.modules)
        at = os.path.join(folder.name, package)
        os.makedirs(os.path.join(at, "model"))
        ship = os.path.join(COLLECTOR, "..", "..", "..", "..", "code", "src", "ship")
        for file in (os.path.join(ship, "stand_in.py"), *(os.path.join(COLLECTOR, "whyslow_collector", one) for one in ("rows_of.py", "text_rows.py"))):
            shutil.copy(file, at)
        for name, text in {"__init__.py": "", "model/__init__.py": "", "model/predict.py": _FIRST_COLUMN}.items():
            with open(os.path.join(at, name), "w") as file:
                file.write(text)
        sys.path.insert(0, folder.name)
        self.addCleanup(sys.path.remove, folder.name)
        told = {"output": "label", "ndim": 1, "columns": 1, "dtype": "<f8", "form": "list", "classes": None, "words": {}}
        module = importlib.import_module(package + ".stand_in")
        plain = {"kind": "rows", "columns": ["a", "b"], "texts": {}, "strict": {}, "refused": {}, "methods": {"predict": told}, "idle": ["n_jobs"]}
        return module.StandIn("model", {**plain, **spec}), np

    def test_rows_of_a_frame_that_is_made_no_more(self):
        model, np = self.stand_in()
        frame = model.rows(None)
        for names, expected in ((["a", "b"], [np.nan, 3.0]), (["b", "a"], [np.nan, 3.0])):
            np.testing.assert_array_equal(model.predict(frame([{"b": 2.0}, {"a": 3.0}], columns=names)), expected)
        self.assertEqual(model.predict(frame({"a": [1.0, 2.0], "b": 3.0})), [1.0, 2.0])
        with self.assertRaisesRegex(ValueError, "passed data had 3 columns"):
            model.predict(frame(np.zeros((1, 3)), columns=["a", "b"]))

    def test_one_row_of_single_values(self):
        model, np = self.stand_in()
        frame = model.rows(None)
        for given in ({"a": 1.0, "b": 2.0}, {"b": [2.0], "a": 1.0}):
            self.assertEqual(model.predict(frame(given, index=[0])), [1.0])
        self.assertEqual(model.predict(frame({"b": 2.0, "a": 1.0}, columns=["b", "a"], index=[0])), [1.0])

    def test_rows_by_name_of_a_model_that_goes_by_places(self):
        model, _ = self.stand_in(byPlace=True)
        frame = model.rows(None)
        for made in (frame([{"b": 2.0, "a": 1.0}, {"a": 3.0, "b": 4.0}]), frame({"b": [2.0, 4.0], "a": [1.0, 3.0]}), frame([[2.0, 1.0], [4.0, 3.0]], columns=["b", "a"])):
            self.assertEqual(model.predict(made), [2.0, 4.0])
        self.assertEqual(model.predict(frame({"b": 2.0, "a": [1.0, 3.0]})), [2.0, 2.0])
        self.assertEqual(model.predict(frame([{"c": 5.0, "d": 1.0}])), [5.0])
        with self.assertRaisesRegex(ValueError, "1 columns are given, and the model has 2"):
            model.predict(frame([{"b": 2.0}]))

    def test_texts(self):
        words = {"analyzer": "word", "lowercase": True, "accents": None, "pattern": r"\w+", "ngrams": [1, 2], "stopWords": ["the"], "binary": False, "weightings": [], "weight": 2}
        told = [{**words, "terms": ["now", "win now"]}, {**words, "terms": ["win"]}]
        model, _ = self.stand_in(columns=None, vectorizers=told, zeros=False)
        self.assertEqual(model.predict(["Now, NOW", "nothing", "win the now"]), [4.0, 0.0, 2.0])
        self.assertRaisesRegex(TypeError, "something else than texts", lambda: model.predict([[1.0, 2.0, 3.0]]))
        # Of a vectorizer that the program calls itself.
        model, _ = self.stand_in(columns=None, vectorizers=told, zeros=True)
        self.assertEqual((model.predict(model.rows(None)(["now"])), model.predict([[7.0, 2.0, 3.0]])), ([2.0], [7.0]))

    def test_what_is_not_taken_is_answered_by_the_model_itself(self):
        model, _ = self.stand_in(onlyNumbers=True)

        class Own:
            classes_ = "its classes"

            def predict(self, rows, margin=False):
                return "its own of %s" % (rows,)

        own = Own()
        asked = []
        here = model.of(lambda: asked.append(1) or own)
        frame = model.rows(lambda data, **words: "a frame of %s %s" % (data, words))
        self.assertEqual((model.of(own).predict([[1.0, 2.0]]), here.predict(frame([{"a": 3.0, "b": 4.0}]))), ([1.0], [3.0]))
        self.assertEqual(asked, [])
        with self.assertLogs(level="WARNING") as told:
            self.assertEqual(here.predict([["7", 2.0]]), "its own of [['7', 2.0]]")
            self.assertEqual(here.predict([[1.0, 2.0]], margin=True), "its own of [[1.0, 2.0]]")
            self.assertEqual(here.predict(frame([{"a": None, "b": 4.0}])), "its own of a frame of [{'a': None, 'b': 4.0}] {}")
        self.assertEqual((len(told.records), len(asked), here.classes_), (1, 3, "its classes"))
        self.assertEqual(model.handed_back, "a column of numbers holds something else")
        self.assertIn("the model itself has answered", told.output[0])
        # Its own error, where it has one.
        self.assertRaisesRegex(AttributeError, "decision_function", lambda: here.decision_function([[1.0, 2.0]]))

    def test_nan_that_was_not_seen_goes_to_the_network_itself(self):
        import types

        for spec, given in (
            ({"kind": "keras", "inputs": ["input"], "methods": {"predict": {"words": {}, "form": "one", "tensor": False}}}, lambda x: (("predict", [x]),)),
            ({"kind": "onnxruntime"}, lambda x: (("run", [None, {"input": x}]),)),
        ):
            for finite in (True, False):
                model, np = self.stand_in(**spec, finite=finite)
                own = types.SimpleNamespace(predict=lambda rows: "its own", run=lambda names, feeds: "its own")
                for odd in (np.nan, np.inf):
                    [(method, args)] = given(np.array([[odd, 1.0]]))
                    answer = getattr(model.of(own), method)(*args)
                    self.assertEqual(isinstance(answer, str), finite)
                    # Without the model there is only one answer.
                    self.assertNotIsInstance(getattr(model, method)(*args), str)
                [(method, args)] = given(np.array([[2.0, 1.0]]))
                self.assertNotIsInstance(getattr(model.of(own), method)(*args), str)

    def test_calls_of_another_kind(self):
        model, np = self.stand_in()
        self.assertEqual(model.predict(X=[[1.0, 2.0]], n_jobs=1), [1.0])

        class Own:
            def predict(self, rows, margin=False):
                return "its own"

            def score(self, rows):
                return self.predict(rows)

        own = Own()
        model.attach(own)
        model.attach(own)
        model.attach(None)
        self.assertEqual((own.score([[1.0, 2.0]]), own.predict([[1.0, 2.0]], margin=True), own.predict([[3.0, 4.0]], True)), ([1.0], "its own", "its own"))
        for call in (lambda: model.predict([[1.0, 2.0]], margin=True), lambda: model.predict([[1.0, 2.0]], True), lambda: model.decision_function([[1.0, 2.0]])):
            with self.assertRaisesRegex(ValueError, "the model was not called as .* run whyslow fix again"):
                call()
        import inspect

        self.assertEqual(list(inspect.signature(own.predict).parameters), ["rows", "margin"])

    def test_what_is_opened_in_each_call_is_opened_once(self):
        model, _ = self.stand_in()
        opened = []
        for _ in range(3):
            self.assertEqual(model.opened(lambda: opened.append(1) or "its own"), "its own")
        self.assertEqual(opened, [1])

    def test_what_the_model_refuses(self):
        model, np = self.stand_in(refused={"missing": [0], "infinite": None}, strict={"1": [4, 5]})
        self.assertEqual(model.predict([[1.0, np.nan], [2.0, 4.0]]), [1.0, 2.0])
        for row in ([np.nan, 4.0], [1.0, np.inf], [1.0, 6.0]):
            self.assertRaises(ValueError, model.predict, [row])


_FIRST_COLUMN = """
OUTPUTS, INPUTS = ["label"], {"input": "float64"}

class Model:
    def predict(self, feeds):
        return {"label": feeds["input"][:, 0]}

def load():
    return Model()
"""


@unittest.skipUnless(importlib.util.find_spec("numpy"), "NumPy is not installed")
class Pixels(unittest.TestCase):
    def rows(self, body):
        """Alternatives of a function of an image."""
        import numpy as np
        from whyslow_collector import instead_of_pixels, module_file

        instead_of_pixels._BUDGET_MS = 1
        with tempfile.TemporaryDirectory() as folder:
            file = os.path.join(folder, "pixels_of_%d.py" % abs(hash(body)))
            with open(file, "w") as written:
                written.write("import numpy as np\nMEAN, STD = np.array([.4, .5, .6]), [.2, .3, .4]\ndef predict(image):\n" + textwrap.indent(textwrap.dedent(body), "    "))
            module = module_file.import_file(file)
            image = np.random.default_rng(1).integers(0, 256, (48, 48, 3), dtype=np.uint8)
            return instead_of_pixels.instead_of_pixels([file], lambda: module.predict(image))

    def test_a_chain_in_several_statements(self):
        [row] = self.rows("x = image[..., ::-1].astype(np.float32)\nx /= 255\nx = (x - MEAN) / STD\nx = np.expand_dims(x.transpose(2, 0, 1), 0)\nreturn x.sum()\n")
        self.assertEqual((row["equal"], row["line"], row["rule"], row["callsPerPrediction"]), ("rounding", 4, "image-transforms", 1))
        self.assertIn("pixels = np.expand_dims(np.transpose(image[..., ::-1], (2, 0, 1)), 0)", row["code"])
        # The lines to paste give what the function's own gave.
        import numpy as np

        image = np.random.default_rng(2).integers(0, 256, (48, 48, 3), dtype=np.uint8)
        names = {"np": np, "image": image, "MEAN": np.array([0.4, 0.5, 0.6]), "STD": [0.2, 0.3, 0.4]}
        exec("\n".join(row["code"]), names)
        expected = ((image[..., ::-1] / np.float32(255) - names["MEAN"]) / names["STD"]).transpose(2, 0, 1)[None]
        np.testing.assert_allclose(names["x"], expected, atol=1e-6)

    def test_steps_that_are_no_factor_and_addend_are_told_apart(self):
        self.assertEqual(self.rows("x = image.astype(np.float32) / 255\nx = x * x\nreturn x.sum()\n")[0]["code"][-1], "x = planes")
        self.assertEqual(self.rows("x = 1 / (image.astype(np.float32) + 1)\nreturn x.sum()\n"), [])
        self.assertEqual(self.rows("x = image.astype(np.float32) / image.max()\nreturn x.sum()\n"), [])
        self.assertEqual(self.rows("x = np.clip(image.astype(np.float32) / 255 - 1, 0, 1)\nreturn x.sum()\n"), [])


@unittest.skipUnless(importlib.util.find_spec("sklearn") and importlib.util.find_spec("pandas"), "scikit-learn or pandas is not installed")
class EstimatorFile(unittest.TestCase):
    def test_texts_become_codes_by_column(self):
        import io
        import json
        import zipfile

        import numpy as np
        import pandas as pd
        from sklearn.compose import ColumnTransformer
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import Pipeline
        from sklearn.preprocessing import OneHotEncoder, StandardScaler
        from whyslow_collector import estimator_file

        frame = pd.DataFrame({"a": [1.0, 2.0, 3.0, 4.0], "b": ["x", "y", float("nan"), "z"]})
        columns = ColumnTransformer([("n", StandardScaler(), ["a"]), ("t", OneHotEncoder(handle_unknown="ignore"), ["b"])])
        model = Pipeline([("columns", columns), ("last", LogisticRegression())]).fit(frame, [0, 1, 0, 1])
        before = model.predict_proba(frame).tolist()
        with tempfile.TemporaryDirectory() as folder:
            file = os.path.join(folder, "model.skops")
            self.assertEqual(estimator_file.write(model, file), ({1: {"x": 0, "y": 1, "z": 2}}, {}, set(), [1]))
            with zipfile.ZipFile(file) as archive:
                schema = json.loads(archive.read("schema.json"))
                arrays = [np.load(io.BytesIO(archive.read(name))).tolist() for name in archive.namelist() if name.endswith(".npy")]
        self.assertEqual(schema["__class__"], "Pipeline")
        # Missing is a category of its own.
        self.assertEqual([str(one) for one in arrays if one[:3] == [0.0, 1.0, 2.0]], ["[0.0, 1.0, 2.0, nan]"])
        # The user's own model is as it was.
        self.assertEqual(model.predict_proba(frame).tolist(), before)

    def spec(self, model, frame, target=(0, 1, 0, 1), method="predict"):
        """(the fitted model, what stands in for it is told)."""
        from whyslow_collector import capture, export_models

        model.fit(frame, list(target))
        call = capture.Call(method, (frame,), {}, None)
        call.result = getattr(model, method)(frame)
        engine = {"sklearn": "scikit-learn"}.get(type(model).__module__.split(".")[0], "xgboost")
        with tempfile.TemporaryDirectory() as folder:
            return model, export_models.of_rows(model, engine, [call], folder)["standIn"]

    def test_what_each_encoder_refuses_stays_refused_in_its_column(self):
        import pandas as pd
        from sklearn.compose import ColumnTransformer
        from sklearn.linear_model import LogisticRegression
        from sklearn.model_selection import GridSearchCV
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler
        from whyslow_collector.rows_of import Rows

        frame = pd.DataFrame({"n": [1.0, 2.0, 3.0, 4.0], "free": list("xyxy"), "kept": list("pqpq"), "store": [7, 8, 7, 8]})
        columns = ColumnTransformer(
            [("n", StandardScaler(), ["n"]), ("free", OneHotEncoder(handle_unknown="ignore"), ["free"]), ("kept", OrdinalEncoder(), ["kept"]), ("store", OneHotEncoder(), ["store"])]
        )
        pipeline = make_pipeline(columns, LogisticRegression())
        for model in (pipeline, GridSearchCV(pipeline, {"logisticregression__C": [1.0]}, cv=2)):
            model, spec = self.spec(model, frame)
            self.assertEqual(spec["strict"], {"2": ["p", "q"], "3": [7, 8]})
            rows = Rows(spec["columns"], spec["texts"], spec["strict"], spec["refused"])
            for column, value in (("n", float("nan")), ("n", float("inf")), ("free", "?"), ("free", None), ("kept", "?"), ("kept", None), ("store", 9), ("store", float("nan"))):
                other = frame.astype({"store": float}).iloc[:1].copy()
                other[column] = [value]
                outcomes = []
                for predict in (model.predict, lambda data: rows.checked(rows.matrix(data))):
                    try:
                        outcomes.append(predict(other) is not None)
                    except ValueError:
                        outcomes.append("refused")
                self.assertEqual(outcomes[0], outcomes[1], (column, value))

    def test_an_isolation_forest_says_one_or_minus_one_and_how_far_a_row_is_from_either(self):
        import numpy as np
        from sklearn.ensemble import IsolationForest
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler

        rows = np.array([[1.0, 2.0], [1.5, 2.5], [1.2, 2.2], [9.0, 9.0]])
        for make in (lambda: IsolationForest(n_estimators=3, random_state=1), lambda: make_pipeline(StandardScaler(), IsolationForest(n_estimators=3, random_state=1))):
            for method, output in (("predict", "label"), ("decision_function", "prediction")):
                told = self.spec(make(), rows, method=method)[1]["methods"][method]
                self.assertEqual([told["output"], told["classes"]], [output, None])

    def test_a_selector_says_which_columns_it_keeps_and_encoders_behind_it_have_theirs(self):
        import io
        import zipfile

        import numpy as np
        from sklearn.feature_selection import SelectFpr, VarianceThreshold, f_regression
        from sklearn.linear_model import LinearRegression
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import OrdinalEncoder
        from whyslow_collector import estimator_file

        rows = np.array([[3.0, 1.0, 5.0], [3.0, 2.0, 4.0], [3.0, 3.0, 5.0], [3.0, 4.0, 4.0]])
        for selector, kept in ((VarianceThreshold(), [False, True, True]), (SelectFpr(f_regression, alpha=0.01), [False, True, False])):
            model = make_pipeline(selector, OrdinalEncoder(), LinearRegression()).fit(rows, rows[:, 1])
            with tempfile.TemporaryDirectory() as folder:
                file = os.path.join(folder, "model.skops")
                _, strict, _, _ = estimator_file.write(model, file)
                with zipfile.ZipFile(file) as archive:
                    arrays = [np.load(io.BytesIO(archive.read(name))).tolist() for name in archive.namelist() if name.endswith(".npy")]
            self.assertIn(kept, arrays)
            self.assertEqual(strict, {})
            self.assertFalse(hasattr(selector, "support_"))

    def test_columns_that_the_model_drops_may_hold_anything(self):
        import pandas as pd
        from sklearn.compose import ColumnTransformer
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler
        from whyslow_collector.rows_of import Rows

        frame = pd.DataFrame({"id": list("abcd"), "n": [1.0, 2.0, 3.0, 4.0]})
        _, spec = self.spec(make_pipeline(ColumnTransformer([("n", StandardScaler(), ["n"])]), LogisticRegression()), frame)
        self.assertEqual(Rows(spec["columns"], spec["texts"], spec["strict"], spec["refused"]).matrix([{"n": 2.0, "id": "z"}]).tolist(), [[-1.0, 2.0]])

    def test_texts_in_columns_become_their_terms_behind_all_columns(self):
        import pandas as pd
        from sklearn.compose import ColumnTransformer
        from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer, TfidfVectorizer
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler
        from whyslow_collector import vectorizers
        from whyslow_collector.instead_of_columns import by_columns
        from whyslow_collector.text_rows import reader_of

        frame = pd.DataFrame({"title": ["Win now", "Re: lunch", "WIN a trip", "notes"], "n": [1.0, 5.0, 2.0, 4.0], "id": list("abcd"), "body": ["win win", "see you", "a trip", "you now"]})
        steps = [("t", TfidfVectorizer(), "title"), ("n", StandardScaler(), ["n"]), ("b", make_pipeline(CountVectorizer(), TfidfTransformer()), "body")]
        model, spec = self.spec(make_pipeline(ColumnTransformer(steps, transformer_weights={"t": 3}), LogisticRegression()), frame)
        expected = model.predict_proba(frame).tolist()
        told, twin = vectorizers.split(model)
        self.assertEqual(([one["column"] for one in told], spec["columns"]), ([0, 3], list(frame.columns)))
        rows = reader_of(spec)
        for form in (frame, frame[["body", "id", "title", "n"]], frame.to_dict("records"), frame.to_dict("list"), frame.to_numpy(), frame.to_numpy().tolist()):
            made = twin.predict_proba(rows.checked(rows.matrix(form))).tolist()
            for one, other in zip(made, expected):
                self.assertAlmostEqual(one[1], other[1], 12)
        self.assertRaisesRegex(TypeError, "something else than texts", lambda: rows.matrix([{"title": None, "n": 1.0, "id": "a", "body": "you"}]))
        # The program's own steps on arrays; of weights it is not said what they cost.
        self.assertIsNone(by_columns(model, "predict_proba", frame))
        model[0].transformer_weights = None
        model.fit(frame, [0, 1, 0, 1])
        for one, other in zip(by_columns(model, "predict_proba", frame)(), model.predict_proba(frame)):
            self.assertAlmostEqual(one[1], other[1], 12)

    def test_rows_that_are_not_finite_are_refused_as_the_model_does(self):
        import numpy as np
        from sklearn.ensemble import HistGradientBoostingClassifier
        from sklearn.impute import SimpleImputer
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline

        rows = np.array([[1.0, 2.0], [3.0, 4.0], [1.0, 5.0], [3.0, 7.0]])
        for model, refused in (
            (LogisticRegression(), {"missing": None, "infinite": None}),
            (make_pipeline(SimpleImputer(), LogisticRegression()), {"missing": [], "infinite": None}),
            (HistGradientBoostingClassifier(max_iter=2), {"missing": [], "infinite": []}),
        ):
            self.assertEqual(self.spec(model, rows)[1]["refused"], refused, model)


@unittest.skipUnless(importlib.util.find_spec("torch") and importlib.util.find_spec("numpy"), "PyTorch is not installed")
class Exported(unittest.TestCase):
    def run_of(self, source):
        """(what is told of the model of a file, the rows of its call); the file's last lines are `net` and `rows`."""
        from whyslow_collector import capture, module_file, torch_calls

        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        file = os.path.join(folder.name, "nets_of_%d.py" % abs(hash(source)))
        with open(file, "w") as written:
            written.write("import torch\n" + textwrap.dedent(source))
        module = module_file.import_file(file)
        calls = []
        for rows in getattr(module, "calls", None) or [module.rows]:
            call = capture.Call("__call__", (rows,), {}, None)
            call.result = module.net(rows)
            calls.append(call)
        return torch_calls.of_torch(module.net, calls, folder.name)

    @unittest.skipUnless(importlib.util.find_spec("onnxscript"), "onnxscript is not installed")
    def test_an_axis_that_the_first_call_has_once(self):
        import onnx

        source = """
            class Tagger(torch.nn.Module):
                def __init__(self):
                    super().__init__()
                    self.e, self.l = torch.nn.Embedding(9, 4), torch.nn.LSTM(4, 3, batch_first=True)
                def forward(self, ids):
                    return self.l(self.e(ids))[0]
            net, calls = Tagger().eval(), [torch.ones(size, dtype=torch.long) for size in ((1, 1), (2, 5), (3, 4))]
        """
        told = self.run_of(source)
        [given] = onnx.load(told["file"]).graph.input
        self.assertEqual([dim.HasField("dim_param") for dim in given.type.tensor_type.shape.dim], [True, True])
        # Engines of PyTorch open that, and are given what each call was.
        program = sys.modules["torch"].export.load(told["program"]).module()
        for size in ((1, 1), (2, 5), (3, 4)):
            self.assertEqual(program(sys.modules["torch"].ones(size, dtype=sys.modules["torch"].long))[0].shape, (*size, 3))

    @unittest.skipUnless(importlib.util.find_spec("onnxscript"), "onnxscript is not installed")
    def test_a_module_that_cannot_be_exported_is_told_with_its_line(self):
        from whyslow_collector.errors import Contract

        source = """
            class Adaptive(torch.nn.Module):
                def forward(self, x):
                    while x.abs().max().item() > 0.5:
                        x = x / 2
                    return x
            net, rows = Adaptive().eval(), torch.ones(1, 4)
        """
        with self.assertRaisesRegex(Contract, r"^it cannot be exported for what .*\.py:5 does: \w+: "):
            self.run_of(source)

    @unittest.skipUnless(importlib.util.find_spec("onnx"), "onnx is not installed")
    def test_torchscript_and_what_torch_compile_gave(self):
        linear = "torch.nn.Sequential(torch.nn.Linear(4, 2), torch.nn.ReLU()).eval()"
        told = self.run_of("net, rows = torch.jit.trace(%s, torch.ones(1, 4)), torch.ones(1, 4)\n" % linear)
        self.assertIn("it takes any number of rows", told["notes"])
        self.assertIn("TorchScript", told["notes"][0])
        told = self.run_of("net, rows = torch.compile(%s, backend='eager'), torch.ones(1, 4)\n" % linear)
        self.assertEqual(told["standIn"]["outputs"], ["output"])


@unittest.skipUnless(importlib.util.find_spec("torch") and importlib.util.find_spec("numpy"), "PyTorch is not installed")
class TrainingMode(unittest.TestCase):
    def test_results_of_dropout_and_of_the_batch_are_refused(self):
        import torch
        from whyslow_collector import capture, torch_calls
        from whyslow_collector.errors import Contract

        rows = torch.arange(12.0).reshape(4, 3)
        for layer in (torch.nn.Dropout(0.1), torch.nn.BatchNorm1d(3)):
            model = torch.nn.Sequential(layer, torch.nn.Linear(3, 2)).train()
            call = capture.Call("__call__", (rows,), {}, None)
            call.result = model(rows)
            with tempfile.TemporaryDirectory() as folder, self.assertRaisesRegex(Contract, "it is in training mode.*call model.eval\\(\\)"):
                torch_calls.of_torch(model, [call], folder)
            self.assertTrue(layer.training)


@unittest.skipUnless(importlib.util.find_spec("lightgbm") and importlib.util.find_spec("pandas"), "LightGBM or pandas is not installed")
class Categories(unittest.TestCase):
    def test_categories_are_numbered_as_lightgbm_numbered_them(self):
        import lightgbm
        import numpy as np
        import pandas as pd
        from whyslow_collector import capture, export_models
        from whyslow_collector.errors import Contract
        from whyslow_collector.rows_of import Rows

        frame = pd.DataFrame({"a b": np.arange(200.0), "zip": pd.Categorical([10, 30, 20, 30] * 50), "city": pd.Categorical(list("xyzx") * 50)})
        model = lightgbm.LGBMRegressor(n_estimators=5, verbose=-1).fit(frame, np.arange(200) % 4)
        one = frame.iloc[:2].assign(zip=pd.Categorical([30, 99]), city=pd.Categorical(["z", "?"]))
        call = capture.Call("predict", (one,), {}, None)
        call.result = model.predict(one)
        with tempfile.TemporaryDirectory() as folder:
            spec = export_models.of_rows(model, "lightgbm", [call], folder)["standIn"]
            self.assertEqual(spec["refused"].get("missing"), [])
            codes = Rows(spec["columns"], spec["texts"], spec["strict"], spec["refused"], spec["byPlace"]).matrix(one)
            self.assertEqual(codes.tolist(), [[0.0, 2.0, 2.0], [1.0, -1.0, -1.0]])
            np.testing.assert_allclose(model.booster_.predict(codes), call.result)
            with self.assertRaisesRegex(Contract, "columns of categories .* of xgboost are not read"):
                export_models.of_rows(model, "xgboost", [call], folder)  # another library


@unittest.skipUnless(importlib.util.find_spec("scipy") and importlib.util.find_spec("sklearn"), "scikit-learn is not installed")
class SparseRows(unittest.TestCase):
    def call(self, columns=4):
        """A model, and a call of it with rows as scikit-learn's vectorizers make them of texts."""
        import numpy as np
        import scipy.sparse
        from sklearn.linear_model import LogisticRegression
        from whyslow_collector import capture

        rows = scipy.sparse.csr_matrix(np.eye(4, columns))
        model = LogisticRegression().fit(rows, [0, 1, 0, 1])
        call = capture.Call("predict", (rows,), {}, None)
        call.result = model.predict(rows)
        return model, call

    def exported(self, model, engine, call):
        from whyslow_collector import export_models

        with tempfile.TemporaryDirectory() as folder:
            found = export_models.of_rows(model, engine, [call], folder)
            return found, read_inputs(found["data"])

    def test_of_scikit_learn_what_is_not_stored_is_zero(self):
        import numpy as np
        from whyslow_collector.rows_of import Rows

        model, call = self.call()
        found, rows = self.exported(model, "scikit-learn", call)
        self.assertEqual(rows.tolist(), np.eye(4).tolist())
        spec = found["standIn"]
        self.assertEqual((found["batch"], spec["zeros"], spec["refused"]), (4, True, {"missing": None, "infinite": None}))
        rows = Rows(spec["columns"], {}, {}, spec["refused"], zeros=True)
        self.assertEqual(rows.matrix(call.args[0][1:2]).tolist(), [[0, 1, 0, 0]])
        # The model itself is asked then.
        with self.assertRaisesRegex(TypeError, "1 by 2000000, which is not made dense"):
            rows.matrix(call.args[0][:1].reshape(1, 4).tocsr()[:, [0] * 2_000_000])

    def test_many_columns_and_other_libraries_are_a_reason_in_plain_words(self):
        from whyslow_collector.errors import Contract

        model, call = self.call(columns=300_000)
        with self.assertRaisesRegex(Contract, "rows of the type csr_matrix are not read: a sparse matrix of 4 by 300000, which is not made dense"):
            self.exported(model, "scikit-learn", call)
        with self.assertRaisesRegex(Contract, r"its rows are a sparse matrix \(csr_matrix\), which is not read"):
            self.exported(*self.call()[:1], "xgboost", self.call()[1])


@unittest.skipUnless(importlib.util.find_spec("scipy") and importlib.util.find_spec("sklearn"), "scikit-learn is not installed")
class Texts(unittest.TestCase):
    TEXTS = ["Win a FREE prize, win now!", "see you at 5", "", "a", "Ünïcode  cafés\t\tÇa va ﬁne — naïve", "now now now win", "x" * 40, "İstanbul 東京 пример", "no  such\nwords"]
    #: As users write them.
    SETTINGS = [
        {},
        {"ngram_range": (1, 3), "sublinear_tf": True, "stop_words": "english"},
        {"ngram_range": (2, 2), "norm": "l1", "binary": True},
        {"analyzer": "char", "ngram_range": (1, 4), "lowercase": False, "use_idf": False},
        {"analyzer": "char_wb", "ngram_range": (2, 5), "norm": None, "max_features": 40},
        {"analyzer": "char_wb", "ngram_range": (4, 6), "strip_accents": "unicode"},
        {"strip_accents": "ascii", "token_pattern": r"(?u)\b(\w)\w*", "stop_words": ["w"], "smooth_idf": False},
        {"vocabulary": ["now", "win", "never seen", "café"], "dtype": "float32"},
    ]

    def test_rows_are_those_of_scikit_learns_vectorizers(self):
        import numpy as np
        from sklearn.feature_extraction.text import TfidfVectorizer
        from whyslow_collector import vectorizers
        from whyslow_collector.text_rows import TextRows

        for words in self.SETTINGS:
            with self.subTest(**words):
                given = {**words, **({"dtype": np.float32} if "dtype" in words else {})}
                model = TfidfVectorizer(**given).fit(self.TEXTS)
                rows = TextRows([vectorizers.told_of(model)])
                unseen = [*self.TEXTS, "Never   win\u2028prizes; FREE cafe\u0301 café now, now"]
                expected = model.transform(unseen).toarray()
                self.assertTrue(expected.any())
                np.testing.assert_allclose(rows.matrix(np.array(unseen, object)), expected, rtol=1e-6 if "dtype" in words else 1e-12, atol=1e-12)

    def split(self, *steps):
        import numpy as np
        from sklearn.pipeline import make_pipeline
        from whyslow_collector import vectorizers
        from whyslow_collector.text_rows import TextRows

        model = make_pipeline(*steps).fit(self.TEXTS, [0, 1, 2] * 3)
        told, rest = vectorizers.split(model)
        np.testing.assert_allclose(rest.predict_proba(TextRows(told).matrix(self.TEXTS)), model.predict_proba(self.TEXTS), rtol=1e-9)
        return rest

    def test_the_model_of_the_rows_is_what_stands_behind_texts(self):
        from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer, TfidfVectorizer
        from sklearn.linear_model import LogisticRegression
        from sklearn.naive_bayes import MultinomialNB
        from sklearn.pipeline import FeatureUnion, make_pipeline
        from sklearn.preprocessing import MaxAbsScaler

        counted = make_pipeline(CountVectorizer(analyzer="char"), TfidfTransformer())
        union = FeatureUnion([("words", TfidfVectorizer()), ("letters", counted), ("none", "drop")], transformer_weights={"letters": 0.3})
        for steps, last in (
            ((CountVectorizer(), TfidfTransformer(sublinear_tf=True), MultinomialNB()), "MultinomialNB"),
            ((union, LogisticRegression()), "LogisticRegression"),
            ((TfidfVectorizer(), MaxAbsScaler(), LogisticRegression()), "Pipeline"),
        ):
            self.assertEqual(type(self.split(*steps)).__name__, last)

    def test_what_is_not_read_is_a_reason_in_plain_words(self):
        from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer, TfidfVectorizer
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import FeatureUnion, make_pipeline
        from sklearn.preprocessing import FunctionTransformer
        from whyslow_collector import vectorizers
        from whyslow_collector.errors import Contract

        class Own(CountVectorizer):
            pass

        for step, reason in (
            (HashingVectorizer(), "its HashingVectorizer has no vocabulary, by which texts are read"),
            (TfidfVectorizer(tokenizer=str.split, token_pattern=None), r"its TfidfVectorizer calls a function of the program \(tokenizer\), which is not read"),
            (FeatureUnion([("b", "passthrough"), ("a", CountVectorizer())]), "its str stands next to texts, which is not read"),
        ):
            with self.assertRaisesRegex(Contract, reason):
                vectorizers.split(make_pipeline(step, LogisticRegression()))
        with self.assertRaisesRegex(Contract, "its Own stands next to texts"):
            vectorizers.told_of(Own().fit(self.TEXTS))
        with self.assertRaisesRegex(Contract, "its FunctionTransformer comes before texts"):
            vectorizers.split(make_pipeline(FunctionTransformer(), CountVectorizer(), LogisticRegression()))

    def test_whoever_is_given_something_else_than_texts_asks_the_model_itself(self):
        from sklearn.feature_extraction.text import CountVectorizer
        from whyslow_collector import vectorizers
        from whyslow_collector.rows_of import Rows
        from whyslow_collector.text_rows import TextRows

        told = vectorizers.told_of(CountVectorizer().fit(self.TEXTS))
        rows = TextRows([told])
        for given, reason in (("now", "a single text"), ([b"now"], "something else than texts"), (["now", None], "something else"), (["x"] * 100_000, "100000 texts of")):
            with self.assertRaisesRegex(TypeError, reason):
                rows.matrix(given)
        # Where the program calls the vectorizer itself, its rows may be made of anything.
        own = TextRows([told], Rows(None, {}, {}, {}, zeros=True))
        self.assertEqual(own.matrix([[1.0, 2.0]]).tolist(), [[1.0, 2.0]])
        self.assertEqual(own.matrix(["now"], True).sum(), 1)


def read_inputs(file):
    import numpy as np

    with np.load(file) as arrays:
        return arrays["input"]


@unittest.skipUnless(importlib.util.find_spec("xgboost") and importlib.util.find_spec("sklearn"), "XGBoost or scikit-learn is not installed")
class BestIteration(unittest.TestCase):
    def test_trees_that_the_class_leaves_out_are_not_written_and_not_run(self):
        import numpy as np
        import xgboost
        from whyslow_collector import engine_rows, export_models

        random = np.random.default_rng(0)
        rows = random.normal(size=(600, 6)).astype(np.float32)
        target = (rows[:, 0] * rows[:, 1] + random.normal(size=600) > 0).astype(int)
        model = xgboost.XGBClassifier(n_estimators=200, max_depth=3, early_stopping_rounds=3)
        model.fit(rows[:300], target[:300], eval_set=[(rows[300:], target[300:])], verbose=False)
        self.assertLess(model.best_iteration + 1, model.get_booster().num_boosted_rounds())
        expected = model.predict_proba(rows)[:, 1]
        with tempfile.TemporaryDirectory() as folder:
            file, _ = export_models._xgboost(model, folder)
            written = xgboost.Booster(model_file=file)
            np.testing.assert_allclose(written.predict(xgboost.DMatrix(rows)), expected, rtol=1e-6)
            model.save_model(file)
            engine = engine_rows.XgboostModel({"file": file})
            np.testing.assert_allclose(engine._ask(rows), expected, rtol=1e-6)
            # A booster's own predict takes all of them.
            own = xgboost.Booster(model_file=file)
            file, _ = export_models._xgboost(own, folder)
            written = xgboost.Booster(model_file=file)
            self.assertEqual((written.num_boosted_rounds(), written.attr("scikit_learn")), (own.num_boosted_rounds(), None))
            self.assertIsNotNone(own.attr("scikit_learn"))


    def test_a_linear_model_has_no_trees_to_leave_out(self):
        import numpy as np
        import xgboost
        from whyslow_collector import engine_rows

        random = np.random.default_rng(0)
        rows = random.normal(size=(600, 6)).astype(np.float32)
        target = 2 * rows[:, 0] + random.normal(size=600)
        model = xgboost.XGBRegressor(booster="gblinear", n_estimators=200, early_stopping_rounds=5)
        model.fit(rows[:300], target[:300], eval_set=[(rows[300:], target[300:])], verbose=False)
        with tempfile.TemporaryDirectory() as folder:
            file = os.path.join(folder, "model.json")
            model.save_model(file)
            engine = engine_rows.XgboostModel({"file": file})
            np.testing.assert_allclose(engine._ask(rows), model.predict(rows), rtol=1e-6)


@unittest.skipUnless(importlib.util.find_spec("skops") and importlib.util.find_spec("sklearn"), "skops or scikit-learn is not installed")
class WrittenBySkops(unittest.TestCase):
    def test_scikit_learn_opens_it_with_codes_in_place_of_texts(self):
        import numpy as np
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import OrdinalEncoder
        from whyslow_collector import engine_rows, estimator_file

        rows = np.array([["b", "x"], ["a", "y"], ["b", "y"], ["a", "x"]], object)
        model = make_pipeline(OrdinalEncoder(), LogisticRegression()).fit(rows, [0, 1, 0, 1])
        with tempfile.TemporaryDirectory() as folder:
            file = estimator_file.by_skops(model, os.path.join(folder, "own.skops"))
            texts, *_ = estimator_file.write(model, os.path.join(folder, "model.skops"))
            codes = np.array([[texts[at][text] for at, text in enumerate(row)] for row in rows.tolist()], np.float64)
            twin = estimator_file._numbered(model, None, estimator_file.Texts())
            np.testing.assert_allclose(twin.predict_proba(codes), model.predict_proba(rows))
            self.assertTrue(os.path.getsize(file) > 0)
            plain = estimator_file.by_skops(LogisticRegression().fit(codes, [0, 1, 0, 1]), os.path.join(folder, "plain.skops"))
            self.assertEqual(engine_rows.SklearnModel({"file": plain})._ask(codes).shape, (4, 2))


class Refused(unittest.TestCase):
    def run_of(self, source):
        """(a run of the pass on the source, its tree, the messages that it sends)."""
        from types import SimpleNamespace

        from whyslow_collector import main, target

        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        file = os.path.join(folder.name, "refused_%d.py" % abs(hash(source)))
        with open(file, "w") as written:
            written.write(source)
        sent = []
        wire = SimpleNamespace(send=lambda kind, **content: sent.append((kind, content)))
        plan = {"file": file, "pass": "capture", "call": None, "capture": {"folder": folder.name, "package": "fast", "without": [], "tokenizers": []}}
        return main.Run(plan, wire), target.parse(file), sent

    def test_nothing_of_a_script_runs(self):
        from whyslow_collector import capture

        run, tree, sent = self.run_of("raise SystemExit('it ran')\ndef score(row): pass\ndef main(argv): pass\ndef nothing(): pass\n")
        capture.captured(run, "script", tree)
        [(kind, content)] = sent
        self.assertEqual((kind, content["kindOfProgram"], content["models"], content["functions"]), ("captured", "script", [], ["score"]))

    def test_what_is_hidden_from_who_imports_the_file(self):
        from whyslow_collector import hints, main

        source = "model = None\ndef predict(x):\n    return model.predict(x) + scale\ndef main():\n    global scale\n    scale = 1\nif __name__ == '__main__':\n    model = 1\n    main()\n"
        run, _, _ = self.run_of(source)
        says = "; %s is set under if __name__ == '__main__', which is not run: set it above, or in load()"
        self.assertEqual(hints.hint_of(NameError("name 'scale' is not defined"), run, True), says % "scale")
        self.assertEqual(hints.hint_of(AttributeError("'NoneType' object has no attribute 'predict'"), run, True), says % "model")
        self.assertEqual(hints.hint_of(NameError("name 'x' is not defined"), run, True), "")
        run.stage_names = ["score"]
        for message, says in (("score() missing 1 required positional argument: 'rows'", "; give a sample that is a list with a value for each, or a load() that gives the first"), ("fit() missing 1 required positional argument: 'y'", "")):
            self.assertEqual(hints.hint_of(TypeError(message), run, True), says)
        run.made_up = True
        self.assertIn("the request was made up: give real ones", hints.hint_of(KeyError("age"), run, True))
        self.assertEqual(main.reason_of(KeyError("age")) + hints.hint_of(KeyError("age"), run, False), "KeyError: 'age'")
        import argparse

        parser = argparse.ArgumentParser()
        parser.add_argument("--model", required=True)
        with open(os.devnull, "w") as nowhere, contextlib.redirect_stderr(nowhere):
            try:
                parser.parse_args([])
            except SystemExit as error:
                self.assertIn("arguments are required: --model; give its arguments behind --", hints.hint_of(error, run, False))

    def test_a_pickle_that_names_classes_of_main(self):
        import pickle

        from whyslow_collector import module_file

        with tempfile.TemporaryDirectory() as folder:
            file = os.path.join(folder, "service_of_main.py")
            with open(file, "w") as written:
                written.write("import pickle\nclass Scaler:\n    pass\nfound = pickle.loads(b'c__main__\\nScaler\\n.')\n")
            module = module_file.import_file(file)
            self.assertIs(module.found, module.Scaler)
            with self.assertRaises(AttributeError):
                pickle.loads(b"c__main__\nNotThere\n.")

    def test_a_method_without_an_object(self):
        from whyslow_collector import target
        from whyslow_collector.errors import Contract

        class Service:
            def score(self, x):
                return x

            @staticmethod
            def plain(x):
                return x

        module = types.SimpleNamespace(Service=Service, service=Service())
        self.assertEqual(target._called(module, "service.score")(1), 1)
        self.assertEqual(target._called(module, "Service.plain")(1), 1)
        with self.assertRaisesRegex(Contract, r"Service.score is a method: name it of an object, as in service = Service\(...\) and service.score"):
            target._called(module, "Service.score")

    def test_predictions_that_return_nothing(self):
        from types import SimpleNamespace

        from whyslow_collector import capture
        from whyslow_collector.errors import Contract

        argv = list(sys.argv)
        self.addCleanup(lambda: setattr(sys, "argv", argv))
        for returned, says in (("None", "it returns nothing that can be compared"), ("x or None", None)):
            run, _, _ = self.run_of("def samples():\n    return [0, 0, 0, 1]\ndef predict(x):\n    return %s\n" % returned)
            recorder = SimpleNamespace(counting=False)
            if says is None:
                capture.predict(run, recorder)
            else:
                with self.assertRaisesRegex(Contract, says):
                    capture.predict(run, recorder)


if __name__ == "__main__":
    unittest.main()
