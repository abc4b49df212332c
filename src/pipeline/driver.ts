// One pass of the user's code in a process of its own, with the user's rights and environment: started, listened to, and ended with all
// that it started. Whatever it does (throws, hangs, exits, floods its output, forks, eats the memory), the answer is a value that names
// the stage and the sample.
import { type ChildProcess, spawn } from 'node:child_process'
import fs from 'node:fs'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { busyWatch, treeWorkMs } from '../trials/cpu-time.ts'
import { descendantsOf, drained, endAtOnce, endMarked, markedBy, processesMarked } from '../trials/end-process.ts'
import { memoryAbove } from '../trials/resident.ts'
import type { DriverCommand } from './language.ts'
import { type Message, PHASES, type Phase, type Plan, type Target } from './protocol.ts'

/** Of what the user's code prints, the first and the last are kept. */
const LOG_HEAD_BYTES = 4096
const LOG_TAIL_BYTES = 8192
const POLL_MS = 100
/** A line above this is no message. */
const LONGEST_MESSAGE = 256e6

export interface PassLimits {
  /** Without a message and without a change of stage or sample for so long, it hangs. */
  readonly stallMs: number
  /**
   * Outside of a call (a script, an import, `load`), what uses a processor goes on as long as the pass may: it is at work, and has nothing
   * to tell before its end. Within a call it may as well be in a circle.
   */
  readonly busyIsAlive?: boolean
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
  /** By name. */
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

const running = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of running) endGroup(child)
})

let passes = 0

/** Never throws, but for an aborted signal. */
export const runPass: RunPass = async (command, plan, options) => {
  const pass = startPass(command, plan, options)
  pass.end()
  return pass.result
}

/** Starts a pass. `result` is refused only with the signal's reason. */
export function startPass(command: DriverCommand, given: Omit<Plan, 'stateFile'>, options: PassOptions): RunningPass {
  const { limits, folder } = options
  limits.signal?.throwIfAborted()
  const stateFile = join(folder, `state-${passes++}`)
  fs.writeFileSync(stateFile, Buffer.alloc(16))
  const plan: Plan = { ...given, stateFile }
  const child = spawn(command.executable, [...command.arguments], {
    stdio: ['pipe', 'pipe', 'pipe', ...(command.messages === 3 ? (['pipe'] as const) : [])],
    env: { ...process.env, ...command.environment, ...markedBy(stateFile) },
    // A group of its own, so that what it leaves behind is found; Ctrl-C ends it through the signal.
    detached: process.platform !== 'win32',
    windowsHide: true,
  })
  running.add(child)
  // A process that ends before it has read the plan breaks the pipe; its exit tells.
  child.stdin!.on('error', () => {})
  child.stdin!.write(`${JSON.stringify(plan)}\n`)
  return {
    result: follow(child, command, { stateFile, ...options }),
    send: (line) => child.stdin!.write(`${JSON.stringify(line)}\n`),
    end: () => child.stdin!.end(),
  }
}

async function follow(
  child: ChildProcess,
  command: DriverCommand,
  { stateFile, limits, onMessage }: PassOptions & { stateFile: string },
): Promise<PassResult> {
  const messages: Message[] = []
  const log = new OutputLog()
  const [, out, err, extra] = child.stdio as unknown as readonly [unknown, Readable, Readable, Readable | undefined]
  const channel = command.messages === 3 ? extra! : out
  for (const stream of [out, err]) if (stream !== channel) stream.on('data', (bytes: Buffer) => log.add(bytes))
  for (const stream of [out, err, extra]) stream?.on('error', () => {})
  readLines(channel, (line) => {
    const message = parseMessage(line)
    if (message === null) return log.add(Buffer.from(`${line.slice(0, LOG_HEAD_BYTES)}\n`))
    messages.push(message)
    onMessage?.(message)
  })
  try {
    const isCalling = () => isCall(readState(stateFile).phase) && targetOf(messages)?.kind !== 'script'
    const end = await watch(child, { stateFile, limits, heard: () => messages.length, isCalling })
    if (end.how === 'ended') await drained(child)
    const strays = processesMarked(stateFile).filter((pid) => pid !== child.pid)
    const leftRunning = Math.max(strays.length, child.pid === undefined ? 0 : groupOf(child.pid))
    const state = readState(stateFile)
    return { messages, failure: failureOf(end, messages, state, log.kept()), log: log.kept(), leftRunning }
  } finally {
    endGroup(child)
    endMarked(stateFile)
    for (const stream of [out, err, extra]) stream?.destroy()
    running.delete(child)
  }
}

type End =
  | { readonly how: 'ended'; readonly code: number | null; readonly signal: string | null }
  | { readonly how: 'timed-out'; readonly afterMs: number; readonly stalled: boolean }
  | { readonly how: 'out-of-memory'; readonly usedBytes: number }
  | { readonly how: 'not-started'; readonly reason: string }

interface Watched {
  readonly stateFile: string
  readonly limits: PassLimits
  readonly heard: () => number
  /** Whether it makes calls of the user's stages. */
  readonly isCalling: () => boolean
}

function watch(child: ChildProcess, { stateFile, limits, heard, isCalling }: Watched): Promise<End> {
  return new Promise((resolve, reject) => {
    const started = performance.now()
    let last = ''
    let changed = started
    const looksMs = Math.min(1000, limits.stallMs / 4)
    const isBusy = busyWatch(() => (child.pid === undefined ? null : treeWorkMs(child.pid)), looksMs)
    const poll = setInterval(() => {
      const now = performance.now()
      const state = `${heard()} ${stateBytes(stateFile)}`
      if (state !== last) [last, changed] = [state, now]
      // Not looked at while there are other signs, nor where it would not count.
      const mayBeBusy = limits.busyIsAlive === true && now - changed > limits.stallMs / 4 && !isCalling()
      if (mayBeBusy && isBusy(now)) changed = now
      const stalled = now - changed > limits.stallMs
      if (stalled || now - started > limits.timeMs)
        settle({ how: 'timed-out', afterMs: stalled ? now - changed : now - started, stalled })
      const used = limits.memoryBytes === null || child.pid === undefined ? null : memoryAbove(limits.memoryBytes, child.pid)
      if (used !== null) settle({ how: 'out-of-memory', usedBytes: used })
    }, POLL_MS)
    const onAbort = () => {
      clear()
      reject(limits.signal!.reason)
    }
    limits.signal?.addEventListener('abort', onAbort, { once: true })
    function clear() {
      clearInterval(poll)
      limits.signal?.removeEventListener('abort', onAbort)
    }
    function settle(end: End) {
      clear()
      resolve(end)
    }
    child.on('error', (error) => settle({ how: 'not-started', reason: error.message }))
    child.on('exit', (code, signal) => settle({ how: 'ended', code, signal }))
  })
}

function failureOf(end: End, messages: readonly Message[], at: Position, log: Log): PassFailure | null {
  const stage = at.stage === null ? null : (targetOf(messages)?.stages[at.stage] ?? null)
  const where = { phase: at.phase, stage, sample: at.sample }
  const failed = messages.findLast((message) => message.kind === 'failed')
  if (failed !== undefined) {
    const { phase, stage, sample, reason, place } = failed
    return { how: failed.contract ? 'contract' : 'threw', phase, stage, sample, reason, place }
  }
  if (end.how === 'timed-out') {
    const seconds = `${Math.round(end.afterMs / 1000)} s`
    const more = 'if it only takes long, allow more with --limit'
    const reason = end.stalled ? `nothing happened for ${seconds}; ${more}` : `it did not end within ${seconds}`
    return { how: 'timed-out', ...where, reason, place: null }
  }
  if (end.how === 'out-of-memory')
    return { how: 'out-of-memory', ...where, reason: `it used ${Math.round(end.usedBytes / 1e6)} MB of memory`, place: null }
  if (end.how === 'not-started') return { how: 'not-started', ...where, reason: end.reason, place: null }
  if (messages.at(-1)?.kind === 'bye') return null
  const exited = end.signal === null
  const said = lastLine(log)
  const reason = exited ? `the process ended by itself with exit code ${end.code}` : `the process was ended by ${end.signal}`
  return { how: exited ? 'exited' : 'crashed', ...where, reason: said === null ? reason : `${reason}: ${said}`, place: null }
}

const targetOf = (messages: readonly Message[]): Target | undefined =>
  messages.findLast((message) => message.kind === 'imported')?.target

function lastLine({ head, tail }: Log): string | null {
  const lines = (tail === '' ? head : tail).split('\n').filter((line) => line.trim() !== '')
  return lines.at(-1)?.trim().slice(0, 200) ?? null
}

/** Null where the line is none. */
export function parseMessage(line: string): Message | null {
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

const isCall = (phase: Phase): boolean => ['first', 'warm-up', 'timed', 'profiled', 'facts'].includes(phase)

function readState(file: string): Position {
  const bytes = Buffer.from(stateBytes(file), 'latin1')
  if (bytes.length < 16) return { phase: 'start', stage: null, sample: null }
  const [phase, stage, sample] = [bytes.readInt32LE(0), bytes.readInt32LE(4), bytes.readInt32LE(8)]
  const started = PHASES[phase] ?? 'start'
  const inCall = isCall(started)
  return { phase: started, stage: inCall && stage >= 0 ? stage : null, sample: inCall && sample >= 0 ? sample : null }
}

/** The process, those that it started, and, on POSIX, those of its group that have lost their parent. */
function endGroup(child: ChildProcess): void {
  endAtOnce(child)
  if (child.pid === undefined || process.platform === 'win32') return
  try {
    process.kill(-child.pid, 'SIGKILL')
  } catch {
    // Nobody is left in it.
  }
}

/** How many of its group or of its descendants are alive after it ended. */
function groupOf(pid: number): number {
  const below = descendantsOf(pid).length
  if (below > 0 || process.platform === 'win32') return below
  try {
    process.kill(-pid, 0)
    return 1
  } catch {
    return 0
  }
}
