// Parts of a study for a pull request: models by machines, with ratios to the machine that is the reference; what could not be measured folded.

import { significant } from '@whyslow/measure/statistics/numbers.ts'
import type { StudyCell, StudyDocument } from '../documents/study.ts'
import { engineOf } from '../text/study-engine.ts'
import { code, type Part, table, text } from './blocks.ts'
import { timeCell } from './timed.ts'

const MOST_ROWS = 30
/** More columns than these no reader takes in: the machines after them stand in the document. */
const MOST_MACHINES = 6

/** After the sentence. */
export function studyParts({ table: { rows: all, reference }, machines, sentences, failures }: StudyDocument): Part[] {
  const rows = all.slice(0, MOST_ROWS)
  const columns = machines.slice(0, MOST_MACHINES)
  const left = [
    ...(all.length > rows.length ? [`${all.length - rows.length} more models`] : []),
    ...(machines.length > columns.length ? [`${machines.length - columns.length} more machines`] : []),
  ]
  return [
    table([
      { head: 'model', cells: rows.map(({ model }) => code(model)) },
      { head: 'on', cells: rows.map((row) => `${text(engineOf(row, all))}${row.batch === null ? '' : `, batch ${row.batch}`}`) },
      { head: 'inputs', cells: rows.map(({ inputs }) => text(inputs)) },
      ...columns.map(({ id }, index) => ({
        head: `${code(id, 60)}${id === reference ? ' (reference)' : ''}`,
        isNumber: true,
        cells: rows.map(({ cells }) => cellSaid(cells[index], id === reference)),
      })),
    ]),
    ...(left.length > 0 ? [`${left.join(', ')} in \`--json\`.`] : []),
    sentences.map((sentence) => `- ${text(sentence)}`).join('\n'),
    {
      summary: 'Not measured',
      blocks: [
        failures
          .map(
            ({ model, engine, batch, reason }) =>
              `- ${code(model)} on ${text(engine)}${batch === null ? '' : `, batch ${batch}`}: ${text(reason)}`,
          )
          .join('\n'),
      ],
    },
  ]
}

function cellSaid(cell: StudyCell | undefined, isReference: boolean): string {
  if (cell === undefined) return ''
  const { p50Ms, ciLowMs, ciHighMs, ratio, ratioLow, ratioHigh, reason } = cell
  if (p50Ms === null) return text(reason ?? 'not measured')
  const range = ratioLow === null || ratioHigh === null ? '' : ` (${significant(ratioLow)}–${significant(ratioHigh)})`
  return `${timeCell(p50Ms, ciLowMs, ciHighMs)}${isReference || ratio === null ? '' : `, ${significant(ratio)}×${range}`}`
}
