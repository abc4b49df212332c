// Asks in a process of its own whether an engine is installed: loading a native binary can end a process.
import { installCommand, skippedInstallation } from './engines/find-package.ts'
import { engineById } from './engines/index.ts'
import type { Availability, EnginePlaces } from './engines/types.ts'
import { engineOf } from './trials/engine-of.ts'
import { defineTask, type RunTrial, reasonOf } from './trials/port.ts'

const LIMIT_MS = 60_000

type EngineInput = { readonly engine: string } & EnginePlaces

const describe = ({ engine, ...places }: EngineInput): Promise<Availability> => engineOf(engine).available(places)

export const engineTask = defineTask('engine', import.meta.url, describe)

/** Never throws, but for an aborted signal. */
export async function describeEngine(
  run: RunTrial,
  engine: string,
  places: EnginePlaces,
  signal?: AbortSignal,
): Promise<Availability> {
  const trial = await run(engineTask, { engine, ...places }, { timeMs: LIMIT_MS, memoryBytes: null, signal })
  if (trial.outcome === 'measured') return withPassedOver(trial.value, engine, places)
  const reason = trial.outcome === 'timed-out' ? `it does not load within ${LIMIT_MS / 1000} s` : reasonOf(trial)
  const { package: name, install = installCommand(name) } = engineById(engine)!
  const fix = `install it again: ${install}`
  return { ok: false, reason, fix }
}

/** Adds what was passed over to the availability of an engine that is a package, unless the engine reports its own. */
function withPassedOver(found: Availability, engine: string, { packageFrom }: EnginePlaces): Availability {
  if (!found.ok || found.passedOver !== undefined) return found
  const passed = skippedInstallation(engineById(engine)!.package, packageFrom)
  return passed === null ? found : { ...found, passedOver: passed }
}
