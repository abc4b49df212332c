// An engine that computes over the whole buffer of its cache takes as long for the first token as for the last one that fits; one that gives the buffer
// to JavaScript copies all of it. https://github.com/microsoft/onnxruntime-genai/issues/2239
import { countFact, ms, tell } from '@whyslow/diagnosis/tell.ts'
import { costs, defineRule, isFelt, partMs, readMs } from '../rule.ts'

export const cacheCapacity = defineRule({
  id: 'cache-capacity',
  area: 'software',
  title: 'KV cache: the whole buffer is computed or copied, not what is filled',
  needs: ['options', 'model', 'speed', 'setup'],
  wants: ['floor', 'tokenParts', 'depthLine'],
  check({ options: { cacheCapacity: capacity, capacityFrom }, model, depthLine, ...given }) {
    if (capacity === null) return 'does-not-apply'
    const { cacheBytesPerToken } = model
    if (cacheBytesPerToken === null) return { notChecked: 'the bytes of a token in the cache are not known' }
    const filled = given.setup.promptTokens + given.setup.newTokens
    const empty = Math.max(0, capacity - filled)
    const readRestMs = readMs(given, empty * cacheBytesPerToken)
    if (readRestMs === undefined) return { notChecked: 'the bandwidth of the memory is not known', missing: 'floor' }
    const attentionMs = partMs(given.tokenParts, 'cache-read', 'attention', 'cache-copied')
    const grownMs = ((depthLine?.slopeMsPerThousand ?? 0) * (given.tokenParts?.depth ?? 0)) / 1000
    // Attention that leaves out what is empty grows with what is filled. What takes as long at each depth is for the whole buffer.
    const constantMs = (Math.max(0, (attentionMs ?? 0) - grownMs) * empty) / capacity
    const read = attentionMs === undefined ? readRestMs : depthLine === undefined ? Math.min(readRestMs, attentionMs) : constantMs
    const copied = ((partMs(given.tokenParts, 'cache-exported') ?? 0) * empty) / capacity
    const tokenMs = read + copied
    if (!isFelt(given, { tokenMs })) return 'clear'
    const done = attentionMs === undefined || depthLine === undefined ? 'Reading the rest' : 'Attention over the rest'
    const rest = copied === 0 ? done : `${done} and copying it to JavaScript`
    return {
      ...tell`The cache has room for ${countFact('token', capacity, 'capacity')}${capacityFrom === null ? '' : ` (by ${capacityFrom})`}, and a call fills
        ${countFact('token', filled, 'filled')}. ${rest} takes ${ms('rest', tokenMs)} of each token.`,
      ...costs(given, { tokenMs }, { basis: 'modelled' }),
    }
  },
})
