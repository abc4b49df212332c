// A part of a model as a model of its own, so that it can be timed alone: some of its nodes with their weights, what they read from the
// others as inputs with the types that they have when the model runs.
import type { NodeProto, TensorProto, ValueInfoProto } from 'onnx-buf'
import { floatTensor, graph, int64Tensor, valueInfo } from '../build.ts'
import { isConstantNode } from '../constants.ts'
import { copyWith } from '../copy.ts'
import { elementCount } from '../dtype.ts'
import { withGraph } from '../edit.ts'
import type { Model } from '../model.ts'
import { mulberry32 } from '../random.ts'
import { capturedBy, linksOf, readsOf, subgraphsOf } from '../walk.ts'
import { isOperator } from './match.ts'
import type { SymbolicType } from './symbolic-rule.ts'

type Types = ReadonlyMap<string, SymbolicType>

/** Inputs of these that are integers say what the operator does, the first one aside; of all others, they are data. */
const SHAPED_BY_INTEGERS: readonly string[] = [
  ...['Reshape', 'Expand', 'Slice', 'Tile', 'Split', 'Resize', 'Upsample', 'Squeeze', 'Unsqueeze', 'Pad', 'TopK'],
  ...['ReduceMax', 'ReduceMin', 'ReduceSum', 'ReduceMean', 'OneHot'],
]
/** The first one too. */
const MADE_OF_INTEGERS: readonly string[] = ['ConstantOfShape', 'Range']

/** Nothing that others make is computed beforehand. */
const NEVER = (): boolean => false

/**
 * The nodes `given` of the main graph, in its order. Values that others make are inputs, with the types that `types` says (integers among
 * them are indices: 0 is one that is always there); constants come along, and so do shapes that are computed, as constants, and floats that
 * the engine computes beforehand (`isFolded`), as random ones of their shape; what others read of them is an output, under its name.
 * Undefined if the type of a value is not known with every size, if an integer input says what the operator does and its numbers
 * are not known, and if a subgraph reads from outside.
 */
export function partOf(
  model: Model,
  given: readonly NodeProto[],
  types: Types,
  isFolded: (value: string) => boolean = NEVER,
): Model | undefined {
  const main = model.proto.graph!
  const wanted = new Set(given)
  const parts = main.node.filter((one) => wanted.has(one))
  if (parts.some((part) => subgraphsOf(part).some(({ graph: inner }) => capturedBy(inner).size > 0))) return undefined
  const { producers } = linksOf(main)
  const made = new Set(parts.flatMap(({ output }) => output))
  const overridable = new Map(main.input.map((input) => [input.name, input]))
  const listed: ValueInfoProto[] = []
  const initializers = new Map(main.initializer.map((tensor) => [tensor.name, tensor]))
  const [nodes, tensors, inputs] = [[] as NodeProto[], [] as TensorProto[], [] as ValueInfoProto[]]
  for (const value of new Set(parts.flatMap(readsOf))) {
    if (made.has(value)) continue
    const tensor = initializers.get(value)
    const producer = producers.get(value)
    if (tensor !== undefined) {
      tensors.push(tensor)
      // Listed as in the original, since the engine may not fold what a caller could replace.
      if (overridable.has(value)) listed.push(overridable.get(value)!)
    } else if (producer !== undefined && isConstantNode(producer)) nodes.push(producer)
    else {
      const { dtype, shape } = types.get(value) ?? {}
      if (dtype === undefined || !isNumbers(shape)) return undefined
      const shaping = dtype === 'int64' && isShaping(value, parts, types)
      const numbers = shaping ? integersOf(parts.find(({ input }) => input.includes(value))!, value, types) : undefined
      if (shaping && numbers === undefined) return undefined
      if (numbers !== undefined) tensors.push(int64Tensor(value, shape, numbers))
      else if (dtype === 'float32' && isFolded(value)) tensors.push(randomTensor(value, shape, tensors.length))
      else inputs.push(valueInfo(value, dtype, shape))
    }
  }
  const outputs = givenBy(main, parts, made).map((name) => typed(name, types))
  if (outputs.length === 0) return undefined
  return withGraph(
    model,
    graph({ nodes: [...nodes, ...parts], inputs: [...inputs, ...listed], outputs, initializers: tensors, name: 'part' }),
  )
}

/** An operator among the parts is shaped by these integers, or by others that are computed of them. */
function isShaping(value: string, parts: readonly NodeProto[], types: Types): boolean {
  const readers = parts.filter(({ input }) => input.includes(value))
  const gives = ({ output }: NodeProto) => output.filter((name) => types.get(name)?.dtype === 'int64')
  const shapes = (one: NodeProto): boolean =>
    isOperator(one, ...MADE_OF_INTEGERS) || (isOperator(one, ...SHAPED_BY_INTEGERS) && one.input.lastIndexOf(value) > 0)
  return readers.some((one) => shapes(one) || gives(one).some((name) => isShaping(name, parts, types)))
}

/** As weights are: an operator takes as long with one as with the other. */
function randomTensor(name: string, shape: readonly number[], seed: number): TensorProto {
  const random = mulberry32(seed + 1)
  return floatTensor(
    name,
    shape,
    Float32Array.from({ length: elementCount(shape) }, () => random() - 0.5),
  )
}

/**
 * What the parts make and others read, or the model gives. A value that comes in 8 bits is dequantized by each of its readers for itself, as
 * the engine does it.
 */
function givenBy(
  main: { readonly node: readonly NodeProto[]; readonly output: readonly ValueInfoProto[] },
  parts: readonly NodeProto[],
  made: ReadonlySet<string>,
): readonly string[] {
  // Who asks for its shape alone reads nothing.
  const rest = main.node.filter((one) => !parts.includes(one) && !isOperator(one, 'Shape', 'Size'))
  const read = new Set([...main.output.map(({ name }) => name), ...rest.flatMap(readsOf)])
  const given = [...made].filter((name) => name !== '' && read.has(name))
  const own = new Set(
    parts.flatMap((one) => (isOperator(one, 'DequantizeLinear') && !made.has(one.input[0]!) ? [one.output[0]] : [])),
  )
  const others = given.filter((name) => !own.has(name) || !parts.some(({ input }) => input.includes(name)))
  return others.length > 0 ? others : given
}

/** What an integer value holds: as it is known, or as the result's shape tells it. */
function integersOf(node: NodeProto, value: string, types: Types): readonly number[] | undefined {
  const { sizes } = types.get(value) ?? {}
  if (isNumbers(sizes)) return sizes
  const shape = types.get(node.output[0]!)?.shape
  return isOperator(node, 'Reshape', 'Expand') && node.input[1] === value && isNumbers(shape) ? shape : undefined
}

function typed(name: string, types: Types): ValueInfoProto {
  const { dtype, shape } = types.get(name) ?? {}
  // Without a type the engine infers it.
  if (dtype === undefined) return copyWith(valueInfo(name, 'float32'), { type: undefined })
  return valueInfo(name, dtype, shape)
}

function isNumbers(sizes: readonly (number | string)[] | undefined): sizes is readonly number[] {
  return sizes?.every((size) => typeof size === 'number') ?? false
}
