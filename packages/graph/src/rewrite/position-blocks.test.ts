import { describe, expect, test } from 'vitest'
import { positionBlocks, spreadWeights, type Window } from './position-blocks.ts'

const window = (kernel: number[], more: Partial<Window> = {}): Window => ({
  kernel,
  strides: kernel.map(() => 1),
  dilations: kernel.map(() => 1),
  pads: [...kernel, ...kernel].map(() => 0),
  ...more,
})

describe('positionBlocks', () => {
  test('the least work comes first: a long axis widens the kernel least', () => {
    const [best] = positionBlocks(window([3, 39], { pads: [1, 19, 1, 19] }), 8, { input: [172, 264], output: [172, 264] }, 16)
    expect(best).toMatchObject({
      axis: 1,
      block: 2,
      rows: 132,
      window: { kernel: [3, 40], strides: [1, 2], pads: [1, 19, 1, 19] },
    })
    expect(best!.share).toBeCloseTo(40 / 39 / 2, 10)
  })
  test('one channel of 16 lanes: 16 positions, the last block padded behind', () => {
    // 9 outputs of stride 2 over 20 numbers, taps 4: 16 is more than there are.
    const found = positionBlocks(window([4], { strides: [2] }), 1, { input: [20], output: [9] }, 16)
    expect(found.map(({ block }) => block).sort((a, b) => a - b)).toEqual([2, 3, 4, 5, 6, 7, 8, 9])
    const five = found.find(({ block }) => block === 5)!
    expect(five).toMatchObject({ rows: 2, window: { kernel: [12], strides: [10], pads: [0, 2] } })
    expect(five.share).toBeCloseTo((12 / 4) * (2 / 9), 10)
  })
  test('nothing for as many channels as lanes, for unknown sizes, for shifts between dilated taps', () => {
    expect(positionBlocks(window([3]), 16, { input: [20], output: [18] }, 16)).toEqual([])
    expect(positionBlocks(window([3]), 9, { input: [20], output: [18] }, 16)).toEqual([])
    expect(positionBlocks(window([3]), 1, { input: ['n'], output: ['n@'] }, 16)).toEqual([])
    expect(positionBlocks(window([3], { dilations: [2] }), 1, { input: [20], output: [16] }, 16)).toEqual([])
    expect(positionBlocks(window([3], { dilations: [2], strides: [2] }), 1, { input: [20], output: [8] }, 16)).not.toEqual([])
  })
})

test('weights: the filter once for each position, shifted by a stride, zeros around', () => {
  const given = window([2, 2], { strides: [1, 1] })
  const [block] = positionBlocks(given, 1, { input: [4, 4], output: [3, 3] }, 2).filter(({ axis }) => axis === 1)
  const { shape, values } = spreadWeights(new Float32Array([1, 2, 3, 4]), [1, 1, 2, 2], given, block!)
  expect(shape).toEqual([2, 1, 2, 3])
  expect([...values]).toEqual([1, 2, 0, 3, 4, 0, 0, 1, 2, 0, 3, 4])
})
