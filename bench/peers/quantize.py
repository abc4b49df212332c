"""onnxruntime.quantization beside whyslow: dynamic, or static QDQ per channel with MinMax. Prints JSON: seconds.

python bench/peers/quantize.py MODEL OUT dynamic|static [CALIBRATION.npz]
"""
import json
import sys
import time

import numpy
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_dynamic, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process

model, out, method = sys.argv[1:4]


class Rows(CalibrationDataReader):
    """One row of each array at a time."""

    def __init__(self, file):
        arrays = numpy.load(file)
        names = [name for name in arrays.files if name != "labels"]
        whole = {name: arrays[name] for name in names}
        count = len(whole[names[0]])
        self.rows = iter([{name: whole[name][k : k + 1] for name in names} for k in range(count)])

    def get_next(self):
        return next(self.rows, None)


start = time.perf_counter()
if method == "dynamic":
    quantize_dynamic(model, out, weight_type=QuantType.QInt8)
else:
    prepared = out + ".prepared.onnx"
    # As the guide asks for; where it fails, the model as it is.
    try:
        quant_pre_process(model, prepared, skip_symbolic_shape=True)
    except Exception:
        prepared = model
    quantize_static(
        prepared,
        out,
        Rows(sys.argv[4]),
        quant_format=QuantFormat.QDQ,
        per_channel=True,
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
    )
print(json.dumps({"seconds": time.perf_counter() - start}))
