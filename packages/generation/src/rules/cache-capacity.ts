// An engine that computes over the whole buffer of its cache takes as long for the first token as for the last one that fits.
// https://github.com/microsoft/onnxruntime-genai/issues/2239
import { countFact, ms, tell } from '@whyslow/diagnosis/tell.ts'
import { costs, defineRule, isFelt, readMs } from '../rule.ts'

export const cacheCapacity = defineRule({
  id: 'cache-capacity',
  area: 'software',
  title: 'KV cache: the whole buffer is computed, not what is filled',
  needs: ['options', 'model', 'speed', 'setup'],
  wants: ['floor'],
  check({ options: { cacheCapacity: capacity, capacityFrom }, model, ...given }) {
    if (capacity === null) return 'does-not-apply'
    const { cacheBytesPerToken } = model
    if (cacheBytesPerToken === null) return { notChecked: 'the bytes of a token in the cache are not known' }
    const filled = given.setup.promptTokens + given.setup.newTokens
    const tokenMs = readMs(given, Math.max(0, capacity - filled) * cacheBytesPerToken)
    if (tokenMs === undefined) return { notChecked: 'the bandwidth of the memory is not known', missing: 'floor' }
    if (!isFelt(given, { tokenMs })) return 'clear'
    return {
      ...tell`The cache has room for ${countFact('token', capacity, 'capacity')}${capacityFrom === null ? '' : ` (by ${capacityFrom})`}, and a call fills
        ${countFact('token', filled, 'filled')}. Reading the rest takes ${ms('rest', tokenMs)} of each token.`,
      ...costs(given, { tokenMs }, { basis: 'modelled' }),
    }
  },
})
