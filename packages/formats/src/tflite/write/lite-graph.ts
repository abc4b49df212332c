// A TFLite model while it is written: tensors and operators that know each other, before indices, versions and bytes. Tensors are distinguished
// by identity; sizes that are free are null or a symbol.

import type { ConstantArray } from '@whyslow/graph/builder/constant-data.ts'
import type { Dimension, DType } from '@whyslow/graph/types.ts'
import type { OperatorName } from '../operator-codes.ts'
import type { OptionsName } from '../options.ts'

/** real = scale · (q - zeroPoint); one scale for all, or one for each index of `axis`. */
export interface Quantization {
  readonly scales: readonly number[]
  readonly zeroPoints: readonly number[]
  readonly axis: number
}

export interface LiteTensor {
  readonly name: string
  readonly dtype: DType
  readonly shape: readonly Dimension[]
  /** Content of a constant, row-major, as `ConstantData` holds it. */
  readonly data?: ConstantArray | undefined
  /** State that the interpreter keeps between calls and starts with zeros. */
  readonly variable?: boolean
  readonly quantization?: Quantization | undefined
  /** The ONNX value that it holds (in any order of axes), where it holds one. */
  readonly holds?: string | undefined
}

export type OptionFields = Readonly<Record<string, number | boolean | readonly number[]>>

export interface Options {
  readonly table: OptionsName
  readonly fields: OptionFields
}

export interface LiteOperator {
  readonly code: OperatorName
  /** undefined leaves an optional input out. */
  readonly inputs: readonly (LiteTensor | undefined)[]
  readonly outputs: readonly LiteTensor[]
  readonly options?: Options | undefined
  /** The node that it was made for. */
  readonly origin: string
  /** Graphs that a WHILE runs: whether to go on, and a step. Their numbers are put into its options when it is encoded. */
  readonly bodies?: readonly LiteGraph[] | undefined
}

/** A public name and the tensor behind it. */
export interface Port {
  readonly name: string
  readonly tensor: LiteTensor
}

export interface LiteGraph {
  readonly inputs: readonly Port[]
  readonly outputs: readonly Port[]
  /** Operators in an order that can be run. */
  readonly operators: readonly LiteOperator[]
}

/** Readers of each tensor, once for each input that it is. */
export function readersOf({ operators }: LiteGraph): Map<LiteTensor, LiteOperator[]> {
  const readers = new Map<LiteTensor, LiteOperator[]>()
  for (const operator of operators)
    for (const input of operator.inputs) if (input !== undefined) readers.set(input, [...(readers.get(input) ?? []), operator])
  return readers
}

/** Reads `by.get(tensor)` in place of each tensor, outputs of the graph included. */
export function readInstead(graph: LiteGraph, by: ReadonlyMap<LiteTensor, LiteTensor>): LiteGraph {
  if (by.size === 0) return graph
  const final = (tensor: LiteTensor): LiteTensor => {
    let one = tensor
    for (let next = by.get(one); next !== undefined; next = by.get(one)) one = next
    return one
  }
  return {
    inputs: graph.inputs,
    outputs: graph.outputs.map(({ name, tensor }) => ({ name, tensor: final(tensor) })),
    operators: graph.operators.map((operator) =>
      operator.inputs.some((input) => input !== undefined && by.has(input))
        ? { ...operator, inputs: operator.inputs.map((input) => input && final(input)) }
        : operator,
    ),
  }
}

/** One tensor for all constants of equal content, type and quantization. */
export function withSharedConstants(graph: LiteGraph): LiteGraph {
  const known = new Map<string, LiteTensor[]>()
  const by = new Map<LiteTensor, LiteTensor>()
  for (const { inputs } of graph.operators)
    for (const tensor of inputs) {
      if (tensor?.data === undefined || by.has(tensor)) continue
      const key = `${tensor.dtype} ${tensor.shape.join()} ${JSON.stringify(tensor.quantization ?? 0)} ${tensor.data[0]} ${tensor.data.at(-1)}`
      const alike = known.get(key) ?? []
      const same = alike.find((one) => one === tensor || sameContent(one, tensor))
      if (same === undefined) known.set(key, [...alike, tensor])
      else if (same !== tensor) by.set(tensor, same)
    }
  const shared = readInstead(graph, by)
  return {
    ...shared,
    operators: shared.operators.map((one) =>
      one.bodies === undefined ? one : { ...one, bodies: one.bodies.map(withSharedConstants) },
    ),
  }
}

function sameContent({ data: a }: LiteTensor, { data: b }: LiteTensor): boolean {
  const [left, right] = [a as ArrayLike<unknown>, b as ArrayLike<unknown>]
  for (let at = 0; at < left.length; at++) if (!Object.is(left[at], right[at])) return false
  return true
}

/** Removes operators whose results nobody reads. */
export function withoutUnread(graph: LiteGraph): LiteGraph {
  const read = new Set(graph.outputs.map(({ tensor }) => tensor))
  const kept: LiteOperator[] = []
  for (const operator of graph.operators.toReversed()) {
    if (!operator.outputs.some((output) => read.has(output))) continue
    kept.push(operator)
    for (const input of operator.inputs) if (input !== undefined) read.add(input)
  }
  return { ...graph, operators: kept.reverse() }
}
