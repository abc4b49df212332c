import { evaluate, expectClose, floats, integers } from '@whyslow/graph/support/builder/check-build.ts'
import { expect, test } from 'vitest'
import { stridedAxes, stridedSlice } from './strided-slice.ts'

const refuse = (says: string): Error => new Error(`it ${says}`)
const NONE = { begin_mask: 0, end_mask: 0, ellipsis_mask: 0, new_axis_mask: 0, shrink_axis_mask: 0 }
const X = floats(
  [2, 3, 4],
  Array.from({ length: 24 }, (_, k) => k),
)

test('x[1, ..., None, 1:3], bounds told and computed', async () => {
  const masks = { ...NONE, ellipsis_mask: 2, new_axis_mask: 4, shrink_axis_mask: 1 }
  const lists = { steps: [1, 1, 1, 1], masks }
  const [told, computed] = await evaluate(
    [X, integers([4], [1, 0, 0, 1]), integers([4], [2, 0, 0, 3])],
    (builder, [x, begin, end]) => {
      const listOf = (bounds: 'begin' | 'end') => (bounds === 'begin' ? begin! : end!)
      const open = [null, null, null, null]
      const axes = stridedAxes(x!.shape, { ...lists, begin: [1, 0, 0, 1], end: [2, 0, 0, 3] }, refuse)
      const asRun = stridedAxes(x!.shape, { ...lists, begin: open, end: open }, refuse)
      return [stridedSlice(builder, x!, axes, listOf), stridedSlice(builder, x!, asRun, listOf)]
    },
  )
  expectClose(told!, [13, 14, 17, 18, 21, 22], [3, 1, 2])
  expectClose(computed!, [13, 14, 17, 18, 21, 22], [3, 1, 2])
})

test('a negative step runs from the last', async () => {
  const masks = { ...NONE, begin_mask: 2, end_mask: 2 }
  const [made] = await evaluate([X], (builder, [x]) => {
    const axes = stridedAxes(x!.shape, { begin: [-1, 0], end: [2, 0], steps: [1, -2], masks }, refuse)
    return [stridedSlice(builder, x!, axes, () => x!)]
  })
  expectClose(made!, [20, 21, 22, 23, 12, 13, 14, 15], [1, 2, 4])
})

test('lists that do not fit are refused', () => {
  const axesOf = (begin: number[], end: number[], steps: number[], shrink = 0) =>
    stridedAxes([2, 3], { begin, end, steps, masks: { ...NONE, shrink_axis_mask: shrink } }, refuse)
  expect(() => axesOf([0], [1, 1], [1])).toThrow('1 bounds and 2')
  expect(() => axesOf([0], [1], [0])).toThrow('a step of 0')
  expect(() => axesOf([0, 0, 0], [1, 1, 1], [1, 1, 1])).toThrow('3 axes of 2')
  expect(() => axesOf([5], [6], [1], 1)).toThrow('entry 5 of 2')
})
