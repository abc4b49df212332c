"""onnxruntime as a runtime of MLServer, which has none of its own for it."""
import os

import onnxruntime as ort
from mlserver import MLModel
from mlserver.codecs import NumpyCodec
from mlserver.types import InferenceRequest, InferenceResponse


class OnnxModel(MLModel):
    async def load(self) -> bool:
        options = ort.SessionOptions()
        options.intra_op_num_threads = int(os.environ['THREADS'])
        self.session = ort.InferenceSession(self.settings.parameters.uri, options, providers=['CPUExecutionProvider'])
        self.outputs_of_model = [one.name for one in self.session.get_outputs() if one.type.startswith('tensor')]
        return True

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        feeds = {one.name: NumpyCodec.decode_input(one) for one in payload.inputs}
        results = self.session.run(self.outputs_of_model, feeds)
        outputs = [NumpyCodec.encode_output(name, result) for name, result in zip(self.outputs_of_model, results, strict=True)]
        return InferenceResponse(model_name=self.name, outputs=outputs)
