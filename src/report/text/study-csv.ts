// The study as a table that other tools read: a line for each cell, times in ms. Drawn from the document alone.
import type { StudyDocument } from '../documents/study.ts'
import { csv } from './csv.ts'

const HEADS = [
  ...['model', 'model_sha256', 'engine', 'batch', 'inputs', 'machine', 'cpu', 'usable_cpus'],
  ...['p50_ms', 'ci_low_ms', 'ci_high_ms', 'trust', 'ratio', 'ratio_low', 'ratio_high', 'cost_per_million', 'on_front', 'reason'],
]

/** Empty where nothing is known. */
export function studyCsv({ table, machines }: StudyDocument): string {
  const rows = table.rows.flatMap(({ model, sha256, engine, batch, inputs, cells }) =>
    cells.map((cell, i) => {
      const { id, cpu, usableCpus } = machines[i]!
      const { p50Ms, ciLowMs, ciHighMs, trust, ratio, ratioLow, ratioHigh, costPerMillion, onFront, reason } = cell
      return [
        ...[model, sha256, engine, batch, inputs, id, cpu, usableCpus],
        ...[p50Ms, ciLowMs, ciHighMs, trust, ratio, ratioLow, ratioHigh, costPerMillion, onFront, reason],
      ]
    }),
  )
  return csv(HEADS, rows)
}
