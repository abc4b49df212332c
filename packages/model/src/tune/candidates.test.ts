import { expect, test } from 'vitest'
import { exampleEvidence, exampleRemedy } from '../../test/support/tune/example-bench.ts'
import { original } from '../../test/support/tune/example-search.ts'
import { shownAlone } from './candidates.ts'

test.each([
  // Of 10 ms: 0.5 is a twentieth.
  [0.49, false],
  [0.51, true],
])('operators alone that save %d ms of 10 at least: judged without a first look %s', (low, isShown) => {
  const proposal = { variant: '', setup: original, changes: [], predictedSavingMs: null }
  const candidate = { remedy: exampleRemedy('a', { kind: 'rewrite' }), proposal }
  const alone = new Map([['a', { ms: 1, low, high: 2 }]])
  expect(shownAlone([candidate], exampleEvidence({ alone }), 10).has(candidate)).toBe(isShown)
})
