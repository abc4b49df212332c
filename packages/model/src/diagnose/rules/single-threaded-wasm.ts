// WebAssembly predicts on one thread while CPUs are idle. A page has threads only where it is isolated from other origins, by two
// headers (https://developer.mozilla.org/en-US/docs/Web/API/Window/crossOriginIsolated), and onnxruntime-web takes half of the CPUs,
// four at most, if it is told nothing. SIMD is in every build of it since 1.19.
import { ms, number, share, tell } from '@whyslow/diagnosis/tell.ts'
import { isWorthSaying } from '@whyslow/diagnosis/worth.ts'
import { measureWith } from '../next-command.ts'
import { defineRule } from '../rule.ts'

export const singleThreadedWasm = defineRule({
  id: 'single-threaded-wasm',
  area: 'software',
  title: 'WebAssembly runs on one thread',
  needs: ['engine', 'latency', 'machine'],
  wants: ['threadSweep'],
  check({ engine, latency, machine, threadSweep }) {
    if (!engine.offers.includes('webassembly')) return 'does-not-apply'
    if (engine.threadsInUse > 1 || machine.usableCpus < 2) return 'clear'
    if (threadSweep === undefined) return { notChecked: 'other thread counts were not measured' }
    const one = threadSweep.points.find(({ at }) => at === 1)
    const best = threadSweep.points.toSorted((a, b) => a.p50Ms - b.p50Ms)[0]
    if (one === undefined || best === undefined || best.at === 1 || best.ciHighMs >= one.ciLowMs) return 'clear'
    // The sweep is measured at another moment than the p50: its ratio is taken over.
    const savedMs = latency.p50Ms * (1 - best.p50Ms / one.p50Ms)
    if (!isWorthSaying(savedMs, latency.p50Ms)) return 'clear'
    const header = engine.offers.includes('page') ? ' In a page of yours that takes the headers COOP and COEP.' : ''
    return {
      ...tell`Measured one after the other: ${ms('on-one-thread', one.p50Ms)} on one thread, ${ms('on-best-threads', best.p50Ms)} on
        ${number('best-threads', best.at, 'threads')} (${share('saved', 1 - best.p50Ms / one.p50Ms)} less).${header}`,
      timeMs: latency.p50Ms,
      wouldSaveMs: savedMs,
      basis: 'measured',
      next: measureWith('--engine', engine.id, '--threads', String(best.at)),
    }
  },
})
