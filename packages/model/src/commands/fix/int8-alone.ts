// What int8 would give where outputs may not change, so that it was not tried: operators timed alone say it, and what to type is said
// next to it.

import { nextCommand } from '@whyslow/diagnosis/next-command.ts'
import type { ReportDocument } from '@whyslow/report/documents/report.ts'
import { int8SavingsByNode } from '../../diagnose/int8-savings.ts'
import { MODEL, SAMPLES } from '../../diagnose/next-command.ts'
import type { Evidence } from '../../evidence/evidence.ts'
import { commandToType } from '../command-to-type.ts'
import type { FixOptions } from './options.ts'

type Int8 = NonNullable<NonNullable<ReportDocument['fix']>['int8']>

const NEXT = nextCommand('fix', MODEL, '-o', 'fast/', '--max-loss', '0.01', '--data', SAMPLES)

/** Absent if int8 was allowed, where another goal was requested, and if no operator was timed in it. */
export function int8Alone(
  { operatorExperiments, given }: Pick<Evidence, 'operatorExperiments' | 'given'>,
  { maxLoss, goal, only }: Pick<FixOptions, 'maxLoss' | 'goal' | 'only'>,
  file: string,
): { readonly int8?: Int8 } {
  const savings = int8SavingsByNode(operatorExperiments)
  if (maxLoss !== null || only !== null || goal !== 'latency' || savings === undefined || savings.size === 0) return {}
  const faster = [...savings.values()].filter((ms) => ms > 0)
  const savingMs = faster.reduce((sum, ms) => sum + ms, 0)
  return { int8: { timed: savings.size, faster: faster.length, savingMs, ...commandToType(NEXT, file, given ?? []) } }
}
