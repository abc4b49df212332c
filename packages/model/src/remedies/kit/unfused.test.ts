import { modelInMemory, node } from '@whyslow/graph/build.ts'
import { transformerBlocks } from '@whyslow/graph/support/example-transformer.ts'
import { viewGraph } from '@whyslow/graph/view.ts'
import { expect, test } from 'vitest'
import { exampleEvidence, exampleSetup, profileAsWritten, randomFeeds } from '../../../test/support/remedies/check-remedy.ts'
import { countRun, isUnfused, savingByFusing, timesOf } from './unfused.ts'

const setup = exampleSetup(modelInMemory(transformerBlocks({ width: 8, heads: 2, inner: 8 })))
const written = await profileAsWritten(setup, randomFeeds(setup.model, 1))
const erf = setup.model.proto.graph!.node.find(({ opType }) => opType === 'Erf')!
const add = setup.model.proto.graph!.node.find(({ name }) => name === '/l0_erf_plus_one')!
/** The profile with both in one operator of 3 ms. */
const fused = {
  ...written,
  nodes: written.nodes.flatMap((one) => {
    if (one.name === add.name) return []
    return one.name === erf.name ? [{ ...one, opType: 'Gelu', timeMs: 3, origin: [erf.name, add.name] }] : [one]
  }),
}

test('a node is unfused where it ran as it is written, and where nothing is known', () => {
  expect(isUnfused(exampleEvidence(), erf)).toBe(true)
  expect(isUnfused(exampleEvidence({ profile: written }), erf)).toBe(true)
  expect(isUnfused(exampleEvidence({ profile: fused }), erf)).toBe(false)
  expect(isUnfused(exampleEvidence({ profile: fused }), node('Erf', ['a'], ['made_by_another_rewrite']))).toBe(true)
})

test('times are of operators with nothing else in them', () => {
  expect(timesOf(exampleEvidence({ profile: written }), [erf, add])).toEqual([1, 1])
  expect(timesOf(exampleEvidence({ profile: fused }), [erf])).toEqual([])
  expect(timesOf(exampleEvidence({ profile: fused }), [erf, add])).toEqual([3])
  expect(timesOf(exampleEvidence(), [erf])).toEqual([])
})

test('fusing saves all but the longest, at most the whole prediction; without a profile, what the finding says', () => {
  const parts = [erf, add]
  expect(savingByFusing(exampleEvidence({ profile: written }), ['a'], [{ parts }])).toBe(1)
  expect(savingByFusing(exampleEvidence({ profile: fused }), ['a'], [{ parts }])).toBe(0)
  expect(savingByFusing(exampleEvidence({ profile: written, p50Ms: 0.5 }), ['a'], [{ parts }])).toBe(0.5)
  const findings = [{ rule: 'a', timeMs: 5, wouldSaveMs: 4, nodes: [] }]
  expect(savingByFusing(exampleEvidence({ findings }), ['a'], [{ parts }])).toBe(4)
  expect(savingByFusing(exampleEvidence(), ['a'], [{ parts }])).toBeNull()
})

test('counts nodes by type', () => {
  expect(countRun(viewGraph(setup.model), /^(Erf|Softmax)$/)).toBe(2)
})
