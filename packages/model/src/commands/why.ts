// `whyslow MODEL`: reads a model, measures its predictions on an engine, works out what each operator costs on this machine, and says why
// it is slow.
import { withMachineLock } from '@whyslow/command/machine-lock.ts'
import { DEFAULTS, type WhyOptions } from '@whyslow/command/options.ts'
import { withRun } from '@whyslow/command/run.ts'
import type { ReportDocument } from '@whyslow/report/documents/report.ts'
import type { Evidence } from '../evidence/evidence.ts'
import { assembleReport } from './assemble-report.ts'
import { measureWithOperators } from './operator-experiments.ts'
import { type MeasuredMetric, measuredMetric } from './own-metric.ts'

/**
 * Measures one prediction of the model in `file` and says why it is slow.
 * Throws InputError if the model, its inputs or the options cannot be used, and the signal's reason if it is aborted.
 */
export async function why(
  file: string,
  given: Partial<WhyOptions> = {},
): Promise<{ report: ReportDocument; evidence: Evidence }> {
  const options = { ...DEFAULTS, ...given }
  return withRun(file, options, async (run) => {
    const unlocked: string[] = []
    const evidence = await withMachineLock(
      run,
      async () => withMetric(await measureWithOperators(run, options), await measuredMetric(run, options)),
      unlocked,
    )
    const complete = { ...evidence, warnings: [...unlocked, ...evidence.warnings] }
    return { evidence: complete, report: assembleReport(complete, file) }
  })
}

function withMetric(evidence: Evidence, measured: MeasuredMetric | null): Evidence {
  if (measured === null) return evidence
  if ('metric' in measured) return { ...evidence, metric: measured.metric }
  const { reason } = measured
  const { absent, warnings } = evidence
  return { ...evidence, absent: { ...absent, metric: reason }, warnings: [...warnings, `no metric: ${reason}`] }
}
