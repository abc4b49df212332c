// Asks in a process of its own whether an engine is here: loading a native binary can end a process.
import type { Availability } from '../engines/types.ts'
import { runTrial } from './trial.ts'

const LIMIT_MS = 30_000

/** Never throws, but for an aborted signal. */
export async function describeEngine(engine: string, packageFrom: string | null, signal?: AbortSignal): Promise<Availability> {
  const trial = await runTrial('engine', { engine, packageFrom }, { timeMs: LIMIT_MS, memoryBytes: null, signal })
  if (trial.outcome === 'measured') return trial.value
  const reason = trial.outcome === 'timed-out' ? `it does not load within ${LIMIT_MS / 1000} s` : trial.reason
  return { ok: false, reason, fix: 'install it again: npm install onnxruntime-node' }
}
