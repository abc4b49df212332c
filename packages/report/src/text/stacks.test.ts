import { expect, test } from 'vitest'
import { collapsedStacks, speedscope } from './stacks.ts'

const stacks = {
  frames: [
    { name: 'a;b', file: 'x.mjs', line: 3 },
    { name: 'c', file: null, line: null },
  ],
  samples: [[0, 1], [0], [1]],
  weightsMs: [1.5, 0.25, 0.0001],
}

test('collapsed stacks have whole numbers, and no semicolon in a name', () => {
  expect(collapsedStacks(stacks)).toBe('a:b (x.mjs:3);c 1500\na:b (x.mjs:3) 250\n')
})

test("speedscope's document adds up", () => {
  const document = JSON.parse(speedscope(stacks, 'app')) as { profiles: { endValue: number }[]; shared: { frames: object[] } }
  expect(document.profiles[0]!.endValue).toBeCloseTo(1.7501)
  expect(document.shared.frames).toEqual([{ name: 'a;b', file: 'x.mjs', line: 3 }, { name: 'c' }])
})
