// A model in float16: weights and the values between operators, with inputs and outputs of the model as they were. Operators that
// engines have in float32 alone, or that lose too much, stay there, between casts. Which: onnxruntime's own converter,
// https://github.com/microsoft/onnxruntime/blob/main/onnxruntime/python/tools/transformers/float16.py

import { attribute, node as makeNode, rawTensor } from '@whyslow/graph/build.ts'
import { constantsIn, isConstantNode } from '@whyslow/graph/constants.ts'
import { copyWith } from '@whyslow/graph/copy.ts'
import { dataTypeOf } from '@whyslow/graph/dtype.ts'
import { editGraph, freshNames, readOther, withGraph } from '@whyslow/graph/edit.ts'
import { toFloat16Clamped } from '@whyslow/graph/encode.ts'
import type { Model } from '@whyslow/graph/model.ts'
import { isOperator, type Matching, matchGraph, numberOf } from '@whyslow/graph/rewrite/match.ts'
import { readsOf, subgraphsOf } from '@whyslow/graph/walk.ts'
import type { GraphProto, NodeProto, TensorProto } from 'onnx-buf'
import type { ValueTypes } from './choice.ts'
import { readFloats } from './rewriting.ts'

export interface Half {
  readonly model: Model
  /** Nodes that work in float16. */
  readonly converted: number
  /** Operator types that stay in float32, each once. */
  readonly blocked: readonly string[]
  /** Numbers of the weights that are beyond ±65504, and were clamped to it. */
  readonly clamped: number
}

/** Operators of ai.onnx that stay in float32. */
const BLOCKED: ReadonlySet<string> = new Set([
  ...[
    'RandomNormal',
    'RandomNormalLike',
    'RandomUniform',
    'RandomUniformLike',
    'Multinomial',
    'NonMaxSuppression',
    'TopK',
    'RoiAlign',
  ],
  ...['Range', 'CumSum', 'Min', 'Max', 'Upsample', 'EyeLike', 'ConstantOfShape', 'Dropout', 'STFT', 'DFT', 'MelWeightMatrix'],
  ...[
    'QuantizeLinear',
    'DequantizeLinear',
    'DynamicQuantizeLinear',
    'MatMulInteger',
    'ConvInteger',
    'QLinearMatMul',
    'QLinearConv',
  ],
])

/** Operators of com.microsoft that have a float16 form on GPUs. All others stay. */
const MICROSOFT_OPERATORS: readonly string[] = [
  ...[
    'Attention',
    'MultiHeadAttention',
    'SkipLayerNormalization',
    'SkipSimplifiedLayerNormalization',
    'Gelu',
    'FastGelu',
    'BiasGelu',
  ],
  ...['FusedMatMul', 'FusedConv', 'QuickGelu', 'BiasAdd', 'BiasSplitGelu', 'EmbedLayerNormalization'],
].map((name) => `com.microsoft:${name}`)

/** Inputs that are float32 whatever the others are. */
const FLOAT_INPUTS: Readonly<Record<string, readonly number[]>> = { Resize: [1, 2] }

function isBlocked(node: NodeProto): boolean {
  if (subgraphsOf(node).length > 0) return true
  if (node.domain === '' || node.domain === 'ai.onnx') return BLOCKED.has(node.opType)
  return !isOperator(node, ...MICROSOFT_OPERATORS)
}

/**
 * The model in float16. A reason if it cannot be: the type of a value is not known (`types`, as run, help), it computes in another
 * float already, or nothing is left to convert.
 */
export function toHalf(model: Model, types: ValueTypes = new Map()): Half | string {
  const { graph } = model.proto
  if (graph === undefined) return 'it holds no graph'
  const matching = matchGraph(model, graph)
  const dtypeOf = (name: string) => types.get(name)?.dtype ?? matching.types.get(name)?.dtype
  const nodes = graph.node.filter((node) => !isConstantNode(node))
  const unknown = nodes.flatMap(({ output }) => output).find((name) => name !== '' && dtypeOf(name) === undefined)
  if (unknown !== undefined) return `the type of '${unknown}' is unknown`
  const narrowed = nodes.flatMap(({ output }) => output).find((name) => ['float16', 'bfloat16'].includes(dtypeOf(name) ?? ''))
  if (narrowed !== undefined) return `'${narrowed}' is ${dtypeOf(narrowed)} already`
  const isFloat = (name: string) => name !== '' && dtypeOf(name) === 'float32'
  const converted = nodes.filter((node) => !isBlocked(node) && [...node.input, ...node.output].some(isFloat))
  if (converted.length === 0) return 'no operator of it works on float32'

  const fresh = freshNames(graph)
  const halves = halfConstants(matching, graph, fresh)
  const added: NodeProto[] = []
  const wide = new Map<string, string>()
  const given = new Set(graph.input.map(({ name }) => name))
  const outputs = new Set(graph.output.map(({ name }) => name))
  const cast = (from: string, to: string, dtype: 'float16' | 'float32') =>
    added.push(makeNode({ opType: 'Cast', name: fresh(`${to}_cast`) }, [from], [to], { to: dataTypeOf(dtype) }))
  const narrow = new Map<string, string>()
  /** The name under which nodes in float16 read a value. */
  const half = (name: string): string => {
    const constant = halves.half(name)
    if (constant !== undefined) return constant
    // Inputs and outputs of the model stay float32 under their own names.
    if (!given.has(name) && !outputs.has(name)) return name
    if (!narrow.has(name)) {
      narrow.set(name, fresh(`${name}_float16`))
      if (given.has(name)) cast(name, narrow.get(name)!, 'float16')
    }
    return narrow.get(name)!
  }
  /** The name under which nodes in float32 read a value. */
  const full = (name: string): string => {
    if (halves.has(name) || given.has(name) || outputs.has(name)) return name
    if (!wide.has(name)) {
      wide.set(name, fresh(`${name}_float32`))
      cast(half(name), wide.get(name)!, 'float32')
    }
    return wide.get(name)!
  }
  for (const node of nodes) {
    const floats = readsOf(node).filter(isFloat)
    if (isBlocked(node)) {
      const read = readOther(node, new Map(floats.map((name) => [name, full(name)])))
      // What it makes is wanted in float16 by the others.
      const output = node.output.map((name) => (isFloat(name) && !outputs.has(name) ? fresh(`${name}_made`) : name))
      output.forEach((name, index) => {
        const original = node.output[index]!
        if (name !== original) cast(name, original, 'float16')
        else if (isFloat(original)) cast(original, half(original), 'float16')
      })
      added.push(copyWith(read, { output }))
      continue
    }
    const keeps = FLOAT_INPUTS[node.opType] ?? []
    const input = node.input.map((name, index) => (isFloat(name) ? (keeps.includes(index) ? full(name) : half(name)) : name))
    const output = node.output.map((name) => (isFloat(name) ? half(name) : name))
    node.output.forEach((name) => {
      if (isFloat(name) && outputs.has(name)) cast(half(name), name, 'float32')
    })
    added.push(retyped(copyWith(node, { input, output })))
  }
  const valueInfo = graph.valueInfo.filter(({ name }) => !isFloat(name))
  const edited = editGraph(copyWith(graph, { valueInfo }), {
    remove: new Set(nodes),
    add: added,
    addInitializers: halves.tensors,
  })
  const blocked = [...new Set(nodes.filter((node) => isBlocked(node) && readsOf(node).some(isFloat)).map(({ opType }) => opType))]
  return { model: withGraph(model, edited), converted: converted.length, blocked, clamped: halves.clamped() }
}

/** A Cast to float32 gives float16 from now on. */
function retyped(node: NodeProto): NodeProto {
  if (!isOperator(node, 'Cast') || numberOf(node, 'to', 0) !== dataTypeOf('float32')) return node
  const others = node.attribute.filter(({ name }) => name !== 'to')
  return copyWith(node, { attribute: [...others, attribute('to', dataTypeOf('float16'))] })
}

interface HalfConstants {
  has(name: string): boolean
  /** The name of the constant in float16, made the first time that it is requested; undefined for what is no such constant. */
  half(name: string): string | undefined
  readonly tensors: readonly TensorProto[]
  clamped(): number
}

/** Constants of float32. What the caller may override is none: it is an input, and cast at each prediction. */
function halfConstants(matching: Matching, graph: GraphProto, fresh: (hint: string) => string): HalfConstants {
  const constants = new Map(
    constantsIn(graph)
      .filter(({ dtype, isGraphInput }) => dtype === 'float32' && !isGraphInput)
      .map((one) => [one.name, one]),
  )
  const names = new Map<string, string>()
  const tensors: TensorProto[] = []
  let lost = 0
  return {
    tensors,
    has: (name) => constants.has(name),
    clamped: () => lost,
    half: (name) => {
      const constant = constants.get(name)
      if (constant === undefined) return undefined
      const known = names.get(name)
      if (known !== undefined) return known
      const { bits, clamped } = toFloat16Clamped(readFloats(matching, constant))
      const converted = fresh(`${name}_float16`)
      tensors.push(rawTensor(converted, 'float16', constant.shape, new Uint8Array(bits.buffer)))
      lost += clamped
      names.set(name, converted)
      return converted
    },
  }
}
