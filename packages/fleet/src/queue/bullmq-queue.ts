// The queue on Redis or Valkey by BullMQ, an optional package: one queue for each kind of machine, taken from by hand, since an agent takes one
// job at a time and renews its lock itself (docs.bullmq.io, Manually processing jobs; Stalled jobs). A queue of its own holds who listens.

import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'
import { InputError } from '@whyslow/graph/input-error.ts'
import { jsonValue } from '@whyslow/graph/json.ts'
import { importOptional } from '@whyslow/measure/engines/optional-package.ts'
import { addressName, withoutPasswords } from '@whyslow/report/text/addresses.ts'
import type * as BullMQ from 'bullmq'
import { ABSENT_AFTER_SECONDS, announcementOf, readAnnouncement } from './announcement.ts'
import { JOB_LIFE_MS } from './job.ts'
import type { AgentQueue, AskingQueue, HeldJob, ListeningAgent, Outcome } from './queue.ts'

/** A job that is not renewed for `lockMs` is given to another, who looks for such jobs every `stalledCheckMs`. */
export interface LockTimes {
  readonly lockMs: number
  readonly stalledCheckMs: number
}
const LOCK_TIMES: LockTimes = { lockMs: 120_000, stalledCheckMs: 30_000 }
/** A job is tried so often, whether it failed or its agent was lost. */
const ATTEMPTS = 3
const BACKOFF_MS = 1000
const LOST_TOO_OFTEN = `the agent that measured it was lost, ${ATTEMPTS} times: it may end the process, or take all memory`
export const RESULT_LIFE_SECONDS = JOB_LIFE_MS / 1000
const CONNECT_MS = 5000
const PREFIX = 'whyslow'
const AGENTS = `${PREFIX}-agents`

type Module = typeof BullMQ

/** Throws InputError if a package is absent. */
async function load(): Promise<Module> {
  await importOptional('ioredis', '--queue: a queue')
  return importOptional<Module>('bullmq', '--queue: a queue')
}

/** Throws InputError if the address is none. Its password stays out of what is said. */
export function connectionOf(url: string) {
  const parsed = URL.parse?.(url) ?? parse(url)
  if (parsed === null || !/^rediss?:$/.test(parsed.protocol) || parsed.hostname === '')
    throw new InputError(
      '--queue: give the address of a Redis or Valkey, as in redis://host:6379 or rediss://user:password@host:6379',
    )
  const { protocol, hostname, port, username, password, pathname } = parsed
  return {
    // An address of version 6 stands in brackets in a URL, and nowhere else.
    host: hostname.replace(/^\[(.*)\]$/, '$1'),
    port: Number(port || 6379),
    ...(username === '' ? {} : { username: decoded(username) }),
    ...(password === '' ? {} : { password: decoded(password) }),
    ...(/^\/\d+$/.test(pathname) ? { db: Number(pathname.slice(1)) } : {}),
    ...(protocol === 'rediss:' ? { tls: {} } : {}),
    connectTimeout: CONNECT_MS,
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw new InputError('--queue: its user or password has a % that encodes nothing; write % itself as %25')
  }
}

function parse(url: string): URL | null {
  try {
    return new URL(url)
  } catch {
    return null
  }
}

const LOOPBACK = /^(localhost|127(\.\d+){3}|\[?::1\]?)$/

/** Throws InputError if the address is none, or others reach the queue and no key signs what is in it. */
export function checkQueue(url: string, key: string | null): void {
  connectionOf(url)
  if (key === null && !LOOPBACK.test(new URL(url).hostname))
    throw new InputError(
      "who can write to the queue can use its machines: give the fleet's key to agents and fleet, with --key-file",
    )
}

const queueName = (machine: string): string => `${PREFIX}-${machine.replace(/[^\w.-]/g, '_')}`

/** Announces an agent, in place of its earlier announcement, and returns the time of the server's clock: clocks of machines differ. */
const ANNOUNCE = `
local now = redis.call('TIME')
redis.call('ZREM', KEYS[1], ARGV[2])
redis.call('ZADD', KEYS[1], now[1], ARGV[1])
return now`
const LISTENING = `
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', redis.call('TIME')[1] - ARGV[1])
return redis.call('ZRANGE', KEYS[1], 0, -1)`
const LEAVE = `redis.call('ZREM', KEYS[1], ARGV[1])`

/** The same calls. What the packages say of a request that failed may quote it, and with it the password. */
export const hidingPasswords = <Calls extends object>(calls: Calls, url: string): Calls =>
  Object.fromEntries(
    Object.entries(calls).map(([name, call]) => [
      name,
      typeof call !== 'function'
        ? call
        : (...given: readonly unknown[]) =>
            (call(...given) as Promise<unknown>).catch((error: unknown) => {
              throw new Error(withoutPasswords((error as Error).message, { addresses: [url] }))
            }),
    ]),
  ) as Calls
/** Whether an agent holds a job still: one that was lost leaves it among the active ones, until another of its kind looks for such. */
const HELD = `return redis.call('EXISTS', KEYS[1])`
/**
 * What is tried again later waits by the clock of the server, too. BullMQ lets it wait by the clocks of who puts it back and of who takes it: it is
 * given a time that no clock of theirs has reached, and agents look for those whose time has come.
 */
const FAR_MS = 365 * 24 * 3600e3
export const DUE_LOOK_MS = 2000
/** BullMQ orders them by their time and 12 bits of a counter. */
const DUE = `
local now = redis.call('TIME')[1] * 1000 + ARGV[1]
return redis.call('ZRANGEBYSCORE', KEYS[1], 0, (now + 1) * 4096 - 1, 'LIMIT', 0, 100)`
const SCRIPTS = [ANNOUNCE, LISTENING, LEAVE, HELD, DUE]

/** Runs one of the scripts above on a key. */
async function runScript(
  { backend }: { readonly backend: BullMQ.IQueueBackend },
  script: string,
  [key, ...values]: readonly [string, ...(string | number)[]],
): Promise<unknown> {
  const client = await (backend as BullMQ.RedisQueueBackend).client
  const name = `whyslow${SCRIPTS.indexOf(script)}`
  client.defineCommand(name, { numberOfKeys: 1, lua: script })
  return client.runCommand(name, [key, ...values])
}

/** The set that the queue of agents has in addition to its jobs, which are none. */
const LISTENERS = 'listening'

/** A first answer of the queue; throws InputError if there is none within a few seconds. */
async function reached(queue: BullMQ.Queue, url: string): Promise<void> {
  const late = new Promise<never>((_, no) => setTimeout(() => no(new Error('no answer')), CONNECT_MS * 2).unref())
  // Said once, below; without a listener an error of the connection ends the process.
  queue.on('error', () => {})
  try {
    await Promise.race([queue.waitUntilReady(), late])
  } catch (error) {
    void queue.close().catch(() => {})
    const said = (error as NodeJS.ErrnoException).code ?? withoutPasswords((error as Error).message, { addresses: [url] })
    throw new InputError(
      `--queue: no Redis or Valkey answers at ${addressName(url)} (${said}); start one, or give another address`,
    )
  }
}

/** For who asks. `key`: what the fleet's agents sign with; null: they do not. Throws InputError if the queue cannot be reached. */
export async function openAsking(url: string, key: string | null): Promise<AskingQueue> {
  const connection = connectionOf(url)
  const { Queue, Job } = await load()
  const queues = new Map<string, BullMQ.Queue>()
  const open = (name: string): BullMQ.Queue => {
    const queue = queues.get(name) ?? new Queue(name, { connection })
    if (!queues.has(name)) queue.on('error', () => {})
    queues.set(name, queue)
    return queue
  }
  // Its data is not read: others may have written there what is not valid JSON.
  const jobOf = async (queue: BullMQ.Queue, trial: string): Promise<BullMQ.Job | undefined> => {
    const json = await queue.backend.getJobData(trial)
    return json ? Job.fromJSON(queue, { ...json, data: 'null' }, trial) : undefined
  }
  await reached(open(AGENTS), url)
  const asking: AskingQueue = {
    async listening(): Promise<ListeningAgent[]> {
      const agents = open(AGENTS)
      const said = (await runScript(agents, LISTENING, [agents.toKey(LISTENERS), ABSENT_AFTER_SECONDS])) as unknown[]
      return said.flatMap((one) => readAnnouncement(one, key, Date.now()) ?? [])
    },
    async add(machine, trial, job, priority) {
      const backoff = { type: 'fixed' as const, delay: BACKOFF_MS }
      const kept = { age: RESULT_LIFE_SECONDS }
      await open(queueName(machine)).add('trial', job, {
        jobId: trial,
        // BullMQ takes those without one, which is 0, before all others.
        priority,
        attempts: ATTEMPTS,
        backoff,
        removeOnComplete: kept,
        removeOnFail: kept,
      })
    },
    async outcome(machine, trial): Promise<Outcome> {
      const queue = open(queueName(machine))
      const { state, ended } = await stateOf(() => jobOf(queue, trial))
      if (ended !== undefined && state === 'completed') return { state: 'done', result: ended.returnvalue }
      if (ended !== undefined && state === 'failed') return { state: 'failed', reason: ended.failedReason }
      if (state === 'unknown') return { state: 'lost' }
      const isHeld = state === 'active' && (await runScript(queue, HELD, [queue.toKey(`${trial}:lock`)])) === 1
      return { state: isHeld ? 'active' : 'waiting' }
    },
    async cancel(machine, trial) {
      const job = await jobOf(open(queueName(machine)), trial)
      // One that an agent holds is locked, and stays.
      await job?.remove().catch(() => {})
    },
    async close() {
      await Promise.all([...queues.values()].map((queue) => queue.close()))
    },
  }
  return hidingPasswords(asking, url)
}

export interface AgentQueueGiven {
  readonly machine: string
  /** Key of the fleet; null: announcements are not signed. */
  readonly key: string | null
  readonly times?: LockTimes
}

/** For an agent on a machine of this kind. Throws InputError if the queue cannot be reached. */
export async function openAgentQueue(url: string, { machine, key, times = LOCK_TIMES }: AgentQueueGiven): Promise<AgentQueue> {
  const connection = connectionOf(url)
  const { Queue, Worker, UnrecoverableError } = await load()
  const agent = `${hostname()}-${process.pid}-${randomBytes(3).toString('hex')}`
  const agents = new Queue(AGENTS, { connection })
  await reached(agents, url)
  const settings = { lockDuration: times.lockMs, stalledInterval: times.stalledCheckMs, maxStalledCount: ATTEMPTS - 1 }
  /** A job whose data is not valid JSON is returned as null, which no check lets through: otherwise taking it throws, again and again. */
  class Taking extends Worker {
    protected override createJob(json: BullMQ.JobJson, id: string): BullMQ.Job {
      return super.createJob(jsonValue(json.data) !== undefined ? json : { ...json, data: 'null' }, id)
    }
  }
  const worker = new Taking(queueName(machine), null, { connection, autorun: false, ...settings })
  worker.on('error', () => {})
  await worker.startStalledCheckTimer()
  /** This machine's clock before the server's, as of the last announcement. */
  let aheadMs = 0
  delayByServer(worker.backend, () => aheadMs)
  const listeners = agents.toKey(LISTENERS)
  let said = ''
  let taken = 0
  let lookedMs = Number.NEGATIVE_INFINITY
  const queue: AgentQueue = {
    async announce() {
      const saying = announcementOf({ machine, agent }, key, Date.now())
      const [seconds, microseconds] = ((await runScript(agents, ANNOUNCE, [listeners, saying, said])) as string[]).map(Number)
      said = saying
      aheadMs = Math.round(Date.now() - (seconds! * 1000 + microseconds! / 1000))
    },
    async take() {
      if (performance.now() - lookedMs > DUE_LOOK_MS) {
        lookedMs = performance.now()
        // Another agent may have found it, too.
        for (const id of (await runScript(worker, DUE, [worker.toKey('delayed'), FAR_MS])) as string[])
          await worker.backend.promote(id).catch(() => {})
      }
      for (;;) {
        const token = `${agent}-${taken++}`
        const job = await worker.getNextJob(token, { block: false })
        if (job === undefined || job === null) return null
        const given = { Final: UnrecoverableError, lockMs: times.lockMs }
        if (job.deferredFailure === undefined) return hidingPasswords(heldOf(job, token, given), url)
        // One that stalled too often waits again with this mark: BullMQ leaves it to who takes it by hand to fail it.
        await job.moveToFailed(new UnrecoverableError(LOST_TOO_OFTEN), token, false)
      }
    },
    async close() {
      await runScript(agents, LEAVE, [listeners, said]).catch(() => {})
      await worker.close()
      await agents.close()
    },
  }
  return hidingPasswords(queue, url)
}

/** `aheadMs`: of this machine's clock before the server's. */
export function delayByServer(backend: Pick<BullMQ.IQueueBackend, 'moveToDelayed'>, aheadMs: () => number): void {
  const moveToDelayed = backend.moveToDelayed.bind(backend)
  backend.moveToDelayed = (id, timestamp, ...others) => moveToDelayed(id, timestamp - aheadMs() + FAR_MS, ...others)
}

interface HeldGiven {
  readonly Final: Module['UnrecoverableError']
  readonly lockMs: number
}

function heldOf(job: BullMQ.Job, token: string, { Final, lockMs }: HeldGiven): HeldJob {
  return {
    id: job.id ?? '',
    job: job.data,
    async renew() {
      try {
        return (await job.extendLock(token, lockMs)) === 1
      } catch (error) {
        // The lock is another's, or gone.
        if (/lock/i.test((error as Error).message)) return false
        throw error
      }
    },
    async done(result) {
      await job.moveToCompleted(result, token, false)
    },
    async failed(reason, final) {
      await job.moveToFailed(final ? new Final(reason) : new Error(reason), token, false)
    },
    async putBack(afterMs, changed) {
      await job.updateData(changed)
      await job.moveToDelayed(Date.now() + afterMs, token)
    },
  }
}

type Ending = Pick<BullMQ.Job, 'getState' | 'returnvalue' | 'failedReason'>

/** The state of a job, 'unknown' if there is none, and the job as it is once it has ended: read before, it has neither a result nor a reason. */
export async function stateOf(read: () => Promise<Ending | undefined>): Promise<{ state: string; ended: Ending | undefined }> {
  const state = await (await read())?.getState()
  if (state !== 'completed' && state !== 'failed') return { state: state ?? 'unknown', ended: undefined }
  const ended = await read()
  return { state: ended === undefined ? 'unknown' : state, ended }
}
