// The same model on another engine of this machine. Engines differ in their kernels, in what they fuse and in the layouts that they keep
// between nodes: which one is faster depends on the model, and is measured. What it computes in is said, since outputs follow from it.
import { defineRemedy, type OtherEngine, predictedBy, type RemedyEvidence, type RemedySetup } from '../../rewrite/remedy.ts'

export const engineChoice = defineRemedy({
  id: 'engine-choice',
  title: 'Predict with another engine of this machine',
  treats: ['engine-choice', 'compute-bound-operators', 'inefficient-kernels'],
  effect: 'rounding',
  kind: 'engine',
  goals: ['latency', 'throughput'],
  apply(setup, evidence) {
    if (setup.engine !== undefined || setup.machineBound) return []
    return (evidence.otherEngines ?? [])
      .filter(({ generated }) => !generated)
      .map((other) => {
        const refused = other.refused ?? lossRefused(other, evidence)
        return {
          variant: other.id,
          setup: on(setup, other),
          changes: [`${other.name} in place of ${evidence.engine.id}`],
          predictedSavingMs: predictedBy(['engine-choice'], evidence),
          effect: other.effect,
          ...(refused === null ? {} : { refused }),
        }
      })
  },
})

const lossRefused = ({ effect }: OtherEngine, { constraints: { maxLoss } }: RemedyEvidence): string | null =>
  effect === 'approximate' && maxLoss === null ? 'it changes outputs: allow that with --max-loss' : null

/** Of the options stay those that every engine has. */
function on(setup: RemedySetup, { id, version }: OtherEngine): RemedySetup {
  const { reuseOutputs: _, directCall: __, ...options } = setup.options
  const plain = { graphOptimization: 'all', executionMode: 'sequential', configEntries: {} } as const
  return { ...setup, options: { ...options, ...plain }, engine: { id, version } }
}
