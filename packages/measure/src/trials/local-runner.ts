// Runs a trial in a process of its own, so that a crash, an abort, a leak or an endless run in native code costs that trial and
// nothing else. Killed at its time or memory limit; its result is a value.
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { compiledTwin } from '@whyslow/graph/compiled-twin.ts'
import { isRemoved, makeTemporaryFolder, removeAtExit, temporaryVariables } from '../machine/files.ts'
import { type EndedProcess, endInWords, startProcess } from '../processes/start-process.ts'
import { withMachineLock } from './lock.ts'
import type { RunTrial, Task, Trial, TrialLimits, TrialRunner } from './port.ts'

const childFile = fileURLToPath(new URL('./trial-child.js', compiledTwin(import.meta.url)))

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
  const { timeMs, memoryBytes, signal } = limits
  const { child, ended, end } = startProcess({
    words: [childFile],
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    // onnxruntime leaves its files there.
    env: { ...process.env, ...temporaryVariables(temporary) },
    limits: { timeMs, memoryBytes, signal },
    atExit: () => removeAtExit(temporary),
  })
  const answer = new Promise<Trial<Output>>((resolve) => {
    child.on('message', (message) => resolve(message as Trial<Output>))
    child.send({ id: task.id, module: compiledTwin(task.module), input })
  })
  let answered: Trial<Output> | null
  let how: EndedProcess
  try {
    answered = await Promise.race([answer, ended.then(() => null)])
  } finally {
    const died = child.exitCode !== null || child.signalCode !== null
    how = await end()
    await removeFolder(temporary)
    if (died) await keepRemoved(temporary)
  }
  // What is answered after a limit is not heard.
  if (answered !== null && (how.stop === null || how.stop.at === 'end')) return answered
  signal?.throwIfAborted()
  if (how.stop?.at === 'time') return { outcome: 'timed-out', limitMs: timeMs }
  if (how.stop?.at === 'memory') return { outcome: 'out-of-memory', usedBytes: how.stop.usedBytes, limitBytes: memoryBytes! }
  return { outcome: 'crashed', reason: `the engine's process ${endInWords(how)}` }
}

/** This machine, one measurement at a time. */
export const localTrials: TrialRunner = { run: runLocally, alone: withMachineLock }
