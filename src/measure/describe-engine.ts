// Asks in a process of its own whether an engine is here: loading a native binary can end a process.
import type { Availability } from '../engines/types.ts'
import { runTrial } from '../trials/trial.ts'

const LIMIT_MS = 60_000

/** Never throws, but for an aborted signal. */
export async function describeEngine(
  engine: string,
  packageFrom: string | null,
  { signal, browser }: { readonly signal?: AbortSignal | undefined; readonly browser?: string | undefined } = {},
): Promise<Availability> {
  const trial = await runTrial(
    'engine',
    { engine, packageFrom, ...(browser === undefined ? {} : { browser }) },
    { timeMs: LIMIT_MS, memoryBytes: null, signal },
  )
  if (trial.outcome === 'measured') return trial.value
  const reason = trial.outcome === 'timed-out' ? `it does not load within ${LIMIT_MS / 1000} s` : trial.reason
  const fix = `install its package again: npm install ${/^ort-(?!wasm)/.test(engine) ? 'onnxruntime-node' : 'onnxruntime-web'}`
  return { ok: false, reason, fix }
}
