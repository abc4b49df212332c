// Code that is written for the one model in place of an engine. Trees, linear models and small networks take a microsecond or two, and a
// call into a native engine takes ten: whatever the engine does, it cannot be faster than its call. Where only the head or the tail of a
// model can be such code, the engine's part gets smaller.
import {
  defineRemedy,
  type OtherEngine,
  type Proposal,
  predictedSaving,
  type RemedyEvidence,
  type RemedySetup,
} from '../kit/remedy.ts'

/** Time of a prediction, ms: below it the call is most of it. */
const CALL_MS = 0.01
/** What code for an end takes, with what is handed from one part to the other. */
const HANDOVER_MS = 0.002
/** An end that takes less of a prediction than this is not worth a second part. */
const LEAST_SHARE = 0.03
/** Time of a node whose time is not known, ms. */
const NODE_MS = 0.002

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
    return generated.flatMap((other) =>
      other.ends === undefined ? [whole(other, setup, evidence)] : ends(other, setup, evidence),
    )
  },
})

function whole({ id, version, name, refused, opens }: OtherEngine, setup: RemedySetup, evidence: RemedyEvidence): Proposal {
  return {
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
    changes: [`${name} instead of ${evidence.engine.id}: predict.mjs needs no engine`],
    predictedSavingMs: predictedSaving(['call-overhead', 'tiny-model'], evidence) ?? Math.min(CALL_MS, evidence.p50Ms / 2),
    ...(refused === null ? {} : { refused }),
  }
}

/** What stays keeps the engine and its options. */
function ends({ id, version, name, refused, ends = [] }: OtherEngine, setup: RemedySetup, evidence: RemedyEvidence): Proposal[] {
  return ends.flatMap(({ variant, cut, nodes }) => {
    const savedMs = timeOf(nodes, evidence) - HANDOVER_MS
    if (savedMs < LEAST_SHARE * evidence.p50Ms) return []
    const place = cut.head === undefined ? 'last' : cut.tail === undefined ? 'first' : 'first and last'
    return {
      variant,
      setup: { ...setup, engine: { id, version, cut } },
      changes: [`the ${place} ${nodes.length} operators as ${name}; the others stay on ${evidence.engine.id}`],
      predictedSavingMs: savedMs,
      ...(refused === null ? {} : { refused }),
    }
  })
}

/** Time of the nodes together in a prediction of the original, ms. */
function timeOf(nodes: readonly string[], { profile }: RemedyEvidence): number {
  if (profile === undefined) return nodes.length * NODE_MS
  const named = new Set(nodes)
  const within = profile.nodes.filter(({ origin }) => origin.length > 0 && origin.every((name) => named.has(name)))
  return within.reduce((sum, { timeMs }) => sum + timeMs + profile.dispatchPerNodeUs / 1000, 0)
}
