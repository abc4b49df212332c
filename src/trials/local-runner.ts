// Runs a trial in a process of its own, so that a crash, an abort, a leak or an endless run in native code costs that trial and
// nothing else. Killed at its time or memory limit; its result is a value.
import { type ChildProcess, fork } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { compiledTwin } from '../engines/compiled-twin.ts'
import { isRemoved, makeTemporaryFolder, removeAtExit } from '../machine/files.ts'
import { endAtOnce } from './end-process.ts'
import { withMachineLock } from './lock.ts'
import type { RunTrial, Task, Trial, TrialLimits, TrialRunner } from './port.ts'
import { memoryAbove } from './resident.ts'

const MEMORY_POLL_MS = 200
/** What native code prints before it aborts; the last line of it that is no part of a stack is the reason given. */
const STDERR_KEPT_BYTES = 8192
/** Frames of JavaScript, Node's native frames ('13: 0x195e376 [node]'), and the rules around both. */
const STACK_LINE = /^\s+at |^\s*\d+: (0x)?[0-9a-f]+ |^-{3,}|^<--- /i

const running = new Map<ChildProcess, string>()
process.on('exit', () => {
  for (const [child, temporary] of running) {
    endAtOnce(child)
    removeAtExit(temporary)
  }
})

const childFile = fileURLToPath(new URL('./trial-child.js', compiledTwin(import.meta.url)))

/** onnxruntime 1.30 sends usage data from Linux unless told otherwise before it is loaded, and leaves its files in TMPDIR. */
const childEnvironment = (temporary: string): NodeJS.ProcessEnv => ({
  ...process.env,
  ORT_DISABLE_TELEMETRY: '1',
  TMPDIR: temporary,
  TMP: temporary,
  TEMP: temporary,
})

/** A browser whose parent was killed notices, and writes until then: seconds on a busy machine. */
const REMOVAL_TRIES = 100
const KEPT_REMOVED_TRIES = 10
const REMOVAL_PAUSE_MS = 100

/**
 * What a trial leaves behind, such as a browser's profile, goes with it. What cannot be removed stays, since the trial's result is worth
 * more.
 */
async function removeFolder(folder: string): Promise<void> {
  for (let tries = 0; tries < REMOVAL_TRIES && !isRemoved(folder); tries++) await sleep(REMOVAL_PAUSE_MS)
}

/** What a process that died had started is found no more, and may write once more before it ends. */
async function keepRemoved(folder: string): Promise<void> {
  for (let k = 0; k < KEPT_REMOVED_TRIES; k++) {
    await sleep(REMOVAL_PAUSE_MS)
    isRemoved(folder)
  }
}

/** Runs one task in a fresh process of this machine. Never throws, but for an aborted signal. */
export const runLocally: RunTrial = async <Input, Output>(
  task: Task<Input, Output>,
  input: Input,
  limits: TrialLimits,
): Promise<Trial<Output>> => {
  limits.signal?.throwIfAborted()
  const temporary = makeTemporaryFolder('whyslow-trial-')
  const child = fork(childFile, [], {
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    execArgv: [],
    env: childEnvironment(temporary),
  })
  running.set(child, temporary)
  let stderr = ''
  child.stderr!.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-STDERR_KEPT_BYTES)
  })
  try {
    return await new Promise<Trial<Output>>((resolve, reject) => {
      const timer = setTimeout(() => settle({ outcome: 'timed-out', limitMs: limits.timeMs }), limits.timeMs)
      const poll = limits.memoryBytes === null ? undefined : setInterval(watchMemory, MEMORY_POLL_MS, limits.memoryBytes)
      const onAbort = () => {
        clear()
        reject(limits.signal!.reason)
      }
      limits.signal?.addEventListener('abort', onAbort, { once: true })
      function clear() {
        clearTimeout(timer)
        clearInterval(poll)
        limits.signal?.removeEventListener('abort', onAbort)
      }
      function settle(result: Trial<Output>) {
        clear()
        resolve(result)
      }
      function watchMemory(limit: number) {
        const usedBytes = memoryAbove(limit, child.pid!)
        if (usedBytes !== null) settle({ outcome: 'out-of-memory', usedBytes, limitBytes: limit })
      }
      child.on('message', (message) => settle(message as Trial<Output>))
      child.on('error', (error) => settle({ outcome: 'crashed', reason: error.message }))
      child.on('exit', (code, signal) =>
        // What was sent before the end arrives first; stderr may still be on its way.
        setImmediate(() => settle({ outcome: 'crashed', reason: crashReason(code, signal, stderr) })),
      )
      child.send({ id: task.id, module: compiledTwin(task.module), input }, (error) => {
        if (error) settle({ outcome: 'crashed', reason: error.message })
      })
    })
  } finally {
    const died = child.exitCode !== null || child.signalCode !== null
    endAtOnce(child)
    await ended(child)
    await removeFolder(temporary)
    if (died) await keepRemoved(temporary)
    running.delete(child)
  }
}

const ended = (child: ChildProcess): Promise<unknown> =>
  child.exitCode !== null || child.signalCode !== null || child.pid === undefined
    ? Promise.resolve()
    : new Promise((resolve) => child.once('exit', resolve))

function crashReason(code: number | null, signal: string | null, stderr: string): string {
  const said = stderr.split('\n').findLast((line) => line.trim() && !STACK_LINE.test(line))
  const how = signal ? `the engine's process ended by ${signal}` : `the engine's process ended with code ${code}`
  return said ? `${how}: ${said.trim().slice(0, 200)}` : how
}

/** This machine, one measurement at a time. */
export const localTrials: TrialRunner = { run: runLocally, alone: withMachineLock }
