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
    // What grows with the context is attention that takes longer than reading.
    if (graph?.cache === 'in-place') return 'clear'
    const place = { nodes: graph?.cacheNode == null ? [] : [graph.cacheNode], next: fixGenerator() }
    const copied = tokenParts?.parts.find(({ id }) => id === 'cache-copied')
    // A difference shows what grows, not that it is copies.
    const timedMs = copied === undefined || copied.how === 'difference' ? 0 : copied.ms
    if (tokenParts !== undefined && isFelt(given, { tokenMs: timedMs })) {
      return {
        ...tell`With ${countFact('token', tokenParts.depth, 'depth')} in the cache, ${ms('copies', timedMs)} of
          ${ms('token', tokenParts.totalMs)} go into copies of it within the engine. They grow with the context.`,
        ...costs(given, { tokenMs: timedMs }, { basis: 'measured' }),
        ...place,
      }
    }
    if (depthLine === undefined || depthLine.slopeOverFloor === null) {
      if (copied !== undefined && !isFelt(given, { tokenMs: copied.ms })) return 'clear'
      return { notChecked: 'needs the time per token over the context, and a floor for it', missing: 'depthLine' }
    }
    const { slopeOverFloor, slopeMsPerThousand } = depthLine
    const depth = tokenParts?.depth ?? given.setup.promptTokens + given.setup.newTokens / 2
    const growsMs = (slopeMsPerThousand * depth) / 1000
    // What passes through JavaScript grows, too, and is another rule's.
    const elsewhereMs = timedMs + (partMs(tokenParts, 'cache-exported') ?? 0)
    const saving = { tokenMs: growsMs * (1 - 1 / slopeOverFloor) - elsewhereMs }
    if (slopeOverFloor < COPIED || !isFelt(given, saving)) return 'clear'
    return {
      title: 'Time per token grows faster with the context than reading the KV cache takes',
      ...tell`The context makes a token slower by ${ms('slope', slopeMsPerThousand)} per thousand tokens, ${ratio('slope-over-floor', slopeOverFloor)}
        times what reading the cache once takes. ${ms('grows', saving.tokenMs)} of a token grow with the context beyond that: copies of the cache,
        or attention that takes longer than reading it.`,
      ...costs(given, { tokenMs: growsMs }, { saving, basis: 'modelled' }),
      ...place,
    }
  },
})
