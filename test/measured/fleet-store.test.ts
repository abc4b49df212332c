// What a real PostgreSQL keeps of a fleet, and who may read it.
import { join } from 'node:path'
import { FLEET_DEFAULTS } from '@whyslow/fleet/fleet.ts'
import { readStore } from '@whyslow/fleet/history/history.ts'
import { openPostgres } from '@whyslow/fleet/store/postgres-store.ts'
import { storedReports } from '@whyslow/fleet/store/store.ts'
import { exampleMachine, exampleReport } from '@whyslow/fleet/support/study/example-reports.ts'
import { fleet } from '@whyslow/whyslow/compose/fleet.ts'
import pg from 'pg'
import { beforeAll, expect, test, vi } from 'vitest'
import { fleetServers, type Store } from '../support/fleet-servers.ts'
import { ownFolders } from './command.ts'

const { postgres } = fleetServers()
let store: Store = { reason: '' }
beforeAll(async () => {
  store = await postgres()
})

test('PostgreSQL gives what it holds a page at a time, in order of time, and names what is no report', async ({ skip }) => {
  if ('reason' in store) skip(`without PostgreSQL: ${store.reason}`)
  const { url } = store as { url: string }
  const owner = new pg.Client(url)
  await owner.connect()
  await owner.query('create database pages')
  await owner.end()
  const pages = url.replace(/postgres$/, 'pages')
  const shared = await openPostgres(pages)
  const machine = exampleMachine('paged')
  // Seconds are told apart by their last digits, and come in another order.
  const at = (i: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, (i * 37) % 120)).toISOString()
  for (let i = 0; i < 120; i++) await shared.insertIfAbsent(`t${i}`, exampleReport(machine, { createdAt: at(i) }))
  const broken = exampleReport(machine, { createdAt: at(200), p50Ms: 0 })
  await shared.insertIfAbsent('broken', broken)
  await shared.close()
  const { entries, warnings } = await readStore(pages)
  expect(entries.map(({ savedAt }) => savedAt)).toEqual(Array.from({ length: 120 }, (_, i) => at(i)).sort())
  expect(warnings).toEqual([expect.stringMatching(/trial "broken" \(latency.p50Ms is not above 0\)/)])
})

test('who may only read PostgreSQL reads it, and a run whose reports it refuses still has them', async (context) => {
  if ('reason' in store) context.skip(`without PostgreSQL: ${store.reason}`)
  // The roofs are known there.
  vi.stubEnv('XDG_CACHE_HOME', ownFolders(context).cache)
  const { url } = store as { url: string }
  await (await openPostgres(url)).close()
  const owner = new pg.Client(url)
  await owner.connect()
  await owner.query(
    'revoke create on schema public from public; create role reader login; grant select on whyslow_trials to reader',
  )
  await owner.end()
  // It trusts whoever comes, with any password.
  const reader = `${url.replace('postgres@', 'reader:se%2Fcret@')}?application_name=a&password=se%2Fcret`
  const read = await openPostgres(reader)
  expect(await read.find('none')).toBeUndefined()
  await read.close()
  const model = join(import.meta.dirname, '../../fixtures/models/symbolic-batch.onnx')
  const { reports, failures, warnings } = await fleet([model], { ...FLEET_DEFAULTS, quick: true, store: reader })
  expect([reports.length, failures]).toEqual([1, []])
  expect(warnings).toEqual([expect.stringMatching(/^--store .*: 1 of 1 reports are not kept there \(permission denied/)])
  const document = JSON.stringify([warnings, await storedReports(reader), await readStore(reader)])
  expect(document).not.toMatch(/cret|password/)
})
