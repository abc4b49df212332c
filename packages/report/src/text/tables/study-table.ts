// The study as a table that other tools read: a line for each cell, times in ms. Drawn from the document alone.
import type { StudyCell, StudyDocument, StudyMachine, StudyRow } from '../../documents/study.ts'
import { type ColumnOf, columnsOf, type TableColumn } from './table-columns.ts'

interface Line {
  readonly row: StudyRow
  readonly machine: StudyMachine
  readonly cell: StudyCell
  readonly onFront: boolean | null
}

const COLUMNS: readonly ColumnOf<Line>[] = [
  ['model', 'text', ({ row }) => row.model],
  ['model_sha256', 'text', ({ row }) => row.sha256],
  ['engine', 'text', ({ row }) => row.engine],
  ['engine_version', 'text', ({ row }) => row.engineVersion],
  ['batch', 'integer', ({ row }) => row.batch],
  ['inputs', 'text', ({ row }) => row.inputs],
  ['machine', 'text', ({ machine }) => machine.id],
  ['cpu', 'text', ({ machine }) => machine.cpu],
  ['usable_cpus', 'integer', ({ machine }) => machine.usableCpus],
  ['p50_ms', 'number', ({ cell }) => cell.p50Ms],
  ['ci_low_ms', 'number', ({ cell }) => cell.ciLowMs],
  ['ci_high_ms', 'number', ({ cell }) => cell.ciHighMs],
  ['trust', 'text', ({ cell }) => cell.trust],
  ['ratio', 'number', ({ cell }) => cell.ratio],
  ['ratio_low', 'number', ({ cell }) => cell.ratioLow],
  ['ratio_high', 'number', ({ cell }) => cell.ratioHigh],
  ['samples_per_second', 'number', ({ cell }) => cell.samplesPerSecond],
  ['metric', 'text', ({ cell }) => cell.metric?.name],
  ['metric_value', 'number', ({ cell }) => cell.metric?.value],
  ['cost_per_million', 'number', ({ cell }) => cell.costPerMillion],
  ['on_front', 'yes-no', ({ cell }) => cell.onFront],
  ['on_pareto_front', 'yes-no', ({ onFront }) => onFront],
  ['reason', 'text', ({ cell }) => cell.reason],
]

export function studyTable({ table: { rows, pareto }, machines }: StudyDocument): TableColumn[] {
  const isOn = (row: number, machine: string) =>
    pareto === undefined ? null : pareto.front.some((place) => place.row === row && place.machine === machine)
  const lines = rows.flatMap((row, r) =>
    row.cells.map((cell, m): Line => {
      const machine = machines[m]!
      return { row, machine, cell, onFront: cell.p50Ms === null ? null : isOn(r, machine.id) }
    }),
  )
  return columnsOf(COLUMNS, lines)
}
