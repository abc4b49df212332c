// Small blocks read more scales for the same weights, and few kernels are written for 2 bits.
// https://github.com/microsoft/onnxruntime/pull/20687 (blocks), https://github.com/microsoft/onnxruntime/issues/28552 (2 bits)
import { bytes, countFact, ms, number, ratio, tell } from '@whyslow/diagnosis/tell.ts'
import type { WeightFact } from '../facts.ts'
import {
  costs,
  defineRule,
  fixGenerator,
  INT4_BYTES,
  isFelt,
  type Measured,
  readMs,
  sumOf,
  type WithFloor,
  weightsMs,
} from '../rule.ts'
import { bytesOf, inSmallBlocks, largestOf } from '../weights.ts'

/** A block that is as fast as any, and keeps most of the accuracy. */
const USUAL_BLOCK = 32
/** 2-bit nodes that take this many times as long as reading their bytes run a kernel that is not made for them. */
const SLOW = 3
const TWO_BITS = /^(int2|IQ2|Q2)/

export const smallQuantizationBlocks = defineRule({
  id: 'small-quantization-blocks',
  area: 'software',
  title: 'Quantization: its format costs more than its bytes save',
  needs: ['weights', 'speed', 'setup'],
  wants: ['floor'],
  check(given) {
    const twoBits = given.weights.filter(({ dtype, decodeMs }) => TWO_BITS.test(dtype) && decodeMs !== null)
    const small = inSmallBlocks(given.weights)
    const found = [twoBits.length > 0 ? slowBits(given, twoBits) : [], small.length > 0 ? smallBlocks(given, small) : []].flat()
    if (found.length > 0) return found[0]!
    if (given.weights.every(({ blockSize, dtype }) => blockSize === null && !TWO_BITS.test(dtype))) return 'does-not-apply'
    return 'clear'
  },
})

type Given = Measured & WithFloor

function slowBits(given: Given, weights: readonly WeightFact[]) {
  const [timeMs, floorMs] = [weightsMs(given, weights)!, readMs(given, bytesOf(weights))]
  const int4Ms = readMs(given, INT4_BYTES * sumOf(weights, ({ elements }) => elements))
  if (floorMs === undefined || int4Ms === undefined || timeMs < SLOW * floorMs) return []
  const saving = { tokenMs: timeMs - int4Ms }
  if (!isFelt(given, saving)) return []
  return [
    {
      ...tell`${countFact('node', weights.length)} with 2-bit weights take ${ms('two-bits', timeMs)}, ${ratio('over-floor', timeMs / floorMs)} times
        what reading them takes. As int4 they are read in ${ms('int4', int4Ms)}.`,
      ...costs(given, { tokenMs: timeMs }, { saving, basis: 'modelled' }),
      nodes: [largestOf(weights).node],
      next: fixGenerator(),
    },
  ]
}

function smallBlocks(given: Given, weights: readonly WeightFact[]) {
  const timeMs = weightsMs(given, weights)
  const all = bytesOf(weights)
  // Scales of blocks of the usual length, at the same bytes a scale.
  const spare = sumOf(weights, ({ scaleBytes, blockSize }) => (scaleBytes ?? 0) * (1 - blockSize! / USUAL_BLOCK))
  if (timeMs === undefined || spare === 0) return []
  const saving = { tokenMs: (timeMs * spare) / all }
  if (!isFelt(given, saving)) return []
  const block = Math.min(...weights.map(({ blockSize }) => blockSize!))
  return [
    {
      ...tell`Weights in blocks of ${number('block', block, 'elements')} read ${bytes(
        'scales',
        sumOf(weights, ({ scaleBytes }) => scaleBytes ?? 0),
      )} of
        scales for each token; blocks of ${number('usual-block', USUAL_BLOCK, 'elements')} read ${bytes('spare', spare)} less.`,
      ...costs(given, { tokenMs: timeMs }, { saving, basis: 'modelled' }),
      nodes: [largestOf(weights).node],
      next: fixGenerator(),
    },
  ]
}
