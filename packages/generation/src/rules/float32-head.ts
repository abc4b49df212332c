// The head is the largest matrix of a small model: left in floats next to a quantized body, it takes most of a token's bytes.
import { bytes, ms, share, tell } from '@whyslow/diagnosis/tell.ts'
import { costs, defineRule, fixGenerator, INT8_BYTES, isFelt, quantizedMs, sumOf, tokenMsOf, weightsMs } from '../rule.ts'
import { bytesOf, floatHead } from '../weights.ts'

export const float32Head = defineRule({
  id: 'float32-head',
  area: 'software',
  title: 'The head is kept in floats while the other weights are quantized',
  needs: ['weights', 'speed', 'setup'],
  wants: ['floor', 'kernelRates'],
  check(given) {
    if (given.weights.every(({ role }) => role !== 'head')) return { notChecked: 'which weights are the head is not known' }
    const wide = floatHead(given.weights)
    if (wide.length === 0) return 'clear'
    const timeMs = weightsMs(given, wide)
    if (timeMs === undefined) return { notChecked: 'the time to read the head is not known', missing: 'floor' }
    const headBytes = bytesOf(wide)
    const narrowBytes = INT8_BYTES * sumOf(wide, (one) => one.elements)
    const saving = { tokenMs: timeMs - quantizedMs(given, { weights: wide, dtype: 'int8', nowMs: timeMs }) }
    if (!isFelt(given, saving)) return 'clear'
    return {
      ...tell`The head is ${bytes('head', headBytes)} of floats, ${share('bytes-share', headBytes / bytesOf(given.weights))} of the bytes that a token reads. It takes
        ${ms('head-time', timeMs)}, ${share('share', timeMs / tokenMsOf(given))} of a token; in int8 it is ${bytes('int8-head', narrowBytes)}.`,
      ...costs(given, { tokenMs: timeMs }, { saving, basis: 'modelled' }),
      nodes: [wide[0]!.node],
      next: fixGenerator(),
    }
  },
})
