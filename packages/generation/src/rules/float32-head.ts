// The head is the largest matrix of a small model: left in floats next to a quantized body, it takes most of a token's bytes.
import { bytes, ms, share, tell } from '@whyslow/diagnosis/tell.ts'
import { costs, defineRule, fixGenerator, INT8_BYTES, isFelt, sumOf, tokenMsOf, weightsMs } from '../rule.ts'

/** Share of the body's elements that are quantized, from which on the head is what was left out. */
const QUANTIZED_SHARE = 0.5
const FLOATS = /^(float32|float16|bfloat16|F32|F16|BF16)$/

export const float32Head = defineRule({
  id: 'float32-head',
  area: 'software',
  title: 'The head is kept in floats while the other weights are quantized',
  needs: ['weights', 'speed', 'setup'],
  wants: ['floor'],
  check(given) {
    const [heads, body] = (['head', 'body'] as const).map((role) => given.weights.filter((one) => one.role === role))
    if (heads!.length === 0) return { notChecked: 'which weights are the head is not known' }
    const wide = heads!.filter(({ dtype }) => FLOATS.test(dtype))
    const quantized = body!.filter(({ dtype }) => !FLOATS.test(dtype))
    const elements = (of: typeof wide) => sumOf(of, (one) => one.elements)
    if (wide.length === 0 || elements(quantized) < QUANTIZED_SHARE * elements(body!) || quantized.length === 0) return 'clear'
    const timeMs = weightsMs(given, wide)
    if (timeMs === undefined) return { notChecked: 'the time to read the head is not known', missing: 'floor' }
    const headBytes = sumOf(wide, (one) => one.bytes)
    const narrowBytes = INT8_BYTES * elements(wide)
    const saving = { tokenMs: timeMs * (1 - narrowBytes / headBytes) }
    if (!isFelt(given, saving)) return 'clear'
    const all = sumOf(given.weights, (one) => one.bytes)
    return {
      ...tell`The head is ${bytes('head', headBytes)} of floats, ${share('bytes-share', headBytes / all)} of the bytes that a token reads. It takes
        ${ms('head-time', timeMs)}, ${share('share', timeMs / tokenMsOf(given))} of a token; in int8 it is ${bytes('int8-head', narrowBytes)}.`,
      ...costs(given, { tokenMs: timeMs }, { saving, basis: 'modelled' }),
      nodes: [wide[0]!.node],
      next: fixGenerator(),
    }
  },
})
