// Factors and sums with constants next to linear operators, folded into their weights and biases: the arithmetic that the remedies
// rewrites/scale-into-weights.ts and rewrites/affine-as-depthwise.ts share.

import { floatTensor } from '@whyslow/graph/build.ts'
import { copyWith } from '@whyslow/graph/copy.ts'
import type { Model } from '@whyslow/graph/model.ts'
import { floatsOf } from '@whyslow/graph/rewrite/floats.ts'
import { type Linear, linearOf } from '@whyslow/graph/rewrite/linear.ts'
import {
  attributeOf,
  intsOf,
  isOperator,
  type Matching,
  type Replacement,
  rewriteGraphs,
  type WithConstant,
  withConstant,
} from '@whyslow/graph/rewrite/match.ts'
import { nodesOfPatterns } from '@whyslow/graph/rewrite/patterns.ts'
import type { NodeProto } from 'onnx-buf'
import type { RemedyEvidence } from './remedy.ts'
import { isUnfused } from './unfused.ts'

/** Each round folds one constant into an operator; more than this many in a row nobody writes. */
const MAX_ROUNDS = 8

/** Products smaller than the smallest normal float32 would run slowly, and lose digits. */
const SMALLEST_NORMAL = 2 ** -126

/** The model with what could be folded, and the nodes that went; the same model if there is nothing. */
export function foldScales(
  model: Model,
  evidence: RemedyEvidence,
): { readonly model: Model; readonly folded: readonly NodeProto[] } {
  const folded: NodeProto[] = []
  let current = model
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const rewritten = rewriteGraphs(current, (matching, fresh) => foldOnce(matching, fresh, evidence))
    if (rewritten === undefined) break
    current = rewritten.model
    folded.push(...rewritten.replaced.flatMap(({ parts }) => parts))
  }
  return { model: current, folded }
}

/** Folds at most one constant for each linear operator, so that the replacements do not overlap. */
function foldOnce(matching: Matching, fresh: (hint: string) => string, evidence: RemedyEvidence): readonly Replacement[] {
  const touched = nodesOfPatterns(matching)
  return matching.graph.node.flatMap((one) => {
    const step = isUnfused(evidence, one) ? withConstant(matching, one, 'Mul', 'Div', 'Add', 'Sub') : undefined
    const found = step && (foldBehind(matching, step, fresh) ?? foldBefore(matching, step, fresh))
    if (found === undefined) return []
    const nodes = [...found.remove!]
    if (nodes.some((node) => touched.has(node))) return []
    for (const node of nodes) touched.add(node)
    return [found]
  })
}

/** Only what this remedy reads is folded: weights and bias that one node reads, so that nothing is stored twice. */
function isOwn({ readers }: Matching, { weights, bias }: Linear): boolean {
  return readers(weights).length === 1 && (bias === undefined || readers(bias.name).length === 1)
}

/** (x W + b) * c, and (x W + b) + s where b may be added. */
function foldBehind(matching: Matching, { node: step, value, constant }: WithConstant, fresh: (hint: string) => string) {
  const maker = matching.producer(value)
  const linear = linearOf(
    matching,
    isOperator(maker, 'Add') ? matching.producer(withConstant(matching, maker, 'Add')?.value) : maker,
  )
  if (linear === undefined || linear.last !== maker || !isOwn(matching, linear)) return undefined
  if (matching.onlyReader(linear.last) !== step) return undefined
  const factors = factorsOf(
    matching,
    constant,
    { kind: linear.kind, channels: linear.outputSize, value: linear.last.output[0]! },
    step.opType === 'Div',
  )
  const place = { result: step.output[0]!, x: linear.x }
  if (!isOperator(step, 'Mul', 'Div')) {
    const moved = factors && movedBias(matching, linear, step.opType === 'Sub' ? factors.map((one) => -one) : factors)
    return moved && replace(linear, { values: floatsOf(matching, linear.weights), bias: moved }, [step], { ...place, fresh })
  }
  const weights = factors && scaled(floatsOf(matching, linear.weights), linear, linear.outputAxis, factors)
  const bias = linear.bias && factors && floatsOf(matching, linear.bias.name)?.map((one, k) => one * factors[k]!)
  if (weights === undefined || (linear.bias !== undefined && bias === undefined)) return undefined
  // The result takes the name that the step gave it.
  return replace(linear, { values: weights, bias }, [step], { ...place, fresh })
}

/** b + s. The sum behind a MatMul is its bias; Gemm's may be scaled, or of another shape. */
function movedBias(matching: Matching, { kind, bias, outputSize }: Linear, shifts: readonly number[]) {
  if (kind !== 'Conv') return undefined
  const given = bias === undefined ? new Float32Array(outputSize) : floatsOf(matching, bias.name)
  const moved = given?.map((one, channel) => one + shifts[channel]!)
  return moved?.every(Number.isFinite) ? moved : undefined
}

/** (x * c) W or (x + s) W, for every linear operator that reads it. */
function foldBefore(matching: Matching, { node: step, value, constant }: WithConstant, fresh: (hint: string) => string) {
  const made = step.output[0]!
  const linears = matching.readers(made).map((reader) => linearOf(matching, reader))
  if (linears.length === 0 || matching.isOutput(made)) return undefined
  const edits = linears.map((linear) => {
    if (linear?.x !== made || !isOwn(matching, linear)) return undefined
    const place = { result: linear.last.output[0]!, x: value }
    const source = floatsOf(matching, linear.weights)
    if (isOperator(step, 'Mul', 'Div')) {
      const factors = factorsOf(
        matching,
        constant,
        { kind: linear.kind, channels: linear.inputSize, value },
        step.opType === 'Div',
      )
      const weights = factors && scaled(source, linear, linear.inputAxis, factors)
      return weights && replace(linear, { values: weights, bias: undefined }, [], { ...place, fresh })
    }
    const shifts = factorsOf(matching, constant, { kind: linear.kind, channels: linear.inputSize, value }, false)
    const bias =
      shifts && source && shiftedBias(matching, linear, source, step.opType === 'Sub' ? shifts.map((one) => -one) : shifts)
    return bias && replace(linear, { values: source, bias }, [], { ...place, fresh })
  })
  if (!edits.every((edit) => edit !== undefined)) return undefined
  return {
    parts: [step],
    remove: new Set([step, ...edits.flatMap(({ remove }) => [...remove])]),
    add: edits.flatMap(({ add }) => add),
    addInitializers: edits.flatMap(({ addInitializers }) => addInitializers),
  }
}

/** The constant as one number for each channel; undefined if it varies along another axis or would broaden the value. */
function factorsOf(
  matching: Matching,
  name: string,
  { kind, channels, value }: Pick<Linear, 'kind'> & { readonly channels: number; readonly value: string },
  inverse: boolean,
) {
  const constant = matching.constant(name)
  const numbers = constant?.dtype === 'float32' ? matching.numbers(name) : undefined
  const sizes = matching.shape(value)
  if (constant === undefined || numbers === undefined || sizes === undefined || constant.shape.length > sizes.length)
    return undefined
  const axis = (kind === 'Conv' ? 1 : sizes.length - 1) - (sizes.length - constant.shape.length)
  const alongChannels = constant.shape.every((size, k) => size === 1 || (k === axis && size === channels))
  if (!alongChannels || sizes[kind === 'Conv' ? 1 : sizes.length - 1] !== channels) return undefined
  const factors = Array.from({ length: channels }, (_, k) => numbers[numbers.length === 1 ? 0 : k]!)
  if (inverse && factors.some((one) => one === 0)) return undefined
  return inverse ? factors.map((one) => 1 / one) : factors
}

/** The weights with each slice along `axis` times its factor; undefined if a product is no normal number. */
function scaled(
  weights: Float32Array | undefined,
  { shape, groups, inputAxis }: Linear,
  axis: number,
  factors: readonly number[],
) {
  if (weights === undefined) return undefined
  const inner = shape.slice(axis + 1).reduce((product, size) => product * size, 1)
  const perGroup = weights.length / groups
  const products = weights.map((weight, at) => {
    const along = Math.floor(at / inner) % shape[axis]!
    // Each group of a Conv reads input channels of its own; its outputs lie one group behind the other.
    const channel = axis === inputAxis ? along + Math.floor(at / perGroup) * shape[axis]! : along
    return weight * factors[channel]!
  })
  const sound = products.every(
    (one, at) => Number.isFinite(one) && (Math.abs(one) >= SMALLEST_NORMAL || one === 0 || isTiny(weights[at]!)),
  )
  return sound ? products : undefined
}

const isTiny = (value: number): boolean => Math.abs(value) < SMALLEST_NORMAL

/** b + s W. Not with padding, which is not part of the sum; not if a MatMul has no bias, since that would need a sum again. */
function shiftedBias(matching: Matching, linear: Linear, weights: Float32Array, shifts: readonly number[]) {
  const { node, kind, shape, inputAxis, groups, outputSize, bias } = linear
  const padded =
    (intsOf(node, 'pads') ?? []).some((size) => size !== 0) ||
    !['NOTSET', 'VALID'].includes(String(attributeOf(node, 'auto_pad') ?? 'NOTSET'))
  if ((kind === 'Conv' && padded) || (kind === 'MatMul' && bias === undefined)) return undefined
  const [alpha, beta] = [attributeOf(node, 'alpha') ?? 1, attributeOf(node, 'beta') ?? 1]
  if (kind === 'Gemm' && (alpha !== 1 || beta !== 1)) return undefined
  const sums = new Float64Array(outputSize)
  if (bias !== undefined) sums.set(floatsOf(matching, bias.name)!)
  const inner = shape.slice(inputAxis + 1).reduce((product, size) => product * size, 1)
  const perOutput = weights.length / outputSize
  weights.forEach((weight, at) => {
    const along = Math.floor(at / inner) % shape[inputAxis]!
    const output = inputAxis === 0 ? at % outputSize : Math.floor(at / perOutput)
    const group = Math.floor((output * groups) / outputSize)
    sums[output]! += weight * shifts[along + group * shape[inputAxis]!]!
  })
  const result = Float32Array.from(sums)
  return result.every((one) => Number.isFinite(one)) ? result : undefined
}

/** The linear operator with other weights, and another bias if one is given. */
function replace(
  { node, kind, weights, shape, bias, last, outputSize }: Linear,
  { values, bias: biasValues }: { readonly values: Float32Array | undefined; readonly bias: Float32Array | undefined },
  steps: readonly NodeProto[],
  { result, x, fresh }: { readonly result: string; readonly x: string; readonly fresh: (hint: string) => string },
) {
  const name = fresh(`${weights}_scaled`)
  const initializers = [floatTensor(name, shape, values!)]
  let biasName = bias?.name ?? ''
  if (biasValues !== undefined) {
    biasName = fresh(`${biasName || name}_scaled`)
    initializers.push(floatTensor(biasName, [outputSize], biasValues))
  }
  const add: NodeProto[] = []
  if (kind === 'MatMul' && bias !== undefined) {
    const product = fresh(`${result}_product`)
    const operands = last.input.map((one) => (one === bias.name ? biasName : product))
    add.push(copyWith(node, { input: [x, name], output: [product] }), copyWith(last, { input: operands, output: [result] }))
  } else {
    const inputs = biasName === '' ? [x, name] : [x, name, biasName]
    add.push(copyWith(node, { input: inputs, output: [result] }))
  }
  return { parts: steps, remove: new Set([node, last, ...steps]), add, addInitializers: initializers }
}
