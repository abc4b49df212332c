// The graph optimizers of ONNX Runtime that `optimization.disable_specified_optimizers` can leave out, by the names they are
// registered with. Which runs at which level: onnxruntime/core/optimizer/graph_transformer_utils.cc, GenerateRewriteRules and
// GenerateTransformers (https://github.com/microsoft/onnxruntime), as of 1.30 for the CPU.
import type { GraphOptimization } from '../../types.ts'

export interface Optimizer {
  readonly name: string
  /** The lowest graph optimization level at which it runs. */
  readonly level: Exclude<GraphOptimization, 'disabled'>
}

const at = (level: Optimizer['level'], ...names: readonly string[]): Optimizer[] => names.map((name) => ({ name, level }))

export const optimizers: readonly Optimizer[] = [
  ...at('basic', 'EliminateIdentity', 'EliminateSlice', 'UnsqueezeElimination', 'EliminateDropout', 'ExpandElimination'),
  ...at('basic', 'CastElimination', 'CastChainElimination', 'PreShapeNodeElimination', 'NoopElimination', 'DivMulFusion'),
  ...at('basic', 'ConvAddFusion', 'ConvMulFusion', 'ConvBNFusion', 'Pad_Fusion', 'MatMul_BatchNormalization_Fusion'),
  ...at('basic', 'GemmSumFusion', 'GemmTransposeFusion', 'NotWhereFusion', 'FuseReluClip', 'LabelEncoderFusion'),
  ...at('basic', 'DoubleQDQPairsRemover', 'ConstantSharing', 'CommonSubexpressionElimination', 'ConstantFolding'),
  ...at('basic', 'MatMulAddFusion', 'ReshapeFusion', 'GeluFusionL1', 'LayerNormFusionL1', 'TransposeOptimizer'),
  ...at('extended', 'GemmActivationFusion', 'MatMulIntegerToFloatFusion', 'DynamicQuantizeMatMulFusion'),
  ...at('extended', 'ConvActivationFusion', 'GeluFusionL2', 'LayerNormFusionL2', 'SimplifiedLayerNormFusion'),
  ...at('extended', 'AttentionFusion', 'EmbedLayerNormFusion', 'GatherSliceToSplitFusion', 'GatherToSliceFusion'),
  ...at('extended', 'MatmulTransposeFusion', 'BiasGeluFusion', 'SkipLayerNormFusion', 'FastGeluFusion', 'QuickGeluFusion'),
  ...at('extended', 'BiasSoftmaxFusion', 'MatMulScaleFusion', 'MatMulNBitsFusion'),
  ...at('all', 'NchwcTransformer', 'NhwcTransformer', 'ConvAddActivationFusion'),
]

const ORDER: readonly GraphOptimization[] = ['disabled', 'basic', 'extended', 'all']

/** True where this level runs what `needed` runs. */
export const includesLevel = (level: GraphOptimization, needed: GraphOptimization): boolean =>
  ORDER.indexOf(level) >= ORDER.indexOf(needed)
