"""Handlers of web applications as stages: found in the source by the standard library alone, called where FastAPI and Flask are installed."""

import ast
import importlib.util
import json
import os
import sys
import tempfile
import textwrap
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "..", "packages", "measure", "src", "python", "collector"))

from whyslow_collector import module_file, samples, target, web_handlers  # noqa: E402
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
    from flask import Flask, jsonify

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


def answered(service, sample):
    value = sample
    for _, run in service.steps(service.loaded() if service.load else None):
        value = run(value)
    return json.loads(value)


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
        asked = "name the handler with --call create_order and give requests with --data requests.json"
        for read in (self.found, self.kind):
            with self.assertRaisesRegex(Contract, asked):
                read(ORDERS)
        self.assertEqual(self.found(ORDERS + "\n    def samples():\n        return [{'order': 1}]\n")[0], "create_order")
        self.assertEqual(target.kind_of(ast.parse(textwrap.dedent(ORDERS)), "create_order", False), "function")
        self.assertIsNone(self.found(ORDERS + "\n    def predict(x): ...\n"))
        self.assertEqual(self.found(ORDERS + "\n    @app.post('/rank')\n    def order_of(): ...\n")[0], "order_of")


@unittest.skipUnless(importlib.util.find_spec("fastapi"), "FastAPI is not installed")
class FastApi(unittest.TestCase):
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

    def test_a_request_is_made_up_by_what_the_handler_reads(self):
        [made], _ = samples.read(opened(FLASK), None)
        self.assertEqual(made, {"features": [0.5] * 8, "text": "a service is slow, and nobody knows why"})


if __name__ == "__main__":
    unittest.main()
