import fs from 'node:fs'
import path from 'node:path'
import { model, node, valueInfo, writeModel } from '@whyslow/graph/build.ts'
import { describe, expect, test } from 'vitest'
import { scratch } from '../../../../../test/support/made-folders.ts'
import { decoderWeights } from '../../../test/support/decoder/weights.ts'
import { writeFolder } from '../../../test/support/decoder/write-folder.ts'
import { measuredAs, scriptedTimes } from '../../../test/support/scripted-times.ts'
import type { GeneratorSetup } from '../../prove/setup.ts'
import { shippedFolder } from '../../prove/shipped-engine.ts'
import { fixGenerator } from './fix-generator.ts'
import type { FixGeneratorOptions } from './options.ts'

const llama = decoderWeights()

const isShipped = ({ engine }: GeneratorSetup) => engine === shippedFolder.id

async function fixed(perTokenMs: (setup: GeneratorSetup) => number, given: Partial<FixGeneratorOptions> = {}) {
  const base = scratch('test-whyslow-fix-generator-')
  const source = writeFolder(path.join(base, 'model'), llama)
  const out = path.join(base, 'fast')
  const seen: string[] = []
  const document = await fixGenerator(
    source,
    {
      ...{ out, only: ['threads'], budgetSeconds: 60, trials: scriptedTimes(perTokenMs) },
      onTrial: ({ remedy, outcome }) => seen.push(`${remedy} ${outcome}`),
      ...given,
    },
    measuredAs(),
  )
  return { document, out, source, seen, base }
}

test('what is faster and equal is kept, proven through the folder, and written', async () => {
  const { document, out, seen } = await fixed((setup) => (isShipped(setup) || setup.options.threads === 1 ? 20 : 41))
  expect(seen[0]).toBe('threads-1 kept')
  expect(document.fix).toMatchObject({
    ...{ kept: ['threads-1'], folder: out },
    equality: {
      prompts: 20,
      equal: 20,
      sentence: expect.stringMatching(/^all tokens are equal \(20 prompts × \d+ tokens, greedy\)$/),
    },
  })
  expect(document.fix!.timePerTokenRatio!.value).toBeCloseTo(0.49, 1)
  expect(document.answer).toMatch(/^A token takes (19|20)\.\d ms instead of 41\.0 ms, 2\.\d times as fast/)
  expect(JSON.parse(fs.readFileSync(path.join(out, 'options.json'), 'utf8'))).toMatchObject({ options: { threads: 1 } })
  expect(JSON.parse(fs.readFileSync(path.join(out, 'report.json'), 'utf8'))).toMatchObject({ fix: { kept: ['threads-1'] } })
})

describe('a metric of the user', () => {
  const withMetric = async (code: string, given: Partial<FixGeneratorOptions> = {}) => {
    const folder = scratch()
    const [metric, prompts] = [path.join(folder, 'score.mjs'), path.join(folder, 'prompts.txt')]
    fs.writeFileSync(metric, code)
    fs.writeFileSync(prompts, 'the cat\nthe rain')
    const isChanged = ({ source }: GeneratorSetup) => source.endsWith('.onnx')
    const options = { only: ['int8-weights'], threads: 1, metric, prompts, ...given }
    return (await fixed((setup) => (isShipped(setup) || isChanged(setup) ? 20 : 41), options)).document.fix!
  }

  test('decides about what is lossy, on all answers to the user and nothing else', async () => {
    const fix = await withMetric(
      'export default (answers) => answers.map(({ prompt }) => prompt).join() === "the cat,the rain" && answers.every(({ text }) => typeof text === "string") ? 0.5 : 0',
    )
    expect(fix.kept).toContain('int8-weights-32')
    expect(fix.equality).toMatchObject({
      metric: { name: 'score.mjs', before: 0.5, after: 0.5 },
      sentence: expect.stringMatching(/score\.mjs 0\.500 to 0\.500$/),
    })
  })

  const counting = 'let calls = 0; export default () => 1 - (calls++ === 0 ? 0 : 0.1)'
  test('refuses more than it may lose, and keeps what the user allows', async () => {
    const fix = await withMetric(counting)
    expect(fix.kept).toEqual([])
    expect(fix.tried[0]).toMatchObject({
      outcome: 'not equal',
      reason: expect.stringMatching(/a loss of 0\.10, more than the 0\.01 allowed$/),
    })
    expect((await withMetric(counting, { maxLoss: 0.2 })).kept).toContain('int8-weights-32')
  })
})

test('a folder that is slower than the original is not written, and the answer says so', async () => {
  const { document, base } = await fixed((setup) => (isShipped(setup) ? 60 : 41))
  expect(document.fix).toMatchObject({ kept: [], folder: null })
  expect(document.fix!.timePerTokenRatio!.low).toBeGreaterThan(1)
  expect(document.answer).toMatch(
    /^No remedy makes a token faster\. In a folder as fix writes it, the unchanged model needs 1\.[45] of its time for a token .*Nothing was written\.$/,
  )
  expect(fs.readdirSync(base)).toEqual(['model'])
})

test('a dry run names what it would try, and tries nothing', async () => {
  const { document, base } = await fixed(() => 41, { dryRun: true, only: null, out: null })
  const names = document.fix!.tried.map(({ remedy }) => remedy)
  expect(names).toEqual(expect.arrayContaining(['last-logits', 'int8-weights-32', 'threads-1', 'prompt-lookup']))
  expect(fs.readdirSync(base)).toEqual(['model'])
})

describe('what is refused before anything is measured', () => {
  const refused = (given: Partial<FixGeneratorOptions>, source?: string) =>
    fixGenerator(
      source ?? writeFolder(path.join(scratch(), 'model'), llama),
      { trials: scriptedTimes(() => 1), ...given },
      measuredAs(),
    )

  test("an address, a remedy that does not exist, a folder that is somebody else's, prompts that are not there", async () => {
    await expect(refused({}, 'http://127.0.0.1:1/v1')).rejects.toThrow(/fix writes a folder, and an address has none/)
    await expect(refused({ only: ['last-logit'] })).rejects.toThrow(
      '--only last-logit: no such remedy of this generator; did you mean last-logits?',
    )
    const theirs = scratch()
    fs.writeFileSync(path.join(theirs, 'a'), '')
    await expect(refused({ out: theirs })).rejects.toThrow(/was not written by whyslow/)
    await expect(refused({ prompts: '/nowhere.txt' })).rejects.toThrow('--prompts /nowhere.txt: no such file')
    await expect(refused({ metric: 'score.mjs' })).rejects.toThrow('--metric score.mjs scores answers to your own prompts')
    const prompts = path.join(theirs, 'prompts.txt')
    fs.writeFileSync(prompts, 'a')
    await expect(refused({ prompts, metric: 'nowhere.mjs' })).rejects.toThrow('--metric nowhere.mjs: no such file')
  })

  test('a decoder that another model feeds, before anything is measured', async () => {
    const at = (name: string) => path.join(scratch(), name)
    const image = writeFolder(at('image'), decoderWeights({ encoder: true }))
    const pixels = model({
      nodes: [node('ReduceMean', ['pixel_values'], ['last_hidden_state'], { axes: [3], keepdims: 0 })],
      inputs: [valueInfo('pixel_values', 'float32', ['batch', 3, 8, 8])],
      outputs: [valueInfo('last_hidden_state', 'float32', ['batch', 3, 8])],
    })
    fs.writeFileSync(path.join(image, 'onnx/encoder_model.onnx'), writeModel(pixels))
    await expect(refused({}, image)).rejects.toThrow(
      /image: an encoder of images feeds the decoder, and fix ships what reads token ids, text or sound; whyslow generate measures it$/,
    )
    const models = { 'decoder_model_merged.onnx': { cache: 'merged', embeddings: 'apart' } } as const
    await expect(refused({}, writeFolder(at('apart'), llama, { models }))).rejects.toThrow(
      /apart: a model that makes embeddings feeds the decoder/,
    )
  })
})
