// Cases of the engine suite that OpenVINO is known to fail, and why.
export const GAPS: Readonly<Record<string, string>> = {
  'strings in and out': "the C API gives no way to read a tensor's strings",
  'trees, and an output that is no tensor left out': 'it knows no operators of ai.onnx.ml',
}
