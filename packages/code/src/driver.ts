// One pass of the user's code in a process of its own, with the user's rights and environment: started, listened to, and ended with all
// that it started. Whatever it does (throws, hangs, exits, floods its output, forks, eats the memory), the answer is a value that names
// the stage and the sample.
import fs from 'node:fs'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { lastWords } from '@whyslow/measure/processes/last-words.ts'
import { type EndedProcess, startProcess } from '@whyslow/measure/processes/start-process.ts'
import { busyWatch, treeWorkMs } from '@whyslow/measure/trials/cpu-time.ts'
import type { DriverCommand } from './language.ts'
import { type Message, PHASES, type Phase, type Plan, type Target } from './protocol.ts'

/** Bytes kept of what the user's code prints: the first and the last. */
const LOG_HEAD_BYTES = 4096
const LOG_TAIL_BYTES = 8192
/** A line above this is no message. */
const LONGEST_MESSAGE = 256e6

export interface PassLimits {
  /** After this long without a message and without a change of stage or sample, it counts as hanging. */
  readonly stallMs: number
  /**
   * Outside of a call (a script, an import, `load`), what uses a processor goes on for this long: it is at work, and has nothing to tell
   * before its end. Within a call it may as well be in a circle. Absent: it hangs as what uses none does.
   */
  readonly busyMs?: number
  /** Longest for the whole pass. */
  readonly timeMs: number
  /** null: none. */
  readonly memoryBytes: number | null
  readonly signal?: AbortSignal | undefined
}

/** Where the process was when it was last seen. */
export interface Position {
  readonly phase: Phase
  /** Index of the stage; null: in none. */
  readonly stage: number | null
  readonly sample: number | null
}

export interface PassFailure {
  readonly how: 'threw' | 'contract' | 'exited' | 'crashed' | 'timed-out' | 'out-of-memory' | 'not-started'
  readonly phase: Phase
  /** Name of the stage. */
  readonly stage: string | null
  readonly sample: number | null
  readonly reason: string
  readonly place: { readonly file: string; readonly line: number } | null
}

export interface Log {
  readonly head: string
  readonly tail: string
  readonly bytes: number
}

export interface PassResult {
  readonly messages: readonly Message[]
  readonly failure: PassFailure | null
  readonly log: Log
  /** Processes that the user's code started and did not end. */
  readonly leftRunning: number
}

/** A pass, and the commands it takes while it runs. */
export interface RunningPass {
  readonly result: Promise<PassResult>
  /** Writes one line to its standard input. */
  send(command: object): void
  end(): void
}

/** Runs passes; a scripted one stands in for it in tests. */
export type RunPass = (command: DriverCommand, plan: Omit<Plan, 'stateFile'>, options: PassOptions) => Promise<PassResult>

export interface PassOptions {
  readonly limits: PassLimits
  /** For files of the pass; the caller removes it. */
  readonly folder: string
  readonly onMessage?: ((message: Message) => void) | undefined
}

let passes = 0

/** Never throws, but for an aborted signal. */
export const runPass: RunPass = async (command, plan, options) => {
  const pass = startPass(command, plan, options)
  pass.end()
  return pass.result
}

/** Starts a pass. `result` is refused only with the signal's reason. */
function startPass(command: DriverCommand, given: Omit<Plan, 'stateFile'>, options: PassOptions): RunningPass {
  const { limits, folder, onMessage } = options
  const { timeMs, memoryBytes, signal } = limits
  signal?.throwIfAborted()
  const stateFile = join(folder, `state-${passes++}`)
  fs.writeFileSync(stateFile, Buffer.alloc(16))
  const plan: Plan = { ...given, stateFile }
  const messages: Message[] = []
  const { child, ended } = startProcess({
    executable: command.executable,
    words: command.arguments,
    ...(command.environment && { env: command.environment }),
    stdio: ['pipe', 'pipe', 'pipe', ...(command.messages === 3 ? (['pipe'] as const) : [])],
    isUsers: true,
    hasGroup: true,
    limits: { timeMs, memoryBytes, signal, stalledMs: stallWatch(stateFile, limits, messages) },
  })
  const log = new OutputLog()
  const [, out, err, extra] = child.stdio as unknown as readonly [unknown, Readable, Readable, Readable | undefined]
  const channel = command.messages === 3 ? extra! : out
  for (const stream of [out, err])
    if (stream !== channel) stream.on('data', (piece: Buffer | string) => log.add(Buffer.from(piece)))
  readLines(channel, (line) => {
    const message = parseMessage(line)
    if (message === null) return log.add(Buffer.from(`${line.slice(0, LOG_HEAD_BYTES)}\n`))
    messages.push(message)
    onMessage?.(message)
  })
  child.stdin!.write(`${JSON.stringify(plan)}\n`)
  const result = ended.then((how): PassResult => {
    if (how.stop?.at === 'abort') throw signal!.reason
    const failure = failureOf(how, messages, { ...readState(stateFile), place: standsAt(stateFile), limits }, log.kept())
    return { messages, failure, log: log.kept(), leftRunning: how.left }
  })
  return { result, send: (line) => child.stdin!.write(`${JSON.stringify(line)}\n`), end: () => child.stdin!.end() }
}

/** Gives how long a pass has shown no sign of life, if that is too long. */
function stallWatch(stateFile: string, { stallMs, busyMs = 0 }: PassLimits, messages: readonly Message[]) {
  let last = ''
  let changed = performance.now()
  let told = changed
  let seen: number | undefined
  const isBusy = busyWatch(() => (seen === undefined ? null : treeWorkMs(seen)), Math.min(1000, stallMs / 4))
  /** Whether it makes calls of the user's stages. */
  const isCalling = () => isCall(readState(stateFile).phase) && targetOf(messages)?.kind !== 'script'
  return (pid: number | undefined, now: number): number | null => {
    seen = pid
    const state = `${messages.length} ${stateBytes(stateFile)}`
    if (state !== last) [last, changed, told] = [state, now, now]
    // Not looked at while there are other signs, nor where it would not count.
    const mayBeBusy = busyMs > 0 && now - changed > Math.min(stallMs, busyMs) / 4 && !isCalling()
    if (mayBeBusy && isBusy(now)) changed = now
    if (now - changed > stallMs) return now - changed
    return changed > told && now - told > busyMs ? now - told : null
  }
}

type Standing = Position & { readonly place: PassFailure['place']; readonly limits: PassLimits }

function failureOf(how: EndedProcess, messages: readonly Message[], at: Standing, log: Log): PassFailure | null {
  const stage = at.stage === null ? null : (targetOf(messages)?.stages[at.stage] ?? null)
  const where = { phase: at.phase, stage, sample: at.sample, place: null }
  const failed = messages.findLast((message) => message.kind === 'failed')
  if (failed !== undefined) {
    const { phase, stage, sample, reason, place } = failed
    return { how: failed.contract ? 'contract' : 'threw', phase, stage, sample, reason, place }
  }
  const { stop, error, code, signal } = how
  if (stop?.at === 'time' || stop?.at === 'stall') {
    const seconds = `${Math.round(stop.afterMs / 1000)} s`
    const isBusy = stop.afterMs > (at.limits.busyMs || Number.POSITIVE_INFINITY)
    const did = isBusy ? `it worked for ${seconds} without an end` : `nothing happened for ${seconds}`
    const stalled = `${did}; if it only takes long, allow more with --timeout`
    return {
      how: 'timed-out',
      ...where,
      place: at.place,
      reason: stop.at === 'stall' ? stalled : `it did not end within ${seconds}`,
    }
  }
  if (stop?.at === 'memory')
    return { how: 'out-of-memory', ...where, reason: `it used ${Math.round(stop.usedBytes / 1e6)} MB of memory` }
  if (error !== null) return { how: 'not-started', ...where, reason: error.message }
  if (messages.at(-1)?.kind === 'bye') return null
  const said = lastWords(log.tail === '' ? log.head : log.tail)
  const reason = signal === null ? `the process ended by itself with exit code ${code}` : `the process was ended by ${signal}`
  return { how: signal === null ? 'exited' : 'crashed', ...where, reason: said === null ? reason : `${reason}: ${said}` }
}

const targetOf = (messages: readonly Message[]): Target | undefined =>
  messages.findLast((message) => message.kind === 'imported')?.target

/** Null if the line is none. */
function parseMessage(line: string): Message | null {
  if (!line.startsWith('{')) return null
  try {
    const message = JSON.parse(line) as Partial<Message> | null
    return typeof message?.kind === 'string' ? (message as Message) : null
  } catch {
    return null
  }
}

function readLines(stream: Readable, onLine: (line: string) => void): void {
  let rest: string[] = []
  let length = 0
  stream.setEncoding('utf8').on('data', (text: string) => {
    const parts = text.split('\n')
    for (const [at, part] of parts.entries()) {
      length += part.length
      if (length <= LONGEST_MESSAGE) rest.push(part)
      if (at === parts.length - 1) break
      const line = rest.join('')
      ;[rest, length] = [[], 0]
      if (line !== '') onLine(line)
    }
  })
}

/** Keeps the beginning and the end of what is written. */
class OutputLog {
  private head = Buffer.alloc(0)
  private tail = Buffer.alloc(0)
  private bytes = 0

  add(chunk: Buffer): void {
    this.bytes += chunk.length
    const room = LOG_HEAD_BYTES - this.head.length
    if (room > 0) this.head = Buffer.concat([this.head, chunk.subarray(0, room)])
    const rest = room > 0 ? chunk.subarray(room) : chunk
    if (rest.length > 0) this.tail = Buffer.concat([this.tail, rest.subarray(-LOG_TAIL_BYTES)]).subarray(-LOG_TAIL_BYTES)
  }

  kept(): Log {
    return { head: this.head.toString('utf8'), tail: this.tail.toString('utf8'), bytes: this.bytes }
  }
}

function stateBytes(file: string): string {
  try {
    return fs.readFileSync(file, 'latin1')
  } catch {
    return ''
  }
}

/** Where the user's code stood still when it was last looked at; null: its language does not tell, or it went on. */
function standsAt(stateFile: string): PassFailure['place'] {
  try {
    return JSON.parse(fs.readFileSync(`${stateFile}.place`, 'utf8'))
  } catch {
    return null
  }
}

const isCall = (phase: Phase): boolean => ['first', 'warm-up', 'timed', 'profiled', 'facts'].includes(phase)

function readState(file: string): Position {
  const bytes = Buffer.from(stateBytes(file), 'latin1')
  if (bytes.length < 16) return { phase: 'start', stage: null, sample: null }
  const [phase, stage, sample] = [bytes.readInt32LE(0), bytes.readInt32LE(4), bytes.readInt32LE(8)]
  const started = PHASES[phase] ?? 'start'
  const inCall = isCall(started)
  return { phase: started, stage: inCall && stage >= 0 ? stage : null, sample: inCall && sample >= 0 ? sample : null }
}
