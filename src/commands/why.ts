// whyslow reads a model, measures its predictions on an engine, works out what each operator costs on this machine, says why it is
// slow, and reports.

import type { Evidence } from '../evidence/evidence.ts'
import { readMachine } from '../machine/index.ts'
import { describeEngine } from '../measure/describe-engine.ts'
import type { ReportDocument } from '../report/documents/report.ts'
import type { MachineDescription } from '../report/text/machine-text.ts'
import { assembleReport } from './assemble-report.ts'
import { DEFAULTS, type WhyOptions } from './options.ts'
import { alone, checkEngine, engineFacts, engineOptionsOf, limitsOf, measureRun, roofsFor, withRun } from './run.ts'
import { toolVersion } from './version.ts'

export { type CheckOptions, check } from './check.ts'
export { compare } from './compare/compare.ts'
export type { CompareOptions } from './compare/options.ts'
export { type Fixed, fix } from './fix/fix.ts'
export type { FixOptions } from './fix/options.ts'
export { appendHistory, checkHistory, entriesOf, entryOf, readHistory } from './history/history.ts'
export { type LintOptions, lint } from './lint.ts'
export { listEngines } from './list-engines.ts'
export type { StageProgress, WhyOptions } from './options.ts'
export { type QuantizeOptions, quantize } from './quantize.ts'

/**
 * Measures one prediction of the model in `file` and says why it is slow.
 * Throws InputError where the model, its inputs or the options cannot be used, and the signal's reason where it is aborted.
 */
export async function why(
  file: string,
  given: Partial<WhyOptions> = {},
): Promise<{ report: ReportDocument; evidence: Evidence }> {
  const options = { ...DEFAULTS, ...given }
  return withRun(file, options, async (run) => {
    const unlocked: string[] = []
    const evidence = await alone(
      run.progress,
      () => measureRun(run, options),
      (reason) => unlocked.push(`measured without the machine's lock: ${reason}`),
    )
    const complete = { ...evidence, warnings: [...unlocked, ...evidence.warnings] }
    return { evidence: complete, report: assembleReport(complete, file) }
  })
}

/** Diagnoses again from saved measurements. Needs no engine and no model; measures nothing. */
export function explain(evidence: Evidence): ReportDocument {
  return assembleReport(evidence)
}

/** Facts and measured roofs of this computer. */
export async function describeMachine(
  given: Partial<Pick<WhyOptions, 'threads' | 'engine' | 'ort' | 'cache' | 'onProgress' | 'signal'>> = {},
): Promise<MachineDescription> {
  const options = { ...DEFAULTS, ...given }
  checkEngine(options.engine)
  const engineOptions = engineOptionsOf(options)
  const engine = await describeEngine(options.engine, options.ort, { signal: options.signal })
  const machine = readMachine(engine.ok ? engine.accelerators : [])
  const warnings: string[] = []
  const limits = limitsOf(machine, options)
  const progress = options.onProgress ?? (() => {})
  const roofs = engine.ok
    ? await alone(
        progress,
        () => roofsFor({ machine, engine, engineOptions, limits, progress }, options),
        (reason) => warnings.push(reason),
      )
    : { value: undefined, absent: `${engine.reason}; ${engine.fix}`, warnings: [] }
  const evidence: Evidence = {
    schema: 'whyslow-evidence/1',
    toolVersion,
    createdAt: new Date().toISOString(),
    machine,
    ...(roofs.value ? { roofs: roofs.value } : {}),
    ...(engine.ok
      ? { engine: engineFacts(options.engine, engine, engineOptions, roofs.value?.threads ?? machine.usableCpus) }
      : {}),
    absent: {},
    warnings: [],
  }
  const report = assembleReport(evidence)
  return {
    ...report.machine,
    engine: report.engine,
    warnings: [...warnings, ...roofs.warnings, ...(roofs.absent ? [`no roofs: ${roofs.absent}`] : [])],
  }
}
