import fs from 'node:fs'
import path from 'node:path'
import { readOnnx } from '@whyslow/formats/onnx.ts'
import { describe, expect, test } from 'vitest'
import { scratch } from '../../../../../test/support/made-folders.ts'
import { decoderWeights } from '../../../test/support/decoder/weights.ts'
import { writeFolder } from '../../../test/support/decoder/write-folder.ts'
import { generatorFiles } from '../../recognize/folder.ts'
import { remedies } from '../../remedies/index.ts'
import type { Answer } from '../answers.ts'
import type { Application, Candidate, CandidateContext } from '../candidate.ts'
import { type GeneratorSetup, PLAIN_OPTIONS, SHIPPED_LOOP } from '../setup.ts'
import { graphRemedy } from './graph-remedy.ts'
import { candidatesOf } from './index.ts'
import { otherEngine } from './other-engine.ts'
import { prefixCache, sharedBeginning } from './prefix-cache.ts'
import { promptLookup } from './prompt-lookup.ts'
import { shippedLoop } from './shipped-loop.ts'
import { prefillThreads, threads } from './threads.ts'
import { variant } from './variant.ts'

const base: GeneratorSetup = { engine: 'e', source: 'model', options: PLAIN_OPTIONS, loop: null }
const answer = (prompt: readonly number[], ids: readonly number[] = [1, 2]): Answer => ({ prompt, ids })

const knownWith = (changes: Partial<CandidateContext> = {}): CandidateContext => ({
  ...{ original: base, answers: [], texts: [], usableCpus: 4, folder: () => scratch() },
  curve: async () => null,
  ...changes,
})

async function applied(candidate: Candidate, setup = base, known = knownWith()): Promise<Application> {
  const before = structuredClone(setup)
  const found = await candidate.apply(setup, known)
  expect(setup).toEqual(before)
  return found
}

test('an engine brings the shipped loop, and keeps one that is there', async () => {
  const other = otherEngine({ id: 'other', title: 'Other' })
  expect(await applied(other)).toEqual({
    ...{ setup: { ...base, engine: 'other', loop: SHIPPED_LOOP }, changes: ['runs on Other'] },
  })
  const loop = { prefixCache: true, lookup: null }
  expect(await applied(other, { ...base, loop })).toMatchObject({ setup: { loop } })
  expect(await applied(otherEngine({ id: 'e', title: 'E' }))).toEqual({ reason: 'it runs on this engine already' })
})

test('the loop, threads and weights: changed once', async () => {
  expect(await applied(shippedLoop)).toMatchObject({ setup: { loop: SHIPPED_LOOP } })
  expect(await applied(shippedLoop, { ...base, loop: SHIPPED_LOOP })).toEqual({ reason: 'it runs already' })
  expect(await applied(threads(2))).toMatchObject({ setup: { options: { threads: 2 } }, changes: ['2 threads'] })
  const two = { ...base, options: { ...PLAIN_OPTIONS, threads: 2 } }
  expect(await applied(threads(2), two)).toEqual({ reason: 'it runs on this many already' })
  expect(await applied(prefillThreads, two)).toMatchObject({ setup: { options: { threads: 2, prefillThreads: 4 } } })
  expect(await applied(prefillThreads)).toHaveProperty('reason')
  expect(await applied(variant('q8'))).toMatchObject({ setup: { options: { dtype: 'q8' } } })
  expect(await applied(variant('q8'), { ...base, source: 'rewritten' })).toEqual({ reason: 'the weights were changed already' })
})

describe('the prefix cache', () => {
  const shared = Array.from({ length: 40 }, (_, k) => k)

  test('is tried if prompts begin alike', async () => {
    const answers = [answer([...shared, 1]), answer([...shared, 2, 3])]
    expect(sharedBeginning(answers)).toBe(40)
    expect(await applied(prefixCache, base, knownWith({ answers }))).toMatchObject({
      ...{ setup: { loop: { prefixCache: true } }, changes: ['the 40 tokens that the prompts begin with are computed once'] },
    })
  })

  test.each([
    [16, 'setup'],
    [15, 'reason'],
  ])('with %d tokens that are shared there is a %s', async (count, what) => {
    const answers = [1, 2].map((last) => answer([...shared.slice(0, count), 100 + last]))
    expect(await applied(prefixCache, base, knownWith({ answers }))).toHaveProperty(what)
  })

  test('is not tried on prompts that do not', async () => {
    const answers = [answer([1, 2, 3]), answer([1, 2, 4])]
    expect(await applied(prefixCache, base, knownWith({ answers }))).toMatchObject({
      reason: expect.stringMatching(/^the prompts share 2 tokens/),
    })
    expect(sharedBeginning([answer(shared)])).toBe(0)
  })
})

describe('prompt lookup', () => {
  const repeating = Array.from({ length: 64 }, (_, k) => k % 8)
  const answers = [answer(repeating.slice(0, 16), repeating)]
  const curve = (ratio: number) => async () => [
    { tokens: 1, ratio: 1 },
    { tokens: 8, ratio },
  ]

  test('is tried if the curve is flat and the text repeats itself', async () => {
    const found = await applied(promptLookup, base, knownWith({ answers, curve: curve(1.2) }))
    expect(found).toMatchObject({ setup: { loop: { lookup: { most: 7, least: 2 } } } })
  })

  test('is refused by its estimate on a steep curve, or on a text that says nothing twice', async () => {
    const steep = await applied(promptLookup, base, knownWith({ answers, curve: curve(8) }))
    expect(steep).toMatchObject({
      reason: expect.stringMatching(/^estimated [\d.]+ times as fast .* below 1\.05: 8 tokens at once cost 8\.0 times one$/),
    })
    const fresh = [
      answer(
        [1, 2],
        Array.from({ length: 50 }, (_, k) => 100 + k),
      ),
    ]
    expect(await applied(promptLookup, base, knownWith({ answers: fresh, curve: curve(1) }))).toMatchObject({
      reason: expect.stringMatching(/^estimated 1\.00 times as fast/),
    })
    expect(await applied(promptLookup, base, knownWith({ answers }))).toMatchObject({
      reason: expect.stringMatching(/several tokens/),
    })
  })
})

describe('a remedy of the graph', () => {
  const source = writeFolder(path.join(scratch(), 'model'), decoderWeights())
  const setup = { ...base, source, options: { ...PLAIN_OPTIONS, dtype: 'fp32' } }
  const tools = { read: (file: string) => readOnnx(file), evaluate: () => Promise.reject(new Error('not here')) }
  const remedy = (id: string) => remedies.find((one) => one.id === id)!

  test('writes the graph into a folder of its own, with the files of the tokenizer', async () => {
    const found = await applied(graphRemedy(remedy('last-logits'), '', tools), setup)
    if ('reason' in found) throw new Error(found.reason)
    expect(found.setup.options.dtype).toBeNull()
    expect(path.dirname(found.setup.source)).not.toBe(source)
    const files = generatorFiles(found.setup.source)!
    expect(files.tokenizer).toBe(path.join(files.folder, 'tokenizer.json'))
    expect(fs.readdirSync(files.folder).sort()).toEqual(['config.json', 'model.onnx', 'tokenizer.json', 'tokenizer_config.json'])
    const { proto } = await readOnnx(found.setup.source)
    expect(proto.graph!.input.map(({ name }) => name)).toContain('num_logits_to_keep')
    expect(await applied(graphRemedy(remedy('last-logits'), '', tools), found.setup)).toHaveProperty('reason')
  })

  test('says why it does not apply', async () => {
    expect(await applied(graphRemedy(remedy('accuracy-level'), '', tools), setup)).toEqual({
      reason: 'it has no MatMulNBits below accuracy_level 4',
    })
    expect(await applied(graphRemedy(remedy('last-logits'), '', tools), { ...setup, source: 'model.gguf' })).toEqual({
      reason: 'the model is not an ONNX graph',
    })
  })

  test('what costs no accuracy comes before what does, and lookup last; ids are all different', () => {
    const all = candidatesOf({ engines: [], dtypes: ['q8', 'q4'], remedies, tools, usableCpus: 2 })
    const ids = all.map(({ id }) => id)
    expect(new Set(ids).size).toBe(ids.length)
    const place = (id: string) => ids.indexOf(id)
    expect(place('dtype-q8')).toBeLessThan(place('last-logits'))
    expect(place('group-query-attention')).toBeLessThan(place('int8-weights-32'))
    expect(place('last-logits')).toBeLessThan(place('int8-weights-32'))
    // An int8 cache takes the attention that the fusion makes.
    expect(place('group-query-attention')).toBeLessThan(ids.findIndex((id) => id.startsWith('int8-cache')))
    expect(ids.at(-1)).toBe('prompt-lookup')
    expect(ids.filter((id) => id.startsWith('threads-'))).toEqual(['threads-1', 'threads-2'])
  })
})
