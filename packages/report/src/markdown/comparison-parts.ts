// Parts of a comparison for a pull request: who is where, how fast, and what can be said between them.
import type { ComparisonDocument } from '../documents/comparison.ts'
import { code, type Part, table, text } from './blocks.ts'
import { timeCell } from './timed.ts'

const MOST_ROWS = 8

/** After the sentence. */
export function comparisonParts({ contestants, ranking, sentences, of }: ComparisonDocument): Part[] {
  const placeOf = new Map(ranking.map(({ id, place }) => [id, place]))
  const rows = [...contestants]
    .sort((a, b) => (placeOf.get(a.id) ?? Infinity) - (placeOf.get(b.id) ?? Infinity))
    .slice(0, MOST_ROWS)
  return [
    table([
      { head: 'place', isNumber: true, cells: rows.map(({ id }) => String(placeOf.get(id) ?? '')) },
      { head: of === 'engines' ? 'engine' : 'model', cells: rows.map(({ id }) => code(id)) },
      {
        head: 'a prediction',
        isNumber: true,
        cells: rows.map(({ p50Ms, ciLowMs, ciHighMs }) => timeCell(p50Ms, ciLowMs, ciHighMs)),
      },
      {
        head: '',
        cells: rows.map(({ p50Ms, outcome, reason }) =>
          p50Ms !== null ? '' : `${outcome}${reason === null ? '' : `: ${text(reason)}`}`,
        ),
      },
    ]),
    ...(contestants.length > rows.length ? [`${contestants.length - rows.length} more in \`--json\`.`] : []),
    sentences.map((sentence) => `- ${text(sentence)}`).join('\n'),
  ]
}
