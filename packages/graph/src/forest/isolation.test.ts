import { expect, test } from 'vitest'
import { isolationDepths, usualDepth } from './isolation.ts'

test('the usual depth: twice a harmonic number, about, less what a whole tree lacks', () => {
  expect([0, 1, 2].map(usualDepth)).toEqual([0, 0, 1])
  // 2 · (ln 255 + γ) − 2 · 255 / 256.
  expect(usualDepth(256)).toBeCloseTo(10.2448, 4)
})

test('depths of a tree: leaves count the rows that came to them', () => {
  const tree = {
    target: 0,
    width: 1,
    // A root, a leaf, a node with two leaves.
    feature: Int32Array.of(0, -1, 1, -1, -1),
    threshold: new Float64Array(5),
    yes: Float64Array.of(1, -1, 3, -1, -1),
    no: Float64Array.of(2, -1, 4, -1, -1),
    flags: new Uint8Array(5),
    leafAt: new Int32Array(5),
    values: new Float64Array(5),
  }
  const depths = isolationDepths(tree, Float64Array.of(5, 2, 3, 1, 2))
  expect([depths[1], depths[3], depths[4]]).toEqual([1 + 1, 2, 2 + 1])
})
