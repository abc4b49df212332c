import fs from 'node:fs'
import path from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { removeMade, scratch } from '../../../../../test/support/made-folders.ts'
import { scriptedTrials } from '../../../test/support/texts/scripted-encoder.ts'
import { type TextEncoderFiles, writeTextEncoder } from '../../../test/support/texts/write-text-encoder.ts'
import { tinyTokenizer } from '../../../test/support/tokenizer/tiny-tokenizer.ts'
import { embed } from './embed.ts'
import type { EmbedOptions } from './options.ts'

afterAll(removeMade)

// Of eight texts six have three tokens with their special ones, and two have twelve: 42 in all.
const TEXTS = ['a', 'b', 'c', 'a a a a a a a a a a', 'd', 'e', 'f', 'b b b b b b b b b b']

function world(files: TextEncoderFiles = {}, script: Parameters<typeof scriptedTrials>[0] = {}) {
  const folder = scratch()
  const model = writeTextEncoder(path.join(folder, 'model'), files)
  const texts = path.join(folder, 'texts.txt')
  fs.writeFileSync(texts, TEXTS.join('\n'))
  const trials = scriptedTrials(script)
  return {
    model,
    texts,
    inputs: trials.inputs,
    embed: (given: Partial<EmbedOptions> = {}) => embed(model, { texts, trials, ...given }),
  }
}

test('a text in every way of batching, and its time as parts that add up', async () => {
  const { model, texts, embed } = world()
  const document = await embed({ batch: 4 })
  // Of a text by itself: 1 ms of tokenizing, 5 of the call, 2 for each of 42 / 8 positions.
  // In two batches of four, each as long as its longest: 2 × (5 + 2 × 4 × 12) / 8 + 1; sorted, 2 × 5 + 2 × 4 × (3 + 12).
  const ways = document.ways.map(({ batch, order, padding, msPerText, paddedShare }) => [
    ...[batch, order, padding, msPerText.value],
    paddedShare,
  ])
  expect(ways.slice(0, 3)).toEqual([
    [1, 'given', 'longest', 16.5, 0],
    [4, 'given', 'longest', 26.25, expect.closeTo(1 - 42 / 96)],
    [4, 'sorted', 'longest', 17.25, expect.closeTo(1 - 42 / 60)],
  ])
  expect(document.ways[1]!.ratio).toEqual({
    value: 26.25 / 16.5,
    low: expect.closeTo(26.25 / 16.5),
    high: expect.closeTo(26.25 / 16.5),
  })
  for (const { parts, totalMs } of [document.oneParts, document.batchParts!])
    expect(parts.reduce((sum, { ms }) => sum + ms, 0)).toBeCloseTo(totalMs, 9)
  expect(document.batchParts!.parts.map(({ id, ms }) => [id, ms])).toEqual([
    ['tokenize', 1],
    ['padding', 0],
    ['model', expect.closeTo(25.25 * (42 / 96))],
    ['model-padding', expect.closeTo(25.25 * (1 - 42 / 96))],
    ['pooling', 0],
    ['normalization', 0],
    ['unexplained', 0],
  ])
  expect(document.answer).toBe(
    "Your texts take 16.5 ms (16.5–16.5) each, one at a time, with a median of 3 tokens. In batches of 4 as they come each takes 26.3 ms, and 56 % of the positions are padding; one at a time is the fastest. Of a text's 26.3 ms in batches of 4 as they come, 14.2 ms go into padding that the model computes.",
  )
  expect(document.findings.map(({ rule, textMs, run }) => [rule, textMs, run?.arguments.join(' ')])).toEqual([
    ['padding-waste', expect.closeTo(9), `${model} --batch 4 --texts ${texts}`],
    ['oversized-batches', expect.closeTo(0.75), undefined],
  ])
  expect(document.setup).toMatchObject({
    texts: 8,
    from: 'user',
    batch: 4,
    longestTokens: 16,
    longestFrom: 'tokenizer_config.json',
  })
  expect(document.lengths).toMatchObject({ shortest: 3, longest: 12, median: 3, cutTexts: 0, cutShare: 0 })
})

test('a model whose calls cost much gains from batches', async () => {
  const { findings } = await world({}, { callMs: 200 }).embed({ batch: 4 })
  expect(findings.map(({ rule }) => rule)).toContain('unbatched-texts')
})

test('padding that tokenizer.json has is measured against that to the longest', async () => {
  const padding = { strategy: { Fixed: 16 }, direction: 'Right', pad_id: 0, pad_type_id: 0, pad_token: '[PAD]' }
  const { findings } = await world({ tokenizer: { ...tinyTokenizer(64), padding } }).embed({ batch: 4 })
  // Of all eight in one batch: 1 + (5 + 2 × 8 × 12) / 8 against 1 + (5 + 2 × 8 × 16) / 8.
  expect(findings.find(({ rule }) => rule === 'fixed-padding')).toMatchObject({ textMs: expect.closeTo(8), savingIs: 'measured' })
})

test('texts beyond the limit are cut, by the model’s files or by --max-tokens', async () => {
  const { embed, inputs } = world()
  const { lengths, setup, answer, findings } = await embed({ maxTokens: 6, batch: 4 })
  expect(lengths).toMatchObject({ cutTexts: 2, cutShare: expect.closeTo(12 / 42) })
  expect(setup).toMatchObject({ longestTokens: 6, longestFrom: '--max-tokens' })
  expect(answer).toMatch(/2 of 8 texts are longer than 6 tokens \(--max-tokens\) and cut: 29 % of all tokens are in no vector\.$/)
  expect(inputs[0]!.plan.longest).toBe(6)
  expect(findings.map(({ rule, run }) => [rule, run?.arguments.slice(-2)])).toContainEqual([
    'padding-waste',
    ['--max-tokens', '6'],
  ])
  await expect(embed({ maxTokens: 513 })).rejects.toThrow(/--max-tokens 513: .*model\.onnx has 512 positions; give 512 or fewer/)
})

test('a graph that takes one text of one length has nothing to batch', async () => {
  const { ways, findings, notChecked, batchParts } = await world({ shape: [1, 16] }).embed()
  expect(ways.map(({ batch, paddedShare }) => [batch, paddedShare])).toEqual([[1, expect.closeTo(1 - 42 / 128)]])
  expect([batchParts, findings.map(({ rule }) => rule)]).toEqual([null, ['fixed-padding']])
  expect(notChecked.map(({ rule }) => rule)).toEqual(['oversized-batches', 'padding-waste', 'unbatched-texts'])
})

test('how many of the texts were encoded is as it was measured, far below the most as well', async () => {
  const { embed, texts } = world({}, { positionMs: 0.1, callMs: 0 })
  const warningsOf = async (count: number) => {
    fs.writeFileSync(texts, new Array(count).fill('a b').join('\n'))
    return (await embed({ batch: 8, quick: true })).warnings
  }
  // A text takes 1.4 ms, and a pass of 150 ms 107 of them.
  expect(await warningsOf(300)).toEqual(['the first 107 of 300 texts were encoded'])
  expect(await warningsOf(200)).toEqual(['the first 107 of 200 texts were encoded'])
  expect(await warningsOf(100)).toEqual([])
})

test('no batch is larger than there are texts', async () => {
  const { setup, ways, answer, warnings } = await world().embed({ batch: 300 })
  expect([setup.batch, ways.map(({ batch }) => batch), warnings]).toEqual([8, [1, 8, 8, 8, 8], []])
  expect(answer).toContain('In batches of 8 as they come')
})

test('of a slow model fewer texts, smaller batches, fewer ways and fewer processes', async () => {
  const slow = async (callMs: number) => {
    const { embed, inputs } = world({}, { callMs })
    const { setup, warnings, reasons } = await embed({ texts: null })
    expect([setup.processes, inputs[1]!.plan.count]).toEqual([inputs.length, setup.texts])
    return [setup.texts, setup.batch, setup.processes, inputs[1]!.plan.ways.map(({ batch }) => batch), warnings, reasons.batched]
  }
  const instead = (what: string) => `a text takes too long: ${what} were measured instead of batches of 32`
  const few = 'no batch had two texts: needs more texts, or a model that takes less for each'
  // 60 s are for seven ways with three passes each, of texts that take 38 ms, 0.53 s and 11 s.
  expect(await slow(5)).toEqual([64, 32, 3, [1, 8, 8, 32, 32, 8, 8], [], undefined])
  expect(await slow(500)).toEqual([5, 2, 5, [1, 2, 2, 5, 5], [instead('batches of 2')], undefined])
  const unpadded = 'a text takes too long: padding to the maximum was not measured'
  expect(await slow(11_000)).toEqual([1, 1, 3, [1], [instead('no batches'), unpadded], few])
})

test('padding to one length is not checked if there was no time for it', async () => {
  const padding = { strategy: { Fixed: 16 }, direction: 'Right', pad_id: 0, pad_type_id: 0, pad_token: '[PAD]' }
  const { embed } = world({ tokenizer: { ...tinyTokenizer(64), padding } }, { callMs: 11_000 })
  expect((await embed()).notChecked).toContainEqual({
    rule: 'fixed-padding',
    reason: 'padding to one length was not measured, which takes too long',
  })
})

test('pooling that is not computed here is a warning', async () => {
  const { warnings, model } = await world({ pooling: { pooling_mode_weightedmean_tokens: true } }).embed({ batch: 4 })
  expect(warnings).toEqual([
    '1_Pooling/config.json says weightedmean for pooling, which whyslow does not compute: the time of pooling is that of the mean',
  ])
  expect(model).toMatchObject({ pooling: 'mean', poolingFrom: null })
})

test('made-up texts, and what is no encoder of texts, in one line', async () => {
  const { embed: run, inputs } = world({}, { positionMs: 0.2 })
  expect((await run({ texts: null, quick: true })).setup.from).toBe('made-up')
  expect([inputs.length, inputs[0]!.plan.count, inputs[1]!.plan.count]).toEqual([3, null, 64])
  await expect(embed(scratch())).rejects.toThrow(
    /: no text encoder \(a folder with config\.json, tokenizer\.json and onnx\/model\.onnx\); .*: whyslow \S+$/,
  )
  await expect(embed('http://127.0.0.1:8080/v1/embeddings')).rejects.toThrow(
    /is an address: embed reads a folder; .* whyslow load http/,
  )
  await expect(run({ texts: 'none.txt' })).rejects.toThrow('--texts none.txt: no such file')
})
