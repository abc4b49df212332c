// TensorFlow.js computes in plain JavaScript where no other backend was chosen, and has one in WebAssembly. Measured in pairs with it.
import { countFact, ms, share, tell } from '@whyslow/diagnosis/tell.ts'
import { isWorthSaying } from '@whyslow/diagnosis/worth.ts'
import { verdictOf } from '@whyslow/measure/statistics/index.ts'
import { measureWith } from '../next-command.ts'
import { defineRule } from '../rule.ts'

export const wrongBackend = defineRule({
  id: 'wrong-backend',
  area: 'software',
  title: 'The model runs on the plain JavaScript backend',
  needs: ['engine', 'latency'],
  wants: ['otherEngines'],
  check({ engine, latency, otherEngines = [] }) {
    if (!engine.offers.includes('javascript')) return 'does-not-apply'
    // What the model is as ONNX is another runtime's.
    const { runtime } = engine
    const other = otherEngines.find((one) => !one.software && runtime !== undefined && one.runtime === runtime)
    if (other === undefined) return { notChecked: `no other backend was measured for comparison: ${GET}` }
    const savedMs = latency.p50Ms * (1 - other.ratio)
    if (verdictOf(other) !== 'faster' || !isWorthSaying(savedMs, latency.p50Ms)) return 'clear'
    return {
      ...tell`${other.id} takes ${ms('other', other.p50Ms)}, ${share('time-ratio', other.ratio)} of the time of ${engine.id}
        (${share('time-ratio-low', other.ratioLow)} to ${share('time-ratio-high', other.ratioHigh)} over
        ${countFact('round', other.rounds)} of fresh processes). The model and the code around it stay unchanged.`,
      timeMs: latency.p50Ms,
      wouldSaveMs: savedMs,
      basis: 'measured',
      next: measureWith('--engine', other.id),
    }
  },
})

const GET = 'npm install @tensorflow/tfjs-backend-wasm'
