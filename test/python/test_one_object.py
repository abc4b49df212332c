"""Whether an expression of a program surely names one object, by the program's source."""

import ast
import os
import sys
import textwrap
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "..", "packages", "measure", "src", "python", "collector"))

from whyslow_collector import one_object  # noqa: E402


def is_one(source):
    """Whether what predicts in the program's last line that calls `.score` names one object."""
    tree = ast.parse(textwrap.dedent(source))
    calls = [one for one in ast.walk(tree) if isinstance(one, ast.Call) and isinstance(one.func, ast.Attribute) and one.func.attr == "score"]
    [call] = calls
    return one_object.OneObject([tree]).is_one(call.func.value)


class OneObject(unittest.TestCase):
    def check(self, expected, sources):
        for source in sources:
            with self.subTest(source):
                self.assertIs(is_one(source), expected)

    def test_a_function_that_a_framework_calls_is_given_other_values_too(self):
        head = "from fastapi import FastAPI\napp = FastAPI()\nMODELS = {'en': 1, 'de': 2}\n"
        body = "    return MODELS[name].score(text)\n"
        self.check(
            False,
            (
                head + "@app.post('/score')\ndef score_of(text: str, name: str = 'en'):\n" + body + "score_of('warm')\n",
                head + "@app.post('/score')\ndef score_of(text, name):\n" + body + "score_of('warm', 'en')\n",
                head + "def load():\n    return 1\n@app.post('/predict')\ndef predict(name, text):\n" + body,
                head + "def predict(text, name='en'):\n" + body + "predict('warm')\n",
                "import mlflow\nMODELS = {'en': 1}\nclass Own(mlflow.PythonModel):\n    def run(self, text, name):\n    " + body + "own = Own()\nown.run('warm', 'en')\n",
            ),
        )
        self.check(
            True,
            (
                head + "def score_of(text, name='en'):\n" + body + "def predict(text):\n    return score_of(text)\n",
                head + "import torch\n@torch.no_grad()\ndef score_of(text, name):\n" + body + "def predict(text):\n    return score_of(text, 'en')\n",
                head + "class Own:\n    def run(self, text, name):\n    " + body + "own = Own()\ndef predict(text):\n    return own.run(text, 'en')\n",
            ),
        )

    def test_a_key_is_looked_up_in_a_dictionary_alone(self):
        use = "MODELS = {'a': 1, 'b': 2}\ndef opened(name):\n    return MODELS[name]\ndef predict(x):\n    return opened(%s).score(x)\n"
        self.check(
            False,
            (
                "import redis\nclient = redis.from_url('redis://here')\n" + use % "client.get('model')",
                "import redis\n" + use % "redis.from_url('redis://here').get('model')",
                "import requests\n" + use % "requests.get('http://here/model').text",
                "from django.core.cache import cache\n" + use % "cache.get('model')",
                "import redis\nstate = {}\ndef start():\n    global state\n    state = redis.Redis()\n" + use % "state.get('model')",
                "known = {}\nMODELS = {'a': 1}\ndef use(known):\n    return MODELS[known.get('model')].score(1)\n",
            ),
        )
        self.check(
            True,
            (
                "import os\n" + use % "os.environ.get('MODEL', 'a')",
                "from os import environ\n" + use % "environ.get('MODEL', 'a')",
                "known = {'model': 'a'}\n" + use % "known.get('model')",
                "known: dict = dict(model='a')\n" + use % "known.get('model')",
                "import collections\nknown = None\nknown = collections.defaultdict(str)\n" + use % "known.get('model')",
                "class State:\n    known = {'model': 'a'}\n" + use % "State.known.get('model')",
            ),
        )

    def test_a_class_whose_base_makes_objects_has_several(self):
        base = "class Base:\n    def __init__(self, path):\n        self.m = opened(path)\n    def run(self, x):\n        return 1\n    @classmethod\n    def load(cls, path):\n        return cls(path)\n"
        run = "    def predict(self, x):\n        return self.m.score(x)\n"
        one = "first = Service('a.pkl')\n"
        own = "class Service:\n    SIZE = 1\n    def __init__(self, path):\n        self.m = 1\n"
        library = "from library import Base\nclass Service(Base):\n    def __init__(self, path):\n        self.m = 1\n"
        self.check(
            False,
            (
                "def opened(path):\n    return path\n" + base + "class Service(Base):\n" + run + one + "second = Service.load('b.pkl')\n",
                library + run + one + "second = Service.from_pretrained('b')\n",
                library + run + one + "rest = list(map(Service.model_validate, [1, 2]))\n",
                library + "    @classmethod\n    def open(cls, path):\n        return super().load(path)\n" + run + one + "second = Service.open('b')\n",
                own + "    @classmethod\n    def open(cls, path):\n        return cls.of(path)\n    @classmethod\n    def of(cls, path):\n        return cls(path)\n" + run + one + "second = Service.open('b')\n",
                own + "    @classmethod\n    def open(cls, path):\n        return object.__new__(cls)\n" + run + one + "second = Service.open('b')\n",
            ),
        )
        self.check(
            True,
            (
                own + run + one + "size = Service.SIZE\nService.count = 1\ncount = Service.count\n",
                own + "    @staticmethod\n    def sized(x):\n        return x\n" + run + one + "size = Service.sized(1)\n",
                own + "    @classmethod\n    def sized(cls, x):\n        return cls.SIZE + cls.more(x)\n    @staticmethod\n    def more(x):\n        return x\n" + run + one + "size = Service.sized(1)\n",
                own + "    @classmethod\n    def open(cls, path):\n        return cls(path)\n" + run + "service = Service.open('a')\n",
            ),
        )

    def test_a_place_of_a_list_that_is_filled_again_may_hold_another_model(self):
        use = "def predict(x):\n    return models[0].score(x)\n"
        filled = "models = [1]\ndef again(path):\n    %s\n" + use
        self.check(
            False,
            [
                filled % change
                for change in (
                    "models.clear(); models.extend([opened(path)])",
                    "models.clear()",
                    "models.append(opened(path))",
                    "models.extend([opened(path)])",
                    "del models[0]",
                    "del models[:]",
                    "models[:] = [opened(path)]",
                    "global models; models = []; models.append(opened(path))",
                )
            ],
        )
        named = "models = {'a': 1}\ndef start():\n    models['a'] = 2\ndef stop():\n    %s\ndef predict(x):\n    return models['a'].score(x)\n"
        self.check(
            True,
            (
                "models = []\nfor path in ('a', 'b'):\n    models.append(path)\n" + use,
                "models = []\nmodels.extend(['a'])\ndel models[1:]\n" + use,
                "def load():\n    models = []\n    for path in ('a', 'b'):\n        models.append(path)\n    return models\ndef predict(models, x):\n    return models[0].score(x)\n",
                "class Own:\n    def __init__(self):\n        self.models = []\n        self.models.append(1)\n    def run(self, x):\n        return self.models[0].score(x)\nown = Own()\n",
                named % "models.clear()",
                named % "del models['a']",
                named % "models.pop('a')",
            ),
        )

    def test_a_decorator_that_changes_what_it_passes_on(self):
        program = (
            "MODELS = {'en': 1, 'de': 2}\ndef load():\n    return 'en'\ndef changed(given):\n    given['model'] = 'de'\n"
            "def around(function):\n    def inner(*args, **kwargs):\n        %s\n        return function(%s)\n    return inner\n"
            "@around\ndef predict(model, x):\n    return MODELS[model].score(x)\n"
        )
        whole = "*args, **kwargs"
        changes = (
            "args = ('de', *args[1:])",
            "kwargs['model'] = 'de'",
            "kwargs.update(model='de')",
            "kwargs.pop('model')",
            "del kwargs['model']",
            "kwargs |= {'model': 'de'}",
            "other = kwargs; other['model'] = 'de'",
            "changed(kwargs)",
        )
        self.check(False, [program % (change, whole) for change in changes])
        self.check(False, [program % ("pass", "*turned(args), **kwargs"), program % ("pass", "*args, **{'model': 'de'}")])
        self.check(True, [program % (change, whole) for change in ("pass", "print(args, kwargs)", "first = args[0]", "x = kwargs.get('x')")])

if __name__ == "__main__":
    unittest.main()
