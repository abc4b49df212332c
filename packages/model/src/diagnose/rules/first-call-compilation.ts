// JavaScript and WebAssembly are compiled while the first predictions run, quickly first and well later: those predictions take longer. A fresh
// process pays it, so it saves nothing per prediction: always a note.
import { countFact, ms, tell } from '@whyslow/diagnosis/tell.ts'
import { defineRule } from '../rule.ts'

/** A user waiting for one answer notices about 100 ms (Nielsen, Usability Engineering, 1993). */
const NOTICED_MS = 100
/** Caches and memory that is touched for the first time explain half as much again. */
const FIRST_OVER_P50 = 1.5

export const firstCallCompilation = defineRule({
  id: 'first-call-compilation',
  area: 'software',
  title: 'JIT compilation slows the first predictions',
  needs: ['engine', 'latency'],
  check({ engine, latency: { firstMs, p50Ms, blocks } }) {
    if (!engine.offers.includes('compiled-while-running')) return 'does-not-apply'
    if (firstMs - p50Ms < NOTICED_MS || firstMs < FIRST_OVER_P50 * p50Ms) return 'clear'
    const warm = blocks.filter(({ warmupRuns }) => warmupRuns > 0)
    const runs = warm.reduce((sum, { warmupRuns }) => sum + warmupRuns, 0)
    const meanMs = warm.reduce((sum, { warmupMs }) => sum + warmupMs, 0) / runs
    const next = runs > 0 ? tell`, the next ${countFact('prediction', runs)} ${ms('warm-up', meanMs)} on average` : ''
    return {
      ...tell`The first prediction of a fresh process takes ${ms('first', firstMs)}${next}, and ${ms('p50', p50Ms)} once warm. Most of the
        difference is most likely compilation: of the runtime's JavaScript or WebAssembly, as it comes to it.`,
      timeMs: 0,
      wouldSaveMs: 0,
      basis: 'measured',
    }
  },
})
