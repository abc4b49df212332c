// What the same work is called by PyTorch, by ONNX and by TensorFlow: one row for each, and which nodes of a model one recorded operator
// can stand for. Operators of no row are never joined.

export interface OperatorClass {
  readonly id: string
  /** PyTorch's, without `aten::` and the underscore of in-place forms. */
  readonly torch: readonly string[]
  /** ONNX's and ONNX Runtime's. */
  readonly onnx: readonly string[]
  readonly tensorflow?: readonly string[]
  /** Neighbours of a joined node that the operator may also compute: its longer forms in ONNX. */
  readonly with?: readonly string[]
}

const NORM_PARTS = ['ReduceMean', 'Sub', 'Pow', 'Mul', 'Add', 'Sqrt', 'Div', 'Cast', 'Reciprocal']

const CLASSES: readonly OperatorClass[] = [
  {
    id: 'convolution',
    torch: [
      ...['conv1d', 'conv2d', 'conv3d', 'convolution', '_convolution', 'thnn_conv2d', '_conv_depthwise2d', 'conv_depthwise3d'],
      ...[
        'cudnn_convolution',
        'cudnn_convolution_relu',
        'cudnn_convolution_add_relu',
        'mkldnn_convolution',
        'miopen_convolution',
      ],
      'mkldnn::_convolution_pointwise',
    ],
    onnx: ['Conv', 'FusedConv', 'NhwcConv', 'NhwcFusedConv', 'QLinearConv', 'ConvInteger'],
    tensorflow: ['Conv2D', '_FusedConv2D', 'DepthwiseConv2dNative', '_FusedDepthwiseConv2dNative', 'Conv3D'],
  },
  {
    id: 'transposed-convolution',
    torch: ['conv_transpose1d', 'conv_transpose2d', 'conv_transpose3d'],
    onnx: ['ConvTranspose'],
    tensorflow: ['Conv2DBackpropInput'],
  },
  {
    id: 'product',
    torch: [
      'linear',
      'addmm',
      'mm',
      'matmul',
      'bmm',
      'baddbmm',
      'mv',
      'addmv',
      '_scaled_mm',
      'mkldnn_linear',
      'mkldnn::_linear_pointwise',
    ],
    onnx: [
      'MatMul',
      'Gemm',
      'FusedMatMul',
      'FusedGemm',
      'MatMulNBits',
      'MatMulInteger',
      'MatMulIntegerToFloat',
      'DynamicQuantizeMatMul',
      'QLinearMatMul',
      'QGemm',
    ],
    tensorflow: ['_FusedMatMul', 'BatchMatMul', 'BatchMatMulV2'],
    with: ['Add'],
  },
  {
    id: 'attention',
    torch: [
      ...['scaled_dot_product_attention', '_scaled_dot_product_flash_attention', '_scaled_dot_product_efficient_attention'],
      ...[
        '_scaled_dot_product_flash_attention_for_cpu',
        '_scaled_dot_product_cudnn_attention',
        '_scaled_dot_product_attention_math',
      ],
    ],
    onnx: ['Attention', 'MultiHeadAttention', 'GroupQueryAttention', 'Softmax'],
    with: ['MatMul', 'FusedMatMul', 'Mul', 'Add', 'Div', 'Where', 'Cast'],
  },
  {
    id: 'layer-norm',
    torch: ['layer_norm', 'native_layer_norm'],
    onnx: ['LayerNormalization', 'SkipLayerNormalization', 'ReduceMean'],
    with: NORM_PARTS,
  },
  {
    id: 'rms-norm',
    torch: ['rms_norm', '_fused_rms_norm'],
    onnx: ['RMSNormalization', 'SimplifiedLayerNormalization', 'SkipSimplifiedLayerNormalization', 'ReduceMean'],
    with: NORM_PARTS,
  },
  {
    id: 'group-norm',
    torch: ['group_norm', 'native_group_norm', 'instance_norm'],
    onnx: ['GroupNormalization', 'InstanceNormalization', 'GroupNorm'],
    with: ['Mul', 'Add'],
  },
  {
    id: 'batch-norm',
    torch: ['batch_norm', 'native_batch_norm', 'cudnn_batch_norm', 'miopen_batch_norm', '_native_batch_norm_legit_no_training'],
    onnx: ['BatchNormalization'],
    tensorflow: ['FusedBatchNormV3', '_FusedBatchNormEx'],
  },
  {
    id: 'gelu',
    torch: ['gelu'],
    onnx: ['Gelu', 'FastGelu', 'BiasGelu', 'QuickGelu', 'Erf', 'Tanh'],
    with: ['Div', 'Add', 'Mul', 'Pow', 'Cast', 'Sqrt'],
  },
  { id: 'silu', torch: ['silu'], onnx: ['Swish', 'QuickGelu', 'Sigmoid'], with: ['Mul'] },
  { id: 'hard-swish', torch: ['hardswish'], onnx: ['HardSwish', 'HardSigmoid', 'Clip'], with: ['Mul', 'Add', 'Div'] },
  { id: 'relu', torch: ['relu', 'clamp_min'], onnx: ['Relu'] },
  { id: 'clip', torch: ['relu6', 'hardtanh', 'clamp'], onnx: ['Clip'], tensorflow: ['Relu6'] },
  { id: 'softmax', torch: ['softmax', '_softmax'], onnx: ['Softmax'] },
  { id: 'log-softmax', torch: ['log_softmax', '_log_softmax'], onnx: ['LogSoftmax'] },
  {
    id: 'max-pool',
    torch: ['max_pool1d', 'max_pool2d', 'max_pool3d', 'max_pool2d_with_indices', 'mkldnn_max_pool2d'],
    onnx: ['MaxPool'],
  },
  { id: 'average-pool', torch: ['avg_pool1d', 'avg_pool2d', 'avg_pool3d'], onnx: ['AveragePool'], tensorflow: ['AvgPool'] },
  {
    id: 'mean',
    torch: ['mean', 'adaptive_avg_pool1d', 'adaptive_avg_pool2d', '_adaptive_avg_pool2d', 'adaptive_avg_pool3d'],
    onnx: ['ReduceMean', 'GlobalAveragePool', 'AveragePool'],
    tensorflow: ['Mean'],
  },
  { id: 'sum', torch: ['sum'], onnx: ['ReduceSum'], tensorflow: ['Sum'] },
  { id: 'largest', torch: ['amax', 'max'], onnx: ['ReduceMax', 'GlobalMaxPool'], tensorflow: ['Max'] },
  { id: 'add', torch: ['add'], onnx: ['Add', 'Sum'], tensorflow: ['AddV2', 'BiasAdd'] },
  { id: 'subtract', torch: ['sub', 'rsub'], onnx: ['Sub'] },
  { id: 'multiply', torch: ['mul'], onnx: ['Mul'] },
  { id: 'divide', torch: ['div'], onnx: ['Div'], tensorflow: ['RealDiv'] },
  { id: 'lookup', torch: ['embedding', 'index_select'], onnx: ['Gather'], tensorflow: ['GatherV2', 'ResourceGather'] },
  { id: 'concatenate', torch: ['cat', 'concat'], onnx: ['Concat'], tensorflow: ['ConcatV2'] },
  {
    id: 'resize',
    torch: ['upsample_nearest2d', 'upsample_bilinear2d', 'upsample_nearest1d', 'upsample_bicubic2d'],
    onnx: ['Resize', 'Upsample'],
    tensorflow: ['ResizeBilinear', 'ResizeNearestNeighbor'],
  },
  { id: 'lstm', torch: ['lstm', '_thnn_fused_lstm_cell', '_cudnn_rnn', 'mkldnn_rnn_layer'], onnx: ['LSTM'] },
  { id: 'gru', torch: ['gru'], onnx: ['GRU'] },
  { id: 'pad', torch: ['pad', 'constant_pad_nd', 'reflection_pad2d'], onnx: ['Pad'], tensorflow: ['PadV2'] },
  { id: 'top-k', torch: ['topk', 'sort'], onnx: ['TopK'], tensorflow: ['TopKV2'] },
  { id: 'where', torch: ['where'], onnx: ['Where'], tensorflow: ['SelectV2'] },
  { id: 'argmax', torch: ['argmax'], onnx: ['ArgMax'] },
  { id: 'leaky-relu', torch: ['leaky_relu'], onnx: ['LeakyRelu'] },
  { id: 'prelu', torch: ['prelu', '_prelu_kernel'], onnx: ['PRelu'] },
  { id: 'hard-sigmoid', torch: ['hardsigmoid'], onnx: ['HardSigmoid'] },
  // Called alike everywhere.
  ...[
    'Sigmoid',
    'Tanh',
    'Exp',
    'Log',
    'Sqrt',
    'Erf',
    'Pow',
    'Abs',
    'Neg',
    'Elu',
    'Selu',
    'Softplus',
    'Mish',
    'CumSum',
    'Sin',
    'Cos',
  ].map((name) => ({ id: name.toLowerCase(), torch: [name.toLowerCase()], onnx: [name] })),
]

const BY_TORCH = new Map(CLASSES.flatMap((one) => one.torch.map((name) => [name, one] as const)))
/** The first row that names it: an ONNX operator may be the longer form of several. */
const BY_TYPE = new Map(
  [...CLASSES].reverse().flatMap((one) => [...one.onnx, ...(one.tensorflow ?? [])].map((name) => [name, one] as const)),
)
/** Softmax alone is no attention, a mean alone no norm. */
for (const id of ['softmax', 'mean', 'tanh', 'sigmoid', 'erf']) {
  const one = CLASSES.find((row) => row.id === id)!
  for (const name of one.onnx) BY_TYPE.set(name, one)
}

/** Class of a recorded operator, by its name and its type; undefined: none is known. */
export function classOf(name: string, opType: string): OperatorClass | undefined {
  const torch = /^aten::(\w+?)_?$/.exec(name)?.[1]
  if (torch !== undefined) return BY_TORCH.get(torch) ?? BY_TORCH.get(name.slice('aten::'.length))
  return BY_TORCH.get(name) ?? BY_TYPE.get(opType)
}

const ACTIVATIONS = ['Relu', 'Clip', 'Sigmoid', 'Tanh', 'LeakyRelu', 'HardSigmoid', 'Add', 'Mul', 'BatchNormalization']

/** Nodes that an operator can compute in addition to its own: its longer forms, and what its name says was fused into it. */
export function doesAlso({ with: forms = [] }: OperatorClass, name: string, opType: string): ReadonlySet<string> {
  const told = `${name} ${opType}`
  return new Set([
    ...forms,
    ...(/fused|_relu|pointwise|nhwc/i.test(told) ? ACTIVATIONS : []),
    ...(/\b(Skip|Bias)/.test(told) ? ['Add'] : []),
  ])
}

/** Views of numbers, and what hands others their memory: no work of its own. */
const FREE =
  /^aten::(view|_unsafe_view|reshape|_reshape_alias|t|transpose|permute|expand|expand_as|unsqueeze|squeeze|slice|select|narrow|split|split_with_sizes|chunk|unbind|flatten|unflatten|detach|alias|as_strided|contiguous|empty|empty_like|empty_strided|resize_|to|lift_fresh|detach_|dropout|resolve_conj|resolve_neg|set_|item|_local_scalar_dense|is_nonzero)$/
export const isFree = (name: string): boolean => FREE.test(name)

/** Nodes that only lay numbers out again, or name them. */
const LAYOUT = new Set([
  ...[
    'Reshape',
    'Transpose',
    'Squeeze',
    'Unsqueeze',
    'Flatten',
    'Identity',
    'Shape',
    'Size',
    'Constant',
    'ConstantOfShape',
    'Expand',
    'Slice',
  ],
  ...[
    'Split',
    'Cast',
    'Dropout',
    'ReorderInput',
    'ReorderOutput',
    'MemcpyFromHost',
    'MemcpyToHost',
    'Range',
    'Tile',
    'QuantizeLinear',
    'DequantizeLinear',
  ],
])
export const isLayout = (opType: string): boolean => LAYOUT.has(opType)
