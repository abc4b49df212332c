import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { exampleMachine, exampleReport } from '../../test/support/study/example-reports.ts'
import { readStore } from '../history/history.ts'
import { study } from '../study/study-command.ts'
import { hasSqlite } from './sqlite-store.ts'
import { eachReport, isStore, openStore, storedReports, storeName } from './store.ts'
import { trialOf } from './trial-store.ts'

const folder = mkdtempSync(join(tmpdir(), 'whyslow-store-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** What is used of the SQLite that newer versions of Node have. */
interface Sqlite {
  readonly DatabaseSync: new (file: string) => { exec(sql: string): void; close(): void }
}

test('stores are told from documents by their names', () => {
  const stores = ['postgres://u@h/d', 'postgresql://h/d', 'sqlite:kept', 'kept.sqlite', 'a/kept.sqlite3', '/a/kept.db']
  expect(stores.map(isStore)).toEqual(stores.map(() => true))
  const others = ['report.json', 'redis://h:6379', 'kept', 'https://h/kept.db', 'model.onnx']
  expect(others.map(isStore)).toEqual(others.map(() => false))
})

test('a name is shown without its password', () => {
  expect(storeName('postgres://user:se%3Acret@host:5432/db')).toBe('postgres://user@host:5432/db')
  expect(storeName('postgres://user@host/db')).toBe('postgres://user@host/db')
  expect(storeName('kept.sqlite')).toBe('kept.sqlite')
  expect(storeName('postgres://host/db?user=u&password=secret')).toBe('postgres://host/db')
  expect(storeName('postgres://u:p@ss@host/db')).toBe('postgres://u@host/db')
  expect(storeName('postgres://u:a/b@h/db')).toBe('postgres://…')
})

test.each(['mysql://u:secret@h/d', 'POSTGRES://u:secret@h/d', 'u:secret@h/d', 'host=h password=secret', 'redis://:secret@h'])(
  '%s is refused without its password',
  async (where) => {
    await expect(openStore(where)).rejects.toThrow(/^(?!.*secret)--store .*: give a PostgreSQL/)
  },
)

test.each([
  'postgres://u:secret@127.0.0.1:1/d',
  'postgres://u:sec/ret@h/d',
  'postgres://u:%zzsecret@127.0.0.1:1/d',
  'postgres://127.0.0.1:1/d?user=u&password=secret&sslpassword=secret',
])('%s cannot be used, and nothing that is said has its password', async (where) => {
  await expect(openStore(where)).rejects.toThrow(/^(?!.*(secret|sec\/))--store postgres:\/\/.*: PostgreSQL cannot be used/)
})

test.each(['redis://h:6379', 'kept', 'mysql://h/d'])('%s is refused with what a store is', async (where) => {
  await expect(openStore(where)).rejects.toThrow(/give a PostgreSQL, .* or a file, as in results\.sqlite/)
})

test('each measurement is a trial of its own', () => {
  const report = exampleReport(exampleMachine('a'))
  expect(trialOf(report)).toBe(trialOf(structuredClone(report)))
  expect(trialOf({ ...report, createdAt: '2027-01-01T00:00:00.000Z' })).not.toBe(trialOf(report))
  expect(trialOf(exampleReport(exampleMachine('a'), { engineVersion: '1.31.0' }))).not.toBe(trialOf(report))
})

test('what is no report is left out and named, up to five of them', async () => {
  const good = exampleReport(exampleMachine('a'))
  async function* rows() {
    yield { trial: 'none', report: null }
    yield { trial: 'good', report: good }
    for (const trial of ['b', 'c', 'd', 'e', 'f']) yield { trial, report: { ...good, latency: { ...good.latency!, p50Ms: 0 } } }
  }
  const used: unknown[] = []
  const warnings = await eachReport(rows(), (report, trial) => used.push([report, trial]))
  expect(used).toEqual([[good, 'good']])
  const faults = ['b', 'c', 'd', 'e'].map((trial) => `"${trial}" (latency.p50Ms is not above 0)`)
  expect(warnings).toEqual([
    `left out, since they hold no report of a latency: trial "none" (it is not of type object), ${faults.join(', ')} and 1 more`,
  ])
})

describe('a SQLite file', () => {
  const has = hasSqlite()
  const reason = `SQLite comes with Node 22.13 and newer, and this is ${process.version}`
  const machine = exampleMachine('a')
  const later = exampleReport(machine, { createdAt: '2026-02-01T00:00:00.000Z', p50Ms: 5 })
  const earlier = exampleReport(machine, { createdAt: '2026-01-01T00:00:00.000Z', p50Ms: 7 })

  test('without one in this Node says so', async ({ skip }) => {
    if (has) skip('this Node has SQLite')
    await expect(openStore(join(folder, 'a.sqlite'), { make: true })).rejects.toThrow(/comes with Node 22\.13/)
  })

  test('keeps each trial once, and gives them in order of time', async ({ skip }) => {
    if (!has) skip(reason)
    const file = join(folder, 'kept.sqlite')
    const store = await openStore(file, { make: true })
    await store.insertIfAbsent('b', later)
    await store.insertIfAbsent('a', earlier)
    await store.insertIfAbsent('b', earlier)
    expect(await store.find('b')).toEqual(later)
    expect(await store.find('c')).toBeUndefined()
    const second = await openStore(`sqlite:${file}`)
    await second.insertIfAbsent('c', later)
    await second.close()
    await store.close()
    const { reports, warnings } = await storedReports(file)
    expect([reports.map(({ latency }) => latency!.p50Ms), warnings]).toEqual([[7, 5, 5], []])
  })

  test("gives reports without the fleet's signature, which is none of them", async ({ skip }) => {
    if (!has) skip(reason)
    const file = join(folder, 'signed.sqlite')
    const store = await openStore(file, { make: true })
    await store.insertIfAbsent('a', { ...later, fleetSignature: 'ab' } as typeof later)
    await store.close()
    expect((await storedReports(file)).reports).toEqual([later])
  })

  test('leaves out what others wrote there that is no report, and names it', async ({ skip }) => {
    if (!has) skip(reason)
    const file = join(folder, 'mixed.sqlite')
    const store = await openStore(file, { make: true })
    await store.insertIfAbsent('good', earlier)
    const broken = { ...later, latency: { ...later.latency!, p50Ms: 0 } }
    await store.insertIfAbsent('bad', broken)
    await store.close()
    const { reports, warnings } = await storedReports(file)
    expect(reports).toEqual([earlier])
    expect(warnings).toEqual([
      `${file}: left out, since they hold no report of a latency: trial "bad" (latency.p50Ms is not above 0)`,
    ])
    const history = await readStore(file)
    expect([history.entries.map(({ trial }) => trial), history.warnings.length]).toEqual([['good'], 1])
    expect((await study([], { prices: new Map(), reference: null, store: file })).warnings).toEqual(warnings)
  })

  test('whose rows are no JSON is read without them', async ({ skip }) => {
    if (!has) skip(reason)
    const file = join(folder, 'text.sqlite')
    const store = await openStore(file, { make: true })
    await store.insertIfAbsent('good', earlier)
    await store.insertIfAbsent('bad', later)
    await store.close()
    const { DatabaseSync } = process.getBuiltinModule('node:sqlite') as unknown as Sqlite
    const others = new DatabaseSync(file)
    others.exec("update whyslow_trials set report = '{\"schema\":' where trial = 'bad'")
    others.close()
    const { reports, warnings } = await storedReports(file)
    expect(reports).toEqual([earlier])
    expect(warnings).toEqual([expect.stringMatching(/trial "bad" \(it is not of type object\)$/)])
  })

  test('is read by history and study', async ({ skip }) => {
    if (!has) skip(reason)
    const file = join(folder, 'kept.sqlite')
    const kept = await readStore(file)
    expect([kept.file, kept.entries.length]).toEqual([file, 3])
    expect((await readStore(file, '/elsewhere/a.onnx')).entries).toHaveLength(3)
    expect((await readStore(file, 'b.onnx')).entries).toHaveLength(0)
    const document = await study([], { prices: new Map(), reference: null, store: file })
    expect(document.table.rows[0]!.cells[0]!.p50Ms).toBe(5)
  })

  test('of others is left as it is by who reads', async ({ skip }) => {
    if (!has) skip(reason)
    const file = join(folder, 'others.db')
    writeFileSync(file, '')
    await expect(openStore(file)).rejects.toThrow(/it has no table whyslow_trials/)
    expect(statSync(file).size).toBe(0)
  })

  test('that is not there, or is none, is refused in one line', async ({ skip }) => {
    if (!has) skip(reason)
    await expect(openStore(join(folder, 'none.sqlite'))).rejects.toThrow(/there is no such file; whyslow fleet run/)
    const none = join(folder, 'none.db')
    writeFileSync(none, 'not a database, but long enough to have a header of a hundred bytes '.repeat(4))
    await expect(openStore(none)).rejects.toThrow(/SQLite cannot use it/)
    await expect(openStore(join(folder, 'no/such/folder.db'), { make: true })).rejects.toThrow(/SQLite cannot use it/)
  })
})
