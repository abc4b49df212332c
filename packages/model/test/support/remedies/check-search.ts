// Proves that the search finds a remedy: on a scripted bench, where a setup takes half the time exactly if this remedy proposed it. So a
// remedy that the search cannot reach, cannot judge or cannot ship is seen, whatever the speed of the machine that runs the test.
import { createHash } from 'node:crypto'
import { toBinary } from '@bufbuild/protobuf'
import type { GraphView } from '@whyslow/graph/types.ts'
import { ModelProtoSchema } from 'onnx-buf'
import { expect } from 'vitest'
import {
  defineRemedy,
  type Proposal,
  type Remedy,
  type RemedyEvidence,
  type RemedySetup,
  type RemedyTools,
} from '../../../src/remedies/kit/remedy.ts'
import type { Bench } from '../../../src/tune/bench.ts'
import { search } from '../../../src/tune/search.ts'
import { exampleBench, exampleSetup as madeUpSetup } from '../tune/example-bench.ts'

export interface SearchCase {
  readonly setup: RemedySetup
  readonly evidence: RemedyEvidence
  readonly tools: RemedyTools
  /** The graph that the engine runs; null: the search is not told. */
  readonly executed: (setup: RemedySetup) => Promise<GraphView | null>
}

const [SLOW_MS, FAST_MS] = [10, 5]
/** Relative, from process to process. */
const NOISE = 0.01

/** Throws if the search does not find, prove and return what the remedy proposes. */
export async function proveBySearch(remedy: Remedy, { setup: original, evidence, tools, executed }: SearchCase): Promise<void> {
  const keyOf = keys()
  const proposed = new Set<string>()
  const watched: Remedy = {
    ...remedy,
    async apply(setup, ...rest) {
      const proposals = await remedy.apply(setup, ...rest)
      for (const one of proposals) proposed.add(keyOf(one.setup))
      return proposals
    },
  }
  const made = exampleBench({ seed: 1, noise: NOISE, timeMs: (has) => (has(remedy.id) ? FAST_MS : SLOW_MS), p50Ms: null })
  /** What the made-up machine knows of it. */
  const asMade = (setup: RemedySetup) => madeUpSetup(...(proposed.has(keyOf(setup)) ? [remedy.id] : []))
  const bench: Bench = {
    ...made,
    keyOf,
    measure: (setup, depth) => made.measure(asMade(setup), depth),
    predictMs: (setup) => made.predictMs!(asMade(setup)),
    compare: (setup, promise, depth) => made.compare(asMade(setup), promise, depth),
    executed,
  }
  const goal = remedy.goals.includes(evidence.goal) ? evidence.goal : remedy.goals[0]!
  const { maxLoss } = evidence.constraints
  const found = await search({
    bench,
    remedies: [bystander, watched],
    original,
    evidence: {
      ...evidence,
      goal,
      constraints: { ...evidence.constraints, maxLoss: maxLoss ?? (isLossy(remedy) ? 0.01 : null) },
    },
    tools,
    only: remedy.onlyWhenNamed === undefined ? null : new Set([remedy.id, bystander.id]),
    budgetMs: 75_000,
    dryRun: false,
    onTried: () => {},
    onStep: () => {},
  })
  const rows = found.tried.map(({ name, outcome, reason }) => `${name} ${outcome}: ${reason}`).join('\n')
  expect(
    found.kept.map((one) => one.remedy.id),
    rows,
  ).toEqual([remedy.id])
  expect(found.proof, rows).toMatchObject({ proven: true })
  // 10 ms over 5 ms; the readings scatter by 1 %.
  expect(found.proof!.judgement.speedup).toBeCloseTo(SLOW_MS / FAST_MS, 1)
  expect(proposed.has(keyOf(found.setup)), 'what is returned is what the remedy proposed').toBe(true)
}

const isLossy = ({ effect }: Remedy): boolean => effect === 'approximate'

/** Always applies, and never makes a difference. */
const bystander = defineRemedy({
  id: 'bystander',
  title: 'Changes nothing',
  treats: [],
  effect: 'exact',
  kind: 'settings',
  goals: ['latency', 'throughput', 'load-time', 'memory', 'size'],
  apply(setup): Proposal[] {
    const configEntries = { ...setup.options.configEntries, bystander: '1' }
    if (setup.options.configEntries.bystander !== undefined) return []
    const changed = { ...setup, options: { ...setup.options, configEntries } }
    return [{ variant: '', setup: changed, changes: ['nothing'], predictedSavingMs: null }]
  },
})

/** Two setups have the same key if they predict in the same way. */
function keys(): (setup: RemedySetup) => string {
  const hashes = new WeakMap<object, string>()
  const hashOf = (proto: RemedySetup['model']['proto']): string => {
    const known = hashes.get(proto) ?? createHash('sha256').update(toBinary(ModelProtoSchema, proto)).digest('hex')
    hashes.set(proto, known)
    return known
  }
  return ({ model, options, ...rest }) => {
    const entries = Object.entries(options.configEntries).sort()
    return JSON.stringify([hashOf(model.proto), { ...options, configEntries: entries }, rest])
  }
}
