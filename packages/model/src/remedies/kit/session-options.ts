// Setups with other session options: what every settings remedy does. Configuration entries are set only where the running engine
// is known to read them, since onnxruntime takes unknown ones without a word.
import { knowsKey } from '@whyslow/measure/engines/onnxruntime/facts/config-keys.ts'
import type { EngineOptions } from '@whyslow/measure/engines/types.ts'
import type { Proposal, RemedyEvidence, RemedySetup } from './remedy.ts'

/** Threads of the engine's pool with this setup. */
export const threadsOf = ({ options }: RemedySetup, evidence: RemedyEvidence): number => options.threads ?? evidence.threadsInUse

/** The setup with other options; entries given as null are taken out. */
export function withOptions(
  setup: RemedySetup,
  change: Partial<Omit<EngineOptions, 'configEntries'>>,
  entries: Readonly<Record<string, string | null>> = {},
): RemedySetup {
  const configEntries: Record<string, string> = { ...setup.options.configEntries }
  for (const [key, value] of Object.entries(entries)) {
    if (value === null) delete configEntries[key]
    else configEntries[key] = value
  }
  return { ...setup, options: { ...setup.options, ...change, configEntries } }
}

/** True where the engine is onnxruntime in a version that reads all these keys. */
export function readsKeys({ engine, offers }: RemedyEvidence, keys: readonly string[]): boolean {
  return offers.includes('configuration') && keys.every((key) => knowsKey(engine.version, key))
}

/** One proposal that sets these entries and says why; none if the engine does not read them or if they are set already. */
export function proposeEntries(
  setup: RemedySetup,
  evidence: RemedyEvidence,
  entries: Readonly<Record<string, string>>,
  { variant = '', why, predictedSavingMs = null }: { variant?: string; why: string; predictedSavingMs?: number | null },
): Proposal[] {
  const { configEntries } = setup.options
  if (!readsKeys(evidence, Object.keys(entries))) return []
  if (Object.entries(entries).every(([key, value]) => configEntries[key] === value)) return []
  const set = Object.entries(entries).map(([key, value]) => `${key} = ${value}`)
  return [{ variant, setup: withOptions(setup, {}, entries), changes: [`${set.join(', ')}: ${why}`], predictedSavingMs }]
}
