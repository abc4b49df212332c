// A fleet on a real Redis and, where it is here, a real PostgreSQL: agents are killed at random and Redis is restarted, and each trial still
// ends once. Trials are scripted: what is tested is that none is lost and none is measured beside another. What the store alone does is in
// fleet-store.test.ts.
import { type ChildProcess, spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { openAgentQueue, openAsking } from '@whyslow/fleet/queue/bullmq-queue.ts'
import { makeJob, type Signer } from '@whyslow/fleet/queue/job.ts'
import type { AskingQueue } from '@whyslow/fleet/queue/queue.ts'
import { checkResult, checkStored, type FleetResult } from '@whyslow/fleet/queue/result.ts'
import { openPostgres } from '@whyslow/fleet/store/postgres-store.ts'
import { storedReports } from '@whyslow/fleet/store/store.ts'
import { exampleMachine, exampleReport } from '@whyslow/fleet/support/study/example-reports.ts'
import { mulberry32 } from '@whyslow/graph/random.ts'
import type { ReportDocument } from '@whyslow/report/documents/report.ts'
import { Redis } from 'ioredis'
import { beforeAll, describe, expect, test } from 'vitest'
import { ended, fleetServers, type Store } from '../support/fleet-servers.ts'
import { freePort } from '../support/port.ts'

const MACHINE = 'x64-avx2-2c-abcdef'
const TRIALS = 200
const AGENTS = 4
const SEED = 11
const POISONED = 13
const KILLING = 1000
const DISTURBED = 1014
const SLEEPING = 1015
/** Half a minute unless an agent is given another time. */
const PUT_BACK_MS = 3000
const SERVERS = ['redis-server', 'valkey-server'] as const

const { folder, started, postgres } = fleetServers()
let store: Store = { reason: '' }
beforeAll(async () => {
  store = await postgres()
})

describe.each(SERVERS)('a fleet on %s', (server) => {
  const isHere = spawnSync(server, ['--version']).status === 0
  const own = join(folder, server)
  const log = join(own, 'events.jsonl')
  const lockFolder = join(own, 'lock')
  let port = 0
  let url = ''
  let redis: ChildProcess
  const startRedis = () =>
    started(server, ['--port', String(port), '--bind', '127.0.0.1', '--dir', own, '--appendonly', 'yes', '--save', ''])

  beforeAll(async () => {
    if (!isHere) return
    mkdirSync(lockFolder, { recursive: true })
    writeFileSync(log, '')
    port = await freePort()
    url = `redis://127.0.0.1:${port}`
    redis = startRedis()
  })

  const report = exampleReport(exampleMachine('scripted'), { engine: server })
  const storeUrl = () => ('url' in store ? store.url : null)
  const agent = (given: { machine?: string; log?: string; key?: string; clockMs?: number; putBackMs?: number } = {}) =>
    started(process.execPath, [
      join(import.meta.dirname, 'fleet-agent.mjs'),
      JSON.stringify({ url, machine: MACHINE, log, storeUrl: storeUrl(), lockFolder, report, ...given }),
    ])

  test(`ends each of ${TRIALS} trials once, whoever is killed (seed ${SEED})`, async ({ annotate, skip }) => {
    if (!isHere) skip(`no ${server} is installed; apt-get install ${server}`)
    if ('reason' in store) await annotate(`without PostgreSQL: ${store.reason}`)
    const asking = await openAsking(url, null)
    const jobs = Array.from({ length: TRIALS }, (_, i) => jobOf(i + 1, server))
    const add = (job: (typeof jobs)[number]) => asking.add(MACHINE, job.trial, job, 5)
    for (const [i, job] of jobs.entries()) if (i + 1 !== POISONED) await add(job)
    const random = mulberry32(SEED)
    const exits: (NodeJS.Signals | null)[] = []
    const watched = () => agent().once('exit', (_, signal) => exits.push(signal))
    let agents = Array.from({ length: AGENTS }, watched)
    for (let killed = 0; killed < 6; killed++) {
      // Whatever a trial is at; some are ended in between.
      const least = 10 + killed * 20 + Math.floor(random() * 20)
      await expect.poll(() => eventsIn(readFileSync(log, 'utf8')).length, { timeout: 60_000 }).toBeGreaterThanOrEqual(least)
      const victim = Math.floor(random() * AGENTS)
      agents[victim]!.kill('SIGKILL')
      agents = agents.map((one, i) => (i === victim ? watched() : one))
      if (killed === 2) {
        redis.kill('SIGTERM')
        await ended(redis)
        redis = startRedis()
      }
    }
    // Its agent is not killed meanwhile, so that its tries can be counted.
    await add(jobs[POISONED - 1]!)
    // Only those that were killed ended.
    expect(exits.filter((signal) => signal !== 'SIGKILL')).toEqual([])
    const outcomes = await settled(
      asking,
      jobs.map(({ trial }) => trial),
    )
    const failed = outcomes.flatMap((one, i) => (one.state === 'failed' ? [[i + 1, one.reason]] : []))
    expect(failed).toEqual([[POISONED, 'poisoned']])
    expect(eventsIn(readFileSync(log, 'utf8')).filter(({ event }) => event === 'poisoned')).toHaveLength(3)
    expect(
      outcomes.flatMap((one, i) => (one.state === 'done' && reportIn(one.result).latency!.p50Ms !== i + 1 ? [i] : [])),
    ).toEqual([])
    for (const one of agents) one.kill('SIGTERM')
    await Promise.all(agents.map(ended))
    // Those that were killed are still announced; those that ended are not.
    const pids = agents.map(({ pid }) => String(pid))
    expect((await asking.listening()).filter((one) => pids.some((pid) => one.agent.includes(`-${pid}-`)))).toEqual([])
    await asking.close()

    // No two at once on this host.
    const spans = spansIn(readFileSync(log, 'utf8'))
    expect(spans.length).toBeGreaterThanOrEqual(TRIALS - 1)
    expect(spans.slice(1).filter(({ begin }, i) => begin < spans[i]!.end)).toEqual([])

    if ('url' in store) {
      const { reports, warnings } = await storedReports(store.url)
      expect(warnings).toEqual([])
      const p50s = reports.filter(({ engine }) => engine!.id === server).map(({ latency }) => latency!.p50Ms)
      expect(p50s.sort((a, b) => a - b)).toEqual(jobs.map((_, i) => i + 1).filter((batch) => batch !== POISONED))
    }
  }, 180_000)

  // Each has a kind of machine of its own.
  describe.concurrent('of one agent', () => {
    test('hands out a trial that ends its agent three times, and then measures the others', async ({ skip }) => {
      if (!isHere) skip(`no ${server} is installed; apt-get install ${server}`)
      const machine = `${MACHINE}-killed`
      const events = join(own, 'killed.jsonl')
      writeFileSync(events, '')
      const asking = await openAsking(url, null)
      const jobs = [jobOf(KILLING, `${server} killing`), jobOf(1, `${server} killing`)]
      // The one that kills comes first, again and again.
      for (const [i, job] of jobs.entries()) await asking.add(machine, job.trial, job, i + 1)
      const trials = jobs.map(({ trial }) => trial)
      const settling = settled(asking, trials, machine)
      let over = false
      void settling.then(() => {
        over = true
      })
      while (!over) {
        const one = agent({ machine, log: events })
        await Promise.race([ended(one), settling])
        one.kill('SIGTERM')
        await ended(one)
      }
      const [killing, other] = await settling
      await asking.close()
      expect(killing).toMatchObject({ state: 'failed', reason: expect.stringContaining('was lost, 3 times') })
      expect(other!.state).toBe('done')
      expect(eventsIn(readFileSync(events, 'utf8')).filter(({ event }) => event === 'killed')).toHaveLength(3)
    }, 120_000)

    test('fails a job whose data is not valid JSON, and goes on', async ({ skip }) => {
      if (!isHere) skip(`no ${server} is installed; apt-get install ${server}`)
      const machine = `${MACHINE}-broken`
      const events = join(own, 'broken.jsonl')
      const asking = await openAsking(url, null)
      const jobs = [jobOf(1, `${server} broken`), jobOf(2, `${server} broken`)]
      for (const [i, job] of jobs.entries()) await asking.add(machine, job.trial, job, i + 1)
      const client = new Redis(url)
      await client.hset(`bull:whyslow-${machine}:${jobs[0]!.trial}`, 'data', '{"schema":')
      await client.quit()
      const one = agent({ machine, log: events })
      const outcomes = settled(
        asking,
        jobs.map(({ trial }) => trial),
        machine,
      )
      expect(await Promise.race([outcomes, ended(one).then(() => 'the agent ended')])).toMatchObject([
        { state: 'failed', reason: expect.stringContaining('not a job of version 2') },
        { state: 'done' },
      ])
      one.kill('SIGTERM')
      await ended(one)
      await asking.close()
      const lines = readFileSync(`${events}.lines`, 'utf8').trim().split('\n')
      expect(lines.filter((line) => line.startsWith('refused a job'))).toHaveLength(1)
    }, 60_000)

    test('a signed trial crosses the queue and the store, and an agent whose key is another measures none', async ({ skip }) => {
      if (!isHere) skip(`no ${server} is installed; apt-get install ${server}`)
      const key = 'a key of the whole fleet'
      const machine = `${MACHINE}-signed`
      const events = join(own, 'signed.jsonl')
      const asking = await openAsking(url, key)
      const jobs = [1, 2].map((batch) => jobOf(batch, `${server} signed`, { key, machine }))
      await asking.add(machine, jobs[0]!.trial, jobs[0]!, 5)
      const stranger = agent({ machine, log: events, key: 'the key of another fleet' })
      const [refused] = await settled(asking, [jobs[0]!.trial], machine)
      expect(refused).toEqual({ state: 'failed', reason: "its signature is not the fleet key's for this machine" })
      // An agent announces itself while it works.
      const faults = async () => (await asking.listening()).filter((one) => one.machine === machine).map(({ fault }) => fault)
      await expect.poll(faults).toEqual(["it is not signed with the fleet's key"])
      stranger.kill('SIGTERM')
      await ended(stranger)
      const one = agent({ machine, log: events, key })
      const { trial } = jobs[1]!
      await asking.add(machine, trial, jobs[1]!, 5)
      const [done] = await settled(asking, [trial], machine)
      expect(done?.state === 'done' && checkResult(done.result, { trial, machine }, key)).toMatchObject({ ok: true })
      await expect.poll(faults).toEqual([null])
      if ('url' in store) {
        const kept = await openPostgres(store.url)
        expect(checkStored(await kept.find(`${trial} ${machine}`), { trial, machine }, key)).toMatchObject({ ok: true })
        await kept.close()
        expect((await storedReports(store.url)).reports.every((report) => !('fleetSignature' in report))).toBe(true)
      }
      one.kill('SIGTERM')
      await ended(one)
      await asking.close()
    }, 60_000)

    test.for([
      ['ahead', 3_600_000, 0],
      ['behind', -3_600_000, -3_600_000],
    ] as const)(
      'what an agent puts back whose clock is an hour %s waits as long as it is to',
      { timeout: 90_000 },
      async ([name, clockMs, othersMs], { skip }) => {
        if (!isHere) skip(`no ${server} is installed; apt-get install ${server}`)
        const machine = `${MACHINE}-${name}`
        const events = join(own, `${name}.jsonl`)
        writeFileSync(events, '')
        const asking = await openAsking(url, null)
        const job = jobOf(DISTURBED, `${server} ${name}`)
        await asking.add(machine, job.trial, job, 5)
        const first = agent({ machine, log: events, clockMs, putBackMs: PUT_BACK_MS })
        while (!readFileSync(`${events}.lines`, { encoding: 'utf8', flag: 'a+' }).includes('put back')) await sleep(100)
        first.kill('SIGTERM')
        await ended(first)
        const second = agent({ machine, log: events, clockMs: othersMs })
        expect((await settled(asking, [job.trial], machine))[0]!.state).toBe('done')
        second.kill('SIGTERM')
        await ended(second)
        const [disturbed, begin] = eventsIn(readFileSync(events, 'utf8'))
        // By one clock.
        expect(begin!.at - othersMs - (disturbed!.at - clockMs)).toBeGreaterThan(0.9 * PUT_BACK_MS)
        await asking.close()
      },
    )

    test('a trial whose agent was killed is held by nobody, and is taken out', async ({ skip }) => {
      if (!isHere) skip(`no ${server} is installed; apt-get install ${server}`)
      const machine = `${MACHINE}-gone`
      const events = join(own, 'gone.jsonl')
      writeFileSync(events, '')
      const asking = await openAsking(url, null)
      const job = jobOf(SLEEPING, `${server} gone`)
      await asking.add(machine, job.trial, job, 5)
      const one = agent({ machine, log: events })
      const state = async () => (await asking.outcome(machine, job.trial)).state
      while ((await state()) !== 'active') await sleep(100)
      await asking.cancel(machine, job.trial)
      expect(await state()).toBe('active')
      one.kill('SIGKILL')
      await ended(one)
      while ((await state()) === 'active') await sleep(100)
      expect(await state()).toBe('waiting')
      await asking.cancel(machine, job.trial)
      expect(await state()).toBe('lost')
      await asking.close()
    }, 60_000)
  })

  test('lists who announced itself within a minute by the clock of the server, and nothing that others wrote', async ({
    skip,
  }) => {
    if (!isHere) skip(`no ${server} is installed; apt-get install ${server}`)
    const asking = await openAsking(url, null)
    const client = new Redis(url)
    const key = 'bull:whyslow-agents:listening'
    const now = Number((await client.time())[0])
    const said = (agent: string) => JSON.stringify({ machine: 'm', agent })
    await client.del(key)
    await client.zadd(key, now - 61, said('killed'), now - 50, said('busy'), now, '{"machine":', now, '{"machine":1}')
    const queue = await openAgentQueue(url, { machine: 'm', key: null })
    await queue.announce()
    expect(await asking.listening()).toEqual([
      { machine: 'm', agent: 'busy', fault: null },
      { machine: 'm', agent: expect.stringContaining(`-${process.pid}-`), fault: null },
    ])
    await queue.close()
    expect(await asking.listening()).toEqual([{ machine: 'm', agent: 'busy', fault: null }])
    await client.quit()
    await asking.close()
  })
})

const jobOf = (batch: number, run: string, signer: Signer | null = null) =>
  makeJob(
    {
      model: [{ name: 'a.onnx', sha256: 'ab'.repeat(32), sizeBytes: 1 }],
      ...{
        data: [],
        engine: 'ort-cpu',
        batch,
        threads: null,
        seconds: null,
        quick: true,
        labels: null,
        shapes: {},
        values: {},
        run,
        issuedAt: new Date().toISOString(),
      },
    },
    signer,
  )

const reportIn = (result: unknown): ReportDocument => (result as FleetResult).report

async function settled(asking: AskingQueue, trials: readonly string[], machine = MACHINE) {
  for (;;) {
    const outcomes = []
    for (const trial of trials) outcomes.push(await asking.outcome(machine, trial))
    if (outcomes.every(({ state }) => state === 'done' || state === 'failed')) return outcomes
    await sleep(500)
  }
}

interface Said {
  readonly trial: string
  readonly pid: number
  readonly event: 'begin' | 'end' | 'poisoned' | 'killed' | 'disturbed'
  readonly at: number
}

const eventsIn = (text: string): Said[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Said)

/** Of trials that ended, in order of their beginning; one whose agent was killed meanwhile has no end. */
function spansIn(text: string): { begin: number; end: number }[] {
  const open = new Map<string, number>()
  const spans = []
  for (const { trial, pid, event, at } of eventsIn(text)) {
    if (event !== 'begin' && event !== 'end') continue
    if (event === 'begin') open.set(`${trial} ${pid}`, at)
    else spans.push({ begin: open.get(`${trial} ${pid}`)!, end: at })
  }
  return spans.sort((a, b) => a.begin - b.begin)
}
