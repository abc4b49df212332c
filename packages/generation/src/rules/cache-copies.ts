// An exported graph concatenates each new key and value to a copy of all others, and repeats heads by copying; a cache in place is read once.
import { countFact, ms, ratio, tell } from '@whyslow/diagnosis/tell.ts'
import { costs, defineRule, fixGenerator, isFelt, partMs } from '../rule.ts'

/** Slope over that of reading the cache once: 1 to 2 if it is read once, 3 to 5 with copies. */
const COPIED = 3

export const cacheCopies = defineRule({
  id: 'cache-copies',
  area: 'software',
  title: 'KV cache: all of it is copied at every token',
  needs: ['speed', 'setup'],
  wants: ['tokenParts', 'depthLine', 'graph'],
  check({ tokenParts, depthLine, graph, ...given }) {
    if (graph?.cache === 'none') return 'does-not-apply'
    const place = { nodes: graph?.cacheNode == null ? [] : [graph.cacheNode], next: fixGenerator() }
    const copiedMs = partMs(tokenParts, 'cache-copied')
    if (tokenParts !== undefined && copiedMs !== undefined) {
      if (!isFelt(given, { tokenMs: copiedMs })) return 'clear'
      return {
        ...tell`With ${countFact('token', tokenParts.depth, 'depth')} in the cache, ${ms('copies', copiedMs)} of
          ${ms('token', tokenParts.totalMs)} go into copies of it within the engine. They grow with the context.`,
        ...costs(given, { tokenMs: copiedMs }, { basis: 'measured' }),
        ...place,
      }
    }
    if (depthLine === undefined || depthLine.slopeOverFloor === null)
      return { notChecked: 'needs the time per token over the context, and a floor for it', missing: 'depthLine' }
    const { slopeOverFloor, slopeMsPerThousand } = depthLine
    const depth = given.setup.promptTokens + given.setup.newTokens / 2
    const timeMs = (slopeMsPerThousand * depth) / 1000
    const saving = { tokenMs: timeMs * (1 - 1 / slopeOverFloor) }
    if (slopeOverFloor < COPIED || !isFelt(given, saving)) return 'clear'
    return {
      ...tell`The context makes a token slower by ${ms('slope', slopeMsPerThousand)} per thousand tokens, ${ratio('slope-over-floor', slopeOverFloor)}
        times what reading the cache once takes: it is copied at every token.`,
      ...costs(given, { tokenMs: timeMs }, { saving, basis: 'modelled' }),
      ...place,
    }
  },
})
