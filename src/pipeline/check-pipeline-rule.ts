// The test helper of rules of pipelines: one call proves that a rule finds, stays silent, says what it misses, and keeps its promises.
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { bytes, error, ms, ns, number, ratio, share } from '../diagnose/tell.ts'
import { diagnosePipeline, type PipelineFinding } from './diagnose.ts'
import type { PipelineEvidence } from './evidence.ts'
import type { PipelineRule } from './rule.ts'

export * from './example-pipeline.ts'

export interface PipelineFoundCase {
  readonly name: string
  readonly given: PipelineEvidence
  /** Of the first finding: numbers are compared to six decimals, texts exactly, regular expressions by match. */
  readonly expect?: { readonly [K in keyof PipelineFinding]?: PipelineFinding[K] | RegExp }
}
export interface PipelineSilentCase {
  readonly name: string
  readonly given: PipelineEvidence
}

const SECTIONS = ['## What it means', '## How whyslow knows', '## What to do', '## When not to worry']

export function checkPipelineRule(
  rule: PipelineRule,
  cases: {
    readonly found: readonly PipelineFoundCase[]
    readonly clear: readonly PipelineSilentCase[]
    readonly doesNotApply?: readonly PipelineSilentCase[]
    readonly notChecked?: readonly PipelineSilentCase[]
  },
): void {
  describe(rule.id, () => {
    test.each(cases.found)('finds: $name', ({ given, expect: expected = {} }) => {
      const [verdict] = diagnosePipeline(given, [rule])
      if (verdict?.verdict !== 'found') throw new Error(`expected a finding, got ${JSON.stringify(verdict)}`)
      checkFinding(verdict.finding, given)
      for (const [key, value] of Object.entries(expected)) {
        const actual = verdict.finding[key as keyof PipelineFinding]
        if (typeof value === 'number') expect(actual, key).toBeCloseTo(value, 6)
        else if (value instanceof RegExp) expect(actual, key).toMatch(value)
        else expect(actual, key).toEqual(value)
      }
    })
    test.each(cases.clear)('stays silent: $name', ({ given }) => {
      expect(diagnosePipeline(given, [rule])).toEqual([{ verdict: 'clear', rule: rule.id }])
    })
    test.each(cases.doesNotApply ?? [])('has nothing to be about: $name', ({ given }) => {
      expect(diagnosePipeline(given, [rule])).toEqual([{ verdict: 'does-not-apply', rule: rule.id }])
    })
    test.each(cases.notChecked ?? [])('cannot tell: $name', ({ given }) => {
      expect(diagnosePipeline(given, [rule])[0]?.verdict).toBe('not-checked')
    })
    test.each([...rule.needs])('says that it misses %s', (key) => {
      const { [key]: _, ...rest } = cases.found[0]!.given
      const given = { ...rest, absent: { [key]: 'left out' } } as PipelineEvidence
      expect(diagnosePipeline(given, [rule])).toEqual([{ verdict: 'not-checked', rule: rule.id, reason: 'left out' }])
    })
    test('has an id, a title and a page', () => {
      expect(rule.id).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/)
      expect(rule.title).toMatch(/^[A-Z0-9].*[^.]$/)
      const page = readFileSync(new URL(`../../docs/findings/${rule.id}.md`, import.meta.url), 'utf8')
      expect(SECTIONS.filter((section) => !page.includes(section))).toEqual([])
    })
  })
}

/** A number that stands alone: not of a name, a version, a place. */
const NUMBERS = /(?<![\w.'/:-])\d+(?:,\d{3})*(?:\.\d+)?(?![\w.'/-]*[\w'/])/g

function checkFinding(finding: PipelineFinding, { latency }: PipelineEvidence): void {
  expect(finding.title).toMatch(/^[A-Z0-9].*[^.]$/)
  expect(finding.detail).toMatch(/\.$/)
  expect(finding.detail).not.toMatch(/NaN|undefined|Infinity/)
  expect(finding.wouldSaveMs).toBeGreaterThanOrEqual(0)
  expect(finding.timeMs).toBeGreaterThanOrEqual(0)
  expect(finding.wouldSaveMs).toBeLessThanOrEqual(Math.max(latency.p50Ms, finding.timeMs) + 1e-9)
  const said = finding.facts.flatMap(({ name, value, unit }) =>
    [ms, ns, bytes, share, error, ratio, number].map((say) => say(name, value, unit).detail),
  )
  const known = new Set(said.flatMap((text) => text.match(NUMBERS) ?? []))
  const numbers = finding.detail.match(NUMBERS) ?? []
  expect(
    numbers.filter((one) => !known.has(one)),
    'numbers of the detail that are no facts',
  ).toEqual([])
}
