// The thread that sends and receives. Told by the clock's thread when requests are due, it sends them without looking at what became of
// those before, and writes down when each was sent, opened, answered. In a closed loop clients send when they have their answer.
import { MessageChannel, parentPort, Worker, workerData } from 'node:worker_threads'
import { nowMs } from '@whyslow/measure/machine/now.ts'
import type { ClockTask } from './clock-thread.ts'
import { drawInputs } from './draws.ts'
import { CONTROL, type GeneratorResult, type GeneratorTask, STOP } from './generator-task.ts'
import { httpSender } from './http/connections.ts'
import { parseServerTiming } from './http/response-reader.ts'
import { type KeptAnswer, MOST_KEPT_BYTES, requestsToKeep } from './kept-answers.ts'
import { MOST_SERVER_TIMES, OUTCOME, type Records, recordsIn } from './records.ts'
import type { Draws, Sender, SenderEvents } from './sender.ts'
import { StreamLog } from './stream-log.ts'
import type { Target } from './target.ts'

/** Until the first request is due: the clock's thread starts meanwhile. */
const RUN_UP_MS = 250
/** Part of that for threads to start: that is not what requests take. */
const STARTED_MS = 200
/** If the next request is due this soon, the thread polls instead of sleeping. */
const AWAKE_MS = 0.25
/** Then answers are read, and a stop is noticed, although more is due. */
const MOST_AT_ONCE = 64
/** How often it looks for what is too late: a hundredth of the time-out, since each look wakes a CPU that sleeps. */
const scanMs = (timeoutMs: number): number => Math.min(100, Math.max(20, timeoutMs / 100))

interface State {
  readonly task: GeneratorTask
  readonly records: Records
  readonly control: Int32Array
  startMs: number
  /** What the server reports about its answers, in the order in which it was first told. */
  readonly names: string[]
  readonly draws: Draws
  readonly kept: KeptAnswer[]
  keptBytes: number
  /** null: answers are not streams. */
  readonly streams: StreamLog | null
  /** Requests in the order in which they were sent. */
  readonly outstanding: Set<number>
  sender: Sender
  next: number
  /** It looks again once answers are read. */
  isAwake: boolean
  repeated: number
  /** Called once all is sent and answered. */
  end: () => void
}

async function generate(task: GeneratorTask): Promise<GeneratorResult> {
  const control = new Int32Array(task.control)
  const draws = drawsOf(task)
  const state: State = {
    task,
    records: recordsIn(task.memory),
    control,
    startMs: 0,
    names: [],
    draws,
    kept: [],
    keptBytes: 0,
    streams: task.target.kind === 'http' && task.target.streams === true ? new StreamLog() : null,
    outstanding: new Set(),
    sender: undefined as never,
    next: 0,
    isAwake: false,
    repeated: 0,
    end: () => {},
  }
  const events = eventsOf(state)
  state.sender = await senderOf(task.target, draws, events)
  state.startMs = nowMs() + RUN_UP_MS
  let cpuBefore = process.cpuUsage()
  setTimeout(() => {
    cpuBefore = process.cpuUsage()
  }, STARTED_MS)
  const scan = setInterval(giveUpLate, scanMs(task.timeoutMs), state)
  const channel = new MessageChannel()
  await new Promise<void>((resolve) => {
    state.end = resolve
    if (task.closed === null) startClock(state, channel)
    else setTimeout(startClients, RUN_UP_MS, state, task.closed.clients)
  })
  clearInterval(scan)
  state.sender.close()
  Atomics.store(control, CONTROL.stop, STOP.sending)
  channel.port1.close()
  const { user, system } = process.cpuUsage(cpuBefore)
  const { startMs, next, repeated, names, kept } = state
  const streams = state.streams === null ? {} : { streams: state.streams.ended }
  return { startMs, endMs: nowMs(), sent: next, repeated, toldNames: names, kept, cpuMs: (user + system) / 1000, ...streams }
}

/** What one protocol needs is not loaded for the other. */
async function senderOf(target: Target, draws: Draws, events: SenderEvents): Promise<Sender> {
  if (target.kind === 'http') return httpSender(target, draws, events)
  const { grpcSender } = await import('./grpc/streams.ts')
  return grpcSender(target, draws, events)
}

function drawsOf({ target, count, closed, seed }: GeneratorTask): Draws {
  const inputs = drawInputs(target.requests.length, count, seed)
  const kept = requestsToKeep(closed === null ? count : null, seed)
  return { input: (request) => inputs[request]!, isKept: (request) => kept.has(request) }
}

function startClock(state: State, { port1, port2 }: MessageChannel): void {
  const { task, startMs, control } = state
  port1.on('message', () => pump(state))
  const clock: ClockTask = { memory: task.memory, count: task.count, startMs, control, port: port2 }
  new Worker(task.clockFile, { workerData: clock, transferList: [port2], execArgv: [] })
}

function startClients(state: State, clients: number): void {
  for (let client = 0; client < clients; client++) sendNextOfClient(state)
}

const sinceStart = (state: State): number => nowMs() - state.startMs
const isStopped = ({ control }: State): boolean => Atomics.load(control, CONTROL.stop) !== STOP.no
const isDue = (state: State, withinMs = 0): boolean =>
  state.next < state.task.count && state.records.dueMs[state.next]! <= sinceStart(state) + withinMs

function eventsOf(state: State): SenderEvents {
  const { records } = state
  return {
    opened(request) {
      records.openMs[request] = sinceStart(state)
    },
    firstByte(request) {
      records.firstByteMs[request] = sinceStart(state)
    },
    body(request, bytes) {
      state.streams?.add(request, bytes, sinceStart(state))
    },
    done(request, status, told, body) {
      const at = sinceStart(state)
      const outcome = state.streams?.end(request, status, { input: state.draws.input(request), atMs: at }) ?? status
      if (told !== '') keepTold(state, request, told)
      if (body !== null && outcome >= 200 && outcome < 300) keepAnswer(state, request, body)
      finish(state, { request, outcome, at })
    },
    repeated() {
      state.repeated++
    },
  }
}

function keepTold({ names, records }: State, request: number, told: string): void {
  for (const { name, ms } of parseServerTiming(told, MOST_SERVER_TIMES)) {
    let at = names.indexOf(name)
    if (at < 0 && names.length < MOST_SERVER_TIMES) at = names.push(name) - 1
    if (at >= 0) records.toldMs[request * MOST_SERVER_TIMES + at] = ms
  }
}

function keepAnswer(state: State, request: number, body: Buffer): void {
  if (state.keptBytes + body.length > MOST_KEPT_BYTES) return
  state.keptBytes += body.length
  state.kept.push({ input: state.draws.input(request), body })
}

function finish(state: State, { request, outcome, at }: { request: number; outcome: number; at: number }): void {
  const { records, outstanding, control, task } = state
  records.doneMs[request] = at
  records.outcome[request] = outcome
  outstanding.delete(request)
  Atomics.add(control, CONTROL.done, 1)
  if (task.closed !== null) sendNextOfClient(state)
  endWhenDone(state)
}

function send(state: State, request: number): void {
  const { records, control, outstanding, task } = state
  records.sentMs[request] = sinceStart(state)
  records.toldMs.fill(Number.NaN, request * MOST_SERVER_TIMES, (request + 1) * MOST_SERVER_TIMES)
  Atomics.store(control, CONTROL.sent, request + 1)
  if (outstanding.size >= task.mostOutstanding) {
    records.doneMs[request] = records.sentMs[request]!
    records.outcome[request] = OUTCOME.unsent
    Atomics.add(control, CONTROL.done, 1)
    return
  }
  outstanding.add(request)
  state.sender.send(request)
}

/** Sends what is due; stays awake where more is due at once. */
function pump(state: State): void {
  Atomics.store(state.control, CONTROL.wake, 0)
  if (!isStopped(state)) {
    for (let k = 0; k < MOST_AT_ONCE && isDue(state); k++) send(state, state.next++)
    if (isDue(state, AWAKE_MS) && !state.isAwake) {
      state.isAwake = true
      setImmediate(pumpAgain, state)
    }
  }
  endWhenDone(state)
}

function pumpAgain(state: State): void {
  state.isAwake = false
  pump(state)
}

function sendNextOfClient(state: State): void {
  const { next, records, task } = state
  const at = sinceStart(state)
  if (next >= task.count || at >= task.closed!.lengthMs || isStopped(state)) return
  records.dueMs[next] = at
  send(state, state.next++)
}

function giveUpLate(state: State): void {
  const { control, outstanding, records, task, sender } = state
  const at = sinceStart(state)
  const givesUpAll = Atomics.load(control, CONTROL.stop) === STOP.all
  for (const request of outstanding) {
    // In order of sending: the first that is not late ends the search.
    if (!givesUpAll && at - records.dueMs[request]! < task.timeoutMs) break
    sender.abandon(request)
    state.streams?.drop(request)
    if (givesUpAll) outstanding.delete(request)
    else finish(state, { request, outcome: OUTCOME.timedOut, at })
  }
  if (task.closed === null && isDue(state)) pump(state)
  endWhenDone(state)
}

function endWhenDone(state: State): void {
  const { task, next, outstanding } = state
  const isTimeUp = task.closed !== null && sinceStart(state) >= task.closed.lengthMs
  if ((isStopped(state) || isTimeUp || next >= task.count) && outstanding.size === 0) state.end()
}

parentPort!.postMessage(await generate(workerData as GeneratorTask))
