// Operators alone: what takes long above its floor is taken out of the model with the shapes it runs with, and timed beside variants that
// each change one thing, in turns. It tells why an operator is slow, and what an exact remedy would give, before the whole model is tried.
import path from 'node:path'
import type { NodeProto } from 'onnx-buf'
import type { AnalyzedEvidence } from '../../analyze/analyzed-evidence.ts'
import type { EngineOptions, Feeds } from '../../engines/types.ts'
import { isConstantNode } from '../../graph/constants.ts'
import { firstLineOf } from '../../graph/input-error.ts'
import type { Model } from '../../graph/model.ts'
import { typesTask } from '../../measure/outputs/types-task.ts'
import { saveInputs } from '../../measure/samples/saved.ts'
import { emptyModel } from '../../measure/timing/empty-model.ts'
import { timeModels } from '../../measure/timing/operators/index.ts'
import type { TimedModel } from '../../measure/timing/operators/task.ts'
import type { OperatorExperiment, OperatorExperiments, OperatorVariant } from '../../measure/timing/operators/types.ts'
import { median, ratioOver } from '../../measure/timing/statistics.ts'
import { withValuesAsOutputs } from '../../quantize/calibrate/observe.ts'
import { identityOf, inputTypes } from '../../quantize/plan/small-models.ts'
import { type PartType, partOf } from '../../rewrite/part.ts'
import type { Remedy, RemedyEvidence } from '../../rewrite/remedy.ts'
import type { Limits } from '../../trials/limits.ts'
import { type RunTrial, reasonOf } from '../../trials/port.ts'
import { type Group, groupsOf } from './groups.ts'
import { type Variant, variantsOf } from './variants.ts'

export interface ExperimentsPlan {
  readonly run: RunTrial
  readonly engineId: string
  readonly options: EngineOptions
  readonly model: Model
  readonly evidence: AnalyzedEvidence
  readonly sample: Feeds
  readonly remedies: readonly Remedy[]
  /** For remedies, but for the inputs and outputs of the part. */
  readonly facts: RemedyEvidence
  readonly threadsInUse: number
  readonly limits: Limits
  /** Temporary. */
  readonly folder: string
  readonly write: (model: Model, folder: string) => Promise<{ readonly file: string }>
  readonly writeBytes: (bytes: Uint8Array, name: string) => string
  /** Of the timing, ms. */
  readonly budgetMs: number
}

const ROUNDS = 6
const SAMPLE_MS = 5
/** What one model takes in a round beside its samples: opening, warming. */
const OPEN_MS = 8
const MOST_PARTS_BYTES = 200e6

interface Taken {
  readonly group: Group
  readonly part: Model
  readonly variants: readonly Variant[]
}

/** undefined without a profile and its costs. */
export async function operatorExperiments(plan: ExperimentsPlan): Promise<OperatorExperiments | undefined> {
  const { profile, costs, latency } = plan.evidence
  if (!profile || !costs || !latency) return undefined
  const byName = nodesByName(plan.model)
  const groups = groupsOf(profile, costs.nodes, byName, latency.p50Ms)
  const left: OperatorExperiments['left'][number][] = []
  const types = await typesFor(plan, groups)
  if (typeof types === 'string') return { rows: [], left: groups.map((group) => leftOut(group, types)), coveredShare: 0 }
  const taken: Taken[] = []
  const seen = new Map<string, Taken>()
  for (const group of groups) {
    const part = partOf(plan.model, group.parts, types)
    if (part === undefined || inputTypes(part) === undefined) {
      left.push(leftOut(group, 'it cannot be taken out of the model alone'))
      continue
    }
    const identity = identityOf(part)
    const known = seen.get(identity)
    if (known !== undefined) {
      const merged = { ...known, group: mergedGroup(known.group, group) }
      taken[taken.indexOf(known)] = merged
      seen.set(identity, merged)
      continue
    }
    const facts = { ...plan.facts, ...endsOf(part) }
    const variants = await variantsOf(part, { ...plan, lanes: lanesOf(plan.facts), evidence: facts })
    const one = { group, part, variants }
    taken.push(one)
    seen.set(identity, one)
  }
  const rows = await timed(plan, taken, left)
  const above = (all: readonly { aboveMs: number }[]) => all.reduce((sum, one) => sum + one.aboveMs, 0)
  const named = new Set(rows.flatMap(({ nodes }) => nodes))
  const all = profile.nodes.map((node, i) => ({ aboveMs: node.timeMs - costs.nodes[i]!.cappedFloorMs, name: node.name }))
  return { rows, left, coveredShare: above(all.filter(({ name }) => named.has(name))) / Math.max(1e-9, above(all)) }
}

const leftOut = ({ nodes }: Group, reason: string) => ({ nodes: nodes.map(({ name }) => name), opType: nodes[0]!.opType, reason })

const mergedGroup = (a: Group, b: Group): Group => ({
  ...a,
  nodes: [...a.nodes, ...b.nodes],
  timeMs: a.timeMs + b.timeMs,
  aboveMs: a.aboveMs + b.aboveMs,
})

const lanesOf = ({ instructionSets }: RemedyEvidence): number =>
  instructionSets.some((one) => one.startsWith('avx512')) ? 16 : 8

function nodesByName({ proto }: Model): ReadonlyMap<string, NodeProto> {
  const nodes = (proto.graph?.node ?? []).filter((node) => !isConstantNode(node))
  return new Map(
    nodes.flatMap((node) =>
      [node.name, node.output.find((one) => one !== '') ?? ''].flatMap((name) => (name ? [[name, node] as const] : [])),
    ),
  )
}

/** Types of all that the groups' parts read and give, from one prediction; why there are none. */
async function typesFor(plan: ExperimentsPlan, groups: readonly Group[]): Promise<ReadonlyMap<string, PartType> | string> {
  const made = new Set(plan.model.proto.graph!.node.filter((node) => !isConstantNode(node)).flatMap(({ output }) => output))
  const values = groups.flatMap(({ parts }) => parts.flatMap(({ input, output }) => [...input, ...output]))
  const asked = [...new Set(values)].filter((name) => name !== '' && made.has(name))
  try {
    const { file } = await plan.write(withValuesAsOutputs(plan.model, asked), path.join(plan.folder, 'types'))
    const inputs = saveInputs(path.join(plan.folder, 'types-sample'), [plan.sample])
    const { engineId: engine, options, limits, evidence } = plan
    const trial = await plan.run(
      typesTask,
      { engine, options, inputs, modelFiles: [file] },
      { timeMs: 60_000 + 100 * evidence.latency!.p50Ms, memoryBytes: limits.memoryBytes, signal: limits.signal },
    )
    return trial.outcome === 'measured'
      ? new Map(Object.entries(trial.value))
      : `types of values could not be had: ${reasonOf(trial)}`
  } catch (error) {
    return firstLineOf(error)
  }
}

function endsOf(part: Model): Pick<RemedyEvidence, 'inputs' | 'outputs'> {
  return { inputs: (inputTypes(part) ?? []).map(({ name, type }) => ({ name, ...type, freeAxes: [] })), outputs: [] }
}

async function timed(
  plan: ExperimentsPlan,
  taken: readonly Taken[],
  left: OperatorExperiments['left'][number][],
): Promise<readonly OperatorExperiment[]> {
  let names = 0
  const models: TimedModel[] = []
  const add = async (model: Model, options: Partial<EngineOptions> = {}): Promise<string> => {
    const key = `operator-${names++}`
    const inputs = inputTypes(model)
    if (inputs === undefined) return key
    const { file } = await plan.write(model, path.join(plan.folder, key))
    models.push({ key, file, inputs, options })
    return key
  }
  const type = { dtype: 'float32' as const, shape: [1, 16] }
  const empty = emptyModel([{ name: 'x', type }], [{ name: 'y', type }])!
  models.push({ key: 'empty', file: plan.writeBytes(empty, 'operator-empty'), inputs: [{ name: 'x', type }] })
  const asked: { readonly one: Taken; readonly alone: string; readonly variants: readonly string[] }[] = []
  let spentMs = 0
  for (const one of taken) {
    const perMs = Math.max(SAMPLE_MS, 4 * (one.group.timeMs / one.group.nodes.length)) + OPEN_MS
    spentMs += ROUNDS * perMs * (1 + one.variants.length)
    if (spentMs > plan.budgetMs && asked.length > 0) {
      left.push(leftOut(one.group, 'there was no time for it'))
      continue
    }
    const alone = await add(one.part)
    const variants: string[] = []
    for (const { model, options } of one.variants) variants.push(await add(model, options))
    asked.push({ one, alone, variants })
  }
  const times = await timeModels({
    run: plan.run,
    engine: plan.engineId,
    options: { ...plan.options, reuseOutputs: true, directCall: false },
    models,
    rounds: ROUNDS,
    sampleMs: SAMPLE_MS,
    budgetMs: plan.budgetMs,
    limits: plan.limits,
    folder: plan.folder,
  })
  const emptyRounds = times.get('empty')
  const callMs = typeof emptyRounds === 'string' || emptyRounds === undefined ? 0 : median(emptyRounds)
  return asked.flatMap(({ one, alone, variants }) => {
    const base = times.get(alone)
    if (base === undefined || typeof base === 'string' || base.length < 2) {
      left.push(leftOut(one.group, typeof base === 'string' ? base : 'it was not timed'))
      return []
    }
    return [
      rowOf(
        one,
        base,
        variants.map((key) => times.get(key)),
        callMs,
      ),
    ]
  })
}

function rowOf(
  { group, variants }: Taken,
  base: readonly number[],
  others: readonly (readonly number[] | string | undefined)[],
  callMs: number,
): OperatorExperiment {
  const aloneMs = Math.max(0, median(base) - callMs)
  return {
    nodes: group.nodes.map(({ name }) => name),
    opType: group.nodes[0]!.opType,
    shape: '',
    aloneMs,
    insideMs: group.timeMs / group.nodes.length,
    variants: variants.flatMap(({ kind, remedy, detail, share }, i): OperatorVariant[] => {
      const rounds = others[i]
      if (rounds === undefined || typeof rounds === 'string') return []
      const both = Math.min(rounds.length, base.length)
      if (both < 2) return []
      const scaled = rounds.map((ms) => callMs + Math.max(0, ms - callMs) * share)
      const ratio = ratioOver(Array.from({ length: both }, (_, k) => scaled[k]! / base[k]!))
      const saves = (of: number) => (1 - of) * median(base)
      return [
        {
          kind,
          remedy,
          detail,
          ...ratio,
          savesMs: saves(ratio.ratio),
          savesLowMs: saves(ratio.ratioHigh),
          savesHighMs: saves(ratio.ratioLow),
        },
      ]
    }),
  }
}
