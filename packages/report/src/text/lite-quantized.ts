// What `quantize -o name.tflite` says: sizes, how the outputs agree, and what is not known. Pure.

import { bytes, percent, plural, significant } from '@whyslow/measure/statistics/numbers.ts'
import type { LiteQuantizeDocument } from '../documents/lite-quantize.ts'

const METHODS = {
  dynamic: 'dynamic range: int8 weights, activations quantized as it runs',
  static: 'full integer: int8 weights and activations',
  float16: 'float16 weights, computed in float32',
}

/** A few lines. */
export function renderLiteQuantized(document: LiteQuantizeDocument): string {
  const { from, to, method, weights, inFloat, calibration, agreement, unknown } = document
  const share = percent(to.sizeBytes / to.floatSizeBytes)
  const left = Object.entries(inFloat).map(([code, count]) => `${count} ${code}`)
  const floats = weights.float === 0 ? '' : `, ${plural(weights.float, 'other')} left in float32`
  return [
    `${to.file}: ${METHODS[method]}`,
    `  ${bytes(to.sizeBytes)}, ${share} of the ${bytes(to.floatSizeBytes)} of the same in float32, of ${from.file} (${from.format}, ${bytes(from.sizeBytes)})`,
    `  ${plural(weights.small, 'large constant')} in ${method === 'float16' ? 'float16' : 'int8'}${floats}`,
    ...(left.length === 0 ? [] : [`  in float32, since no int8 kernel or no range is known: ${left.join(', ')}`]),
    ...(calibration === null
      ? []
      : [`  ranges seen on ${plural(calibration.samples, 'sample')}, ${inputsOf(calibration.source)}`]),
    ...agreed(agreement),
    ...unknown.map((one) => `  not known: ${one}`),
    '',
  ].join('\n')
}

const inputsOf = (source: 'data' | 'synthetic'): string => (source === 'data' ? 'of --data' : 'made up: give --data')

function agreed(agreement: LiteQuantizeDocument['agreement']): string[] {
  if (agreement === null) return []
  const { samples, source, outputs } = agreement
  const each = outputs.map(({ name, maxRelative, sqnrDb, top1 }) => {
    const noise = sqnrDb === null ? '' : `, ${significant(sqnrDb)} dB above the noise`
    const same = top1 === null ? '' : `, ${percent(top1)} of the decisions the same`
    const apart = maxRelative === 0 ? 'equal' : `within ${percent(maxRelative)} of the largest`
    return `    ${name}: ${apart}${noise}${same}`
  })
  return [`  outputs against the float model, on ${plural(samples, 'sample')} (${inputsOf(source)}):`, ...each]
}
