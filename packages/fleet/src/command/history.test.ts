import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { keptScreen } from '@whyslow/command/support/terminal/example-screen.ts'
import { historyEntry } from '@whyslow/report/support/documents/example-history.ts'
import { afterAll, expect, test } from 'vitest'
import { runHistory } from './history.ts'
import type { Stages } from './stages.ts'

const folder = mkdtempSync(path.join(tmpdir(), 'whyslow-table-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('a history is written as a table beside what is printed', async () => {
  const entries = [historyEntry(2), historyEntry(4, { trial: 't1' })]
  const stages = {
    readStore: async (file: string) => ({ schema: 'whyslow-history/1', file, entries, warnings: [] }),
    tableParquet: async (columns: readonly { name: string }[]) => new TextEncoder().encode(`PAR1 ${columns.length}`),
  } as unknown as Stages
  const [csv, parquet] = ['trials.csv', 'trials.parquet'].map((name) => path.join(folder, name)) as [string, string]
  const screen = keptScreen()
  await runHistory(undefined, { store: 'kept.sqlite', csv, parquet }, { screen, load: async () => stages })
  expect(readFileSync(csv, 'utf8').split('\r\n')).toHaveLength(4)
  expect(readFileSync(parquet, 'utf8')).toBe('PAR1 21')
  expect(screen.said).toContain(`wrote table: ${csv}, table: ${parquet}`)
})
