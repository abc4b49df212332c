import { readFileSync } from 'node:fs'
import picocolors from 'picocolors'
import { describe, expect, test } from 'vitest'
import type { ReportDocument } from '../documents/report.ts'
import type { ReportFix } from '../documents/report-fix.ts'
import type { TrialRow } from '../documents/trial-row.ts'
import { renderFix, trialLines } from './trials.ts'
import { cells } from './wrap.ts'

const plain = picocolors.createColors(false)
const coloured = picocolors.createColors(true)
// biome-ignore lint/suspicious/noControlCharactersInRegex: colours are what is taken off
const withoutColour = (text: string) => text.replace(/\u001b\[\d+m/g, '')

const faster: TrialRow = {
  remedies: ['thread-count'],
  name: 'thread-count 1',
  outcome: 'faster',
  kept: true,
  reason: 'outputs equal bit for bit',
  beforeMs: 10,
  afterMs: 4,
  speedup: 2.5,
  speedupLow: 2.41,
  speedupHigh: 2.62,
  pairs: 3,
  predictedSpeedup: null,
  lookedSpeedup: null,
  refused: null,
  took: null,
  changes: ['one thread'],
  agreement: null,
  sizeBytes: 1000,
  peakBytes: null,
}
const looked: TrialRow = {
  ...faster,
  name: 'spinning',
  outcome: 'no-difference',
  kept: false,
  reason: 'no gain in a first look (0.99×)',
  beforeMs: null,
  afterMs: null,
  speedup: null,
  speedupLow: null,
  speedupHigh: null,
  pairs: null,
}
const line = (trial: TrialRow) => trialLines(trial, 200, plain).join('\n')

describe('the line of a trial', () => {
  test.each<[string, TrialRow, string]>([
    ['kept', faster, '+ thread-count 1: 10.0 ms to 4.00 ms, 2.4–2.6×, kept, outputs equal bit for bit'],
    [
      'faster by itself only',
      { ...faster, kept: false, reason: 'faster by itself, but the last proof failed: it did not end within 5 s' },
      '- thread-count 1: 10.0 ms to 4.00 ms, 2.4–2.6×, not kept, faster by itself, but the last proof failed: it did not end within 5 s',
    ],
    [
      'weak',
      {
        ...faster,
        reason: 'cosine 0.999, within --max-loss 0.01',
        agreement: {
          maxAbs: 0.01,
          cosine: 0.999,
          sqnrDb: 30,
          equal: false,
          top1: null,
          metric: null,
          weak: [{ output: 'y', why: 'finds nothing: its largest score is 0.003' }],
        },
      },
      '+ thread-count 1: 10.0 ms to 4.00 ms, 2.4–2.6×, kept, cosine 0.999, within --max-loss 0.01, weak comparison',
    ],
    ['looked at only', looked, '- spinning: not kept, no gain in a first look (0.99×)'],
    ['wrong', { ...looked, outcome: 'rejected', reason: 'outputs differ' }, '! spinning: rejected, outputs differ'],
    [
      'crashed',
      { ...looked, outcome: 'failed', reason: 'the engine’s process ended by SIGSEGV' },
      '! spinning: failed, the engine’s process ended by SIGSEGV',
    ],
    [
      'slower',
      { ...faster, kept: false, outcome: 'slower', reason: null, speedupLow: 0.7, speedupHigh: 0.8 },
      '- thread-count 1: 10.0 ms to 4.00 ms, 0.700–0.800×, slower',
    ],
    [
      'without times, as for sizes',
      { ...faster, beforeMs: null, afterMs: null, reason: null },
      '+ thread-count 1: 2.4–2.6×, kept',
    ],
  ])('%s', (_, trial, text) => {
    expect(line(trial)).toBe(text)
  })

  test('shows no interval of two pairs', () => {
    expect(line({ ...faster, pairs: 2 })).toBe('+ thread-count 1: 10.0 ms to 4.00 ms, kept, outputs equal bit for bit')
  })

  test('stays within the width, later lines under the first', () => {
    const long = { ...looked, reason: `nothing is left to change after ${'remedy-with-a-name '.repeat(12)}` }
    for (const width of [40, 80]) {
      const lines = trialLines(long, width, plain)
      expect(lines.length).toBeGreaterThan(2)
      expect(lines.filter((text) => cells(text) > width)).toEqual([])
      expect(lines.slice(1).filter((text) => !text.startsWith('  '))).toEqual([])
    }
  })

  test('colour adds nothing but colour, and nothing in a reason steers the terminal', () => {
    const hostile = { ...looked, outcome: 'failed' as const, reason: 'bad\u001b[2J name\r\nend' }
    const text = trialLines(hostile, 80, coloured).join('\n')
    expect(withoutColour(text)).toBe(trialLines(hostile, 80, plain).join('\n'))
    expect(withoutColour(text)).toBe('! spinning: failed, bad?[2J name end')
  })
})

const cnn = JSON.parse(readFileSync(new URL('../../../../fixtures/reports/cnn.json', import.meta.url), 'utf8')) as ReportDocument
const fixed = (fix: Partial<ReportFix> = {}, rest: Partial<ReportDocument> = {}): ReportDocument => ({
  ...cnn,
  answer:
    'Latency per prediction: 41.3 ms to 14.9 ms (2.6–2.9×), outputs equal to 1e-5. Changes: 12 batch normalizations folded, one thread.',
  trials: [faster, looked],
  fix: {
    goal: 'latency',
    unit: 'ms',
    before: 41.3,
    after: 14.9,
    speedup: 2.77,
    speedupLow: 2.6,
    speedupHigh: 2.9,
    proven: true,
    kept: ['thread-count 1'],
    changes: ['one thread'],
    outputs: 'outputs equal to 1e-5',
    untried: [],
    shipped: 'fast/',
    machineBound: false,
    ...fix,
  },
  ...rest,
})
const drawn = (doc: ReportDocument, width = 80) => renderFix(doc, { width, colour: false })

describe('the end of fix', () => {
  test('is the sentence, where the folder lies, and what outputs were compared on', () => {
    expect(drawn(fixed())).toBe(
      [
        'Latency per prediction: 41.3 ms to 14.9 ms (2.6–2.9×), outputs equal to 1e-5.',
        'Changes: 12 batch normalizations folded, one thread.',
        '',
        'Written: fast/ (predict.mjs, options.json, README.md, report.json)',
        '',
        'Compared on synthetic inputs (images). To prove it on your own: --data PATH',
        '',
      ].join('\n'),
    )
  })

  test('says what no time was left for, that it is bound to the machine, and what to know besides', () => {
    const doc = fixed(
      { untried: ['spinning', 'memory-arena'], machineBound: true, shipped: null },
      { warnings: ['the disk is slow'] },
    )
    const text = drawn(doc)
    expect(text).toContain('\n\nNo time was left for: spinning, memory-arena. Give more: --budget 5m\n')
    expect(text).toContain('\n\nThe model is optimized for this machine: run whyslow fix again on others.\n')
    expect(text).toContain('\n\nWarning: the disk is slow\n')
    expect(text).not.toContain('Written')
    for (const word of ['No time', 'optimized for', 'Warning']) expect(drawn(fixed())).not.toContain(word)
  })

  test('says what int8 would give where it was not to be tried, and how to have it tried', () => {
    const next = 'whyslow fix m.onnx -o fast/ --max-loss 0.01 --data SAMPLES'
    expect(drawn(fixed({ int8: { timed: 9, faster: 7, savingMs: 3.2, next } }))).toContain(
      [
        '',
        'int8 was not tried, since it changes outputs. Timed alone, 7 of 9 operators',
        '  would take 3.20 ms less in it, conversions at its borders included. To have it',
        '  tried:',
        `  ${next}`,
        '',
      ].join('\n'),
    )
    const none = drawn(fixed({ int8: { timed: 9, faster: 0, savingMs: 0, next } }))
    expect(none).toContain('Timed alone, none of 9 operators')
    expect(none).not.toContain('--max-loss')
  })

  test('says what serves best, what the others hold, and why they were not taken', () => {
    const found = (ratePerSecond: number) => ({
      ratePerSecond,
      low: 0.9 * ratePerSecond,
      high: 1.1 * ratePerSecond,
      confirmed: 5,
    })
    const one = { workers: 2, threads: 1, maxBatch: 1, answersPerSecond: 500, found: found(300), why: null }
    const tried = [
      one,
      { ...one, maxBatch: 8, found: found(310), why: 'at 62 requests/s answers come later than one by one' },
      { ...one, workers: 1, found: null, why: 'another set-up answers more' },
    ]
    const text = renderFix(fixed({ serving: { objective: 'p99<20ms', best: 0, tried } }), { width: 120, colour: false })
    expect(text).toContain('Served with 2 workers × 1 thread, 300 requests/s (270–330) hold p99<20ms.')
    expect(text).toContain('2 workers × 1 thread: answers 500 a second at most; holds 300 requests/s\n')
    expect(text).toMatch(
      /up to 8 rows together: .* holds 310 requests\/s; at 62 requests\/s\s+answers come later than one by one/,
    )
    expect(text).toContain('1 worker × 1 thread: answers 500 a second at most; another set-up answers more')
  })

  test('says what is not confirmed, and what is served without a rate', () => {
    const found = { ratePerSecond: 300, low: 270, high: 330, confirmed: 0 }
    const cut = 'not confirmed: the time was used up'
    const one = { workers: 2, threads: 1, maxBatch: 1, answersPerSecond: 500, found, why: cut }
    const serving = (row: typeof one | (Omit<typeof one, 'found'> & { found: null })) =>
      renderFix(fixed({ serving: { objective: 'p99<20ms', best: 0, tried: [row] } }), { width: 160, colour: false })
    expect(serving(one)).toContain(`Served with 2 workers × 1 thread, 300 requests/s (270–330) held p99<20ms, ${cut}.`)
    expect(serving(one)).toContain(`held in short runs 300 requests/s; ${cut}`)
    expect(serving({ ...one, found: null })).toContain(
      `Served with 2 workers × 1 thread, which does best in short runs; no rate is known to hold p99<20ms: ${cut}.`,
    )
  })

  test('says nothing of synthetic inputs where the inputs are the user’s, or nothing was compared', () => {
    const own = cnn.model!.inputs.map((input) => ({ ...input, source: 'data' as const }))
    expect(drawn(fixed({}, { model: { ...cnn.model!, inputs: own } }))).not.toContain('synthetic')
    expect(drawn(fixed({ proven: false, kept: [], shipped: null }, { trials: [] }))).not.toContain('synthetic')
  })

  test.each([40, 57, 80, 132])('stays within %d columns', (width) => {
    const names = Array.from({ length: 30 }, (_, k) => `remedy-number-${k} variant`)
    const doc = fixed(
      {
        untried: names,
        int8: { timed: 9, faster: 7, savingMs: 3.2, next: 'whyslow fix m.onnx -o fast/' },
        shipped: `/home/someone/${'a-folder/'.repeat(20)}fast`,
        machineBound: true,
      },
      { warnings: [`the output '${'layer/'.repeat(30)}' holds NaN`], answer: `${cnn.answer} ${names.join(', ')}` },
    )
    expect(
      drawn(doc, width)
        .split('\n')
        .filter((text) => cells(text) > width),
    ).toEqual([])
    expect(withoutColour(renderFix(doc, { width, colour: true }))).toBe(drawn(doc, width))
  })
})
