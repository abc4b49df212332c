import { describe, expect, test } from 'vitest'
import { scriptedEncoder } from '../../test/support/texts/scripted-encoder.ts'
import { rowOf, WIDTH } from '../../test/support/texts/write-text-encoder.ts'
import type { TextEncoder } from '../recognize/text-encoder.ts'
import { encodeOf } from './encode.ts'
import { measureTexts } from './measure-texts.ts'
import type { TextsPlan, TextsWay } from './texts-plan.ts'

const encoder = {
  model: 'model.onnx',
  inputs: { ids: { name: 'input_ids', dtype: 'int64' }, mask: { name: 'attention_mask', dtype: 'int64' } },
  emptyCaches: [],
  output: { name: 'last_hidden_state', of: 'tokens', gives: 'vector', width: WIDTH },
  ...{ pooling: 'mean', normalizes: true, padding: { id: 0, side: 'right' }, fixedLength: null, takesOneText: false },
} as unknown as TextEncoder

test('a text is tokenized, cut, padded, run, pooled and made a vector of length 1', async () => {
  const { opened, fed, now } = scriptedEncoder()
  const encode = encodeOf({ ...opened, encoder, longest: 4, now })
  const { vectors, width, modelMs, tokenizeMs } = await encode.batch(['a bb ccc', 'dd'], null)
  // Of the first, 60, 1, 2 and 61 stay.
  expect(fed).toEqual([[2, 4]])
  const mean = (ids: readonly number[]) =>
    Array.from({ length: WIDTH }, (_, k) => ids.reduce((sum, id) => sum + rowOf(id)[k]!, 0) / ids.length)
  const unit = (vector: readonly number[]) => vector.map((value) => value / Math.hypot(...vector))
  const expected = [...unit(mean([60, 1, 2, 61])), ...unit(mean([60, 2, 61]))]
  expect(width).toBe(WIDTH)
  for (const [k, value] of expected.entries()) expect(vectors[k]).toBeCloseTo(value, 5)
  expect([tokenizeMs, modelMs]).toEqual([2, 21])
})

const ONE = { batch: 1, order: 'given', padding: 'longest', texts: null } as const

test('every way has a pass in each round, over the same texts; a text takes as long as its positions', async () => {
  const { opened, now } = scriptedEncoder({ callMs: 0 })
  const plan: TextsPlan = {
    texts: ['a', 'a a a a a a', 'a', 'a a a a a a', 'never encoded'],
    ...{ count: 4, leastTexts: 1, passMs: 1, leastRounds: 2, mostRounds: 3, roundsMs: 0, mostMs: 1e6, longest: 16, maximum: 16 },
    ways: [ONE, { ...ONE, batch: 2 }, { ...ONE, batch: 2, order: 'sorted' }, { ...ONE, batch: 2, padding: 'maximum', texts: 2 }],
  }
  const { count, lengths, ways, firstTextMs, width } = await measureTexts(async () => opened, { encoder, plan }, now)
  expect([count, lengths, width]).toEqual([4, [3, 8, 3, 8], WIDTH])
  // One text of three positions, and its tokens.
  expect(firstTextMs).toBe(7)
  // 4 ms of tokenizing, and 2 × 22, 2 × 32, 2 × 22 ms of positions; of two texts 2 ms, and 2 × 32.
  expect(ways.map(({ passes }) => passes.map(({ totalMs, modelMs }) => [totalMs, modelMs]))).toEqual([
    [
      [48, 44],
      [48, 44],
    ],
    [
      [68, 64],
      [68, 64],
    ],
    [
      [48, 44],
      [48, 44],
    ],
    [
      [66, 64],
      [66, 64],
    ],
  ])
})

test('as many texts as a pass has time for', async () => {
  const { opened, now } = scriptedEncoder({ callMs: 0 })
  const texts = Array.from({ length: 50 }, () => 'a')
  // A text takes 7 ms.
  const plan = {
    texts,
    ...{
      ways: [ONE],
      count: null,
      leastTexts: 2,
      passMs: 70,
      leastRounds: 1,
      mostRounds: 1,
      roundsMs: 0,
      mostMs: 1e6,
      longest: null,
      maximum: null,
    },
  }
  expect((await measureTexts(async () => opened, { encoder, plan }, now)).count).toBe(10)
})

describe('a process has only so much time', () => {
  const measured = async (mostMs: number, given: Partial<TextsPlan> = {}) => {
    const { opened, now } = scriptedEncoder({ callMs: 0 })
    const from = now()
    const pair = { ...ONE, batch: 4, texts: 4 } as const
    const plan: TextsPlan = {
      texts: new Array(100).fill('a'),
      ways: [
        ONE,
        ...[8, 32].flatMap((batch): TextsWay[] => [
          { ...ONE, batch },
          { ...ONE, batch, order: 'sorted' },
        ]),
        ...[pair, { ...pair, padding: 'maximum' } as const],
      ],
      ...{ count: null, leastTexts: 64, passMs: 1, leastRounds: 2, mostRounds: 2, roundsMs: 0, longest: 16, maximum: 16, mostMs },
      ...given,
    }
    const { count, ways } = await measureTexts(async () => opened, { encoder, plan }, now)
    return { count, ways: ways.map(({ way: { batch, texts } }) => (texts === null ? batch : -texts)), ms: now() - from }
  }

  // A text takes 7 ms, and seven ways have three passes each.
  test('enough for all that is wanted', async () => {
    expect(await measured(10_000)).toMatchObject({ count: 64, ways: [1, 8, 8, 32, 32, -4, -4] })
  })

  test('fewer texts have smaller batches, and fewer ways', async () => {
    expect(await measured(7 * 21 * 40)).toMatchObject({ count: 40, ways: [1, 8, 8, 20, 20, -4, -4] })
    expect(await measured(7 * 21 * 10)).toMatchObject({ count: 10, ways: [1, 5, 5, -1, -1] })
    expect(await measured(7 * 21)).toMatchObject({ count: 1, ways: [1] })
    for (const mostMs of [5000, 2000, 500]) expect((await measured(mostMs)).ms).toBeLessThan(mostMs * 1.2 + 150)
  })

  test('texts that are longer than the first ones count as they are', async () => {
    // The first four have 3 tokens, the others 16: a mean of 15.48.
    const texts = [...new Array(4).fill('a'), ...new Array(96).fill(new Array(14).fill('a').join(' '))]
    expect((await measured(7 * 21 * 40, { texts })).count).toBe(Math.floor((7 * 40) / ((7 / 3) * 15.48)))
  })
})
