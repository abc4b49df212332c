// A part in the other precision: quantized operators in float32, as they were before, and products of floats in int8.

import type { Model } from '@whyslow/graph/model.ts'
import { declaration } from '@whyslow/graph/view.ts'
import type { TypeAsRun } from '@whyslow/measure/outputs/types-task.ts'
import type { AnalyzedEvidence } from '../../analyze/analyzed-evidence.ts'
import { int8Part } from '../../quantize/plan/small-operators.ts'
import { floatPart } from '../../quantize/repair/float-model.ts'
import { withUint8Ends } from '../../quantize/repair/uint8-activations.ts'
import { chainOf } from './chain.ts'
import type { Group } from './groups.ts'
import type { TimedPart, Variant } from './variants.ts'

/** A part that takes int8 and that the engine runs on uint8 is timed so: alone, nothing would tell the engine to. */
export function executedPart(part: Model, { nodes }: Group): Model {
  const takesInt8 = part.proto.graph!.input.some((one) => declaration(one).dtype === 'int8')
  const runsOnUint8 = nodes[0]!.inputTypes[0]?.dtype === 'uint8'
  return takesInt8 && runsOnUint8 ? withUint8Ends(part) : part
}

/** undefined of a part that is in float already. */
export function floatVariant({ part, row }: TimedPart): Variant | undefined {
  try {
    const single = floatPart(part)
    const model = single && row !== part ? chainOf(single) : single
    return model && { kind: 'float', remedy: null, detail: 'in float32', model, options: {}, share: 1 }
  } catch {
    // Its conversions are not such as are understood.
    return undefined
  }
}

/** undefined if int8 arithmetic is no faster on this machine, and of parts that are no product. */
export function int8Variant(
  { part, row }: TimedPart,
  types: ReadonlyMap<string, TypeAsRun>,
  { machine, roofs }: AnalyzedEvidence,
): Variant | undefined {
  const { int8 = 0, float32 = 0 } = roofs?.flopsPerSecond ?? {}
  if (int8 <= float32) return undefined
  try {
    const single = int8Part(part, types, machine)
    const model = single && row !== part ? chainOf(single) : single
    const detail = 'in int8, without the conversions around it'
    return model && { kind: 'int8', remedy: null, detail, model, options: {}, share: 1 }
  } catch {
    // It cannot be written in int8.
    return undefined
  }
}
