import path from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { removeMade, scratch } from '../../../../test/support/made-folders.ts'
import { writeTextEncoder } from '../../test/support/texts/write-text-encoder.ts'
import { type TextEncoder, textEncoder } from '../recognize/text-encoder.ts'
import { textsTask } from './texts-task.ts'

afterAll(removeMade)

test('ONNX Runtime runs the model, behind the tokenizer of its folder', async () => {
  const encoder = (await textEncoder(writeTextEncoder(path.join(scratch(), 'model')))) as TextEncoder
  const way = { batch: 2, order: 'sorted', padding: 'longest', texts: null } as const
  const plan = {
    ...{ texts: ['the cat', 'the', 'a the cat and more of it'], count: null, leastTexts: 3, passMs: 1, longest: 16, maximum: 16 },
    ...{ ways: [way, { ...way, padding: 'maximum' as const }], leastRounds: 1, mostRounds: 1, roundsMs: 0, mostMs: 1e6 },
  }
  const { width, lengths, ways, versions } = await textsTask.run({ encoder, plan, threads: 1 })
  expect([width, lengths.length, ways.map(({ passes }) => passes.length)]).toEqual([4, 3, [1, 1]])
  expect(versions.onnxruntime).toMatch(/^\d+\.\d+/)
  // Each part was timed, and they are parts of the whole.
  const { totalMs, ...steps } = ways[0]!.passes[0]!
  expect(Object.values(steps).reduce((sum, ms) => sum + ms, 0)).toBeLessThanOrEqual(totalMs)
  await expect(textsTask.run({ encoder: { ...encoder, model: 'none.onnx' }, plan, threads: 1 })).rejects.toThrow(
    /does not open none\.onnx: .*; check the file/,
  )
})
