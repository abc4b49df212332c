// What a group DequantizeLinear - operator - QuantizeLinear must keep to be computed in int8 by ONNX Runtime's CPU provider, and what a
// given group breaks. Conditions: onnxruntime/core/optimizer/qdq_transformer/selectors_actions/qdq_selectors.cc (NodeGroupSelector
// and its kinds), relu_quantizelinear.cc, weight_bias_quantization.cc; each tried with 1.30 (conditions.test.ts).
import type { Neighbours } from '@whyslow/graph/neighbours.ts'
import { int8KernelOf } from '@whyslow/graph/operators/index.ts'
import type { NodeView } from '@whyslow/graph/types.ts'
import {
  type Conversion,
  conversionOf,
  isDequantize,
  isListedAsInput,
  isQuantize,
  limitsOf,
  sameParameters,
} from './conversion.ts'
import { type FusionSettings, typeAsFused } from './fused-types.ts'

export const conditions = [
  ...['no-int8-kernel', 'wide-types', 'input-float', 'weights-float', 'zero-point-missing', 'constants-as-inputs'],
  ...['graph-output', 'output-read-in-float', 'several-quantizers', 'batchnorm-apart', 'activation-between'],
  ...['output-not-quantized', 'activation-apart', 'bias-scale', 'bias-float', 'beta', 'channel-axis', 'scales-differ'],
  ...['resize-mode', 'opset', 'int8-activations', 'types-differ'],
] as const
export type Condition = (typeof conditions)[number]

export interface BrokenCondition {
  readonly condition: Condition
  /** As half a sentence: 'its output has no QuantizeLinear after it'. */
  readonly says: string
}

/** Activations that an int8 kernel takes over when its output is quantized behind them. */
const ABSORBED = new Set(['Relu', 'Clip'])
/** Their output may stay float: MatMulIntegerToFloat, QGemm. */
const FLOAT_OUTPUT_ALLOWED = new Set(['MatMul', 'Gemm'])
/** Operators that move 8-bit integers only. */
const NO_16_BIT_MOVES = new Set(['MaxPool', 'Resize', 'ReduceMax', 'ReduceMin'])
const MAX_POOL_OPSET = 12
const BIAS_INPUT = 2
/** How far a bias's scale may be from the product of its inputs' scales, relative. */
const BIAS_SCALE_TOLERANCE = 1e-2

/** The first condition that the group around `operator` breaks; undefined if it breaks none that is known here. */
export function brokenCondition(operator: NodeView, at: Neighbours, fusing: FusionSettings): BrokenCondition | undefined {
  const kernel = int8KernelOf(operator.opType)
  if (kernel === undefined) return broken('no-int8-kernel', `the engine has no int8 kernel for ${operator.opType}`)
  const group = groupOf(operator, kernel.data, at)
  switch (kernel.kind) {
    case 'linear':
      return (
        linearInputs(group, at) ??
        outputs(group, at) ??
        activation(group, at) ??
        bias(group, at) ??
        linearTypes(group, at, fusing)
      )
    case 'moves':
      return floatInputs(group, at) ?? outputs(group, at) ?? moved(group, at, fusing) ?? equalTypes(group, at, fusing)
    case 'elementwise':
      return (
        floatInputs(group, at) ??
        outputs(group, at) ??
        narrow(group.sources) ??
        activation(group, at) ??
        equalTypes(group, at, fusing)
      )
  }
}

interface Group {
  readonly operator: NodeView
  /** The inputs that have to be dequantized, by name. */
  readonly data: readonly string[]
  /** Their DequantizeLinear; undefined if there is none. */
  readonly sources: readonly (Conversion | undefined)[]
  /** The node whose output has to be quantized: the operator, or the activation that alone reads it. */
  readonly end: NodeView
  /** What quantizes its output. */
  readonly quantizers: readonly Conversion[]
}

function groupOf(operator: NodeView, dataInputs: readonly number[] | null, at: Neighbours): Group {
  const data = dataInputs === null ? operator.inputs : dataInputs.flatMap((index) => operator.inputs[index] ?? [])
  const end = endOf(operator, at)
  return {
    operator,
    data,
    sources: data.map((name) => sourceOf(name, at)),
    end,
    quantizers: end.outputs.flatMap((name) => at.readers(name).filter(isQuantize)).map((node) => conversionOf(node, at)),
  }
}

function sourceOf(name: string | undefined, at: Neighbours): Conversion | undefined {
  const node = at.producer(name)
  return isDequantize(node) ? conversionOf(node, at) : undefined
}

/** The operator, or the Relu or Clip that alone reads it. */
export function endOf(operator: NodeView, { onlyReader }: Neighbours): NodeView {
  const reader = onlyReader(operator)
  const absorbs = int8KernelOf(operator.opType)?.kind !== 'moves'
  return absorbs && reader !== undefined && ABSORBED.has(reader.opType) ? reader : operator
}

const broken = (condition: Condition, says: string): BrokenCondition => ({ condition, says })

function floatInputs({ data, sources }: Group, { graph }: Neighbours): BrokenCondition | undefined {
  const float = sources.indexOf(undefined)
  if (float < 0) return undefined
  const constant = graph.constants[data[float]!] === undefined ? '' : 'the constant '
  return broken('input-float', `its input ${constant}${data[float]} is float, without a DequantizeLinear before it`)
}

function linearInputs({ operator, data, sources }: Group, at: Neighbours): BrokenCondition | undefined {
  if (sources[0] === undefined)
    return broken('input-float', `its input ${data[0]} is float, without a DequantizeLinear before it`)
  // Constant float weights of Conv and Gemm are quantized by the engine, where the group is whole otherwise.
  const mayBeFloat = operator.opType !== 'MatMul' && at.graph.constants[data[1] ?? ''] !== undefined
  if (sources[1] === undefined && !mayBeFloat)
    return broken('weights-float', 'its weights are float, without a DequantizeLinear before them')
  const narrowed = narrow(sources)
  if (narrowed !== undefined) return narrowed
  if (operator.opType === 'Gemm' && sources.some((source) => source?.hasZeroPoint === false))
    return broken('zero-point-missing', 'a conversion of its inputs has no zero point, which the int8 kernel of Gemm requires')
  return undefined
}

/** Types that 8-bit kernels do not take. */
function narrow(sources: readonly (Conversion | undefined)[]): BrokenCondition | undefined {
  const wide = sources.find((source) => source?.dtype !== undefined && !/^u?int8$/.test(source.dtype))
  if (wide === undefined) return undefined
  return broken('wide-types', `it is quantized to ${wide.dtype}, and the kernels take 8 bits`)
}

function outputs({ operator, end, quantizers }: Group, at: Neighbours): BrokenCondition | undefined {
  const { readers, isGraphOutput } = at
  const mayStayFloat = FLOAT_OUTPUT_ALLOWED.has(operator.opType)
  if (quantizers.length === 0 && mayStayFloat && end === operator) return undefined
  if (end.outputs.some(isGraphOutput))
    return broken('graph-output', 'its output is an output of the model, which has to come from a DequantizeLinear')
  const after = end.outputs.flatMap((name) => readers(name))
  const inFloat = after.find((node) => !isQuantize(node))
  if (quantizers.length > 0 && inFloat !== undefined)
    return broken('output-read-in-float', `its output is read in float by ${inFloat.name} too`)
  if (quantizers.length === 0) return mayStayFloat ? undefined : notQuantized(inFloat, at)
  if (quantizers.length > end.outputs.length && quantizers.some((other) => !sameParameters(other, quantizers[0]!)))
    return broken('several-quantizers', `its output is quantized in ${quantizers.length} ways`)
  return undefined
}

function notQuantized(reader: NodeView | undefined, { onlyReader, readers }: Neighbours): BrokenCondition {
  const quantizedAfter = reader !== undefined && isQuantize(onlyReader(reader)) && readers(reader.outputs[0]).length === 1
  if (reader?.opType === 'BatchNormalization')
    return broken('batchnorm-apart', `the BatchNormalization ${reader.name} after it is not folded into its weights`)
  if (quantizedAfter && !isDequantize(reader))
    return broken('activation-between', `${reader!.opType} is between it and its QuantizeLinear, and computes in float`)
  return broken('output-not-quantized', 'its output has no QuantizeLinear after it')
}

/** A Relu or Clip is nothing but saturation where it cuts off no more than the quantized type does, and is dropped only then. */
function activation({ operator, end, quantizers }: Group, { graph }: Neighbours): BrokenCondition | undefined {
  const [quantizer] = quantizers
  const limits = limitsOf(quantizer?.dtype)
  if (quantizer === undefined || limits === undefined) return undefined
  const [lowest, highest] = limits
  const [zero] = quantizer.zeroPoint ?? []
  const isRelu = end === operator ? operator.attributes.activation === 'Relu' : end.opType === 'Relu'
  if (isRelu && zero !== undefined && zero !== lowest)
    return broken(
      'activation-apart',
      'its activation stays apart, as the zero point of its output is not the lowest value of its type',
    )
  const bounds = end.opType === 'Clip' ? clipBounds(end, graph.constants) : undefined
  const [scale] = quantizer.scale ?? []
  if (bounds === undefined || zero === undefined || scale === undefined) return undefined
  const [low, high] = bounds.map((bound) => Math.round(bound / scale) + zero) as [number, number]
  if (low <= lowest && high >= highest) return undefined
  return broken('activation-apart', 'its activation stays apart, as its Clip is narrower than the range of its quantized output')
}

/** Bounds of a Clip if they are constant, as inputs or, before opset 11, as attributes. */
export function clipBounds(
  { inputs, attributes }: NodeView,
  constants: Neighbours['graph']['constants'],
): [number, number] | undefined {
  const bound = (index: number, name: string, otherwise: number): number | undefined => {
    const attribute = attributes[name]
    if (typeof attribute === 'number') return attribute
    const input = inputs[index] ?? ''
    return input === '' ? otherwise : constants[input]?.values?.[0]
  }
  const [low, high] = [bound(1, 'min', Number.NEGATIVE_INFINITY), bound(2, 'max', Number.POSITIVE_INFINITY)]
  return low === undefined || high === undefined ? undefined : [low, high]
}

function bias({ operator, sources, quantizers }: Group, at: Neighbours): BrokenCondition | undefined {
  const { graph } = at
  const [input, weights] = sources
  const name = operator.inputs[BIAS_INPUT] ?? ''
  const dequantized = sourceOf(name, at)
  if (operator.opType === 'Gemm') {
    const { beta = 1 } = operator.attributes
    if (name !== '' && beta !== 1)
      return broken('beta', `its bias is multiplied by a beta of ${beta}, and the int8 kernel takes none`)
    if (name !== '' && dequantized === undefined && quantizers.length === 0)
      return broken('bias-float', 'its bias is float, and its output too')
    const outputAxis = operator.attributes.transB === 1 ? 0 : 1
    if (weights !== undefined && perChannel(weights) && positiveAxis(weights, at) !== outputAxis)
      return broken('channel-axis', 'its weights have a scale for each input, and the kernel takes one for each output')
    return undefined
  }
  if (operator.opType === 'MatMul' || name === '' || dequantized === undefined) return undefined
  const derived = [input?.node.inputs[1], weights?.node.inputs[1], ...dequantized.node.inputs.slice(1)]
  if (derived.some((one) => isListedAsInput(graph, one)))
    return broken('constants-as-inputs', 'scales that its bias is checked against are listed as inputs of the model')
  if (biasScaleIsOff(input, weights, dequantized))
    return broken('bias-scale', "its bias's scale is not the product of the input's and the weights' scales")
  return undefined
}

const perChannel = ({ scale, node }: Conversion): boolean =>
  scale !== undefined ? scale.length > 1 : node.attributes.axis !== undefined

function positiveAxis({ axis, node }: Conversion, { graph }: Neighbours): number {
  const rank = graph.constants[node.inputs[0] ?? '']?.shape.length
  return axis < 0 && rank !== undefined ? axis + rank : axis
}

/** True where the bias's scale differs from the product of the other two by more than a hundredth. */
export function biasScaleIsOff(input: Conversion | undefined, weights: Conversion | undefined, bias: Conversion): boolean {
  const [x, w, b] = [input?.scale, weights?.scale, bias.scale]
  if (x?.length !== 1 || w === undefined || b === undefined) return false
  const count = Math.max(w.length, b.length)
  for (let i = 0; i < count; i++) {
    const scale = b[b.length === 1 ? 0 : i]
    const product = x[0]! * w[w.length === 1 ? 0 : i]!
    if (scale === undefined || !(Math.abs(scale - product) <= BIAS_SCALE_TOLERANCE * Math.abs(scale))) return true
  }
  return false
}

function moved(
  { operator, sources, quantizers }: Group,
  { graph }: Neighbours,
  { opset }: FusionSettings,
): BrokenCondition | undefined {
  const [source] = sources
  const conversions = [source!, ...quantizers]
  if (NO_16_BIT_MOVES.has(operator.opType)) {
    const wide = narrow(sources)
    if (wide !== undefined) return wide
  }
  if (operator.opType === 'MaxPool' && opset < MAX_POOL_OPSET)
    return broken('opset', `int8 MaxPool came with opset ${MAX_POOL_OPSET}, and the model has ${opset}`)
  const { mode = 'nearest' } = operator.attributes
  if (operator.opType === 'Resize' && mode !== 'nearest')
    return broken('resize-mode', `a Resize of mode '${mode}' computes in float; only 'nearest' moves integers`)
  if (conversions.some(({ hasZeroPoint }) => !hasZeroPoint))
    return broken('zero-point-missing', 'a conversion around it has no zero point, which is required even if it is 0')
  if (conversions.some(({ node }) => node.inputs.slice(1).some((name) => isListedAsInput(graph, name))))
    return broken('constants-as-inputs', 'scales or zero points around it are listed as inputs of the model')
  if (quantizers.some((one) => one.dtype !== source!.dtype || !sameParameters(one, source!)))
    return broken('scales-differ', 'it only moves numbers, and its output has another scale or zero point than its input')
  return undefined
}

/** A product's activations have one type, and that type asks for one of the weights. */
function linearTypes(
  { operator, sources, quantizers }: Group,
  at: Neighbours,
  fusing: FusionSettings,
): BrokenCondition | undefined {
  const [input, weights] = sources
  const ends = [input!, ...quantizers.slice(0, 1)]
  const differ = differing(ends, at, fusing)
  if (differ !== undefined) return differ
  const type = typeAsFused(input!, at, fusing)
  const weightType = weights === undefined ? undefined : typeAsFused(weights, at, fusing)
  if (type === 'int8' && operator.opType !== 'Gemm' && !fusing.keepsInt8)
    return broken(
      'int8-activations',
      `its input ${stays(input!, at)}, and off Arm that fuses only with session.qdqisint8allowed=1`,
    )
  if (type === 'int8' && weightType !== undefined && weightType !== 'int8')
    return broken('types-differ', `its activations are int8 and its weights ${weightType}, for which there is no kernel`)
  const biasType = sourceOf(operator.inputs[BIAS_INPUT], at)?.dtype
  if (biasType !== undefined && biasType !== 'int32')
    return broken('types-differ', `its bias is quantized to ${biasType}, and the kernel takes int32`)
  return undefined
}

/** All ends of a group that computes on integers of one type. */
function equalTypes({ sources, quantizers }: Group, at: Neighbours, fusing: FusionSettings): BrokenCondition | undefined {
  return differing([...sources.map((one) => one!), ...quantizers], at, fusing)
}

function differing(ends: readonly Conversion[], at: Neighbours, fusing: FusionSettings): BrokenCondition | undefined {
  const types = ends.map((end) => typeAsFused(end, at, fusing))
  const other = types.findIndex((type) => type !== undefined && types[0] !== undefined && type !== types[0])
  if (other < 0) return undefined
  if (ends.every(({ dtype }) => dtype === 'int8')) {
    const kept = ends[types.indexOf('int8')]!
    const its = isQuantize(kept.node) ? 'output' : 'input'
    return broken(
      'int8-activations',
      `its ${its} ${stays(kept, at)}, and its other ends become uint8, unless session.qdqisint8allowed=1`,
    )
  }
  return broken('types-differ', `its ends are quantized to ${types[0]} and to ${types[other]}, and the kernel takes one type`)
}

/** Why an int8 value is not made uint8, as half a sentence. */
function stays({ node }: Conversion, { graph, producer }: Neighbours): string {
  const value = isQuantize(node) ? node.outputs[0] : node.inputs[0]
  const isConstant = (name: string | undefined) => graph.constants[name ?? ''] !== undefined
  if (isConstant(value) || isConstant(producer(value)?.inputs[0])) return `${value} is a constant of int8`
  return `${value} stays int8, because it is read in several places`
}
