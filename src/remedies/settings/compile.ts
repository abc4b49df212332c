// Code that is written for the one model in place of an engine. Trees, linear models and small networks take a microsecond or two, and a
// call into a native engine takes ten: whatever the engine does, it cannot be faster than its call.
import { defineRemedy, predictedBy } from '../../rewrite/remedy.ts'

/** Of a prediction: below it the call is most of it. */
const CALL_MS = 0.01

export const compile = defineRemedy({
  id: 'compile',
  title: 'Predict with code written for the model, without an engine',
  treats: ['call-overhead', 'tiny-model', 'forest-out-of-cache', 'deep-unbalanced-trees', 'features-dominate'],
  effect: 'rounding',
  kind: 'engine',
  goals: ['latency', 'throughput', 'load-time'],
  apply(setup, evidence) {
    if (setup.engine !== undefined || setup.machineBound) return []
    const generated = (evidence.otherEngines ?? []).filter((other) => other.generated)
    return generated.map(({ id, version, name, refused, opens }) => ({
      variant: '',
      setup: {
        ...setup,
        options: {
          ...setup.options,
          graphOptimization: 'all',
          executionMode: 'sequential',
          configEntries: {},
          directCall: false,
          reuseOutputs: false,
        },
        engine: { id, version, ...(opens === undefined ? {} : { opens }) },
      },
      changes: [`${name} in place of ${evidence.engine.id}: predict.mjs needs no engine`],
      predictedSavingMs: predictedBy(['call-overhead', 'tiny-model'], evidence) ?? Math.min(CALL_MS, evidence.p50Ms / 2),
      ...(refused === null ? {} : { refused }),
    }))
  },
})
