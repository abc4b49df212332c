// Operators as ONNX Runtime runs them that compute on 8-bit integers. Which of a model's operators have such kernels is said in their
// family's file (packages/graph/src/operators): int8KernelOf.

/** Operators as the engine runs them that compute on 8-bit integers, or with weights of at most 8 bits. */
export const INT8_OPERATORS: ReadonlySet<string> = new Set([
  ...['ConvInteger', 'DynamicQuantizeLSTM', 'DynamicQuantizeMatMul', 'GatherBlockQuantized', 'MatMulBnb4', 'MatMulInteger'],
  ...['MatMulInteger16', 'MatMulIntegerToFloat', 'MatMulNBits', 'NhwcMaxPool', 'QAttention', 'QEmbedLayerNormalization', 'QGemm'],
  ...['QLinearAdd', 'QLinearAveragePool', 'QLinearConcat', 'QLinearConv', 'QLinearGlobalAveragePool', 'QLinearLeakyRelu'],
  ...['QLinearMatMul', 'QLinearMul', 'QLinearReduceMean', 'QLinearSigmoid', 'QLinearSoftmax', 'QLinearWhere'],
])
