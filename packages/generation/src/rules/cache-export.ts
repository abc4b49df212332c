// onnxruntime-node copies every output into a new ArrayBuffer, so that a cache which JavaScript holds is copied out and in at each token.
import { countFact, ms, share, tell } from '@whyslow/diagnosis/tell.ts'
import { costs, defineRule, fixGenerator, isFelt, partMs } from '../rule.ts'

export const cacheExport = defineRule({
  id: 'cache-export',
  area: 'software',
  title: 'KV cache: it passes through JavaScript at every token',
  needs: ['tokenParts', 'speed', 'setup'],
  check({ tokenParts, ...given }) {
    const exportedMs = partMs(tokenParts, 'cache-exported')
    if (exportedMs === undefined) return { notChecked: 'the division of a token shows no cache that leaves the engine' }
    if (!isFelt(given, { tokenMs: exportedMs })) return 'clear'
    return {
      ...tell`With ${countFact('token', tokenParts.depth, 'depth')} in the cache, ${ms('export', exportedMs)} of a token
        (${share('share', exportedMs / tokenParts.totalMs)}) go into copying the cache between the engine and JavaScript. An engine that keeps
        the cache copies nothing.`,
      ...costs(given, { tokenMs: exportedMs }, { basis: 'measured' }),
      next: fixGenerator(),
    }
  },
})
