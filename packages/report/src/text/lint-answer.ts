// The sentence that answers `lint`: is it quantized, does it run in int8, what does that cost, and what is first to repair.

import { plural, sharePercent, time, timeWithInterval } from '@whyslow/measure/statistics/numbers.ts'
import type { LintDocument } from '../documents/lint.ts'
import { printable } from './wrap.ts'

type Facts = Pick<LintDocument, 'model' | 'measured' | 'written' | 'fused' | 'unfused' | 'hazards'>

/** One or two sentences. Pure. */
export function lintAnswer({ model, measured, written, fused, unfused, hazards }: Facts): string {
  const file = printable(model.file)
  const quantized = written.conversions + written.integerProducts + written.quantizedOperators + written.fewBitProducts > 0
  if (!quantized) {
    const halves = written.float16Constants > 0 ? `, though ${written.float16Constants} of its weights are float16` : ''
    return `${file} is not quantized: it has no QuantizeLinear node, no integer matrix product and no 4- or 8-bit weights${halves}.`
  }
  const takes =
    measured === null ? '' : `${timeWithInterval(measured.p50Ms, measured.ciLowMs, measured.ciHighMs)} per prediction. `
  const inInt8 = fused.reduce((sum, { nodes }) => sum + nodes, 0)
  if (unfused.length === 0) {
    const look = hazards.length > 0 ? '; see "Look out for" below' : ''
    return `${takes}Everything quantized runs in int8 (${plural(inInt8, 'operator')})${look}.`
  }
  const known = unfused.flatMap(({ wouldSaveMs }) => wouldSaveMs ?? [])
  const saving = known.reduce((sum, ms) => sum + ms, 0)
  const cost = unfused.reduce((sum, { conversionsMs }) => sum + (conversionsMs ?? 0), 0)
  const share = measured === null || cost === 0 ? '' : ` (${sharePercent(cost / measured.p50Ms)})`
  const converts = cost === 0 ? '' : `, which costs ${time(cost)}${share} of conversions per prediction`
  const [first] = unfused
  const saves = saving > 0 ? ` Fixing could save up to ${time(saving)} (estimated).` : ''
  const of = `${unfused.length} of ${plural(unfused.length + inInt8, 'quantized operator')}`
  return `${takes}${of} ${unfused.length === 1 ? 'does' : 'do'} not run as one int8 operator${converts}. First: ${printable(first!.node)} (${printable(first!.breaks)}).${saves}`
}
