import { expect, test } from 'vitest'
import { weakWarning } from './fix-report.ts'

const weak = (...outputs: string[]) => ({
  weak: outputs.map((output) => ({ output, why: 'finds nothing: its largest score is 0.003' })),
})

test('a weak comparison is told once for all candidates, with the way out', () => {
  expect(weakWarning([null, weak('obj'), weak('obj'), {}], [{ source: 'synthetic' }])).toBe(
    "weak comparison on these inputs: 'obj' finds nothing: its largest score is 0.003. Give inputs like your own: --data PATH",
  )
  expect(weakWarning([weak('a', 'b', 'c', 'd', 'e')], [{ source: 'data' }])).toMatch(
    /'c' finds .* \(and 2 more\)\. Give more varied inputs: --data PATH$/,
  )
  expect(weakWarning([null, {}], [])).toBeNull()
})
