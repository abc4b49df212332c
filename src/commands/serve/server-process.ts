// The process of a server under test: started, watched, ended with who started it.
import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { compiledTwin } from '../../engines/compiled-twin.ts'
import { InputError } from '../../graph/input-error.ts'
import type { LoadServerFacts } from '../../report/documents/load.ts'
import type { ModelSpec } from '../../serve/protocol.ts'
import { endAtOnce } from '../../trials/end-process.ts'
import type { ServerSetup } from './serve.ts'
import type { ServerAnswer, ServerAsked, ServerTask } from './server-task.ts'

export interface ServerProcess {
  readonly address: string
  readonly model: ModelSpec
  readonly setup: ServerSetup
  /** Why it is gone; null while it runs. */
  readonly gone: () => string | null
  /** What it counted since it was asked before; null where it is gone. */
  facts(): Promise<LoadServerFacts | null>
  end(): void
}

const childFile = fileURLToPath(new URL('./server-child.js', compiledTwin(import.meta.url)))
/** Large models are read and optimized in as many sessions as there are workers. */
const OPEN_LIMIT_MS = 600_000
/** Of what native code prints before it aborts. */
const KEPT_CHARACTERS = 4096

/** `env`: variables for that process. Throws InputError where the model is not served, and the signal's reason where it is aborted. */
export async function startServerProcess(
  task: ServerTask,
  { signal, env = {} }: { readonly signal?: AbortSignal | undefined; readonly env?: Readonly<Record<string, string>> },
): Promise<ServerProcess> {
  signal?.throwIfAborted()
  const { folder } = task.options
  const child = fork(childFile, {
    execArgv: [],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    // onnxruntime 1.30 sends usage data from Linux unless told otherwise before it is loaded, and leaves its files in TMPDIR.
    env: { ...process.env, ...env, ORT_DISABLE_TELEMETRY: '1', TMPDIR: folder, TMP: folder, TEMP: folder },
  })
  const end = () => endAtOnce(child)
  process.on('exit', end)
  const gone = watched(child, () => process.off('exit', end))
  try {
    const answer = await firstAnswer(child, task, signal, gone)
    if (answer.kind === 'failed') throw new Error(`the server under test failed: ${answer.stack}`)
    if (answer.kind === 'refused') throw new InputError(answer.message)
    if (answer.kind !== 'ready') throw new Error(`the server under test answered ${answer.kind} first`)
    const { address, model, setup } = answer
    return { address, model, setup, gone, facts: () => factsOf(child, gone), end }
  } catch (error) {
    end()
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
    child.send({ ask: 'facts' } satisfies ServerAsked)
  })
}

function watched(child: ChildProcess, onExit: () => void): () => string | null {
  let printed = ''
  let reason: string | null = null
  child.stderr!.setEncoding('utf8').on('data', (text: string) => {
    printed = (printed + text).slice(-KEPT_CHARACTERS)
  })
  child.once('exit', (code, signalName) => {
    onExit()
    const last = printed.trim().split('\n').at(-1) ?? ''
    reason = `${signalName === null ? `code ${code}` : signalName}${last === '' ? '' : `: ${last.slice(0, 200)}`}`
  })
  return () => reason
}

function firstAnswer(
  child: ChildProcess,
  task: ServerTask,
  signal: AbortSignal | undefined,
  gone: () => string | null,
): Promise<ServerAnswer> {
  return new Promise((resolve, reject) => {
    const limit = setTimeout(
      () =>
        settle(() => reject(new InputError(`${task.file}: not served within ${OPEN_LIMIT_MS / 1000} s; try fewer --workers`))),
      OPEN_LIMIT_MS,
    )
    const abort = () => settle(() => reject(signal!.reason))
    const settle = (how: () => void) => {
      clearTimeout(limit)
      signal?.removeEventListener('abort', abort)
      how()
    }
    signal?.addEventListener('abort', abort, { once: true })
    child.once('message', (answer: ServerAnswer) => settle(() => resolve(answer)))
    child.once('error', (error) => settle(() => reject(error)))
    // With its streams closed, so that its last words are read.
    child.once('close', () =>
      settle(() => reject(new InputError(`${task.file}: the process that opens it ended (${gone() ?? 'no reason given'})`))),
    )
    child.send(task)
  })
}
