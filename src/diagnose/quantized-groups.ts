// Quantization that an executed graph still shows: groups of DequantizeLinear - operator - QuantizeLinear, pairs of
// QuantizeLinear - DequantizeLinear between float operators, and integer products whose scaling was left apart; each with the
// condition it breaks. Conditions: onnxruntime/core/optimizer/qdq_transformer/selectors_actions/qdq_selectors.cc.
import type { GraphView, NodeView } from '../graph/types.ts'
import type { Neighbours } from './neighbours.ts'

export interface QuantizedGroup {
  /** What computes in float between the conversions. */
  readonly operator: NodeView
  /** The conversions that would go; no node is in two groups. */
  readonly conversions: readonly NodeView[]
  /** The condition that the group breaks, as half a sentence. */
  readonly breaks: string
  /** True where the engine could compute the operator in int8. */
  readonly hasInt8Kernel: boolean
}

/** Linear operators with int8 kernels; the output of the last three may stay in float. */
const LINEAR = new Set(['Conv', 'FusedConv', 'ConvTranspose', 'MatMul', 'FusedMatMul', 'Gemm', 'FusedGemm'])
const FLOAT_OUTPUT_ALLOWED = new Set(['MatMul', 'FusedMatMul', 'Gemm'])
const WITHOUT_INT8_KERNEL = new Set(['ConvTranspose', 'FusedMatMul', 'FusedGemm'])

/** Activations that an int8 kernel takes over when its output is quantized behind them. */
const ABSORBED = new Set(['Relu', 'Clip'])

/** Conv and Gemm take a float bias: the engine quantizes it. */
const BIAS_INPUT = 2

/** How far a bias's scale may be from the product of its inputs' scales, relative. */
const BIAS_SCALE_TOLERANCE = 1e-2

/** All groups of one graph that did not fuse. */
export function quantizedGroups(neighbours: Neighbours): readonly QuantizedGroup[] {
  const taken = new Set<NodeView>()
  const once = (nodes: readonly NodeView[]) =>
    nodes.filter((node) => {
      const isNew = !taken.has(node)
      taken.add(node)
      return isNew
    })
  const { nodes } = neighbours.graph
  const found = [
    ...nodes.flatMap((node) => linearGroup(node, neighbours)),
    ...nodes.flatMap((node) => leftApart(node, neighbours)),
  ]
  const groups = found.map((group) => ({ ...group, conversions: once(group.conversions) }))
  // Where the QuantizeLinear ends a linear operator's group, its DequantizeLinear stays when that group fuses.
  const pairs = nodes
    .flatMap((node) => floatPair(node, neighbours))
    .filter(({ conversions }) => !conversions.some((node) => taken.has(node)))
  return [...groups, ...pairs]
}

/** A linear operator in float that reads a dequantized value. */
function linearGroup(operator: NodeView, neighbours: Neighbours): readonly QuantizedGroup[] {
  const { producer, readers } = neighbours
  if (!LINEAR.has(operator.opType)) return []
  const dequantized = operator.inputs.map(producer).filter(isDequantize)
  if (dequantized.length === 0) return []
  const end = lastOf(operator, neighbours)
  const quantized = readers(end.outputs[0]).filter(isQuantize)
  const hasInt8Kernel = !WITHOUT_INT8_KERNEL.has(operator.opType)
  const breaks = hasInt8Kernel
    ? conditionBroken(operator, end, neighbours)
    : `the engine has no int8 kernel for ${operator.opType}`
  return [{ operator, conversions: [...dequantized, ...quantized], breaks, hasInt8Kernel }]
}

/** The node whose output has to be quantized: the operator, or the activation that alone reads it. */
function lastOf(operator: NodeView, { onlyReader }: Neighbours): NodeView {
  const reader = onlyReader(operator)
  return reader !== undefined && ABSORBED.has(reader.opType) ? reader : operator
}

function conditionBroken(operator: NodeView, end: NodeView, { graph, producer, readers, isGraphOutput }: Neighbours): string {
  const float = operator.inputs.findIndex((name, index) => name !== '' && index < BIAS_INPUT && !isDequantize(producer(name)))
  if (float === 0) return `its input ${operator.inputs[0]} is float, without a DequantizeLinear before it`
  if (float === 1) return 'its weights are float, without a DequantizeLinear before them'
  if (isGraphOutput(end.outputs[0])) return 'its output is an output of the model, which has to come from a DequantizeLinear'

  const after = readers(end.outputs[0])
  const inFloat = after.find(({ opType }) => opType !== 'QuantizeLinear')
  if (after.some(isQuantize) && inFloat !== undefined) return `its output is read in float by ${inFloat.name} too`
  if (inFloat !== undefined && !FLOAT_OUTPUT_ALLOWED.has(operator.opType)) return 'its output has no QuantizeLinear after it'
  const quantize = after.find(isQuantize)
  if (hasActivation(operator, end) && quantize !== undefined && zeroPointIsInside(quantize, graph)) {
    return 'its activation stays apart, as the zero point of its output is not the lowest value of its type'
  }
  if (biasScaleIsOff(operator, graph, producer))
    return "its bias's scale is not the product of the input's and the weights' scales"
  return 'it meets the conditions that are known here; the types or zero points of its conversions may not fit'
}

/** A Relu behind the operator, or taken into it as a fused float operator's attribute. */
function hasActivation(operator: NodeView, end: NodeView): boolean {
  return end !== operator || operator.attributes.activation !== undefined
}

/** A Relu is nothing but saturation where zero is the lowest value of the output's type, and can be dropped only then. */
function zeroPointIsInside(quantize: NodeView, { constants }: GraphView): boolean {
  const constant = constants[quantize.inputs[2] ?? '']
  const lowest = constant === undefined ? undefined : LOWEST[constant.dtype]
  return lowest !== undefined && (constant?.values ?? []).some((value) => value !== lowest)
}

const LOWEST: Readonly<Record<string, number>> = { uint8: 0, int8: -128, uint16: 0, int16: -32_768 }

function biasScaleIsOff(operator: NodeView, { constants }: GraphView, producer: Neighbours['producer']): boolean {
  const [input, weights, bias] = [0, 1, BIAS_INPUT].map((index) => {
    const dequantize = producer(operator.inputs[index])
    return isDequantize(dequantize) ? constants[dequantize.inputs[1] ?? '']?.values : undefined
  })
  if (input?.length !== 1 || weights === undefined || bias === undefined || bias.length !== weights.length) return false
  return bias.some((scale, index) => Math.abs(scale - input[0]! * weights[index]!) > BIAS_SCALE_TOLERANCE * Math.abs(scale))
}

/** A QuantizeLinear whose value is dequantized at once, for an operator in float: it only rounds. */
function floatPair(dequantize: NodeView, { producer, readers, isGraphOutput }: Neighbours): readonly QuantizedGroup[] {
  if (!isDequantize(dequantize)) return []
  const quantize = producer(dequantize.inputs[0])
  const [operator, ...others] = readers(dequantize.outputs[0])
  if (!isQuantize(quantize) || operator === undefined || isGraphOutput(dequantize.outputs[0])) return []
  if ([operator, ...others].some(({ opType }) => LINEAR.has(opType))) return []
  if (readers(quantize.outputs[0]).length !== 1) return []
  return [
    {
      operator,
      conversions: [quantize, dequantize],
      breaks: 'its input is quantized and dequantized again, and it computes in float',
      hasInt8Kernel: false,
    },
  ]
}

/** MatMulInteger or ConvInteger - Cast - Mul: one operator, where the engine fuses it. */
function leftApart(operator: NodeView, { onlyReader }: Neighbours): readonly QuantizedGroup[] {
  if (operator.opType !== 'MatMulInteger' && operator.opType !== 'ConvInteger') return []
  const cast = onlyReader(operator)
  const scale = onlyReader(cast)
  if (cast?.opType !== 'Cast' || scale?.opType !== 'Mul') return []
  const breaks =
    operator.opType === 'MatMulInteger'
      ? "its scaling runs apart: it fuses at graph optimization 'extended' and above, with constant scales"
      : 'its scaling runs apart: the engine fuses quantized convolutions only in their static form'
  return [{ operator, conversions: [cast, scale], breaks, hasInt8Kernel: false }]
}

function isDequantize(node: NodeView | undefined): node is NodeView {
  return node?.opType === 'DequantizeLinear'
}

function isQuantize(node: NodeView | undefined): node is NodeView {
  return node?.opType === 'QuantizeLinear'
}
