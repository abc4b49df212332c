// `ab` on scripted programs: what it asks of them, and what it makes of their answers. No process starts.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { type Contestant, ContestantFailed, type Request, type Source } from '../../turns/contestant.ts'
import { encodeValue } from '../../turns/encode-value.ts'
import { ab, chooseOrder } from './ab.ts'
import { comparePrintedLines } from './scripts.ts'

const folder = mkdtempSync(join(tmpdir(), 'whyslow-ab-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const [a, b] = ['old.mjs', 'new.py'].map((name) => join(folder, name)) as [string, string]
for (const file of [a, b]) writeFileSync(file, '')

interface Script {
  readonly ms: number
  readonly gives?: (sample: number) => unknown
  readonly samples?: readonly unknown[]
  readonly stays?: string
  readonly copied?: boolean
  readonly writes?: boolean
  /** Why a model itself answers its second sample. */
  readonly handsBack?: string
  readonly fails?: 'output'
  readonly stages?: readonly string[]
}

async function decided(scripts: readonly [Script, Script], options: Parameters<typeof ab>[1] = {}) {
  const asked: string[] = []
  let alive = 0
  const start = (source: Source): Contestant => {
    const script = scripts[source.file === a && source.instead === undefined ? 0 : 1]
    alive++
    return {
      pid: -1,
      end: async () => void alive--,
      ask: async (request: Request) => {
        asked.push(`${source.language === 'python' ? 'b' : 'a'} ${request.ask}`)
        return answerOf(script, request) as never
      },
    }
  }
  const trials = { alone: <T>(work: () => Promise<T>) => work() }
  const document = await ab([a, b], { start, trials, pairs: 4, ...options }).finally(() => expect(alive).toBe(0))
  return { document, asked }
}

function answerOf(script: Script, request: Request): unknown {
  switch (request.ask) {
    case 'open':
      return {
        runtime: 'Node 20',
        stages: script.stages ?? ['predict'],
        hasSamples: script.samples !== undefined,
        takesSample: true,
        importMs: 1,
        loadMs: null,
        packages: [],
      }
    case 'samples':
      return { samples: script.samples!.map(encodeValue), stays: script.stays ?? null }
    case 'output':
      if (script.fails === 'output')
        throw new ContestantFailed({ kind: 'threw', reason: 'ValueError: bad row', stage: 'predict', sample: 0, line: 7 })
      return {
        value: encodeValue((script.gives ?? ((k) => [k, 1]))(request.sample)),
        timeMs: script.ms,
        ...writing(script),
        ...(request.sample === 1 ? { handedBack: script.handsBack ?? null } : {}),
      }
    case 'time':
      return { passMs: [script.ms * request.order.length] }
    default:
      return {}
  }
}

const writing = ({ writes = false, copied = true }: Script) => ({ wroteInput: writes, copied })

describe('ab', () => {
  test('both are given the samples of the one that has some', async () => {
    const { document, asked } = await decided([{ ms: 4, samples: [1, 2] }, { ms: 2 }])
    expect(document).toMatchObject({
      verdict: 'faster',
      ratio: expect.closeTo(0.5),
      a: { file: a, callMs: expect.closeTo(4) },
      samples: { count: 2, timed: 2, source: 'a' },
      outputs: { agreement: 'identical', samples: 2 },
    })
    expect(document.answer).toContain('new.py is 2.00× faster than old.mjs (2.00×): 2.00 ms instead of 4.00 ms per call.')
    expect(asked.slice(0, 5)).toEqual(['a open', 'b open', 'a samples', 'a give', 'b give'])
    // Every pair has processes of its own, and who begins changes.
    expect(asked.filter((one) => one.endsWith('open')).join(' ')).toBe(
      'a open b open a open b open b open a open a open b open b open a open',
    )
  })

  test('samples that a model itself answers in the second program are a warning', async () => {
    const { document } = await decided([
      { ms: 4, samples: [1, 2], handsBack: 'told of the second alone' },
      { ms: 2, handsBack: 'x has NaN' },
    ])
    expect(document.warnings).toEqual(['the original model answered 1 sample that its replacement does not take: x has NaN'])
    expect(document.outputs).not.toHaveProperty('handedBack')
  })

  test('results that differ are told with their place', async () => {
    const { document } = await decided([
      { ms: 1, samples: ['x'] },
      { ms: 1, gives: () => [0, 2] },
    ])
    expect(document.outputs).toMatchObject({
      agreement: 'different',
      differences: [{ sample: 0, path: '[1]', reason: '1 and 2' }],
    })
    expect(document.verdict).toBe('no-difference')
  })

  test('what changes from call to call is said, and judged by how much', async () => {
    let call = 0
    const noisy = () => [1 + 1e-3 * (call++ % 3)]
    const { document } = await decided([
      { ms: 1, samples: ['x'], gives: noisy },
      { ms: 1, gives: noisy },
    ])
    expect(document.outputs).toMatchObject({ agreement: 'close', repeats: { a: false, b: false } })
  })

  test('a field that varies by itself is named, and excuses no other', async () => {
    let call = 0
    const timed = (rest: object) => () => ({ ...rest, took: { ms: 40.5 / ++call } })
    const decide = (first: object, second: object, options = {}) =>
      decided(
        [
          { ms: 4, samples: [1, 2], gives: timed(first) },
          { ms: 2, gives: timed(second) },
        ],
        options,
      )
    const same = await decide({ label: 'cat', scores: [0.1, 0.9] }, { label: 'cat', scores: [0.1, 0.9] })
    expect(same.document.outputs).toMatchObject({ agreement: 'identical', differingSamples: 0, varying: ['.took.ms'] })
    expect(same.document.answer).toMatch(/the same result, apart from \.took\.ms, which changes from call to call\.$/)
    const wrong = [
      [{ scores: [0.1, 0.9] }, { scores: [0.9, 0.1] }],
      [{ score: 0.5 }, { score: 0.75 }],
      [{ label: 1 }, { label: 2 }],
      [{ label: 'cat' }, { label: 'dog' }],
      [{ isSpam: true }, { isSpam: false }],
      [{ pair: [1e5 + 0.5, 1] }, { pair: [1e5 + 0.5, 2] }],
    ] as const
    for (const [first, second] of wrong)
      expect((await decide(first, second)).document.outputs).toMatchObject({ agreement: 'different', differingSamples: 2 })
  })

  test('a field that first varies at a later sample is found there; whole numbers and texts that vary are differences', async () => {
    let call = 0
    const late = (sample: number) => ({ label: 1, ms: sample === 0 ? 0.5 : 0.5 + ++call / 10 })
    const found = await decided([
      { ms: 1, samples: [1, 2], gives: late },
      { ms: 1, gives: late },
    ])
    expect(found.document.outputs).toMatchObject({ agreement: 'identical', varying: ['.ms'], repeats: { a: false, b: false } })
    for (const varying of [() => ++call, () => `id ${++call}`]) {
      const gives = () => ({ label: 1, of: varying() })
      const { document } = await decided([
        { ms: 1, samples: [1], gives },
        { ms: 1, gives },
      ])
      expect(document.outputs.agreement).toBe('different')
    }
  })

  test('for the proof of a change, scores that vary are a difference', async () => {
    let call = 0
    const gives = () => ({ scores: [1 + 1e-3 * (call++ % 3)] })
    const scripts = [
      { ms: 1, samples: ['x'], gives },
      { ms: 1, gives },
    ] as const
    expect((await decided(scripts)).document.outputs.agreement).toBe('close')
    const { document } = await decided(scripts, { instead: { changed: {}, package: folder } })
    expect(document.outputs).toMatchObject({ agreement: 'different', differingSamples: 1 })
  })

  test('programs that return nothing are not comparable', async () => {
    const { document } = await decided([
      { ms: 1, samples: [1, 2], gives: () => null },
      { ms: 1, gives: () => null },
    ])
    expect(document.outputs).toMatchObject({
      agreement: 'not-comparable',
      notes: ['neither returns anything that can be compared'],
    })
  })

  test('a program that fails is one line with file, line, stage and sample', async () => {
    await expect(
      decided([
        { ms: 1, samples: [1] },
        { ms: 1, fails: 'output' },
      ]),
    ).rejects.toThrow(`${b}:7 (predict, sample 0): ValueError: bad row; nothing is compared`)
  })

  test('without samples it says how to give some', async () => {
    await expect(decided([{ ms: 1 }, { ms: 1 }])).rejects.toThrow('takes a sample, and neither file has samples(); give --data')
  })

  test('samples that would arrive as something else stay where they are', async () => {
    const framed = { ms: 1, samples: [1], stays: 'DataFrame' }
    const { document, asked } = await decided([framed, { ms: 1, samples: [1], writes: true, copied: false }])
    expect(asked.filter((one) => one.endsWith('give'))).toEqual([])
    expect(document.samples.source).toBe('own')
    expect(document.warnings).toEqual([
      'the samples cannot be passed from one program to the other unchanged (DataFrame): each program uses its own, in their order',
      expect.stringMatching(/new\.py writes into its sample; it is of a kind that is not copied, so that each call finds what/),
    ])
  })

  test('without samples of its own, the other program is named', async () => {
    await expect(decided([{ ms: 1, samples: [1], stays: 'DataFrame' }, { ms: 1 }])).rejects.toThrow(
      /old\.mjs: samples\(\) returns values that cannot be passed to .*new\.py unchanged \(DataFrame\); add samples\(\) to that, too, or give --data/,
    )
  })

  test('a script beside a program cannot be compared', async () => {
    await expect(decided([{ ms: 1, stages: [] }, { ms: 1 }])).rejects.toThrow('has no predict function')
  })

  test.each([
    ['gone.py', 'there is no such file'],
    [folder, 'not a program that is run here'],
  ])('%s is refused', async (file, reason) => {
    await expect(ab([file, b])).rejects.toThrow(reason)
  })
})

test('as many samples are timed as make a quick pass, spread evenly', () => {
  expect(chooseOrder([1, 1, 1])).toEqual([0, 1, 2])
  expect(chooseOrder(Array(10).fill(30))).toEqual([0, 3, 6])
  expect(chooseOrder([5000, 5000])).toEqual([0])
})

describe('what scripts print', () => {
  test('is compared line by line, numbers as numbers; what varies from run to run is left out', () => {
    const found = comparePrintedLines(
      ['sum 1.0000001\ntook 3 s', 'sum 1.0000001\ntook 4 s'],
      ['sum 1.0\ntook 2 s', 'sum 1.0\ntook 1 s'],
      null,
    )
    expect(found).toMatchObject({ agreement: 'close', numbers: 1, differing: 1, differences: [] })
    expect(found.notes).toEqual(['1 of 2 printed lines change from run to run, and are not compared'])
  })

  test('cannot be compared where neither prints anything', () => {
    expect(comparePrintedLines(['', '\n'], [''], null)).toMatchObject({
      agreement: 'not-comparable',
      notes: ['neither prints anything'],
    })
  })

  test('numbers of a line are compared each by itself, and may be too large for any', () => {
    expect(comparePrintedLines(['max 1e999 3'], ['max 1e999 3'], null)).toMatchObject({ agreement: 'identical', numbers: 2 })
    expect(comparePrintedLines(['1000 of 0.001'], ['1000 of 0.002'], null).agreement).toBe('different')
    expect(comparePrintedLines(['1 2'], ['1'], null).agreement).toBe('different')
  })

  test('differs where a word or a line does', () => {
    expect(comparePrintedLines(['a\nb'], ['a\nc'], null).differences).toEqual([
      { sample: 0, path: 'line 2', reason: "'b' and 'c'" },
    ])
    expect(comparePrintedLines(['a'], ['a\nb'], null).agreement).toBe('different')
  })
})
