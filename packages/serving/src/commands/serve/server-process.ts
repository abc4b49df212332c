// The process of a server under test: started, watched, ended with who started it.
import type { ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { compiledTwin } from '@whyslow/graph/compiled-twin.ts'
import { InputError } from '@whyslow/graph/input-error.ts'
import { temporaryVariables } from '@whyslow/measure/machine/files.ts'
import { endInWords, type RunningProcess, startProcess } from '@whyslow/measure/processes/start-process.ts'
import type { LoadServerFacts } from '@whyslow/report/documents/load.ts'
import type { ModelSpec } from '../../serve/protocol.ts'
import type { ServerSetup } from './serve.ts'
import type { ServerAnswer, ServerRequest, ServerTask } from './server-task.ts'

export interface ServerProcess {
  readonly address: string
  readonly model: ModelSpec
  readonly setup: ServerSetup
  /** Why it is gone; null while it runs. */
  readonly gone: () => string | null
  /** What it counted since it was asked before; null if it is gone. */
  facts(): Promise<LoadServerFacts | null>
  end(): void
}

const childFile = fileURLToPath(new URL('./server-child.js', compiledTwin(import.meta.url)))
/** Large models are read and optimized in as many sessions as there are workers. */
const OPEN_LIMIT_MS = 600_000

/** `env`: variables for that process. Throws InputError if the model is not served, and the signal's reason if it is aborted. */
export async function startServerProcess(
  task: ServerTask,
  { signal, env = {} }: { readonly signal?: AbortSignal | undefined; readonly env?: Readonly<Record<string, string>> },
): Promise<ServerProcess> {
  signal?.throwIfAborted()
  const running = startProcess({
    words: [childFile],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    // onnxruntime leaves its files there.
    env: { ...process.env, ...env, ...temporaryVariables(task.options.folder) },
  })
  const { child, ended } = running
  let reason: string | null = null
  ended.then((how) => {
    reason = endInWords(how)
  })
  const gone = () => reason
  try {
    const answer = await firstAnswer(running, task, signal)
    if (answer.kind === 'failed') throw new Error(`the server under test failed: ${answer.stack}`)
    if (answer.kind === 'refused') throw new InputError(answer.message)
    if (answer.kind !== 'ready') throw new Error(`the server under test answered ${answer.kind} first`)
    const { address, model, setup } = answer
    return { address, model, setup, gone, facts: () => factsOf(child, gone), end: () => void running.end() }
  } catch (error) {
    running.end()
    throw error
  }
}

function factsOf(child: ChildProcess, gone: () => string | null): Promise<LoadServerFacts | null> {
  if (gone() !== null || !child.connected) return Promise.resolve(null)
  return new Promise((resolve) => {
    const settle = (facts: LoadServerFacts | null) => {
      child.off('message', onMessage)
      child.off('exit', onExit)
      resolve(facts)
    }
    const onMessage = (said: ServerAnswer) => settle(said.kind === 'facts' ? said.facts : null)
    const onExit = () => settle(null)
    child.once('message', onMessage)
    child.once('exit', onExit)
    child.send({ ask: 'facts' } satisfies ServerRequest)
  })
}

function firstAnswer({ child, ended }: RunningProcess, task: ServerTask, signal: AbortSignal | undefined): Promise<ServerAnswer> {
  return new Promise((resolve, reject) => {
    const late = () => new InputError(`${task.file}: not served within ${OPEN_LIMIT_MS / 1000} s; try fewer --workers`)
    const limit = setTimeout(() => settle(() => reject(late())), OPEN_LIMIT_MS)
    const abort = () => settle(() => reject(signal!.reason))
    const settle = (how: () => void) => {
      clearTimeout(limit)
      signal?.removeEventListener('abort', abort)
      how()
    }
    signal?.addEventListener('abort', abort, { once: true })
    child.once('message', (answer: ServerAnswer) => settle(() => resolve(answer)))
    ended.then((how) => settle(() => reject(new InputError(`${task.file}: the process that opens it ${endInWords(how)}`))))
    child.send(task)
  })
}
