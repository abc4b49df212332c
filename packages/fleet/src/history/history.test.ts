import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { ReportDocument } from '@whyslow/report/documents/report.ts'
import { historyEntry } from '@whyslow/report/support/documents/example-history.ts'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { appendHistory, checkHistory, entryOf, readHistory } from './history.ts'

let folder = ''
let file = ''
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'whyslow-history-'))
  file = path.join(folder, 'deep', 'history.jsonl')
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

describe('the history file', () => {
  test('is appended to, and read back', async () => {
    checkHistory(file)
    const [one, two] = [historyEntry(1), historyEntry(2)]
    appendHistory([one], file)
    appendHistory([two], file)
    expect(readFileSync(file, 'utf8').split('\n')).toHaveLength(3)
    expect((await readHistory(null, file)).entries).toEqual([one, two])
  })

  test('a line that was cut off swallows no later one', async () => {
    appendHistory([historyEntry(1)], file)
    appendFileSync(file, '{"schema":"whysl')
    appendHistory([historyEntry(2)], file)
    const { entries, warnings } = await readHistory(null, file)
    expect(entries.map(({ latency }) => latency.p50Ms)).toEqual([1, 2])
    expect(warnings).toHaveLength(1)
  })

  test('nothing saved is an empty history', async () => {
    expect(await readHistory(null, file)).toMatchObject({ entries: [], warnings: [] })
  })

  test('a model is found by its content and by its path', async () => {
    const model = path.join(folder, 'model.onnx')
    writeFileSync(model, 'weights')
    const sha256 = '9b9eaa7bd1fd58dbe59bf3bc2f5b0b7ff9fd4f1b7b6b5a5dd0a9f3c3e5b1c111'
    const elsewhere = historyEntry(1, { model: { path: '/other.onnx', sha256: 'b'.repeat(64), sizeBytes: 1 } })
    const samePath = historyEntry(2, { model: { path: model, sha256, sizeBytes: 1 } })
    const { createHash } = await import('node:crypto')
    const sameContent = historyEntry(3, {
      model: { path: '/moved.onnx', sha256: createHash('sha256').update('weights').digest('hex'), sizeBytes: 1 },
    })
    appendHistory([elsewhere, samePath, sameContent], file)
    expect((await readHistory(model, file)).entries).toEqual([samePath, sameContent])
    expect((await readHistory(path.join(folder, 'gone.onnx'), file)).entries).toEqual([])
  })

  test('one that cannot be written is an error with the way out', () => {
    mkdirSync(file, { recursive: true })
    expect(() => checkHistory(file)).toThrow(/--save: .* cannot be written \(EISDIR\); set XDG_DATA_HOME/)
  })
})

test('an entry is made of a report, and none of a report without a latency', () => {
  const report = JSON.parse(
    readFileSync(new URL('../../../../fixtures/reports/cnn.json', import.meta.url), 'utf8'),
  ) as ReportDocument
  const entry = entryOf(report, { name: 'accuracy', value: 0.9 })!
  expect(entry).toMatchObject({
    model: { sha256: report.model!.sha256, path: path.resolve(report.model!.file) },
    engine: { id: report.engine!.id },
    latency: { p50Ms: report.latency!.p50Ms, processes: report.latency!.blocks.length },
    metric: { name: 'accuracy', value: 0.9 },
  })
  expect(entry.machine.key).toMatch(/^[0-9a-f]{12}$/)
  expect(entryOf({ ...report, latency: null })).toBeNull()
})
