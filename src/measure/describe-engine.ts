// Asks in a process of its own whether an engine is here: loading a native binary can end a process.
import { engineById } from '../engines/index.ts'
import type { Availability, EngineOptions } from '../engines/types.ts'
import { engineOf } from '../trials/engine-of.ts'
import { defineTask, type RunTrial, reasonOf } from '../trials/port.ts'

const LIMIT_MS = 60_000

type EngineInput = { readonly engine: string } & Pick<EngineOptions, 'packageFrom' | 'browser'>

const describe = ({ engine, ...options }: EngineInput): Promise<Availability> => engineOf(engine).available(options)

export const engineTask = defineTask('engine', import.meta.url, describe)

/** Never throws, but for an aborted signal. */
export async function describeEngine(
  run: RunTrial,
  engine: string,
  packageFrom: string | null,
  { signal, browser }: { readonly signal?: AbortSignal | undefined; readonly browser?: string | undefined } = {},
): Promise<Availability> {
  const input = { engine, packageFrom, ...(browser === undefined ? {} : { browser }) }
  const trial = await run(engineTask, input, { timeMs: LIMIT_MS, memoryBytes: null, signal })
  if (trial.outcome === 'measured') return trial.value
  const reason = trial.outcome === 'timed-out' ? `it does not load within ${LIMIT_MS / 1000} s` : reasonOf(trial)
  const fix = `install its package again: npm install ${engineById(engine)!.package}`
  return { ok: false, reason, fix }
}
