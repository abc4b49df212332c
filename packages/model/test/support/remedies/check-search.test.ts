// The proof by search itself: what the search cannot find, or must not keep, does not pass.
import { existsSync, readFileSync } from 'node:fs'
import { model, node, valueInfo } from '@whyslow/graph/build.ts'
import { viewGraph } from '@whyslow/graph/view.ts'
import { expect, test } from 'vitest'
import { remedies } from '../../../src/remedies/index.ts'
import { defineRemedy, type Proposal, type Remedy, type RemedySetup } from '../../../src/remedies/kit/remedy.ts'
import { engineTools } from './check-run.ts'
import { proveBySearch } from './check-search.ts'
import { exampleEvidence, exampleSetup } from './example-evidence.ts'

const setup = exampleSetup(
  model({
    nodes: [node('Relu', ['x'], ['y'])],
    inputs: [valueInfo('x', 'float32', [1])],
    outputs: [valueInfo('y', 'float32', [1])],
  }),
)

/** One thread more. */
const oneMore = (given: RemedySetup): Proposal[] =>
  given.options.threads !== 1
    ? []
    : [
        {
          variant: '',
          setup: { ...given, options: { ...given.options, threads: 2 } },
          changes: ['2 threads'],
          predictedSavingMs: 1,
        },
      ]

const toy = (rest: Partial<Remedy> = {}) =>
  defineRemedy({
    id: 'toy',
    title: 'A toy',
    treats: [],
    effect: 'exact',
    kind: 'settings',
    goals: ['latency'],
    apply: oneMore,
    ...rest,
  })
const proved = (remedy: Remedy) =>
  proveBySearch(remedy, { setup, evidence: exampleEvidence(), tools: engineTools, executed: async (one) => viewGraph(one.model) })

test('a remedy that proposes another setup is proven', async () => {
  await proved(toy())
})

test.each<[string, Partial<Remedy>]>([
  ['proposes nothing', { apply: () => [] }],
  ['throws', { apply: () => Promise.reject(new Error('broken')) }],
  ['proposes what there was', { apply: (given) => oneMore(given).map((one) => ({ ...one, setup: given })) }],
  ['proposes what the engine does not run', { apply: (given) => oneMore(given).map((one) => ({ ...one, took: () => false })) }],
])('a remedy that %s is not', async (_, rest) => {
  await expect(proved(toy({ ...rest }))).rejects.toThrow(/toy|bystander/)
})

test('every remedy is proven so by its own test', () => {
  const unproven = remedies.filter(({ id }) => {
    const name = id.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase())
    const texts = ['settings', 'rewrites', 'approximate']
      .map((folder) => new URL(`../../../src/remedies/${folder}/${id}.test.ts`, import.meta.url))
      .filter((file) => existsSync(file))
      .map((file) => readFileSync(file, 'utf8'))
    return !texts.some((text) => new RegExp(`^checkRemedy\\(\\s*${name}\\b`, 'm').test(text))
  })
  expect(unproven.map(({ id }) => id)).toEqual([])
})
