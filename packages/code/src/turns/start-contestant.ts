// Starts a process for an implementation, Node's own or a Python interpreter, and carries questions and answers. A program that throws, ends,
// floods its output or never answers is a ContestantFailed; whatever it started ends with it.
import { fileURLToPath } from 'node:url'
import { compiledTwin } from '@whyslow/graph/compiled-twin.ts'
import { FrameReader } from '@whyslow/measure/engines/python/frames.ts'
import { endInWords, type RunningProcess, startProcess } from '@whyslow/measure/processes/start-process.ts'
import { COLLECTOR } from '@whyslow/measure/python/collector.ts'
import type { Answer, Contestant, Failure, Message, Request, Source } from './contestant.ts'
import { ContestantFailed } from './contestant.ts'
import { decodeMessage, encodeMessage } from './message.ts'

const nodeChild = fileURLToPath(new URL('./node-child.js', compiledTwin(import.meta.url)))

/** Its process, at once, named by its file in a list of processes; nothing of the user's is run yet. */
export function startContestant(source: Source): Contestant {
  const [executable, ...before] = source.interpreter
  if (source.language === 'javascript') {
    const running = startProcess({
      executable: executable!,
      words: [...before, nodeChild, source.file],
      serialization: 'advanced',
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      isUsers: true,
    })
    const { child } = running
    const carried = carry(running, (message) => void child.send(message))
    child.on('message', carried.receive)
    child.stdout!.resume()
    return carried.contestant
  }
  const running = startProcess({
    executable: executable!,
    words: [...before, COLLECTOR, 'contestant', source.file],
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, PYTHONUNBUFFERED: '1' },
    isUsers: true,
  })
  const { child } = running
  const carried = carry(running, (message) => {
    for (const part of encodeMessage(message)) child.stdin!.write(part)
  })
  const reader = new FrameReader()
  child.stdout!.on('data', (piece: Buffer) => {
    try {
      for (const frame of reader.add(piece)) carried.receive(decodeMessage(frame))
    } catch {
      carried.lose('it wrote to the channel of its answers')
    }
  })
  return carried.contestant
}

interface Asked {
  readonly settle: (message: Message) => void
}

function carry({ child, ended, end }: RunningProcess, send: (request: Request) => void) {
  let asked: Asked | null = null
  let at: { stage: string | null; sample: number | null } = { stage: null, sample: null }
  let lost: Failure | null = null
  const lose = (reason: string) => {
    lost ??= { kind: 'ended', reason, ...at, line: null }
    asked?.settle({ failed: { ...lost, ...at } })
  }
  ended.then((how) => lose(`its process ${endInWords(how)}`))
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
          end()
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
      await end()
    },
  }
  return { contestant, receive, lose }
}
