// What a check decides on scripted readings. Baseline 10 ms in every round, the model a given multiple of it.
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { block, type MachineScript, MODEL, scriptedMachine } from '@whyslow/command/support/example-trials.ts'
import { failed, measured } from '@whyslow/measure/support/trials/example-runner.ts'
import type { LatencyInput } from '@whyslow/measure/timing/latency-block.ts'
import type { SetupRun } from '@whyslow/measure/timing/rounds.ts'
import type { LatencyBlock } from '@whyslow/measure/timing/types.ts'
import { decide } from '@whyslow/report/documents/check.ts'
import { checkAnswer, renderCheck } from '@whyslow/report/text/verdict-text.ts'
import { afterAll, describe, expect, test } from 'vitest'
import { check, isClear } from './check.ts'
import { why } from './why.ts'

const runs = (...p50s: number[]): SetupRun => ({
  blocks: p50s.map((p50Ms) => ({ p50Ms, handoffBeforeNs: null, handoffAfterNs: null }) as LatencyBlock),
  failure: null,
})
const base = (rounds: number) => runs(...Array.from({ length: rounds }, () => 10))

describe('the decision', () => {
  test.each([
    [1.2, 1.3, 'above'],
    [0.9, 1.1, 'within'],
    [0.9, 1.05, 'within'],
    [1.05, 1.15, 'unclear'],
    [1.1, 1.2, 'unclear'],
  ] as const)('%d to %d beside 1.1 is %s', (ratioLow, ratioHigh, verdict) => {
    expect(decide({ ratioLow, ratioHigh }, 1.1)).toBe(verdict)
  })
})

describe('when it is clear', () => {
  test('steady readings end it after the least rounds, on either side', () => {
    expect(isClear([base(5), runs(13, 13.1, 13, 12.9, 13)], 5, 1.1)).toBe(true)
    expect(isClear([base(5), runs(10, 10.1, 10, 9.9, 10)], 5, 1.1)).toBe(true)
  })

  test('not before, not on the limit, not while they scatter', () => {
    expect(isClear([base(4), runs(13, 13, 13, 13)], 5, 1.1)).toBe(false)
    expect(isClear([base(5), runs(11, 11.1, 10.9, 11, 11)], 5, 1.1)).toBe(false)
    // 0.8 to 2 times.
    expect(isClear([base(5), runs(8, 20, 12, 9, 16)], 5, 1.1)).toBe(false)
  })

  test('a side that failed ends it', () => {
    expect(isClear([base(1), { blocks: [null], failure: { outcome: 'crashed', reason: 'x' } }], 5, 1.1)).toBe(true)
  })
})

describe('what it says', () => {
  const side = (file: string, p50Ms: number) => ({ file, p50Ms, ciLowMs: p50Ms * 0.99, ciHighMs: p50Ms * 1.01 })
  const document = (ratio: number, verdict: 'within' | 'above' | 'unclear', paired = true) => {
    const facts = {
      schema: 'whyslow-check/1' as const,
      tool: { version: '0.0.0' },
      createdAt: '2026-01-15T09:30:00.000Z',
      verdict,
      failAbove: 1.1,
      ratio,
      ratioLow: ratio * 0.97,
      ratioHigh: ratio * 1.03,
      rounds: paired ? 6 : null,
      model: side('new/model.onnx', 10 * ratio),
      baseline: { ...side('old/model.onnx', 10), paired },
      warnings: ['a warning'],
    }
    return { ...facts, answer: checkAnswer(facts) }
  }
  const text = (...of: Parameters<typeof document>) =>
    renderCheck(document(...of), { width: 80, colour: false }).replace(/\s+/g, ' ')

  test('the ratio, its interval, and the limit', () => {
    expect(text(1.3, 'above')).toContain('new/model.onnx takes 1.30× (1.26–1.34×) the time of old/model.onnx: above 1.1×.')
    expect(text(1, 'within')).toContain('within 1.1×.')
    expect(text(1, 'within')).toContain('Warning: a warning')
  })

  test('unclear is said, with what would help', () => {
    expect(text(1.1, 'unclear')).toMatch(
      /inconclusive, because the confidence interval includes 1\.1; not treated as a failure\..*--runs 30/,
    )
  })

  test('a report is called another run', () => {
    expect(text(1, 'within', false)).toContain('the intervals of two separate runs')
  })
})

test('one thing to compare with, and not itself', async () => {
  await expect(check('m.onnx')).rejects.toThrow(/give --baseline base\.onnx, or --against report\.json/)
  await expect(check('m.onnx', { baseline: 'b.onnx', against: 'r.json' })).rejects.toThrow(/compares with one thing/)
  await expect(check('m.onnx', { baseline: 'm.onnx' })).rejects.toThrow(/its own baseline/)
  await expect(check('m.onnx', { against: 'not-there.json' })).rejects.toThrow(/--against not-there\.json: no such file/)
})

describe('on a scripted machine', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'test-whyslow-check-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  const base = path.join(folder, 'base.onnx')
  copyFileSync(MODEL, base)
  const times = (ofBase: number, own: number) =>
    scriptedMachine({ latency: ({ modelFile }) => (modelFile === base ? ofBase : own) })

  test('both take turns; a steady ratio ends it after the least rounds', async () => {
    const trials = times(2, 3)
    const found = await check(MODEL, { baseline: base, trials })
    expect(found).toMatchObject({
      verdict: 'above',
      ratio: 1.5,
      rounds: 5,
      model: { p50Ms: 3 },
      baseline: { p50Ms: 2, paired: true },
    })
    const files = trials.asked.filter(({ task }) => task === 'latency').map(({ input }) => (input as LatencyInput).modelFile)
    expect(files.slice(0, 4)).toEqual([base, MODEL, MODEL, base])
    expect((await check(MODEL, { baseline: base, trials: times(2, 2) })).verdict).toBe('within')
  })

  test('a percentile and a throughput decide instead of the median', async () => {
    const trials = times(2, 2)
    const of = (options: object) => check(MODEL, { baseline: base, trials: times(2, 3), ...options })
    const p99 = await of({ percentile: 0.99, rounds: 8 })
    expect(p99).toMatchObject({ verdict: 'above', ratio: 1.5, judged: { statistic: 'p99', samples: 700, leastSamples: 662 } })
    expect(p99.judged!.ratioLow).toBeGreaterThan(1.4)
    expect(p99.answer).toMatch(/^The p99 of symbolic-batch\.onnx is 1\.50× .* that of base\.onnx: above 1\.1×\.$/)
    expect(renderCheck(p99, { width: 200, colour: false })).toMatch(
      /\np99: 3\.0\d ms, baseline 2\.0\d ms, of 700 predictions each\n.* of two 95 %/,
    )
    expect((await of({ throughput: true })).answer).toMatch(/^The time per prediction, all of them counted, .*: above/)
    const few = await of({ percentile: 0.999 })
    expect(few).toMatchObject({ verdict: 'unclear', ratio: 1.5, judged: { ratio: null, leastSamples: 6636 } })
    expect(few.answer).toMatch(
      /^Inconclusive: a p99\.9 needs 6636 predictions .* 1200 were measured; measure longer \(--duration \d+\)\./,
    )
    await expect(check(MODEL, { against: 'r.json', percentile: 0.99, trials })).rejects.toThrow(/need a --baseline model/)
  })

  test('a side that cannot be measured is an error that names it', async () => {
    const trials = scriptedMachine({ latency: ({ modelFile }) => (modelFile === base ? 2 : failed('no kernel')) })
    await expect(check(MODEL, { baseline: base, trials })).rejects.toThrow(`${MODEL} cannot be measured: no kernel`)
  })

  const at = (handoffNs: number) => ({ handoffBeforeNs: handoffNs, handoffAfterNs: handoffNs })

  test('a report whose handoffs were of another regime decides nothing, and that is said', async () => {
    const slow = scriptedMachine({ latency: () => measured(block(4, at(400))) })
    const { report } = await why(MODEL, { quick: true, cache: 'off', trials: times(2, 2) })
    const file = path.join(folder, 'regimes.json')
    writeFileSync(file, JSON.stringify(report))
    const found = await check(MODEL, { against: file, trials: slow })
    expect(found).toMatchObject({ verdict: 'unclear', ratio: 2 })
    expect(found.answer).toContain('the machine was in a different state in the two runs; not treated as a failure')
    expect(found.warnings.join()).toContain("took 120 ns in the report's run and 400 ns in this one")
    // Where one of both has some in the other's state, these are held side by side.
    const mixed = scriptedMachine({
      latency: ({ process }) => measured(process < 3 ? block(4, at(400)) : block(2, at(120))),
    })
    expect(await check(MODEL, { against: file, trials: mixed })).toMatchObject({ verdict: 'within', model: { p50Ms: 2 } })
  })

  test("each side's time is of one regime", async () => {
    // Two of five rounds meet slow handoffs, in which both take thrice as long.
    const latency: MachineScript['latency'] = ({ modelFile, process }) =>
      measured(process < 2 ? block(modelFile === base ? 6 : 9, at(400)) : block(modelFile === base ? 2 : 3, at(120)))
    const found = await check(MODEL, { baseline: base, trials: scriptedMachine({ latency }) })
    expect(found).toMatchObject({ ratio: 1.5, model: { ciHighMs: 3 }, baseline: { ciHighMs: 2 } })
  })

  test('a report of this machine is compared with by intervals; what differs is refused or said', async () => {
    const { report } = await why(MODEL, { quick: true, cache: 'off', trials: times(2, 2) })
    const file = path.join(folder, 'report.json')
    const against = (changed: object) => {
      writeFileSync(file, JSON.stringify({ ...report, ...changed }))
      return check(MODEL, { against: file, trials: times(2, 2.1) })
    }
    expect(await against({})).toMatchObject({ verdict: 'within', rounds: null, baseline: { paired: false, p50Ms: 2 } })
    await expect(against({ machine: { ...report.machine, cpu: 'another' } })).rejects.toThrow(
      /of another machine .*--allow-other-machine/,
    )
    await expect(against({ engine: { ...report.engine!, id: 'ort-wasm' } })).rejects.toThrow(/give --engine ort-wasm/)
    const older = await against({ engine: { ...report.engine!, version: '1.20.0' } })
    expect(older.warnings).toContain('the report was measured with ort-cpu 1.20.0, this with 1.30.0')
  })
})
