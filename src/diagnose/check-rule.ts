// The test helper of rules: one call proves that a rule finds, stays silent, says what it misses, and keeps its promises.
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { deepFreeze } from '../../test/support/deep-freeze.ts'
import type { AnalyzedEvidence } from '../analyze/analyzed-evidence.ts'
import { diagnose } from './diagnose.ts'
import type { Finding, Rule } from './rule.ts'
import { bytes, error, ms, ns, number, ratio, share } from './tell.ts'

export * from './example-evidence.ts'

export interface FoundCase {
  readonly name: string
  readonly given: AnalyzedEvidence
  /** Numbers are compared to six decimals, texts exactly, regular expressions by match. */
  readonly expect?: { readonly [K in keyof Finding]?: Finding[K] | RegExp }
}
export interface SilentCase {
  readonly name: string
  readonly given: AnalyzedEvidence
}

const SECTIONS = ['## What it means', '## How whyslow knows', '## What to do', '## When not to worry']

/**
 * Proves a rule: each found case gives a well-formed finding, each clear case none, each missing need is said, the evidence stays
 * as it was, and the page docs/findings/<id>.md stands with its four sections.
 */
export function checkRule<R extends Rule>(
  rule: R,
  cases: {
    readonly found: readonly FoundCase[]
    readonly clear: readonly SilentCase[]
    readonly notChecked?: readonly SilentCase[]
    readonly doesNotApply?: readonly SilentCase[]
  },
): void {
  describe(rule.id, () => {
    test.each(cases.found)('finds: $name', ({ given, expect: expected = {} }) => {
      const [verdict] = diagnose(deepFreeze(given), [rule])
      if (verdict?.verdict !== 'found') throw new Error(`expected a finding, got ${JSON.stringify(verdict)}`)
      checkFinding(verdict.finding, given)
      for (const [key, value] of Object.entries(expected)) checkField(verdict.finding[key as keyof Finding], value, key)
    })
    test.each(cases.clear)('stays silent: $name', ({ given }) => {
      expect(diagnose(deepFreeze(given), [rule])).toEqual([{ verdict: 'clear', rule: rule.id }])
    })
    test.each(cases.doesNotApply ?? [])('has nothing to be about: $name', ({ given }) => {
      expect(diagnose(deepFreeze(given), [rule])).toEqual([{ verdict: 'does-not-apply', rule: rule.id }])
    })
    test.each(cases.notChecked ?? [])('cannot tell: $name', ({ given }) => {
      expect(diagnose(deepFreeze(given), [rule])[0]?.verdict).toBe('not-checked')
    })
    test.each([...rule.needs])('says that it misses %s', (key) => {
      const { [key]: _, ...rest } = cases.found[0]!.given
      const given = { ...rest, absent: { [key]: 'left out' } } as AnalyzedEvidence
      expect(diagnose(given, [rule])).toEqual([{ verdict: 'not-checked', rule: rule.id, reason: 'left out' }])
    })
    test('has an id, a title and a page', () => {
      expect(rule.id).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/)
      expect(rule.title).toMatch(/^[A-Z0-9].*[^.]$/)
      const page = readFileSync(new URL(`../../docs/findings/${rule.id}.md`, import.meta.url), 'utf8')
      expect(SECTIONS.filter((section) => !page.includes(section))).toEqual([])
    })
  })
}

function checkFinding(finding: Finding, given: AnalyzedEvidence): void {
  expect(finding.title).toMatch(/^[A-Z0-9].*[^.]$/)
  expect(finding.detail).toMatch(/\.$/)
  expect(finding.detail).not.toMatch(/NaN|undefined|Infinity/)
  checkFacts(finding)
  expect(finding.timeMs).toBeGreaterThanOrEqual(0)
  expect(finding.wouldSaveMs).toBeGreaterThanOrEqual(0)
  expect(Number.isFinite(finding.timeMs + finding.wouldSaveMs)).toBe(true)
  const p50Ms = given.latency?.p50Ms ?? Number.POSITIVE_INFINITY
  expect(finding.wouldSaveMs).toBeLessThanOrEqual(Math.max(p50Ms, finding.timeMs))
  if (finding.next !== null)
    expect(finding.next).toMatch(/^whyslow (MODEL|lint MODEL|(fix|quantize) MODEL -o fast\/|compare MODEL|machine|explain)( |$)/)
}

/** A number that stands alone: not the 8 of 'int8', not the 0 of 'Conv_0', no version. */
const NUMBERS = /(?<![\w.'/-])\d+(?:,\d{3})*(?:\.\d+)?(?![\w.'/-]*[\w'/])/g

/** Every number of the sentence is one of its facts, rounded as sentences round. */
function checkFacts({ detail, facts }: Finding): void {
  for (const { name, value, unit } of facts) {
    expect(name).toMatch(/^[A-Za-z][A-Za-z0-9]*(-[A-Za-z0-9]+)*$/)
    expect(unit).toMatch(/^[A-Za-z]+(-[a-z]+)*$/)
    expect(Number.isFinite(value), `${name} is ${value}`).toBe(true)
  }
  expect(new Set(facts.map(({ name }) => name)).size, 'names of facts').toBe(facts.length)
  const said = facts.flatMap(({ name, value, unit }) =>
    [ms, ns, bytes, share, error, ratio, number].map((say) => say(name, value, unit).detail),
  )
  const known = new Set(said.flatMap((text) => text.match(NUMBERS) ?? []))
  expect(
    (detail.match(NUMBERS) ?? []).filter((number) => !known.has(number)),
    'numbers of the detail that are no facts',
  ).toEqual([])
}

function checkField(actual: unknown, expected: unknown, key: string): void {
  if (typeof expected === 'number') expect(actual, key).toBeCloseTo(expected, 6)
  else if (expected instanceof RegExp) expect(actual, key).toMatch(expected)
  else expect(actual, key).toEqual(expected)
}
