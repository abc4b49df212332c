// `whyslow machine`: this computer, and what it can do at best.
import { checkEngine, engineOptionsOf, placesOf } from '@whyslow/command/engine-options.ts'
import { limitsOf, machineOf } from '@whyslow/command/limits.ts'
import { withMachineLock } from '@whyslow/command/machine-lock.ts'
import { DEFAULTS, type WhyOptions } from '@whyslow/command/options.ts'
import { toolVersion } from '@whyslow/command/version.ts'
import { describeEngine } from '@whyslow/measure/describe-engine.ts'
import type { MachineDescription } from '@whyslow/report/documents/machine.ts'
import type { Evidence } from '../evidence/evidence.ts'
import { assembleReport } from './assemble-report.ts'
import { engineFacts } from './engine-facts.ts'
import { roofsFor } from './measure-run.ts'

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
    ? await withMachineLock(
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
