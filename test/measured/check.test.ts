// Checks and the history through the command line, on tiny models.
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { CheckDocument } from '@whyslow/report/documents/check.ts'
import type { HistoryDocument } from '@whyslow/report/documents/history.ts'
import type { ReportDocument } from '@whyslow/report/documents/report.ts'
import { afterAll, describe, expect, test } from 'vitest'
import { expectRefusal, fixture, folders, onlyFull, ownFolders, whyslow } from './command.ts'

const where = folders()
afterAll(() => where.remove())

const SHORT = ['--quick', '--duration', '0.3', '--no-progress']
const small = fixture('credit_mlp')
const large = fixture('transformer-block')
const kept = join(where.data, 'whyslow', 'history.jsonl')

describe.concurrent('a baseline model', () => {
  // The large one takes more than ten times as long as the small one, which no noise turns round.
  test('far slower: exit code 3, with the ratio on standard error', async (context) => {
    const { status, stdout, stderr } = await whyslow(ownFolders(context), 'check', large, '--baseline', small, ...SHORT)
    expect(status, stderr).toBe(3)
    expect(stdout.replace(/\s+/g, ' ')).toMatch(/: above 1\.1×\./)
    expect(stderr).toMatch(/^whyslow: --fail-above 1\.1: transformer-block\.onnx takes /)
  })

  test('far faster: exit code 0, and the document says so', async (context) => {
    onlyFull(context, 'the same as far slower, the other way round')
    const { status, stdout, stderr } = await whyslow(
      ownFolders(context),
      'check',
      small,
      '--baseline',
      large,
      ...SHORT,
      '--json',
      '-',
    )
    expect(status, stderr).toBe(0)
    const document = JSON.parse(stdout) as CheckDocument
    expect(document).toMatchObject({ schema: 'whyslow-check/1', verdict: 'within', failAbove: 1.1 })
    expect(document.ratioHigh).toBeLessThan(1)
    expect(document.rounds).toBeGreaterThanOrEqual(3)
  })
})

describe('a report', () => {
  const report = join(where.root, 'report.json')
  const other = join(where.root, 'other.json')

  test('of this machine is compared with; of another one it is refused, unless that is allowed and said', async (context) => {
    onlyFull(context, 'measures three times')
    const measured = await whyslow(where, small, ...SHORT, '--json', report, '--save')
    expect(measured.status, measured.stderr).toBe(0)
    const same = await whyslow(where, 'check', small, '--against', report, '--fail-above', '50', ...SHORT)
    // What it decides is in packages/whyslow/src/smoke-models.test.ts: a machine that is at work on other tests may change between the two runs.
    expect(same.status, same.stderr).toBe(0)

    const document = JSON.parse(readFileSync(report, 'utf8')) as ReportDocument
    writeFileSync(other, JSON.stringify({ ...document, machine: { ...document.machine, cpu: 'Another CPU' } }))
    expectRefusal(
      where,
      await whyslow(where, 'check', small, '--against', other, ...SHORT),
      /of another machine \(Another CPU .*--allow-other-machine/,
    )
    const allowed = await whyslow(
      where,
      'check',
      small,
      '--against',
      other,
      '--fail-above',
      '50',
      '--allow-other-machine',
      ...SHORT,
    )
    expect(allowed.status, allowed.stderr).toBe(0)
    expect(allowed.stdout.replace(/\s+/g, ' ')).toMatch(/Warning: the report is of another machine \(Another CPU/)
  })

  test('what --save kept is listed, and a damaged line is a warning', async (context) => {
    onlyFull(context, 'lists what the test before it measured')
    appendFileSync(kept, '{"schema":"whyslow-hi\n')
    const listed = await whyslow(where, 'history', small, '--json', '-')
    expect(listed.status, listed.stderr).toBe(0)
    const { entries, warnings } = JSON.parse(listed.stdout) as HistoryDocument
    expect(entries).toHaveLength(1)
    expect(entries[0]!.latency.p50Ms).toBe((JSON.parse(readFileSync(report, 'utf8')) as ReportDocument).latency!.p50Ms)
    expect(warnings).toHaveLength(1)
    const shown = await whyslow(where, 'history')
    expect(shown.stdout).toMatch(/^credit_mlp\.onnx +ort-cpu /m)
    expect(shown.stdout).toContain('Warning: ')
  })
})

test('a history that cannot be written is known before anything is measured', async () => {
  const file = join(where.root, 'a-file')
  writeFileSync(file, '')
  const before = existsSync(kept) ? readFileSync(kept, 'utf8') : ''
  expectRefusal(
    where,
    await whyslow({ ...where, data: join(file, 'below') }, small, ...SHORT, '--save'),
    /--save: .* cannot be written/,
  )
  expect(existsSync(kept) ? readFileSync(kept, 'utf8') : '').toBe(before)
})
