// A prediction through onnxruntime-node waits for a turn of the event loop and makes promises before the engine starts: about 3 µs of
// the 10 µs that a call costs at least. The package's binding can be called without that (engines/onnxruntime/ort-direct.ts).
import { isKnownBinding } from '@whyslow/measure/engines/onnxruntime/facts/config-keys.ts'
import { defineRemedy } from '../kit/remedy.ts'
import { withOptions } from '../kit/session-options.ts'

/** What the wrapper takes on machines of 3 GHz: a turn of the event loop, two promises, three looks at the feeds. */
const WRAPPER_MS = 0.0025
/** Above this that is no gain worth a call that is no public API. */
const TINY_MS = 0.2

export const directCall = defineRemedy({
  id: 'direct-call',
  title: "Call the engine's binding without its wrapper",
  treats: ['tiny-model', 'call-overhead'],
  effect: 'exact',
  kind: 'settings',
  goals: ['latency', 'throughput'],
  apply(setup, { engine, offers, p50Ms, threadsInUse }) {
    const { directCall, reuseOutputs, threads } = setup.options
    const isKnown = offers.includes('direct-call') && isKnownBinding(engine.version)
    if (!isKnown || p50Ms > TINY_MS || directCall || reuseOutputs) return []
    const predictedSavingMs = Math.min(WRAPPER_MS, p50Ms / 4)
    const called = "predict() calls the engine's binding itself, without a turn of the event loop"
    const sameThreads = { variant: '', setup: withOptions(setup, { directCall: true }), changes: [called], predictedSavingMs }
    if ((threads ?? threadsInUse) <= 1) return [sameThreads]
    // If threads pass work to each other, a prediction of microseconds takes twice as long whenever they meet badly, which hides 3 µs.
    const oneThread = {
      variant: 'on-one-thread',
      setup: withOptions(setup, { directCall: true, threads: 1 }),
      changes: [`${called}, on one thread`],
      predictedSavingMs,
    }
    return [oneThread, sameThreads]
  },
})
