// From a formula's counts to a node's cost: the traffic of its tensors, each distinct one once at its own dtype, the way a
// roofline counts compulsory bytes (Williams, Waterman, Patterson: Roofline, CACM 2009).
import { sizeInBytes } from '../dtype.ts'
import type { DType, TensorType } from '../types.ts'
import type { FunctionCounts } from './counts/functions.ts'
import type { CostResult, NodeContext } from './types.ts'

/** What a formula says of one node. Left out: 0, and all of every tensor read or written once. */
export interface Work {
  readonly macs?: number
  readonly simpleOps?: number
  readonly specialOps?: number
  readonly functions?: FunctionCounts
  /** Bytes read of input `index`, if that is not all of it: `{ 0: rows * rowBytes }`. */
  readonly readBytes?: Readonly<Record<number, number>>
  /** Bytes written of output `index`, if that is not all of it. */
  readonly writtenBytes?: Readonly<Record<number, number>>
  /** Weights kept in attributes (linear and tree models), bytes. */
  readonly attributeBytes?: number
  /** Bytes moved once more by further passes when nothing stays in cache: the streaming bytes beyond the compulsory ones. */
  readonly passBytes?: number
  /** Precision of the arithmetic; left out: the dtype of the first input whose type is known. */
  readonly arithmetic?: DType
  readonly serialSteps?: number
  readonly movesDataOnly?: boolean
  readonly note?: string
}

/** Unknown operator, type or attribute: the reason is one line. */
export function unknownCost(reason: string): CostResult {
  return { known: false, reason }
}

/** Bytes of a tensor; 0 for strings, whose size is in their values. */
export function tensorBytes(type: TensorType | undefined): number {
  return type === undefined ? 0 : (sizeInBytes(type) ?? 0)
}

/**
 * The cost of a node with `work`. A tensor whose size is not known (a sequence, strings, a type the engine did not give) adds
 * no bytes, and the note names it. Counts that are not finite or negative come from shapes that contradict each other.
 */
export function costOf(context: NodeContext, work: Work): CostResult {
  const { node } = context
  const unsized: string[] = []
  let bytes = work.attributeBytes ?? 0
  let weightBytes = bytes
  for (let i = 0; i < node.inputs.length; i++) {
    const name = node.inputs[i]!
    if (name === '' || isRepeated(node.inputs, i)) continue
    const size = work.readBytes?.[i] ?? knownBytes(context.inputs[i])
    if (size === undefined) unsized.push(name)
    else bytes += size
    if (size !== undefined && size > 0 && context.constant(i) !== undefined) weightBytes += size
  }
  for (let i = 0; i < node.outputs.length; i++) {
    const name = node.outputs[i]!
    if (name === '') continue
    const size = work.writtenBytes?.[i] ?? knownBytes(context.outputs[i])
    if (size === undefined) unsized.push(name)
    else bytes += size
  }
  const { macs = 0, simpleOps = 0, specialOps = 0, passBytes = 0, serialSteps = 1, movesDataOnly = false } = work
  const functions = Object.entries(work.functions ?? {}).filter(([, count]) => count !== 0)
  const counts = [macs, simpleOps, specialOps, bytes, passBytes, serialSteps, ...functions.map(([, count]) => count)]
  if (!counts.every((count) => Number.isFinite(count) && count >= 0)) {
    return unknownCost(`the shapes of ${node.opType} '${node.name}' do not fit its formula`)
  }
  const note = noteOf(work.note, unsized)
  return {
    known: true,
    cost: {
      macs,
      simpleOps,
      specialOps,
      ...(functions.length > 0 ? { functions: Object.fromEntries(functions) } : {}),
      bytes,
      streamingBytes: bytes + passBytes,
      weightBytes,
      arithmetic: work.arithmetic ?? firstType(context)?.dtype ?? 'float32',
      serialSteps,
      movesDataOnly,
      ...(note === undefined ? {} : { note }),
    },
  }
}

function isRepeated(names: readonly string[], index: number): boolean {
  return index > 0 && names.indexOf(names[index]!) < index
}

function knownBytes(type: TensorType | undefined): number | undefined {
  return type === undefined ? undefined : sizeInBytes(type)
}

function firstType({ inputs, outputs }: NodeContext): TensorType | undefined {
  return inputs.find((type) => type !== undefined) ?? outputs.find((type) => type !== undefined)
}

function noteOf(note: string | undefined, unsized: readonly string[]): string | undefined {
  if (unsized.length === 0) return note
  const missing = `bytes without ${unsized.slice(0, 3).join(', ')}${unsized.length > 3 ? ' …' : ''}, whose size is not known`
  return note === undefined ? missing : `${note}; ${missing}`
}
