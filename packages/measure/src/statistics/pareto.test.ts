import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Axis, compareNumbers, paretoOf } from './pareto.ts'

interface Point {
  readonly id: string
  readonly time: number | null
  readonly error: number | null
}
const axes: Axis<Point>[] = [
  { name: 'time', compare: (x, y) => compareNumbers(x.time, y.time) },
  { name: 'error', compare: (x, y) => compareNumbers(x.error, y.error) },
]
const point = (id: string, time: number | null, error: number | null): Point => ({ id, time, error })

describe('the Pareto front', () => {
  test('keeps what is best in something, and says who beats the rest', () => {
    const found = paretoOf([point('big', 9, 1), point('small', 2, 3), point('bad', 9, 3), point('middle', 5, 2)], axes)
    expect(found).toEqual({ axes: ['time', 'error'], front: ['big', 'small', 'middle'], dominated: [{ id: 'bad', by: 'big' }] })
  })

  test('twins are both worth choosing', () => {
    expect(paretoOf([point('a', 1, 1), point('b', 1, 1)], axes).front).toEqual(['a', 'b'])
  })

  test('what is not known is not held against anyone', () => {
    expect(paretoOf([point('a', 1, null), point('b', 2, 5)], axes).front).toEqual(['a', 'b'])
  })

  test('is never empty, and each of the others has one of its own kind that is no worse', () => {
    const points = fc.array(fc.tuple(fc.integer({ min: 0, max: 4 }), fc.integer({ min: 0, max: 4 })), {
      minLength: 1,
      maxLength: 8,
    })
    fc.assert(
      fc.property(points, (given) => {
        const all = given.map(([time, error], i) => point(String(i), time, error))
        const { front, dominated } = paretoOf(all, axes)
        expect(front.length).toBeGreaterThan(0)
        expect([...front, ...dominated.map(({ id }) => id)].sort()).toEqual(all.map(({ id }) => id).sort())
        for (const { id, by } of dominated) {
          const [own, better] = [all[Number(id)]!, all[Number(by)]!]
          expect(better.time! <= own.time! && better.error! <= own.error!).toBe(true)
        }
      }),
    )
  })
})
