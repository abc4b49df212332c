// Each token reads all weights once, so that their bytes bound its time: float32 needs several times the bytes of int8 and int4.
// transformers.js takes float32 in Node if nobody says otherwise (src/utils/dtypes.js, DEFAULT_DEVICE_DTYPE).
import { bytes, ms, share, tell } from '@whyslow/diagnosis/tell.ts'
import type { WeightFact } from '../facts.ts'
import { costs, defineRule, fixGenerator, INT4_BYTES, isFelt, sumOf, tokenMsOf, weightsMs } from '../rule.ts'

/** Share of the bytes in float32 below which something else decides. */
const LEAST_SHARE = 0.5
const FLOAT32_BYTES = 4

export const float32Weights = defineRule({
  id: 'float32-weights',
  area: 'software',
  title: 'Float32 weights: each token reads several times the bytes that it needs',
  needs: ['weights', 'speed', 'setup'],
  wants: ['floor'],
  check(given) {
    const wide = given.weights.filter(({ dtype }) => /^(float32|F32)$/.test(dtype))
    const wideBytes = bytesOf(wide)
    // A head alone is another finding.
    const body = given.weights.filter(({ role }) => role === 'body')
    const isWide = [given.weights, body].every(
      (of) => bytesOf(of.filter((one) => wide.includes(one))) >= LEAST_SHARE * bytesOf(of),
    )
    if (wide.length === 0 || !isWide) return 'clear'
    const timeMs = weightsMs(given, wide)
    if (timeMs === undefined) return { notChecked: 'the time to read the weights is not known', missing: 'floor' }
    const narrow = INT4_BYTES / FLOAT32_BYTES
    const saving = { tokenMs: timeMs * (1 - narrow) }
    if (!isFelt(given, saving)) return 'clear'
    return {
      ...tell`Each token reads ${bytes('float32-weights', wideBytes)} of float32 weights, which takes ${ms('weights', timeMs)},
        ${share('share', timeMs / tokenMsOf(given))} of its time. As int4 in blocks they are ${bytes('int4-weights', wideBytes * narrow)}.`,
      ...costs(given, { tokenMs: timeMs }, { saving, basis: 'modelled' }),
      nodes: [wide.reduce((a, b) => (b.bytes > a.bytes ? b : a)).node],
      next: fixGenerator(),
    }
  },
})

const bytesOf = (weights: readonly WeightFact[]): number => sumOf(weights, (one) => one.bytes)
