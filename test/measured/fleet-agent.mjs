// An agent of a fleet whose trials are scripted, for the test beside: it says in a file when it began and ended each, under the machine's lock
// as real ones are, and reports the trial's own number.
import { appendFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { runAgent } from '../../dist/fleet/queue/agent.js'
import { openAgentQueue } from '../../dist/fleet/queue/bullmq-queue.js'
import { openPostgres } from '../../dist/fleet/store/postgres-store.js'
import { withMachineLock } from '../../dist/measure/trials/lock.js'

const { url, machine, log, storeUrl, lockFolder, report, key = null, clockMs = 0, putBackMs } = JSON.parse(process.argv[2])
// The clock of another machine.
const { now } = Date
Date.now = () => now() + clockMs
const stop = new AbortController()
process.on('SIGTERM', () => stop.abort())
const store = storeUrl === null ? null : await openPostgres(storeUrl)

const say = (trial, event) => appendFileSync(log, `${JSON.stringify({ trial, pid: process.pid, event, at: Date.now() })}\n`)

async function measure({ trial, batch, putBacks }) {
  if (batch === 1014 && putBacks === 0) {
    say(trial, 'disturbed')
    return { report: null, disturbed: 'a test' }
  }
  if (batch === 1015) {
    say(trial, 'begin')
    await sleep(1e9)
  }
  if (batch === 1000) {
    say(trial, 'killed')
    process.kill(process.pid, 'SIGKILL')
  }
  if (batch === 13) {
    say(trial, 'poisoned')
    throw new Error('poisoned')
  }
  return withMachineLock(
    async () => {
      say(trial, 'begin')
      await sleep(20)
      say(trial, 'end')
      return { report: { ...report, latency: { ...report.latency, p50Ms: batch } }, disturbed: null }
    },
    { onWait: () => {}, folder: lockFolder },
  )
}

const queue = await openAgentQueue(url, { machine, key, times: { lockMs: 3000, stalledCheckMs: 1000 } })
await runAgent({
  queue,
  machine,
  key,
  store,
  measure,
  log: (line) => appendFileSync(`${log}.lines`, `${line}\n`),
  signal: stop.signal,
  renewMs: 1000,
  idleMs: 50,
  nowMs: now,
  putBackMs,
})
await store?.close()
process.exit(0)
