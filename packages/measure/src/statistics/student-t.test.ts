import { expect, test } from 'vitest'
import { studentT } from './student-t.ts'

// NIST/SEMATECH e-Handbook, table 1.3.6.7.2; the last ones beyond where short tables end.
test.each([
  [95, 1, 12.706],
  [95, 2, 4.303],
  [95, 3, 3.182],
  [95, 4, 2.776],
  [95, 15, 2.131],
  [95, 16, 2.12],
  [95, 20, 2.086],
  [95, 100, 1.984],
  [99, 1, 63.657],
  [99, 2, 9.925],
  [99, 15, 2.947],
  [99, 16, 2.921],
  [99, 30, 2.75],
  [99, 100, 2.626],
])('%d %% at %d degrees of freedom: %d', (percent, degrees, t) => expect(studentT(percent, degrees)).toBeCloseTo(t, 3))
