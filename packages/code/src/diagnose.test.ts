import { expect, test } from 'vitest'
import { exampleLine, exampleLoop, examplePattern, examplePipeline } from '../test/support/example-pipeline.ts'
import { diagnosePipeline } from './diagnose.ts'
import type { Replacement } from './evidence.ts'
import { scalarLoop } from './rules/scalar-loop.ts'

const given = {
  language: 'python' as const,
  lines: [exampleLine({ selfMs: 5 })],
  loops: [exampleLoop()],
  patterns: [examplePattern({ pattern: 'elementwise-loop' })],
}
/** Four times as fast in turns, on a machine that ran at half the pace. */
const replacement = (place: { readonly file: string; readonly line: number }) =>
  ({
    ...place,
    rule: 'scalar-loop',
    beforeMs: 10,
    afterMs: 2.5,
    factor: 4,
    factorLow: 3,
    factorHigh: 5,
  }) as unknown as Replacement

test('a replacement that was timed beside a place saves its share of the time of that place', () => {
  const [untried] = diagnosePipeline(examplePipeline(given), [scalarLoop])
  if (untried?.verdict !== 'found') throw new Error('expected a finding')
  const [place] = untried.finding.places
  const [measured] = diagnosePipeline(examplePipeline({ ...given, replacements: [replacement(place!)] }), [scalarLoop])
  expect(measured).toMatchObject({ verdict: 'found', finding: { timeMs: 5, wouldSaveMs: 3.75, basis: 'measured' } })
  expect(measured).not.toHaveProperty('finding.savingUnknown')
  const elsewhere = replacement({ file: place!.file, line: place!.line! + 1 })
  const [other] = diagnosePipeline(examplePipeline({ ...given, replacements: [elsewhere] }), [scalarLoop])
  expect(other).toMatchObject({
    finding: { wouldSaveMs: null, savingUnknown: 'nothing was run in its place', replacement: null },
  })
})
