// Small models whose times tell what one operator takes: an operator in int8 without the conversions around it, a convolution without
// the change of layout around it, conversions alone.
import { createHash } from 'node:crypto'
import { toBinary } from '@bufbuild/protobuf'
import { floatTensor, modelInMemory, model as modelOf, node, rawTensor, valueInfo } from '@whyslow/graph/build.ts'
import { constantsIn, isConstantNode } from '@whyslow/graph/constants.ts'
import { copyWith } from '@whyslow/graph/copy.ts'
import { withGraph, withoutDead } from '@whyslow/graph/edit.ts'
import type { Model } from '@whyslow/graph/model.ts'
import type { DType, TensorType } from '@whyslow/graph/types.ts'
import { declaration } from '@whyslow/graph/view.ts'
import { linksOf } from '@whyslow/graph/walk.ts'
import { type GraphProto, NodeProtoSchema, type TensorProto } from 'onnx-buf'

/** What the time of a small model depends on: operators, attributes, shapes and types, not the numbers in its weights. */
export function identityOf({ proto }: Model): string {
  const graph = proto.graph!
  const constants = constantsIn(graph).map(({ dtype, shape }) => `${dtype} ${shape.join('x')}`)
  const ends = [...graph.input, ...graph.output].map((one) => JSON.stringify({ ...declaration(one), name: '' }))
  const hash = createHash('sha256')
  const rename = namesInOrder(graph)
  for (const one of graph.node) {
    if (one.opType === 'Constant') continue
    const plain = copyWith(one, { name: '', input: one.input.map(rename), output: one.output.map(rename) })
    hash.update(toBinary(NodeProtoSchema, plain))
  }
  return hash.update(JSON.stringify([constants, ends])).digest('hex')
}

function namesInOrder({ input, initializer, node: nodes }: GraphProto): (name: string) => string {
  const numbers = new Map<string, string>([['', '']])
  const number = (name: string) => {
    if (!numbers.has(name)) numbers.set(name, `v${numbers.size}`)
    return numbers.get(name)!
  }
  for (const { name } of [...input, ...initializer]) number(name)
  for (const one of nodes) for (const name of [...one.input, ...one.output]) number(name)
  return number
}

/**
 * Without the QuantizeLinear behind its inputs and the DequantizeLinear before its outputs: what is left takes and gives int8, so that
 * the operator's own time is what is measured.
 */
export function withoutBorders(model: Model): Model {
  const graph = model.proto.graph!
  const { producers, consumers } = linksOf(graph)
  const types = new Map(graph.initializer.map(({ name, dataType }) => [name, dataType]))
  const replaced = new Map<string, string>()
  const input = graph.input.map((one) => {
    const readers = consumers.get(one.name) ?? []
    const [reader] = readers
    if (readers.length !== 1 || reader!.opType !== 'QuantizeLinear') return one
    const { shape } = declaration(one)
    replaced.set(reader!.output[0]!, reader!.output[0]!)
    return valueInfo(reader!.output[0]!, dtypeOfZero(types.get(reader!.input[2] ?? '')), shape ?? undefined)
  })
  const output = graph.output.map((one) => {
    const maker = producers.get(one.name)
    const inner = producers.get(maker?.input[0] ?? '')
    if (maker?.opType !== 'DequantizeLinear' || inner?.opType !== 'QuantizeLinear') return one
    const { shape } = declaration(one)
    return valueInfo(inner.output[0]!, dtypeOfZero(types.get(inner.input[2] ?? '')), shape ?? undefined)
  })
  const kept = graph.node.filter(({ output: [name] }) => !replaced.has(name!))
  return withGraph(model, withoutDead(copyWith(graph, { node: kept, input, output })))
}

const dtypeOfZero = (dataType: number | undefined): DType => (dataType === 3 ? 'int8' : 'uint8')

/**
 * Two of the convolution side by side, their results added, and then what followed it. The engine changes the layout of what convolutions
 * read and give; it does so once here as in the single one, and the sum goes into the second: the difference of the two is the
 * convolution alone. undefined if the model is not one Conv, with or without one operator after it.
 */
export function twinOf(model: Model): Model | undefined {
  const graph = model.proto.graph!
  const constants = graph.node.filter(isConstantNode)
  const [one, ...after] = graph.node.filter((node) => !isConstantNode(node))
  if (one?.opType !== 'Conv' || after.length > 1 || graph.output.length !== 1) return undefined
  const copies: TensorProto[] = []
  const other = (name: string): string => {
    const weights = graph.initializer.find((tensor) => tensor.name === name)
    if (weights === undefined) return name
    copies.push(copyWith(weights, { name: `${name}__twin` }))
    return `${name}__twin`
  }
  const result = one.output[0]!
  const [a, b] = [`${result}__a`, `${result}__b`]
  const both = [
    ...constants,
    copyWith(one, { output: [a] }),
    copyWith(one, { name: '', input: one.input.map(other), output: [b] }),
    node('Add', [a, b], [result]),
    ...after,
  ]
  // One set of weights for both would let the engine see that they are the same.
  if (copies.length === 0) return undefined
  return withGraph(model, copyWith(graph, { node: both, initializer: [...graph.initializer, ...copies] }))
}

/** A tensor of `elements` numbers, converted: float to uint8, uint8 to float, or float to uint8 by its own range. */
export function conversion(kind: 'quantize' | 'dequantize' | 'dynamic', elements: number): Model {
  const scale = floatTensor('scale', [], [0.05])
  const zero = rawTensor('zero', 'uint8', [], Uint8Array.of(128))
  const shape = [1, elements]
  if (kind === 'dynamic') {
    const outputs = [valueInfo('y', 'uint8', shape), valueInfo('s', 'float32', []), valueInfo('z', 'uint8', [])]
    const inputs = [valueInfo('x', 'float32', shape)]
    return modelInMemory(modelOf({ nodes: [node('DynamicQuantizeLinear', ['x'], ['y', 's', 'z'])], inputs, outputs }))
  }
  const [from, to, opType] =
    kind === 'quantize' ? (['float32', 'uint8', 'QuantizeLinear'] as const) : (['uint8', 'float32', 'DequantizeLinear'] as const)
  return modelInMemory(
    modelOf({
      nodes: [node(opType, ['x', 'scale', 'zero'], ['y'])],
      inputs: [valueInfo('x', from, shape)],
      outputs: [valueInfo('y', to, shape)],
      initializers: [scale, zero],
    }),
  )
}

/** Types of a small model's inputs; undefined if one is not known. */
export function inputTypes({ proto }: Model): { name: string; type: TensorType }[] | undefined {
  const weights = new Set(proto.graph!.initializer.map(({ name }) => name))
  const found = proto.graph!.input.flatMap((one) => {
    if (weights.has(one.name)) return []
    const { name, dtype, shape } = declaration(one)
    const sizes = shape?.filter((size) => typeof size === 'number')
    return dtype === null || sizes === undefined || sizes.length !== shape!.length
      ? [undefined]
      : [{ name, type: { dtype, shape: sizes } }]
  })
  return found.every((one) => one !== undefined) ? found : undefined
}
