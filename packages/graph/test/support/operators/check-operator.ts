// The one strong helper of the operators' tests: a node in short notation, its cost compared with numbers worked out by hand, and
// what holds for every cost proven beside.
import { elementCount, sizeInBytes } from '../../../src/dtype.ts'
import { estimateCost, readInput } from '../../../src/operators/index.ts'
import type { UseFacts } from '../../../src/operators/input-use.ts'
import type { Cost, NodeContext } from '../../../src/operators/types.ts'
import type { AttributeView, ConstantView, DType, TensorType } from '../../../src/types.ts'

/**
 * A tensor in a few letters: '1x3x8x8' is float32; 'int8:4x3' another dtype; 'int64:' a scalar; '!4x3' a constant;
 * '!int64:2=1,7' a constant with its values; '?' a value of unknown type; '-' an omitted input; '@0' the value that
 * is input 0 too.
 */
export type TensorNotation = string

export interface NodeNotation {
  /** 'OpType' or 'domain:OpType'. */
  readonly operator: string
  readonly inputs?: readonly TensorNotation[]
  readonly outputs?: readonly TensorNotation[]
  readonly attributes?: Readonly<Record<string, AttributeView>>
}

interface Value {
  readonly name: string
  readonly type: TensorType | undefined
  readonly constant: ConstantView | undefined
}

/** A NodeContext from short notation. */
export function nodeContext({ operator, inputs = [], outputs = [], attributes = {} }: NodeNotation): NodeContext {
  const colon = operator.lastIndexOf(':')
  const ins: Value[] = []
  for (const [index, notation] of inputs.entries()) {
    ins.push(notation.startsWith('@') ? ins[Number(notation.slice(1))]! : readValue(notation, `in${index}`))
  }
  const outs = outputs.map((notation, index) => readValue(notation, `out${index}`))
  return {
    node: {
      name: 'node',
      opType: operator.slice(colon + 1),
      domain: operator.slice(0, Math.max(0, colon)),
      inputs: ins.map(({ name }) => name),
      outputs: outs.map(({ name }) => name),
      attributes,
      subgraphs: {},
    },
    inputs: ins.map(({ type }) => type),
    outputs: outs.map(({ type }) => type),
    constant: (index) => ins[index]?.constant,
  }
}

function readValue(notation: TensorNotation, name: string): Value {
  if (notation === '-') return { name: '', type: undefined, constant: undefined }
  if (notation === '?') return { name, type: undefined, constant: undefined }
  const [described = '', values] = notation.replace('!', '').split('=')
  const [dtype, dims] = described.includes(':') ? (described.split(':') as [DType, string]) : (['float32', described] as const)
  const type: TensorType = { dtype, shape: dims === '' ? [] : dims.split('x').map(Number) }
  if (!notation.startsWith('!')) return { name, type, constant: undefined }
  const constant: ConstantView = {
    ...type,
    name,
    sizeBytes: sizeInBytes(type) ?? 0,
    from: 'initializer',
    isGraphInput: false,
    ...(values === undefined ? {} : { values: values.split(',').map(Number) }),
  }
  if (constant.values && constant.values.length !== elementCount(type.shape)) throw new Error(`'${notation}': values do not fit`)
  return { name, type, constant }
}

/**
 * Throws unless the node's cost has the `expected` numbers and every cost's invariants hold: whole and non-negative counts,
 * streaming bytes not below bytes, weights among the bytes; a missing type gives a reason or a cost, never an exception, and never
 * more bytes.
 */
export function checkOperator(notation: NodeNotation, expected: Partial<Cost>): void {
  const context = nodeContext(notation)
  const result = estimateCost(context)
  if (!result.known) throw new Error(`${notation.operator}: unknown, ${result.reason}`)
  for (const [key, value] of Object.entries(expected)) {
    const actual = result.cost[key as keyof Cost]
    if (JSON.stringify(actual) !== JSON.stringify(value)) {
      throw new Error(`${notation.operator}: ${key} is ${JSON.stringify(actual)}, expected ${JSON.stringify(value)}`)
    }
  }
  checkInvariants(notation.operator, result.cost)
  checkMissingTypes(context, result.cost)
}

/** What holds for every cost, whatever the operator. Throws if it does not. */
export function checkInvariants(operator: string, cost: Cost): void {
  const counts = [cost.macs, cost.simpleOps, cost.specialOps, cost.bytes, cost.streamingBytes, cost.weightBytes]
  const functions = Object.values(cost.functions ?? {})
  const holds =
    [...counts, ...functions].every((count) => Number.isFinite(count) && count >= 0) &&
    cost.streamingBytes >= cost.bytes &&
    cost.weightBytes <= cost.bytes &&
    functions.reduce((sum, count) => sum + count, 0) <= cost.specialOps + 1e-6 &&
    cost.serialSteps >= 1
  if (!holds) throw new Error(`${operator}: these numbers cannot be a cost: ${JSON.stringify(cost)}`)
}

function checkMissingTypes(context: NodeContext, whole: Cost): void {
  const { opType } = context.node
  for (const side of ['inputs', 'outputs'] as const) {
    for (const index of context[side].keys()) {
      const result = estimateCost({ ...context, [side]: context[side].with(index, undefined) })
      if (!result.known && result.reason === '') throw new Error(`${opType} without the type of ${side} ${index} gives no reason`)
      if (result.known) checkInvariants(opType, result.cost)
      if (result.known && result.cost.bytes > whole.bytes) {
        throw new Error(`${opType} without the type of ${side} ${index} moves more bytes than with it`)
      }
    }
  }
}

/** What the use of input `index` tells; `?` as the input's notation: nothing says how many axes it has. */
export function inputUseFacts(notation: NodeNotation, index = 0): UseFacts | undefined {
  const { node, inputs, constant } = nodeContext(notation)
  return readInput({
    node,
    index,
    rank: inputs[index]?.shape.length,
    shapeOf: (input) => constant(input)?.shape,
    valuesOf: (input) => constant(input)?.values,
    longestBeside: (table) => (constant(table) === undefined ? undefined : 512),
  })
}

/** Throws unless the node's cost is unknown; returns the reason. */
export function reasonUnknown(notation: NodeNotation): string {
  const result = estimateCost(nodeContext(notation))
  if (result.known) throw new Error(`${notation.operator} has a cost`)
  return result.reason
}
