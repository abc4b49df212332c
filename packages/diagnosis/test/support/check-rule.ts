// The test helper of rules: one call proves that a rule finds, stays silent, says what it misses, and keeps its promises.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { ROOT } from '../../../../test/root.ts'
import { deepFreeze } from '../../../../test/support/deep-freeze.ts'
import type { NextCommand } from '../../src/next-command.ts'
import type { Finding, Verdict, WithAbsent } from '../../src/rule.ts'
import { bytes, error, ms, ns, number, rate, ratio, share } from '../../src/tell.ts'

interface Case<E> {
  readonly name: string
  readonly given: E
}
export interface FoundCase<E, F = Finding> extends Case<E> {
  /** Of the first finding: numbers are compared to six decimals, texts exactly, regular expressions by match; `next` as it would be typed. */
  readonly expect?: { readonly [K in Exclude<keyof F, 'next'>]?: F[K] | RegExp } & { readonly next?: string | null }
}

const SECTIONS = ['## What it means', '## How whyslow knows', '## What to do', '## When not to worry']

/** What is checked of a rule besides its verdicts. */
interface Checkable {
  readonly id: string
  readonly title: string
  readonly needs: readonly PropertyKey[]
}

/** `checkRule` of rules that `run` runs. `wholeMs`: what no saving can be above. */
export const checkerOf =
  <E extends WithAbsent, R extends Checkable, F extends Finding>(
    run: (given: E, rule: R) => readonly Verdict<F>[],
    wholeMs: (given: E) => number | undefined,
  ) =>
  /**
   * Proves a rule: each found case gives a well-formed finding, each clear case none, each missing need is said, the evidence stays
   * as it was, and the page docs/findings/<id>.md stands with its four sections.
   */
  (
    rule: R,
    cases: {
      readonly found: readonly FoundCase<E, F>[]
      readonly clear: readonly Case<E>[]
      readonly notChecked?: readonly Case<E>[]
      readonly doesNotApply?: readonly Case<E>[]
    },
  ): void => {
    const only = (given: E) => run(deepFreeze(given), rule)
    describe(rule.id, () => {
      test.each(cases.found)('finds: $name', ({ given, expect: expected = {} }) => {
        const [verdict] = only(given)
        if (verdict?.verdict !== 'found') throw new Error(`expected a finding, got ${JSON.stringify(verdict)}`)
        checkFinding(verdict.finding, wholeMs(given))
        for (const [key, value] of Object.entries(expected))
          checkField(
            key === 'next' ? verdict.finding.next && inWords(verdict.finding.next) : verdict.finding[key as keyof F],
            value,
            key,
          )
      })
      test.each(cases.clear)('stays silent: $name', ({ given }) => {
        expect(only(given)).toEqual([{ verdict: 'clear', rule: rule.id }])
      })
      test.each(cases.doesNotApply ?? [])('has nothing to be about: $name', ({ given }) => {
        expect(only(given)).toEqual([{ verdict: 'does-not-apply', rule: rule.id }])
      })
      test.each(cases.notChecked ?? [])('cannot tell: $name', ({ given }) => {
        expect(only(given)[0]?.verdict).toBe('not-checked')
      })
      test.each([...rule.needs].map(String))('says that it misses %s', (key) => {
        const { [key as keyof E]: _, ...rest } = cases.found[0]!.given
        const given = { ...rest, absent: { [key]: 'left out' } } as unknown as E
        expect(only(given)).toEqual([{ verdict: 'not-checked', rule: rule.id, reason: 'left out' }])
      })
      test('has an id, a title and a page', () => {
        expect(rule.id).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/)
        expect(rule.title).toMatch(/^[A-Z0-9].*[^.]$/)
        const page = readFileSync(join(ROOT, 'docs/findings', `${rule.id}.md`), 'utf8')
        expect(SECTIONS.filter((section) => !page.includes(section))).toEqual([])
      })
    })
  }

/** The command as it would be typed: 'whyslow fix MODEL -o fast/'. */
const inWords = ({ command, words }: NextCommand): string =>
  ['whyslow', command, ...words.map((word) => (typeof word === 'string' ? word : word.placeholder))].filter(Boolean).join(' ')

function checkFinding(finding: Finding, wholeMs = Number.POSITIVE_INFINITY): void {
  const { title, detail, timeMs, wouldSaveMs, savingUnknown, next } = finding
  expect(title).toMatch(/^[A-Z0-9].*[^.]$/)
  expect(detail).toMatch(/\.$/)
  expect(detail).not.toMatch(/NaN|undefined|Infinity/)
  checkFacts(finding)
  expect(timeMs).toBeGreaterThanOrEqual(0)
  expect(wouldSaveMs ?? 0).toBeGreaterThanOrEqual(0)
  expect(Number.isFinite(timeMs + (wouldSaveMs ?? 0))).toBe(true)
  expect(wouldSaveMs ?? 0).toBeLessThanOrEqual(Math.max(wholeMs, timeMs) + 1e-9)
  expect(savingUnknown === undefined, 'a saving is known, or the finding says why not').toBe(wouldSaveMs !== null)
  if (next !== null)
    expect(inWords(next)).toMatch(
      /^whyslow (MODEL|(lint|generate|embed) MODEL|(fix|quantize) MODEL -o fast\/|fix MODEL -o repaired\.onnx|compare MODEL|explain)( |$)/,
    )
}

/** A number that stands alone: not the 8 of 'int8', not the 0 of 'Conv_0', no version, no line of a file. */
const NUMBERS = /(?<![\w.'/:-])\d+(?:,\d{3})*(?:\.\d+)?(?![\w.'/-]*[\w'/])/g

/** Every number of the sentence is one of its facts, rounded as sentences round. */
function checkFacts({ detail, facts }: Finding): void {
  for (const { name, value, unit } of facts) {
    expect(name).toMatch(/^[A-Za-z][A-Za-z0-9]*(-[A-Za-z0-9]+)*$/)
    expect(unit).toMatch(/^[A-Za-z]+([-/][a-z]+)*$/)
    expect(Number.isFinite(value), `${name} is ${value}`).toBe(true)
  }
  expect(new Set(facts.map(({ name }) => name)).size, 'names of facts').toBe(facts.length)
  const said = facts.flatMap(({ name, value, unit }) =>
    [ms, ns, bytes, share, error, ratio, rate, number].map((say) => say(name, value, unit).detail),
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
  else if (isNumbers(expected) && isNumbers(actual)) {
    expect(Object.keys(actual), key).toEqual(Object.keys(expected))
    for (const [part, value] of Object.entries(expected)) checkField(actual[part], value, `${key}.${part}`)
  } else expect(actual, key).toEqual(expected)
}

const isNumbers = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && Object.values(value).some((one) => typeof one === 'number')
