import { expect, test } from 'vitest'
import { NO_PENALTIES, penalizer, penaltiesOf } from './penalties.ts'

const sampling = { kind: 'sample', temperature: 1, topK: null, topP: null, seed: 1 } as const
const after = (penalties: Partial<typeof NO_PENALTIES>, prompt: number[], made: number[]) => {
  const logits = Float32Array.of(4, -2, 1, 3)
  const one = penalizer({ ...NO_PENALTIES, ...penalties }, prompt)
  for (const id of made) one.add(id)
  one.apply(logits)
  return [...logits]
}

test('none is none, of whatever sampling', () => {
  expect(penaltiesOf({ kind: 'greedy' })).toBeNull()
  expect(penaltiesOf(sampling)).toBeNull()
  expect(penaltiesOf({ ...sampling, penalties: NO_PENALTIES })).toBeNull()
  expect(penaltiesOf({ ...sampling, penalties: { ...NO_PENALTIES, presence: 1 } })).toMatchObject({ presence: 1 })
})

test('repetition: tokens of prompt and answer, once each, as transformers does it', () => {
  // 4 / 2 and -2 · 2.
  expect(after({ repetition: 2 }, [0, 1, 1], [])).toEqual([2, -4, 1, 3])
  expect(after({ repetition: 2 }, [0], [3, 3])).toEqual([2, -2, 1, 1.5])
})

test('presence and frequency: tokens of the answer alone', () => {
  expect(after({ presence: 0.5 }, [0], [2, 2])).toEqual([4, -2, 0.5, 3])
  expect(after({ frequency: 0.5 }, [0], [2, 2])).toEqual([4, -2, 0, 3])
})
