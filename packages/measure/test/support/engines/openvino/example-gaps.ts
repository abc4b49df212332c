// Cases of the engine suite that OpenVINO is known to fail, and why.
export const GAPS: Readonly<Record<string, string>> = {
  'whole numbers beyond 32 bits': 'it computes numbers of 64 bits in 32, so that such inputs are refused',
  'strings in and out': "the C API gives no way to read a tensor's strings",
  'trees, and an output that is no tensor left out': 'it knows no operators of ai.onnx.ml',
}
