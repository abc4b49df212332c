import { expect, test } from 'vitest'
import { graphNode, graphOf, tensorsOf } from '../../test/support/outputs/example-joined.ts'
import { compareOutputs } from './compare.ts'

const sigmoid = graphOf([graphNode('Sigmoid', ['x'], 'y')])
const weakOf = (results: ReturnType<typeof tensorsOf>, graph?: typeof sigmoid) => compareOutputs(results, results, { graph }).weak

test('scores that find nothing', () => {
  const results = tensorsOf([1, 100, 1], (_, random) => 4e-5 * random(), 3)
  expect(weakOf(results, sigmoid)).toEqual([{ output: 'y', why: 'finds nothing: its largest score is 0.00004' }])
  // Nobody knows that they are scores.
  expect(weakOf(results)).toBeUndefined()
})

test('scores that are all 1', () => {
  const results = tensorsOf([1, 100, 1], (_, random) => 1 - 1e-3 * random(), 3)
  expect(weakOf(results, sigmoid)).toEqual([
    { output: 'y', why: expect.stringMatching(/^says yes everywhere: its least score is 1$/) },
  ])
})

test('shares of Softmax are no noes, since the largest of each row decides', () => {
  const softmax = graphOf([graphNode('Softmax', ['x'], 'y')])
  const results = tensorsOf(
    [1, 100, 10],
    ([, row, k], random, sample) => 0.09 + 0.01 * random() + (k === (row! + sample) % 10 ? 0.04 : 0),
    3,
  )
  expect(weakOf(results, softmax)).toBeUndefined()
})

test('one score that decides is enough', () => {
  const results = tensorsOf([1, 100, 1], ([, row], random, sample) => (row === 3 && sample === 1 ? 0.7 : 0.01 * random()), 3)
  expect(weakOf(results, sigmoid)).toBeUndefined()
})

test('an output that no input changes', () => {
  const results = tensorsOf([1, 3, 4], ([, row]) => row! + 1, 3)
  expect(weakOf(results)).toEqual([{ output: 'y', why: 'is the same for all 3 inputs' }])
  // Of one input nothing is known.
  expect(weakOf(results.slice(0, 1))).toBeUndefined()
  expect(weakOf(tensorsOf([1, 3, 4], (_, random) => random(), 3))).toBeUndefined()
})

test('an output that is NaN for whatever comes in', () => {
  const results = tensorsOf([1, 3, 4], () => Number.NaN, 3)
  expect(weakOf(results)).toEqual([{ output: 'y', why: 'is NaN for all 3 inputs' }])
})

test('anchors are the same for all inputs, since only sizes reach them', () => {
  const results = tensorsOf([1, 3, 4], ([, row]) => row! + 1, 3)
  expect(weakOf(results, graphOf([graphNode('Shape', ['x'], 's'), graphNode('Tile', ['s', 's'], 'y')]))).toBeUndefined()
  expect(weakOf(results, graphOf([graphNode('Floor', ['x'], 'y')]))).toHaveLength(1)
})

test('a classifier that decides for one class every time', () => {
  const classes = (best: (sample: number) => number) =>
    tensorsOf([1, 10], ([, k], random, sample) => (k === best(sample) ? 5 : random()), 9)
  expect(weakOf(classes(() => 4))).toEqual([{ output: 'y', why: 'decides for class 4 every time' }])
  expect(weakOf(classes((sample) => sample % 2))).toBeUndefined()
  expect(weakOf(classes(() => 4).slice(0, 5))).toBeUndefined()
})
