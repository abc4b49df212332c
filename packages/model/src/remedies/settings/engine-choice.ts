// The same model on another engine of this machine. Engines differ in their kernels, in what they fuse and in the layouts that they keep
// between nodes: which one is faster depends on the model, and is measured. What it computes in is said, since outputs follow from it.
import {
  defineRemedy,
  type OtherEngine,
  type Proposal,
  predictedBy,
  type RemedyEvidence,
  type RemedySetup,
} from '../kit/remedy.ts'

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
      .flatMap((other) =>
        threadsToTry(other, setup, evidence).map((threads, k) => proposalOf({ other, threads, k }, setup, evidence)),
      )
  },
})

/** Thread counts to try on an engine that would take one thread: one, and as many as the engine in use has. undefined: as the setup says. */
function threadsToTry(
  { oneThreadUntold }: OtherEngine,
  { options }: RemedySetup,
  { threadsInUse }: RemedyEvidence,
): readonly (number | undefined)[] {
  if (!oneThreadUntold || options.threads !== null) return [undefined]
  return threadsInUse > 1 ? [1, threadsInUse] : [1]
}

interface Choice {
  readonly other: OtherEngine
  readonly threads: number | undefined
  readonly k: number
}

function proposalOf({ other, threads, k }: Choice, setup: RemedySetup, evidence: RemedyEvidence): Proposal {
  const refused = other.refused ?? lossRefused(other, evidence)
  const many = threads === undefined ? '' : ` ${threads} ${threads === 1 ? 'thread' : 'threads'}`
  return {
    variant: k === 0 ? other.id : `${other.id}${many}`,
    setup: on(setup, other, threads),
    changes: [`${other.name}${many && ` on${many}`} in place of ${evidence.engine.id}${todayOf(other)}`],
    predictedSavingMs: predictedBy(['engine-choice'], evidence),
    effect: other.effect,
    ...(refused === null ? {} : { refused }),
  }
}

/** `fix` measures with another engine than the one that the file is made for. */
function todayOf({ runsFileToday, oneThreadUntold }: OtherEngine): string {
  if (runsFileToday === undefined) return ''
  return ` (the file probably runs on ${runsFileToday} today${oneThreadUntold ? ', on one thread where it is told nothing' : ''})`
}

const lossRefused = ({ effect }: OtherEngine, { constraints: { maxLoss } }: RemedyEvidence): string | null =>
  effect === 'approximate' && maxLoss === null ? 'it changes outputs: allow that with --max-loss' : null

/** Moves the setup to another engine. The options that every engine has stay. */
function on(setup: RemedySetup, { id, version, format }: OtherEngine, threads = setup.options.threads): RemedySetup {
  const { reuseOutputs: _, directCall: __, ...options } = setup.options
  const plain = { graphOptimization: 'all', executionMode: 'sequential', configEntries: {} } as const
  return {
    ...setup,
    options: { ...options, ...plain, threads },
    engine: { id, version, ...(format === undefined ? {} : { format }) },
  }
}
