"""Handlers of web applications as stages: found in the source by the standard library alone, called where FastAPI and Flask are installed."""

import ast
import importlib.util
import json
import os
import sys
import tempfile
import textwrap
import types
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "..", "packages", "measure", "src", "python", "collector"))

from whyslow_collector import module_file, samples, target, value_tree, web_handlers, web_samples  # noqa: E402
from whyslow_collector.errors import Contract  # noqa: E402

FASTAPI = """
    from typing import List
    from fastapi import Depends, FastAPI, Request
    from pydantic import BaseModel, Field

    app = FastAPI()
    started = []

    class Row(BaseModel):
        features: List[float] = Field(min_length=3)
        user: str = "somebody"

    def limits():
        return 10

    @app.get("/health")
    def health():
        return {"ok": True}

    @app.post("/items/{count}/predict")
    async def predict_item(row: Row, count: int, most: int = Depends(limits)):
        return {"sum": sum(row.features) * count, "most": most, "user": row.user}

    @app.post("/raw")
    async def raw(request: Request):
        return await request.json()
"""
ORDERS = """
    from flask import Flask, request

    app = Flask(__name__)

    @app.post("/orders")
    def create_order():
        db.insert(request.json["order"])
        return {}

    @app.delete("/orders")
    def remove(): ...

    if __name__ == "__main__":
        app.run()
"""
UPLOAD = """
    from fastapi import FastAPI, UploadFile

    app = FastAPI()

    @app.post("/upload")
    def upload(file: UploadFile):
        return {"bytes": len(file.file.read())}
"""
FLASK = """
    import flask
    from flask import Flask, jsonify, request

    app = Flask(__name__)

    @app.route("/score", methods=["POST"])
    def score():
        data = flask.request.get_json()
        return jsonify({"sum": sum(data["features"]), "text": data.get("text", "")})
"""


def opened(source, call=None):
    path = os.path.join(tempfile.mkdtemp(), "service.py")
    with open(path, "w") as file:
        file.write(textwrap.dedent(source))
    return target.target_of(module_file.import_file(path), call)


def opened_with(name, source, call):
    """With a module of that name that need not be installed."""
    before = sys.modules.get(name)
    sys.modules[name] = types.ModuleType(name)
    try:
        return opened(source, call)
    finally:
        sys.modules.pop(name) if before is None else sys.modules.update({name: before})


def answered(service, sample):
    value = sample
    for _, run in service.steps(service.loaded() if service.load else None):
        value = run(value)
    return json.loads(value)


class Bodies(unittest.TestCase):
    def test_a_body_is_compared_as_what_it_says(self):
        tree, _ = value_tree.encode_value(value_tree.Body(b'{"score": 0.5, "label": 3}'))
        self.assertEqual([one["kind"] for one in tree["values"]], ["number", "integer"])
        self.assertEqual(value_tree.encode_value(value_tree.Body(b"<html>"))[0]["kind"], "bytes")


class Found(unittest.TestCase):
    def found(self, source):
        handler = web_handlers.handler_in(ast.parse(textwrap.dedent(source)))
        return handler and (handler.name, handler.framework, handler.method, handler.path)

    def kind(self, source):
        return target.kind_of(ast.parse(textwrap.dedent(source)), None, False)

    def test_the_handler_that_predicts(self):
        self.assertEqual(self.found(FASTAPI), ("predict_item", "fastapi", "post", "/items/{count}/predict"))
        self.assertEqual(self.found(FLASK), ("score", "flask", "post", "/score"))
        self.assertEqual((self.kind(FASTAPI), self.kind(FLASK)), ("stages", "stages"))

    def test_routes_of_starlette_and_parts_of_an_application(self):
        route = """
            import starlette.applications as web
            from starlette.routing import Route
            async def classify(request): ...
            app = web.Starlette(routes=[Route("/classify", classify, methods=["POST"])])
        """
        self.assertEqual(self.found(route), ("classify", "starlette", "post", "/classify"))
        part = """
            from fastapi import APIRouter as Router
            router = Router()
            @router.api_route("/v1/embed", methods=["POST"])
            def embed(texts: list): ...
        """
        self.assertEqual(self.found(part), ("embed", "fastapi", "post", "/v1/embed"))

    def test_what_is_no_service_of_predictions(self):
        self.assertIsNone(self.found("from flask import Flask\napp = Flask('a')\n@app.get('/health')\ndef health(): ..."))
        self.assertIsNone(self.found("app = FastAPI()\n@app.post('/predict')\ndef predict(x): ..."))
        own = FASTAPI + "\n    def samples():\n        return [1]\n    def predict(x):\n        return x\n"
        self.assertIsNone(self.found(own))

    def test_a_handler_that_may_change_something_is_called_only_if_the_user_says_so(self):
        asked = "name it after the file, as in service.py:create_order, and give requests with --data requests.json"
        for read in (self.found, self.kind):
            with self.assertRaisesRegex(Contract, asked):
                read(ORDERS)
        tree = ast.parse(textwrap.dedent(ORDERS))
        tree.path = "shop/orders.py"
        with self.assertRaisesRegex(Contract, "as in orders.py:create_order"):
            target.kind_of(tree, None, False)
        self.assertEqual(self.found(ORDERS + "\n    def samples():\n        return [{'order': 1}]\n")[0], "create_order")
        self.assertEqual(target.kind_of(ast.parse(textwrap.dedent(ORDERS)), "create_order", False), "function")
        self.assertIsNone(self.found(ORDERS + "\n    def predict(x): ...\n"))
        self.assertEqual(self.found(ORDERS + "\n    @app.post('/rank')\n    def order_of(): ...\n")[0], "order_of")
        orders = ast.parse(textwrap.dedent(ORDERS))
        self.assertEqual(web_handlers.handler_in(orders, has_data=True).name, "create_order")
        with self.assertRaisesRegex(Contract, r"as in service\.py:(create_order|pay)$"):
            web_handlers.handler_in(ast.parse(textwrap.dedent(ORDERS + "\n    @app.post('/payments')\n    def pay(): ...\n")), has_data=True)

    def test_a_handler_that_only_deletes_is_not_called(self):
        head = "from flask import Flask\napp = Flask('a')\n"
        self.assertIsNone(self.found(head + "@app.route('/predictions/<id>', methods=['DELETE'])\ndef delete_prediction(id): ...\n"))
        both = head + "@app.route('/predictions/<id>', methods=['DELETE', 'GET'])\ndef prediction(id): ...\n"
        self.assertEqual(self.found(both), ("prediction", "flask", "get", "/predictions/<id>"))

    def test_applications_that_are_annotated_or_made_by_a_function(self):
        annotated = "from fastapi import FastAPI\napp: FastAPI = FastAPI()\n@app.post('/predict')\ndef predict(x: int): ..."
        self.assertEqual(self.found(annotated), ("predict", "fastapi", "post", "/predict"))
        made = """
            from flask import Flask
            def create_app():
                app = Flask(__name__)
                @app.route("/invocations", methods=["POST"])
                def transformation(): ...
                return app
        """
        self.assertEqual(self.found(made), ("transformation", "flask", "post", "/invocations"))

    def test_an_application_whose_handlers_are_in_other_files(self):
        including = """
            from fastapi import FastAPI
            from routes import router
            app = FastAPI()
            app.include_router(router)
            @app.post("/orders")
            def order(): ...
        """
        self.assertIsNone(self.found(including))
        self.assertEqual(self.kind(including), "stages")

    def test_what_a_handler_of_flask_reads(self):
        def read(body):
            node = ast.parse("def predict():\n    " + body).body[0]
            return web_samples.parts_read(node), web_samples.read_keys(node, sys, None)

        self.assertEqual(read("return model(request.files['image'])"), ({"files": "image"}, {}))
        self.assertEqual(read("return model(request.form.get('text'))"), ({"form": "text"}, {"text": web_samples._TEXT}))
        self.assertEqual(read("d = request.form.to_dict()\n    return d['age']"), ({"form": None}, {"age": 0.5}))
        self.assertEqual(read("return df.values[0] + request.args['x']"), ({"args": "x"}, {"x": [0.5] * 8}))


FULL = """
    from contextlib import asynccontextmanager
    from dataclasses import dataclass
    from typing import Annotated, Any, Dict, List, Optional
    from fastapi import APIRouter, BackgroundTasks, Body, Depends, FastAPI, Header, Query, Request, Response
    from fastapi.responses import JSONResponse

    closed = []

    @asynccontextmanager
    async def lifespan(app):
        app.state.scale = 10
        yield {"offset": 1}

    def create_app() -> FastAPI:
        app = FastAPI(lifespan=lifespan)

        def scale_of(request: Request):
            return request.app.state.scale

        class Offset:
            def __init__(self, request: Request, more: int = Query(0)):
                self.value = request.state.offset + more

        def session(scale=Depends(scale_of)):
            yield scale + 1
            closed.append(scale)

        async def twice(scale: Annotated[int, Depends(scale_of)]):
            yield 2 * scale

        @app.post("/predict")
        def predict(payload: dict, offset: Offset = Depends(), one: int = Depends(session), two: int = Depends(twice), most: float = Query(0.5),
                    key: Optional[str] = Header(None), later: BackgroundTasks = None, response: Response = None):
            return JSONResponse({"sum": sum(payload["features"]), "name": payload.get("name"), "all": [offset.value, one, two, most, key]})

        return app
"""


@unittest.skipUnless(importlib.util.find_spec("fastapi"), "FastAPI is not installed")
class FastApi(unittest.TestCase):
    def test_what_a_handler_depends_on(self):
        for called in ("", "\n    app = create_app()\n"):
            service = opened(FULL + called)
            [made], _ = samples.read(service, None)
            self.assertEqual(made, {"features": [0.5] * 8, "name": web_samples._TEXT})
            self.assertEqual(answered(service, {"features": [1, 2], "more": 4}), {"sum": 3, "name": None, "all": [5, 11, 20, 0.5, None]})
            self.assertEqual(sys.modules[service.stages[1][1].__wrapped__.__module__].closed, [10])

    def test_bodies_that_are_no_models(self):
        source = """
            from dataclasses import dataclass
            from enum import Enum
            from typing import List
            from fastapi import FastAPI
            app = FastAPI()

            class Size(str, Enum):
                big = "big"

            @dataclass
            class Row:
                x: float
                n: int = 3

            @app.post("/predict")
            def predict(rows: List[Row], size: Size):
                return {"sum": sum(one.x * one.n for one in rows), "size": size.name}
        """
        service = opened(source)
        [made], _ = samples.read(service, None)
        self.assertEqual(made, {"rows": [{"x": 0.5}], "size": "big"})
        self.assertEqual(answered(service, {"rows": [{"x": 2.0}], "size": "big"})["size"], "big")

    def test_handlers_that_another_file_brings_in(self):
        folder = tempfile.mkdtemp()
        files = {
            "main.py": "from fastapi import FastAPI\nfrom routes_of_test import router\napp = FastAPI()\napp.include_router(router, prefix='/v1')\n",
            "routes_of_test.py": "from fastapi import APIRouter\nrouter = APIRouter()\n@router.post('/predict')\ndef score(x: int):\n    return x + 1\n",
        }
        for name, text in files.items():
            with open(os.path.join(folder, name), "w") as file:
                file.write(text)
        service = target.target_of(module_file.import_file(os.path.join(folder, "main.py")), None)
        self.assertEqual(answered(service, {"x": 2}), 3)
        self.assertEqual(os.path.basename(service.described()["places"][1]["file"]), "routes_of_test.py")

    def test_a_handler_of_another_file_that_only_deletes_is_not_called(self):
        folder = tempfile.mkdtemp()
        files = {
            "main.py": "from fastapi import FastAPI\nfrom deletes_of_test import router\napp = FastAPI()\napp.include_router(router)\n",
            "deletes_of_test.py": "from fastapi import APIRouter\nrouter = APIRouter()\n@router.delete('/predictions/{id}')\ndef delete_prediction(id: int): ...\n"
            "@router.websocket('/predict')\nasync def predict_all(websocket): ...\n",
        }
        for name, text in files.items():
            with open(os.path.join(folder, name), "w") as file:
                file.write(text)
        self.assertIsNone(web_handlers.service_of(module_file.import_file(os.path.join(folder, "main.py")), None))

    def test_an_answer_that_refuses_a_made_up_request(self):
        source = """
            from fastapi import FastAPI
            from fastapi.responses import JSONResponse
            app = FastAPI()
            @app.post("/predict")
            def predict(text: str):
                return JSONResponse({"error": "too long"}, status_code=413)
        """
        service = opened(source)
        self.assertEqual(answered(service, {"text": "a"}), {"error": "too long"})
        [made], _ = samples.read(service, None)
        with self.assertRaisesRegex(Contract, 'predict\\(\\) answers 413 to a request that was made up .*"too long"'):
            answered(service, made)

    def test_a_request_is_read_answered_and_written(self):
        service = opened(FASTAPI)
        self.assertEqual([name for name, _ in service.stages], ["request", "predict_item", "response"])
        sample = {"features": [1, 2, 3], "count": 2}
        self.assertEqual(answered(service, sample), {"sum": 12.0, "most": 10, "user": "somebody"})
        places = service.described()["places"]
        self.assertEqual([place and os.path.basename(place["file"]) for place in places], [None, "service.py", None])

    def test_a_request_is_made_up_by_the_types_and_that_is_said(self):
        service = opened(FASTAPI)
        said = []
        samples.warn_of_made_up(service, "requests.json", lambda kind, **told: said.append(told["text"]))
        self.assertEqual(said, [])
        samples.warn_of_made_up(service, None, lambda kind, **told: said.append(told["text"]))
        [made], source = samples.read(service, None)
        self.assertEqual((made, source), ({"features": [0.5, 0.5, 0.5], "count": 1}, "module"))
        self.assertRegex(said[0], r"^the request to POST /items/\{count\}/predict is made up .* --data requests.json")
        self.assertEqual(answered(service, made)["sum"], 1.5)

    @unittest.skipUnless(importlib.util.find_spec("multipart"), "python-multipart is not installed")
    def test_files(self):
        self.assertEqual(answered(opened(UPLOAD, "upload"), b"abc"), {"bytes": 3})
        with self.assertRaisesRegex(Contract, "upload takes a file: name files with --data FOLDER"):
            next(opened(UPLOAD, "upload").own_samples())

    @unittest.skipUnless(importlib.util.find_spec("multipart") and importlib.util.find_spec("PIL"), "python-multipart or Pillow is not installed")
    def test_an_image_is_made_up_for_who_decodes_one(self):
        source = UPLOAD.replace('{"bytes": len(file.file.read())}', '{"size": Image.open(file.file).size}').replace("    app =", "    from PIL import Image\n    app =")
        service = opened(source, "upload")
        [made], _ = samples.read(service, None)
        self.assertEqual(answered(service, made), {"size": [320, 240]})

    def test_a_request_as_it_is(self):
        self.assertEqual(answered(opened(FASTAPI, "raw"), {"a": [1]}), {"a": [1]})

    def test_what_the_application_does_when_it_starts(self):
        source = """
            from contextlib import asynccontextmanager
            from fastapi import FastAPI

            @asynccontextmanager
            async def lifespan(app):
                app.state.model = 7
                yield

            app = FastAPI(lifespan=lifespan)

            @app.post("/predict")
            def predict(x: int):
                return x * app.state.model
        """
        self.assertEqual(answered(opened(source), {"x": 3}), 21)


@unittest.skipUnless(importlib.util.find_spec("flask"), "Flask is not installed")
class InFlask(unittest.TestCase):
    def test_a_request_is_read_answered_and_written(self):
        self.assertEqual(answered(opened(FLASK), {"features": [1, 2], "text": "a"}), {"sum": 3, "text": "a"})

    def test_forms_and_files(self):
        source = """
            from flask import Flask, request
            app = Flask(__name__)

            @app.route("/predict/<name>", methods=["POST"])
            def predict(name):
                return {"text": request.form["text"], "name": name}

            @app.route("/upload", methods=["POST"])
            def upload():
                return {"bytes": len(request.files["image"].read()), "name": request.files["image"].filename}
        """
        self.assertEqual(answered(opened(source), {"text": "a", "name": "b"}), {"text": "a", "name": "b"})
        self.assertEqual(answered(opened(source, "upload"), b"abc"), {"bytes": 3, "name": "sample"})
        with self.assertRaisesRegex(Contract, "upload takes a file"):
            next(opened(source, "upload").own_samples())
        decodes = source.replace("len(request.files", "cv2.imdecode(request.files").replace("from flask", "import cv2\n            from flask", 1)
        self.assertEqual(next(opened_with("cv2", decodes, "upload").own_samples())[:4], b"\x89PNG")

    def test_a_request_is_made_up_by_what_the_handler_reads(self):
        [made], _ = samples.read(opened(FLASK), None)
        self.assertEqual(made, {"features": [0.5] * 8, "text": "a service is slow, and nobody knows why"})


class Widths(unittest.TestCase):
    def width(self, model):
        return web_samples._width_of(types.SimpleNamespace(logger=object(), model=model), None)

    def test_a_row_is_as_wide_as_a_model_says(self):
        of = types.SimpleNamespace
        layer = lambda weights, **more: of(parameters=lambda recurse: iter(weights), **more)  # noqa: E731
        torch = of(modules=lambda: iter([layer([]), layer([1], in_features=17), layer([1], in_features=4)]))
        for model, width in (
            (of(n_features_in_=11), 11),
            (of(num_features=lambda: 12), 12),
            (of(num_feature=lambda: 13), 13),
            (of(get_inputs=lambda: [of(shape=["batch", 14])]), 14),
            (of(get_input_details=lambda: [{"shape": (1, 15)}]), 15),
            (of(input_shape=(None, 16)), 16),
            (of(input_shape=(None, 4, 5, 3)), 60),
            (of(get_inputs=lambda: [of(shape=[18])]), 18),
            (of(input_shape=[(None, 16), (None, 1)]), 16),
            (torch, 17),
            ({"inner": of(n_features_in_=11)}, 11),
        ):
            self.assertEqual(self.width(model), width)

    def test_sizes_that_are_not_fixed_say_nothing(self):
        of = types.SimpleNamespace
        picture = of(modules=lambda: iter([of(parameters=lambda recurse: iter([1]), in_channels=3)]))
        for model in (of(get_inputs=lambda: [of(shape=["batch", "n"])]), of(input_shape=(None, None)), of(n_features_in_=None), picture):
            self.assertEqual(self.width(model), 8)


if __name__ == "__main__":
    unittest.main()
