# Writes fixtures/operators.json: every operator that onnxruntime registers for its CPU execution provider, as the package itself tells
# it, and every operator that ONNX's backend tests (the conformance suite) use. In an environment of its own:
#   pip install onnxruntime==1.30.0 onnx==1.23.2 && python scripts/list-operators.py
import json
import os
import pathlib

os.environ["ORT_DISABLE_TELEMETRY"] = "1"

import onnx
import onnxruntime
from onnx.backend.test.case.node import collect_testcases
from onnxruntime.capi import onnxruntime_pybind11_state as native


def key(domain, operator):
    """As packages/graph/src/operators/family.ts names it: the default domain has no prefix."""
    return operator if domain in ("", "ai.onnx") else f"{domain}:{operator}"


def registered():
    kernels = native.get_all_opkernel_def()
    return {key(k.domain, k.op_name) for k in kernels if k.provider == "CPUExecutionProvider"}


def used(nodes):
    found = set()
    for node in nodes:
        found.add(key(node.domain, node.op_type))
        for attribute in node.attribute:
            for graph in [attribute.g, *attribute.graphs]:
                found |= used(graph.node)
    return found


def conformance():
    models = [case.model for case in collect_testcases(None) if case.model is not None]
    data = pathlib.Path(onnx.__file__).parent / "backend/test/data"
    models += [onnx.load(path, load_external_data=False) for path in sorted(data.rglob("*.onnx"))]
    found = set()
    for model in models:
        found |= used(model.graph.node)
        for function in model.functions:
            found |= used(function.node)
    return found


document = {
    "about": "made by scripts/list-operators.py",
    "cpuKernels": {
        "source": f"onnxruntime {onnxruntime.__version__} (PyPI), get_all_opkernel_def(), CPUExecutionProvider",
        "operators": sorted(registered()),
    },
    "conformance": {
        "source": f"onnx {onnx.__version__} (PyPI), onnx.backend.test: node, simple, light, real, pytorch",
        "operators": sorted(conformance()),
    },
}
target = pathlib.Path(__file__).parent.parent / "fixtures/operators.json"
target.write_text(json.dumps(document, indent=2) + "\n")
