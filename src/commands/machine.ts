// `whyslow machine`: this computer, and what it can do at best.
import type { Evidence } from '../evidence/evidence.ts'
import { describeEngine } from '../measure/describe-engine.ts'
import type { MachineDescription } from '../report/documents/machine.ts'
import { assembleReport } from './assemble-report.ts'
import { DEFAULTS, type WhyOptions } from './options.ts'
import { alone, checkEngine, engineFacts, engineOptionsOf, limitsOf, machineOf, placesOf, roofsFor } from './run.ts'
import { toolVersion } from './version.ts'

/** Facts and measured roofs of this computer. */
export async function describeMachine(
  given: Partial<Pick<WhyOptions, 'threads' | 'engine' | 'ort' | 'cache' | 'trials' | 'onProgress' | 'signal'>> = {},
): Promise<MachineDescription> {
  const options = { ...DEFAULTS, ...given }
  checkEngine(options.engine)
  const engineOptions = engineOptionsOf(options)
  const engine = await describeEngine(options.trials.run, options.engine, placesOf(options), options.signal)
  const machine = machineOf(options.trials, engine.ok ? engine.accelerators : [])
  const warnings: string[] = []
  const limits = limitsOf(machine, options)
  const progress = options.onProgress ?? (() => {})
  const roofs = engine.ok
    ? await alone(
        { trials: options.trials, progress },
        () => roofsFor({ trials: options.trials, machine, engine, engineOptions, limits, progress }, options),
        warnings,
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
