import { expect, test } from 'vitest'
import { type Basis, reservationsOf, trustOf } from './trust.ts'

const five: Basis = { processes: 5, measured: 5, samples: 500, width: 0.01, unit: 'prediction' }
const gradeOf = (given: Partial<Basis>) => trustOf(reservationsOf({ ...five, ...given })).trust

test.each([
  [{}, 'A'],
  [{ processes: 4, measured: 4 }, 'B'],
  [{ processes: 3, measured: 3 }, 'B'],
  [{ processes: 2, measured: 2 }, 'C'],
  [{ processes: 1, measured: 1 }, 'C'],
  [{ processes: 1, measured: 3 }, 'C'],
  [{ processes: 1, measured: 1, samples: 3 }, 'C'],
  [{ processes: 1, measured: 1, samples: 2 }, 'D'],
  [{ width: 0.05 }, 'A'],
  [{ width: 0.06 }, 'B'],
  [{ width: 0.11 }, 'C'],
  [{ width: 0.145 }, 'C'],
  [{ width: 0.16 }, 'D'],
] as const)('%j: %s', (given, grade) => expect(gradeOf(given)).toBe(grade))

test('the worst reservation is the grade, and all are said', () => {
  const own = { grade: 'B', reason: 'pages were read' } as const
  expect(trustOf([...reservationsOf({ ...five, width: 0.2, processes: 1, measured: 1, samples: 1, unit: 'call' }), own])).toEqual(
    {
      trust: 'D',
      reasons: [
        'only one call was timed',
        'only one process was measured, so the interval does not cover differences between processes',
        'samples vary by ±20 % around the median',
        'pages were read',
      ],
    },
  )
})
