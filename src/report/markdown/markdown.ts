// A document as Markdown for a pull request or a job's summary: the sentence first, the rest as far as GitHub takes it. The mark at its beginning
// lets a script find its comment again, and change it in place of adding another.
import type { ComparisonDocument } from '../documents/comparison.ts'
import type { ReportDocument } from '../documents/report.ts'
import { time, timeWithInterval } from '../text/numbers.ts'
import { code, markdown, type Part, table, text } from './blocks.ts'
import { reportParts, type Typed } from './report-parts.ts'

export const MARK = '<!-- whyslow -->'

interface Answered {
  readonly schema?: string
  readonly answer?: string
  readonly warnings?: readonly string[]
}

/** Pure; ends with a line end. Of a document that has no Markdown of its own: the sentence and what to be warned of. */
export function renderMarkdown(document: object, typed: Typed = {}): string {
  const { schema, answer = '', warnings = [] } = document as Answered
  const first: Part[] = [MARK, `**${text(answer)}**`]
  if (schema === 'whyslow-report/1') return markdown([...first, ...reportParts(document as ReportDocument, typed)])
  const own = schema === 'whyslow-comparison/1' ? comparisonParts(document as ComparisonDocument) : []
  return markdown([...first, ...own, ...warnings.map((warning) => `> **Warning:** ${text(warning)}`)])
}

const MOST_ROWS = 8

function comparisonParts({ contestants, ranking, sentences, of }: ComparisonDocument): Part[] {
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
        cells: rows.map(({ p50Ms, ciLowMs, ciHighMs }) =>
          p50Ms === null ? '' : ciLowMs === null || ciHighMs === null ? time(p50Ms) : timeWithInterval(p50Ms, ciLowMs, ciHighMs),
        ),
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
