// Which operators can work on int8 with ranges known beforehand, and what each of their inputs is: the operators for which onnxruntime
// turns DequantizeLinear -> operator -> QuantizeLinear into one kernel on the CPU.
// https://github.com/microsoft/onnxruntime/blob/main/onnxruntime/core/optimizer/qdq_transformer/selectors_actions/qdq_selector_action_transformer.cc

import type { Constant } from '@whyslow/graph/constants.ts'
import { operatorKey } from '@whyslow/graph/operators/family.ts'
import { int8KernelOf } from '@whyslow/graph/operators/index.ts'
import type { Int8Kernel } from '@whyslow/graph/operators/types.ts'
import { attributeOf, isOperator, type Matching, numberOf, withConstant } from '@whyslow/graph/rewrite/match.ts'
import type { SymbolicType } from '@whyslow/graph/rewrite/symbolic-rule.ts'
import type { NodeProto } from 'onnx-buf'
import { type Product, productOf } from './product.ts'
import { activationBehind, floatConstant } from './rewriting.ts'

export interface StaticOperator {
  /**
   * data-movement: what it gives are the integers that it reads, moved. rescaling: they are the integers that it reads, with another
   * scale. hard-sigmoid: a sum, with the scale of what it reads multiplied by its slope; HardSwish with a product behind.
   */
  readonly kind: 'convolution' | 'product' | 'elementwise' | 'data-movement' | 'rescaling' | 'hard-sigmoid'
  readonly node: NodeProto
  /** The product of 'product', with constant weights. */
  readonly product: Product | undefined
  /** Weights of 'convolution'. */
  readonly weights: Constant | undefined
  readonly bias: Constant | undefined
  /** What the scale is multiplied by in 'rescaling' and 'hard-sigmoid'; 1 otherwise. */
  readonly factor: number
  /** Indices of inputs that are dequantized: activations, and constants next to them. */
  readonly operands: readonly number[]
  /** Relu or Clip behind it: where the quantized range ends where it cuts, it is no operator of its own. */
  readonly activation: NodeProto | undefined
  /** Everything that goes with the node: the Add of its bias, its activation. */
  readonly parts: readonly NodeProto[]
  /** What the parts give together. */
  readonly results: readonly string[]
}

export interface OperatorContext {
  readonly matching: Matching
  typeOf(name: string): SymbolicType
}

/** True where what the node gives has the range of what it reads: it moves numbers, or picks some. */
export function movesData(node: NodeProto): boolean {
  return kernelOf(node)?.kind === 'moves'
}

const kernelOf = (node: NodeProto): Int8Kernel | undefined => int8KernelOf(operatorKey(node))

/** The node as an operator on int8; a reason if it is none. */
export function staticOperator(context: OperatorContext, node: NodeProto): StaticOperator | string {
  const { matching } = context
  const notFloat = whyNotFloat(context, node)
  if (notFloat !== undefined) return notFloat
  if (isOperator(node, 'Conv')) return convolution(matching, node)
  if (isOperator(node, 'Gemm', 'MatMul')) return product(matching, node)
  const plain = { node, product: undefined, weights: undefined, bias: undefined, factor: 1 }
  const rescaling = rescalingOf(matching, node)
  if (rescaling !== undefined) return { ...plain, ...withActivation(node, [node], undefined), kind: 'rescaling', ...rescaling }
  if (isOperator(node, 'HardSwish')) {
    return { ...plain, ...withActivation(node, [node], undefined), kind: 'hard-sigmoid', factor: 1 / 6, operands: [0] }
  }
  if (isOperator(node, 'HardSigmoid')) {
    const factor = numberOf(node, 'alpha', 0.2)
    if (!(factor > 0) || !(numberOf(node, 'beta', 0.5) > 0)) return 'its slope or its middle is not above 0'
    return { ...plain, ...withActivation(node, [node], undefined), kind: 'hard-sigmoid', factor, operands: [0] }
  }
  if (isOperator(node, 'Add', 'Mul', 'Concat', 'Div', 'Sub')) {
    const other = whyNotByConstant(matching, node)
    if (other !== undefined) return other
    const operands = node.input.map((_, index) => index)
    const constant = (index: number) => matching.constant(node.input[index])
    if (operands.every((index) => constant(index) !== undefined)) return 'it reads constants alone'
    const activation = isOperator(node, 'Concat') ? undefined : activationBehind(matching, node)
    return { ...plain, ...withActivation(node, [node], activation), kind: 'elementwise', operands }
  }
  const kernel = kernelOf(node)
  if (kernel?.kind === 'elementwise') {
    // A mask picks a constant far outside the range of what it masks.
    if (kernel.data!.some((index) => matching.constant(node.input[index]) !== undefined)) return 'it reads a constant'
    return { ...plain, ...withActivation(node, [node], undefined), kind: 'elementwise', operands: kernel.data! }
  }
  if (kernel?.kind !== 'moves') return `there is no int8 kernel for ${node.opType}`
  const why = whyNotDataMovement(matching, node)
  return why ?? { ...plain, ...withActivation(node, [node], undefined), kind: 'data-movement', operands: [0] }
}

/** Product with, or quotient by, one number above 0. */
function rescalingOf(
  matching: Matching,
  node: NodeProto,
): { readonly factor: number; readonly operands: readonly number[] } | undefined {
  const by = withConstant(matching, node, 'Mul', 'Div')
  const rank = matching.constant(by?.constant)?.shape.length ?? 0
  const number = matching.scalar(by?.constant)
  // A constant of two and more dimensions could raise that of the result.
  if (by === undefined || number === undefined || rank > 1 || floatConstant(matching, by.constant) === undefined) return undefined
  const factor = node.opType === 'Div' ? 1 / number : number
  return factor > 1e-30 && factor < 1e30 ? { factor, operands: [node.input.indexOf(by.value)] } : undefined
}

/** Div and Sub are Mul and Add with another constant; there are no kernels for them with two values. */
function whyNotByConstant(matching: Matching, node: NodeProto): string | undefined {
  if (!isOperator(node, 'Div', 'Sub')) return undefined
  if (floatConstant(matching, node.input[1]) === undefined) return `there is no int8 kernel for ${node.opType} of two values`
  if (isOperator(node, 'Sub')) return undefined
  const numbers = matching.numbers(node.input[1])
  return numbers?.every((one) => Math.abs(one) > 1e-30) ? undefined : 'it divides by 0'
}

/** Values that shapes are computed of are integers; int8 stands for float32 alone. */
function whyNotFloat({ matching, typeOf }: OperatorContext, node: NodeProto): string | undefined {
  const data = node.input.find((name) => name !== '' && matching.constant(name) === undefined)
  if (data === undefined) return 'it reads constants alone'
  const read = node.input[kernelOf(node)?.data?.[0] ?? 0]!
  const dtypes = [read, node.output[0]!].map((name) => typeOf(name).dtype).filter((dtype) => dtype !== undefined)
  const other = dtypes.find((dtype) => dtype !== 'float32')
  if (other !== undefined) return `it works on ${other}`
  // If nothing is known, weights of float32 decide it.
  if (dtypes.length === 0 && !node.input.some((name) => floatConstant(matching, name)))
    return 'the type of what it reads is unknown'
  return undefined
}

function withActivation(node: NodeProto, parts: readonly NodeProto[], activation: NodeProto | undefined) {
  const last = activation ?? parts.at(-1)!
  return {
    activation,
    parts: activation === undefined ? parts : [...parts, activation],
    results: last === node ? node.output.filter((name) => name !== '') : [last.output[0]!],
  }
}

function convolution(matching: Matching, node: NodeProto): StaticOperator | string {
  const weights = floatConstant(matching, node.input[1])
  if (matching.constant(node.input[0]) !== undefined) return 'it reads a constant'
  if (weights === undefined || weights.shape.length < 3) return 'its weights are not a float32 constant'
  if (weights.elementCount === 0) return 'its weights are empty'
  const name = node.input[2] ?? ''
  const bias = floatConstant(matching, name)
  if (name !== '' && (bias === undefined || bias.elementCount !== weights.shape[0])) return 'its bias is not a float32 constant'
  const activation = activationBehind(matching, node)
  return {
    kind: 'convolution',
    factor: 1,
    node,
    product: undefined,
    weights,
    bias,
    operands: [0],
    ...withActivation(node, [node], activation),
  }
}

function product(matching: Matching, node: NodeProto): StaticOperator | string {
  const common = { kind: 'product' as const, node, weights: undefined, bias: undefined, factor: 1 }
  const isFloat = node.input.slice(0, 2).every((name) => matching.constant(name) === undefined)
  if (isOperator(node, 'MatMul') && isFloat) {
    return { ...common, product: undefined, operands: [0, 1], ...withActivation(node, [node], undefined) }
  }
  const found = productOf(matching, node)
  if (typeof found === 'string') return found
  if (found.added !== undefined) return 'what it adds is not a constant bias'
  return {
    ...common,
    product: found,
    operands: [0],
    ...withActivation(node, found.parts, activationBehind(matching, found.last)),
  }
}

function whyNotDataMovement(matching: Matching, node: NodeProto): string | undefined {
  if (matching.constant(node.input[0]) !== undefined) return 'it reads a constant'
  const read = node.output.filter((name) => name !== '' && (matching.readers(name).length > 0 || matching.isOutput(name)))
  if (isOperator(node, 'MaxPool') && node.output.length > 1) return 'it gives indices'
  if (read.length < node.output.length) return 'not all that it gives is read'
  if (!isOperator(node, 'Resize')) return undefined
  const mode = attributeOf(node, 'mode') ?? 'nearest'
  if (mode !== 'nearest') return `it interpolates (${mode})`
  return attributeOf(node, 'coordinate_transformation_mode') === 'tf_crop_and_resize' ? 'it fills in numbers' : undefined
}

/** The node and what changes with it: the Add of a constant bias, the Relu or Clip behind it. */
export function partsOf(context: OperatorContext, node: NodeProto): readonly NodeProto[] {
  const operator = staticOperator(context, node)
  if (typeof operator !== 'string') return operator.parts
  const product = productOf(context.matching, node)
  return typeof product === 'string' ? [node] : product.parts
}

/** The whole that each node is part of, keyed by part. Layers come in the order of the graph; a part takes no parts of its own. */
export function companionsOf(layers: readonly { readonly node: NodeProto; readonly parts: readonly NodeProto[] }[]) {
  const wholes = new Map<NodeProto, NodeProto>()
  for (const { node, parts } of layers) {
    if (wholes.has(node)) continue
    for (const part of parts.slice(1)) wholes.set(part, node)
  }
  return wholes
}
