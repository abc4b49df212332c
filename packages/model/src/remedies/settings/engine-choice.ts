// The same model on another engine of this machine. Engines differ in their kernels, in what they fuse and in the layouts that they keep
// between nodes: which one is faster depends on the model, and is measured. What it computes in is said, since outputs follow from it.
import {
  defineRemedy,
  type OtherEngine,
  type PrecisionPlan,
  type Proposal,
  predictedSaving,
  type RemedyEvidence,
  type RemedySetup,
  type RemedyTools,
} from '../kit/remedy.ts'

export const engineChoice = defineRemedy({
  id: 'engine-choice',
  title: 'Predict with another engine of this machine',
  treats: ['engine-choice', 'compute-bound-operators', 'inefficient-kernels'],
  effect: 'rounding',
  kind: 'engine',
  goals: ['latency', 'throughput'],
  async apply(setup, evidence, tools) {
    if (setup.engine !== undefined || setup.machineBound) return []
    const others = (evidence.otherEngines ?? []).filter(({ generated }) => !generated)
    const proposals: Proposal[] = []
    for (const other of others) {
      const forms = [undefined, ...(await quantizedFor(other, setup, evidence, tools))]
      for (const [k, threads] of threadsToTry(other, setup, evidence).entries())
        for (const plan of forms) proposals.push(proposalOf({ other, threads, k, plan }, setup, evidence))
    }
    return proposals
  },
})

/** The model in int8 as this engine runs it. None for one that may not be shipped: finding it takes long. */
async function quantizedFor(
  { int8, refused }: OtherEngine,
  { model }: RemedySetup,
  { constraints }: RemedyEvidence,
  { int8On }: RemedyTools,
): Promise<readonly PrecisionPlan[]> {
  if (int8 === undefined || refused !== null || constraints.maxLoss === null || int8On === undefined) return []
  return int8On(model, int8)
}

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
  /** Absent: the model is as it was. */
  readonly plan: PrecisionPlan | undefined
}

function proposalOf({ other, threads, k, plan }: Choice, setup: RemedySetup, evidence: RemedyEvidence): Proposal {
  const refused = other.refused ?? (plan ? null : (other.refusedInFloat ?? lossRefused(other, evidence)))
  const many = threads === undefined ? '' : ` ${threads} ${threads === 1 ? 'thread' : 'threads'}`
  return {
    variant: `${other.id}${k === 0 ? '' : many}${plan ? ' int8' : ''}`,
    setup: on(plan ? { ...setup, model: plan.quantized.model } : setup, other, threads),
    changes: [
      `${other.name}${many && ` on${many}`} instead of ${evidence.engine.id}${todayOf(other)}`,
      ...(plan?.quantized.changes ?? []),
    ],
    predictedSavingMs: plan ? null : predictedSaving(['engine-choice'], evidence),
    effect: plan ? 'approximate' : other.effect,
    ...(plan ? { precision: { method: 'static', plan: plan.variant } } : {}),
    ...(refused === null ? {} : { refused }),
  }
}

/** `fix` measures with another engine than the one that the file is made for. */
function todayOf({ runsFileToday, oneThreadUntold }: OtherEngine): string {
  if (runsFileToday === undefined) return ''
  return ` (the file probably runs on ${runsFileToday} today${oneThreadUntold ? ', on one thread by default' : ''})`
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
