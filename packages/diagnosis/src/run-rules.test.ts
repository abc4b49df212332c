import { expect, test } from 'vitest'
import { definerOf, type Finding, type Rule, type Verdict, type WithAbsent } from './rule.ts'
import { rank, runRules } from './run-rules.ts'

interface Evidence extends WithAbsent {
  readonly latency?: number
  readonly model?: string
  readonly threadSweep?: readonly number[]
}
const defineRule = definerOf<Evidence>()
const given: Evidence = { latency: 10, model: 'a model', absent: {} }

const found = { detail: 'Why.', facts: [], timeMs: 2, wouldSaveMs: 1, basis: 'modelled', nodes: [], next: null } as const
const about = { area: 'software', title: 'A title' } as const

test('a rule is given what it declares and no more', () => {
  let keys: string[] = []
  const rule: Rule<Evidence> = defineRule({
    ...about,
    id: 'nosy',
    needs: ['latency'],
    wants: ['model', 'threadSweep'],
    check(declared) {
      keys = Object.keys(declared).filter((key) => declared[key as keyof typeof declared] !== undefined)
      return 'clear'
    },
  })
  expect(runRules([rule], given)).toEqual([{ verdict: 'clear', rule: 'nosy' }])
  expect(keys.sort()).toEqual(['latency', 'model'])
})

test('missing evidence is said with its reason, or by its name', () => {
  const rule = defineRule({ ...about, id: 'needy', needs: ['latency', 'threadSweep'], check: () => 'clear' })
  expect(runRules([rule], given)).toEqual([{ verdict: 'not-checked', rule: 'needy', reason: 'no threadSweep in the evidence' }])
  const explained = { ...given, absent: { threadSweep: 'left out by --quick' } }
  expect(runRules([rule], explained)).toEqual([{ verdict: 'not-checked', rule: 'needy', reason: 'left out by --quick' }])
})

test('why wanted evidence is missing is told instead of the reason, where it is known', () => {
  const rule = defineRule({
    ...about,
    id: 'wanting',
    needs: ['latency'],
    wants: ['threadSweep'],
    check: () => ({ notChecked: 'no sweep', missing: 'threadSweep' }),
  })
  expect(runRules([rule], given)).toEqual([{ verdict: 'not-checked', rule: 'wanting', reason: 'no sweep' }])
  const explained = { ...given, absent: { threadSweep: 'left out by --quick' } }
  expect(runRules([rule], explained)).toEqual([{ verdict: 'not-checked', rule: 'wanting', reason: 'left out by --quick' }])
})

test('one rule that throws is one failed row', () => {
  const rules: Rule<Evidence>[] = [
    defineRule({
      ...about,
      id: 'broken',
      needs: ['latency'],
      check() {
        throw new Error('division by a node')
      },
    }),
    defineRule({ ...about, id: 'sound', needs: ['latency'], check: () => found }),
    defineRule({ ...about, id: 'unsure', needs: ['latency'], check: () => ({ notChecked: 'too noisy' }) }),
  ]
  expect(runRules(rules, given)).toEqual([
    { verdict: 'failed', rule: 'broken', reason: 'division by a node' },
    { verdict: 'found', rule: 'sound', finding: { ...found, ...about, rule: 'sound', places: [] } },
    { verdict: 'not-checked', rule: 'unsure', reason: 'too noisy' },
  ])
})

test('a rule whose cause another one found is not listed as fine; without that one, or with another verdict, it is', () => {
  const rule = (id: string, outcome: ReturnType<Rule<Evidence>['check']>, coveredBy?: readonly string[]) =>
    defineRule({ ...about, id, needs: ['latency'], check: () => outcome, ...(coveredBy === undefined ? {} : { coveredBy }) })
  const kept = (...rules: Rule<Evidence>[]) => runRules(rules, given).map(({ rule, verdict }) => `${rule} ${verdict}`)
  expect(kept(rule('part', 'clear', ['whole']), rule('whole', found))).toEqual(['whole found'])
  expect(kept(rule('part', 'clear', ['whole']), rule('whole', 'clear'))).toEqual(['part clear', 'whole clear'])
  expect(kept(rule('part', found, ['whole']), rule('whole', found))).toEqual(['part found', 'whole found'])
})

test("a finding's own title and area come before the rule's", () => {
  const rule = defineRule({
    ...about,
    id: 'own',
    needs: ['latency'],
    check: () => ({ ...found, title: 'Its own', area: 'hardware' }),
  })
  expect(runRules([rule], given)[0]).toMatchObject({ finding: { title: 'Its own', area: 'hardware' } })
})

test('findings are ranked by saving, notes follow by time', () => {
  const verdict = (rule: string, wouldSaveMs: number, timeMs: number): Verdict => ({
    verdict: 'found',
    rule,
    finding: { ...found, ...about, rule, wouldSaveMs, timeMs, places: [] } satisfies Finding,
  })
  const ranked = rank([
    verdict('short note', 0, 1),
    verdict('small', 1, 9),
    { verdict: 'clear', rule: 'clear' },
    verdict('long note', 0, 5),
    verdict('large', 3, 3),
  ])
  expect(ranked.map(({ rule }) => rule)).toEqual(['large', 'small', 'long note', 'short note'])
})

test('an unknown saving ranks by the time, after a known one of that size', () => {
  const verdict = (rule: string, wouldSaveMs: number | null, timeMs: number): Verdict => ({
    verdict: 'found',
    rule,
    finding: {
      ...found,
      ...about,
      rule,
      wouldSaveMs,
      timeMs,
      places: [],
      ...(wouldSaveMs === null ? { savingUnknown: 'why' } : {}),
    },
  })
  const ranked = rank([
    verdict('note', 0, 9),
    verdict('unknown 3', null, 3),
    verdict('saves 2', 2, 8),
    verdict('saves 2.73', 2.73, 3),
    verdict('saves 2.67', 2.67, 3),
    verdict('saves 4', 4, 5),
    verdict('unknown, of no time', null, 0),
  ])
  expect(ranked.map(({ rule }) => rule)).toEqual([
    'saves 4',
    'saves 2.73',
    'unknown 3',
    'saves 2.67',
    'saves 2',
    'note',
    'unknown, of no time',
  ])
})

test('an unknown saving with a bound ranks by that, and one timed with another cure in place stands behind it', () => {
  const verdict = (rule: string, wouldSaveMs: number | null, more: Partial<Finding> = {}): Verdict => ({
    verdict: 'found',
    rule,
    finding: { ...found, ...about, rule, wouldSaveMs, timeMs: 9, places: [], ...more },
  })
  const order = (...all: Verdict[]) => rank(all).map(({ rule }) => rule)
  const gradients = verdict('gradients', null, { atMostMs: 0.5 })
  expect(order(gradients, verdict('saves 1', 1))).toEqual(['saves 1', 'gradients'])
  const compile = verdict('compile', 4, { after: ['gradients', 'training'] })
  const threads = verdict('threads', 3, { after: ['gradients', 'training'] })
  const json = verdict('json', 6)
  expect(order(threads, compile, gradients, json)).toEqual(['json', 'gradients', 'compile', 'threads'])
  expect(order(compile, verdict('training', 1), gradients)).toEqual(['training', 'gradients', 'compile'])
  // A cure that was timed and can save next to nothing does not stand before what saves, unless results are other without it.
  expect(order(compile, verdict('gradients', null, { atMostMs: 0 }))).toEqual(['compile', 'gradients'])
  expect(order(compile, verdict('gradients', null, { atMostMs: 0.1 }))).toEqual(['compile', 'gradients'])
  expect(order(compile, verdict('gradients', null))).toEqual(['gradients', 'compile'])
  const eager = verdict('eager', 4, { after: ['training-mode'] })
  expect(order(eager, verdict('training-mode', null, { atMostMs: 0 }))).toEqual(['training-mode', 'eager'])
  // What is surely no gain is a note, and stays behind.
  expect(order(compile, verdict('gradients', 0))).toEqual(['compile', 'gradients'])
})

test('a rule gives a finding for each place: of two at one place the larger, and none is clear', () => {
  const at = (line: number, wouldSaveMs: number | null) => ({
    ...found,
    wouldSaveMs,
    places: [{ file: 'a.py', line, function: null }],
  })
  const several = (all: readonly ReturnType<typeof at>[]) =>
    runRules([defineRule({ ...about, id: 'several', needs: [], check: () => all })], given)
  expect(several([])).toEqual([{ verdict: 'clear', rule: 'several' }])
  const places = several([at(1, 1), at(2, 1), at(1, null)]).map((one) => one.verdict === 'found' && one.finding.wouldSaveMs)
  // An unknown saving counts by its 2 ms.
  expect(places).toEqual([null, 1])
})
