// A prediction through onnxruntime-node waits for a turn of the event loop and makes promises before the engine starts: about 3 µs of
// the 10 µs that a call costs at least. The package's binding can be called without that (engines/ort-direct.ts).
import { knowsBinding } from '../ort-keys.ts'
import { defineRemedy } from '../remedy.ts'
import { withOptions } from '../session-options.ts'

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
  apply(setup, { engine, p50Ms }) {
    const { directCall, reuseOutputs } = setup.options
    if (engine.id !== 'ort-cpu' || !knowsBinding(engine.version) || p50Ms > TINY_MS || directCall || reuseOutputs) return []
    return [
      {
        variant: '',
        setup: withOptions(setup, { directCall: true }),
        changes: ["predict() calls the engine's binding itself, without a turn of the event loop"],
        predictedSavingMs: Math.min(WRAPPER_MS, p50Ms / 4),
      },
    ]
  },
})
