// Starts a process for an implementation, Node's own or a Python interpreter, and carries questions and answers. A program that throws, ends,
// floods its output or never answers is a ContestantFailed; whatever it started ends with it.
import { type ChildProcess, fork, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { compiledTwin } from '../../engines/compiled-twin.ts'
import { FrameReader } from '../../engines/python/frames.ts'
import { COLLECTOR } from '../../python/collector.ts'
import { drained, endAtOnce, endMarked, markedBy } from '../../trials/end-process.ts'
import type { Answer, Contestant, Failure, Message, Request, Source } from './contestant.ts'
import { ContestantFailed } from './contestant.ts'
import { decodeMessage, encodeMessage } from './message.ts'

const nodeChild = fileURLToPath(new URL('./node-child.js', compiledTwin(import.meta.url)))

/** Of what it writes: the end says why it ended. */
const KEPT_BYTES = 4096

/** Each process by the mark that it and all that it starts bear. */
const running = new Map<ChildProcess, string>()
process.on('exit', () => {
  for (const [child, mark] of running) endAll(child, mark)
})

function endAll(child: ChildProcess, mark: string): void {
  endAtOnce(child)
  // Those that have lost their parent.
  endMarked(mark)
}

/** Its process, at once, named by its file in a list of processes; nothing of the user's is run yet. */
export function startContestant(source: Source): Contestant {
  const mark = randomUUID()
  const environment = { ...process.env, ...markedBy(mark), ORT_DISABLE_TELEMETRY: '1' }
  if (source.language === 'javascript') {
    const child = fork(nodeChild, [source.file], {
      serialization: 'advanced',
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      execPath: source.interpreter[0]!,
      execArgv: [...source.interpreter.slice(1)],
      env: environment,
    })
    const carried = carry(child, mark, (message) => void child.send(message))
    child.on('message', carried.receive)
    child.stdout!.resume()
    return carried.contestant
  }
  const [executable, ...before] = source.interpreter
  const child = spawn(executable!, [...before, COLLECTOR, 'contestant', source.file], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...environment, PYTHONUNBUFFERED: '1' },
  })
  const carried = carry(child, mark, (message) => {
    for (const part of encodeMessage(message)) child.stdin!.write(part)
  })
  child.stdin!.on('error', () => {})
  const reader = new FrameReader()
  child.stdout!.on('data', (piece: Buffer) => {
    try {
      for (const frame of reader.add(piece)) carried.receive(decodeMessage(frame))
    } catch {
      carried.lose('it wrote where its answers go')
    }
  })
  return carried.contestant
}

interface Asked {
  readonly settle: (message: Message) => void
}

function carry(child: ChildProcess, mark: string, send: (request: Request) => void) {
  running.set(child, mark)
  let asked: Asked | null = null
  let at: { stage: string | null; sample: number | null } = { stage: null, sample: null }
  let lost: Failure | null = null
  let said = ''
  child.stderr!.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-KEPT_BYTES)
  })
  const lose = (reason: string) => {
    lost ??= { kind: 'ended', reason, ...at, line: null }
    asked?.settle({ failed: { ...lost, ...at } })
  }
  child.on('error', (error) => lose(error.message))
  // What was sent before the end arrives first; what it started and left behind holds its pipes open no longer.
  child.on('exit', async (code, signal) => {
    endMarked(mark)
    await drained(child)
    lose(wordsOfEnd(code, signal, said))
  })
  const gone = new Promise<void>((resolve) => {
    child.once('exit', () => resolve())
    child.once('error', () => resolve())
  })
  const receive = (given: unknown): void => {
    const message = given as Message
    if ('at' in message) at = message.at
    else asked?.settle(message)
  }
  const contestant: Contestant = {
    pid: child.pid ?? -1,
    ask<R extends Request>(request: R, timeMs: number): Promise<Answer<R>> {
      at = { stage: request.ask === 'open' ? 'import' : null, sample: null }
      return new Promise((resolve, reject) => {
        const failed = (failure: Failure) => reject(new ContestantFailed(failure))
        if (lost !== null) return failed(lost)
        const late = `it gave no answer within ${Math.round(timeMs / 1000)} s`
        const timer = setTimeout(() => {
          asked?.settle({ failed: { kind: 'timed-out', reason: late, ...at, line: null } })
          endAll(child, mark)
        }, timeMs)
        asked = {
          settle(message) {
            asked = null
            clearTimeout(timer)
            if ('failed' in message) failed(message.failed)
            else if ('answer' in message) resolve(message.answer as Answer<R>)
          },
        }
        send(request)
      })
    },
    async end() {
      lost ??= { kind: 'ended', reason: 'it was ended', ...at, line: null }
      endAll(child, mark)
      await gone
      running.delete(child)
    },
  }
  return { contestant, receive, lose }
}

/** Frames of a Python or JavaScript stack, and rules around them. */
const STACK_LINE = /^\s+(at |File )|^\s*\d+: (0x)?[0-9a-f]+ |^-{3,}|^<--- /i

function wordsOfEnd(code: number | null, signal: NodeJS.Signals | null, said: string): string {
  const how = signal === null ? `its process ended with code ${code}` : `its process ended by ${signal}`
  const last = said.split('\n').findLast((line) => line.trim() !== '' && !STACK_LINE.test(line))
  const memory = signal === 'SIGKILL' || code === 137 ? '; the system may have ended it for its memory' : ''
  return `${how}${memory}${last === undefined ? '' : `: ${last.trim().slice(0, 200)}`}`
}
