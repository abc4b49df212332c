// The test helper of remedies: one call proves that a remedy applies where it must and nowhere else, that it changes nothing that it
// was given, and that the engine gives the same results with what it proposes.
import { readFileSync } from 'node:fs'
import { toBinary } from '@bufbuild/protobuf'
import type { Model } from '@whyslow/graph/model.ts'
import { problemsOf } from '@whyslow/graph/validate.ts'
import { viewGraph } from '@whyslow/graph/view.ts'
import { whyInvalidValue } from '@whyslow/measure/engines/onnxruntime/facts/config-keys.ts'
import type { Feeds, Results, TensorValue } from '@whyslow/measure/engines/types.ts'
import { largestDifference, typesAsRun } from '@whyslow/measure/support/engines/example-run.ts'
import { type ModelProto, ModelProtoSchema } from 'onnx-buf'
import { describe, expect, test } from 'vitest'
import { fullOr } from '../../../../../test/only-full.ts'
import { deepFreeze } from '../../../../../test/support/deep-freeze.ts'
import type { Proposal, Remedy, RemedyEvidence, RemedySetup, RemedyTools } from '../../../src/remedies/kit/remedy.ts'
import { engineTools, executedGraph, profileAsWritten, randomFeeds, runSetup } from './check-run.ts'
import { proveBySearch } from './check-search.ts'
import { type EvidenceOverrides, exampleEvidence, exampleSetup, type SetupOverrides } from './example-evidence.ts'
import { surrounded } from './example-surroundings.ts'

export { largestDifference } from '@whyslow/measure/support/engines/example-run.ts'
export * from './check-run.ts'
export * from './example-evidence.ts'

export interface RemedyCase {
  readonly name: string
  readonly model: ModelProto | Model
  /** Default: two seeded random feeds from the declared shapes. */
  readonly feeds?: Feeds | readonly Feeds[]
  /** Sizes of free dimensions in random feeds, by symbol. Default 2. */
  readonly sizes?: Readonly<Record<string, number>>
  /** Inputs and outputs are filled in from the feeds and the engine's results. */
  readonly evidence?: EvidenceOverrides
  readonly setup?: SetupOverrides
  /** Default: the engine's own optimizer, no simplifier. */
  readonly tools?: RemedyTools
  /** True: the evidence holds a profile of the graph as written, with the types of every value as run. */
  readonly profiled?: boolean
}

export interface AppliesCase extends RemedyCase {
  /** Matches the lines of what was changed, of every proposal. */
  readonly changes?: RegExp
  /** Variants proposed, in order. Default: one, ''. */
  readonly variants?: readonly string[]
  /** What `took` must say of the graph that the engine then runs. Default true; null: it is not asked. */
  readonly took?: boolean | null
  /** Largest difference, as share of the output's root mean square or of the number itself if that is larger. Default 1e-5. */
  readonly tolerance?: number
  /** Operator types of the rewritten main graph, in order, `Constant` left out. */
  readonly operators?: readonly string[]
  /** The proposal may change what the model takes and gives. */
  readonly narrows?: boolean
  /** Applied to its own result, the remedy may propose again. Rewrites may not by default. */
  readonly repeats?: boolean
  /** Tools in random surroundings, if `tools` know this one model only. */
  readonly toolsAround?: RemedyTools
  /** Whatever else must hold. */
  readonly check?: (proposal: Proposal, setup: RemedySetup) => void
}

const SECTIONS = [
  '## What it does',
  '## Before and after',
  '## When it pays',
  '## What it may change',
  '## How whyslow proves it',
]

/**
 * Proves a remedy. `applies`: well-formed proposals; the rewritten model is valid, takes and gives what the original does, and the
 * engine's results agree; a second application finds nothing to do. `leaves`: no proposal. In both, what was given stays as it was.
 * The page docs/remedies/<id>.md stands with its five sections.
 */
export function checkRemedy(
  remedy: Remedy,
  cases: { readonly applies: readonly AppliesCase[]; readonly leaves: readonly RemedyCase[] },
): void {
  describe(remedy.id, () => {
    test.each(cases.applies)('applies: $name', async (given) => await proveApplies(remedy, given))
    test.each(cases.leaves)('leaves alone: $name', async (given) => await proveLeaves(remedy, given))
    test('is found and proven by the search where it halves the time', async () => await proveFound(remedy, cases.applies))
    if (remedy.kind === 'rewrite' && remedy.effect !== 'approximate')
      test('gives the same results in random surroundings', async () => await proveSurrounded(remedy, cases.applies))
    test('has an id, a title, goals, something it treats, and a page', () => {
      expect(remedy.id).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/)
      expect(remedy.title).toMatch(/^[A-Z0-9].*[^.]$/)
      expect(remedy.goals.length).toBeGreaterThan(0)
      expect(remedy.treats.length, 'rules that it treats').toBeGreaterThan(0)
      const page = readFileSync(new URL(`../../../../../docs/remedies/${remedy.id}.md`, import.meta.url), 'utf8')
      expect(SECTIONS.filter((section) => !page.includes(section))).toEqual([])
    })
  })
}

/** Throws if an applies case does not hold. */
export async function proveApplies(remedy: Remedy, given: AppliesCase): Promise<void> {
  const { setup, evidence, tools, feeds, results } = await prepare(given)
  const proposals = await applyFrozen(remedy, setup, evidence, tools)
  expect(proposals.map(({ variant }) => variant)).toEqual(given.variants ?? [''])
  for (const proposal of proposals) {
    checkProposal(proposal, evidence)
    // The engine ends the process at some values that it does not take.
    const entries = Object.entries(proposal.setup.options.configEntries)
    expect(entries.map(([key, value]) => whyInvalidValue(key, value)).filter((why) => why !== null)).toEqual([])
    if (given.changes) expect(proposal.changes.join('\n')).toMatch(given.changes)
    checkModel(proposal, setup, given)
    const tolerance = given.tolerance ?? 1e-5
    const changed = await runSetup(proposal.setup, feeds)
    changed.forEach((one, sample) => {
      checkResults(one, results[sample]!, tolerance, given.narrows ?? false)
    })
    if (proposal.took && given.took !== null) {
      expect(proposal.took(await executedGraph(proposal.setup)), 'took').toBe(given.took ?? true)
    }
    given.check?.(proposal, setup)
    if (!(given.repeats ?? remedy.kind !== 'rewrite')) {
      const again = await applyFrozen(remedy, proposal.setup, evidence, tools)
      expect(
        again.flatMap(({ changes }) => changes),
        'applied to its own result',
      ).toEqual([])
    }
  }
}

/** Throws if a leaves case does not hold. */
export async function proveLeaves(remedy: Remedy, given: RemedyCase): Promise<void> {
  const { setup, evidence, tools } = await prepare(given)
  const proposals = await applyFrozen(remedy, setup, evidence, tools)
  expect(proposals.flatMap(({ changes }) => changes)).toEqual([])
  expect(proposals).toEqual([])
}

/** Throws if the search does not prove the remedy on the first model that it can be proven on. */
async function proveFound(remedy: Remedy, applies: readonly AppliesCase[]): Promise<void> {
  for (const given of applies) {
    const { took } = given
    if (took === false) continue
    const { setup, evidence, tools } = await prepare(given)
    const proposals = await remedy.apply(setup, evidence, tools)
    if (proposals.some(({ refused }) => refused !== undefined)) continue
    const isSeen = (one: RemedySetup) => took !== null && one.engine === undefined
    const executed = async (one: RemedySetup) => (isSeen(one) ? await executedGraph(one) : null)
    return proveBySearch(remedy, { setup, evidence, tools, executed })
  }
  expect.fail(`${remedy.id} has no case in which the search may keep what it proposes`)
}

/** Graphs that hold what a rewrite looks for, in surroundings of their own. */
const SURROUNDINGS = fullOr(60, 6)
/** Of them, in which the rewrite must find something: others hide the pattern, or the engine refuses them. */
const LEAST_APPLIED = SURROUNDINGS / 6
/** No more are looked at after so many in which it did. */
const ENOUGH_APPLIED = fullOr(SURROUNDINGS, 2)
/** Of whole numbers that activations were rounded to: additions in another order may cross one step. */
const ONE_STEP = 1

/** Throws if the engine's results differ after the rewrite, and where it hardly ever applies. */
export async function proveSurrounded(remedy: Remedy, applies: readonly AppliesCase[]): Promise<void> {
  let applied = 0
  for (let seed = 1; seed <= SURROUNDINGS && applied < ENOUGH_APPLIED; seed++) {
    const given = applies[seed % applies.length]!
    const tools = given.toolsAround === undefined ? {} : { tools: given.toolsAround }
    const around = await inSurroundings(given, seed)
    // The engine refuses some, of other opsets above all.
    const prepared = await prepare({ ...given, ...around, ...tools }).catch(() => null)
    if (prepared === null) continue
    const { setup, evidence, feeds, results } = prepared
    for (const proposal of await applyFrozen(remedy, setup, evidence, prepared.tools)) {
      applied++
      try {
        const { proto } = proposal.setup.model
        expect(problemsOf(proto).map(({ message }) => message)).toEqual([])
        const changed = await runSetup(proposal.setup, feeds)
        changed.forEach((one, sample) => {
          const withoutSteps = remedy.effect === 'rounding' ? sameSteps(one, results[sample]!, given.tolerance ?? 0) : one
          checkResults(withoutSteps, results[sample]!, given.tolerance ?? 1e-5, given.narrows ?? false)
        })
      } catch (error) {
        throw new Error(`seed ${seed}, '${given.name}' in other surroundings: ${(error as Error).message}`, { cause: error })
      }
    }
  }
  expect(applied, `graphs of ${SURROUNDINGS} in which the rewrite found something`).toBeGreaterThanOrEqual(LEAST_APPLIED)
}

/** Results whose 8-bit numbers are the reference's if each is a step away from it at most, or all are within the case's own tolerance. */
function sameSteps(now: Results, before: Results, tolerance: number): Results {
  const isNear = (value: TensorValue, other: TensorValue | undefined): boolean => {
    if (other === undefined || !/^u?int8$/.test(value.dtype)) return false
    const [a, b] = [value.data, other.data].map((data) => Array.from(data as Int8Array))
    const isStep = a!.length === b!.length && a!.every((one, at) => Math.abs(one - b![at]!) <= ONE_STEP)
    return isStep || largestDifference(value, other) <= tolerance
  }
  const entries = Object.entries(now).map(([name, value]) => {
    const other = before[name]
    return [name, isNear(value, other) ? { ...value, data: other!.data } : value]
  })
  return Object.fromEntries(entries)
}

async function inSurroundings(given: AppliesCase, seed: number): Promise<Pick<AppliesCase, 'model' | 'feeds'>> {
  const setup = exampleSetup(given.model, given.setup)
  const feeds = feedsOf(given, setup)
  const types = await typesAsRun(setup.model, feeds[0]!, setup.options)
  const isFree = viewGraph(setup.model).inputs.some(({ shape }) => shape?.every((size) => typeof size === 'number') !== true)
  return surrounded({ model: setup.model, feeds, types, isFree }, seed)
}

async function prepare(given: RemedyCase) {
  const setup = exampleSetup(given.model, given.setup)
  const feeds = feedsOf(given, setup)
  const results = await runSetup(setup, feeds)
  const declared = viewGraph(setup.model).inputs
  const evidence = exampleEvidence({
    inputs: declared.flatMap(({ name, shape }) => {
      const fed = feeds[0]![name]
      if (fed === undefined) return []
      const freeAxes = (shape ?? []).flatMap((size, axis) => (typeof size === 'number' ? [] : [{ axis, symbol: size ?? '' }]))
      return [{ name, dtype: fed.dtype, shape: fed.shape, freeAxes }]
    }),
    outputs: setup.model.proto.graph!.output.map(({ name }) => {
      const { dtype = null, shape = null } = results[0]![name] ?? {}
      return { name, dtype, shape }
    }),
    ...(given.profiled ? { profile: await profileAsWritten(setup, feeds[0]!) } : {}),
    ...given.evidence,
  })
  return { setup, feeds, results, evidence, tools: given.tools ?? engineTools }
}

function feedsOf({ feeds, sizes }: RemedyCase, { model }: RemedySetup): readonly Feeds[] {
  if (feeds === undefined) return [1, 2].map((seed) => randomFeeds(model, seed, sizes))
  return Array.isArray(feeds) ? feeds : [feeds as Feeds]
}

/** Objects are frozen, bytes compared: a remedy that writes to what it was given throws or is caught. */
async function applyFrozen(remedy: Remedy, setup: RemedySetup, evidence: RemedyEvidence, tools: RemedyTools) {
  const before = toBinary(ModelProtoSchema, setup.model.proto)
  const proposals = await remedy.apply(deepFreeze(setup), deepFreeze(evidence), tools)
  expect(Buffer.compare(before, toBinary(ModelProtoSchema, setup.model.proto)), 'the model given was changed').toBe(0)
  return proposals
}

function checkProposal({ changes, predictedSavingMs }: Proposal, { p50Ms }: RemedyEvidence): void {
  expect(changes.length, 'a proposal says what was changed').toBeGreaterThan(0)
  for (const line of changes) expect(line).toMatch(/^[^\n]*[^\n.]$/)
  expect(changes.join(' ')).not.toMatch(/NaN|undefined|\[object|Infinity/)
  if (predictedSavingMs === null) return
  expect(predictedSavingMs).toBeGreaterThanOrEqual(0)
  expect(predictedSavingMs).toBeLessThanOrEqual(p50Ms)
}

function checkModel({ setup: { model } }: Proposal, original: RemedySetup, { narrows, operators }: AppliesCase): void {
  expect(
    problemsOf(model.proto)
      .map(({ message }) => message)
      .join('\n'),
    'problems of the model',
  ).toBe('')
  const [now, before] = [viewGraph(model), viewGraph(original.model)]
  if (!narrows) {
    expect(now.inputs, 'inputs').toEqual(before.inputs)
    expect(now.outputs, 'outputs').toEqual(before.outputs)
  }
  if (operators) expect(now.nodes.map(({ opType }) => opType)).toEqual(operators)
}

function checkResults(now: Results, before: Results, tolerance: number, narrows: boolean): void {
  if (!narrows) expect(Object.keys(now)).toEqual(Object.keys(before))
  for (const [name, value] of Object.entries(now)) {
    const other = before[name]
    if (other === undefined) continue
    expect(value.dtype, name).toBe(other.dtype)
    expect(value.shape, name).toEqual(other.shape)
    const worst = largestDifference(value, other)
    expect(worst, `largest difference of '${name}'`).toBeLessThanOrEqual(value.dtype.includes('float') ? tolerance : 0)
  }
}
