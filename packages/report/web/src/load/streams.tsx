// When text of streamed answers came: the first token, and each token after it, for each rate.
import { percent, perSecond, significant, time } from '../format.ts'
import { Figure } from '../kit/figure.tsx'
import type { Load } from '../page-data.ts'
import { type Point, requestedLoadText } from './points.ts'

type Streams = NonNullable<Point['streams']>

const known = (points: Load['points']) =>
  points.flatMap((point) => (point.streams == null ? [] : [{ point, streams: point.streams }]))

export const hasStreams = ({ points }: Load): boolean => known(points).length > 0

export function StreamTimes({ load: { points } }: { load: Load }) {
  const rows = known(points)
  const most = Math.max(0, ...rows.map(({ streams }) => streams.timePerTokenMs?.p50 ?? 0))
  return (
    <Figure
      title="When does text arrive?"
      says={countedWords(rows[0]!.streams)}
      rows={rows}
      columns={[
        { head: 'load', show: ({ point }) => requestedLoadText(point) },
        duration('first token p50', (streams) => streams.firstTokenMs?.p50),
        duration('first token p99', (streams) => streams.firstTokenMs?.p99),
        duration('per token p50', (streams) => streams.timePerTokenMs?.p50),
        duration('per token p99', (streams) => streams.timePerTokenMs?.p99),
        number('tokens /s', (streams) => streams.tokensPerSecond, perSecond),
        number(
          'tokens a chunk',
          (streams) => streams.tokensPerChunk,
          (value) => significant(value, 2),
        ),
        number('good requests /s', (streams) => streams.goodput?.perSecond, perSecond),
        number('prompts from the cache', (streams) => streams.cachedShare, percent),
        number('time in stalls', (streams) => streams.stalls?.share, percent),
      ]}
      note="Bars are times per token, the median of requests. Chunks are not counted as tokens."
    >
      <ol class="ranked">
        {rows.map(({ point, streams }, index) => {
          const ms = streams.timePerTokenMs?.p50 ?? null
          return (
            <li key={index}>
              <span>{requestedLoadText(point)}</span>
              <span class="meter" aria-hidden="true">
                {ms !== null && (
                  <span class="meter-fill near-compute" style={{ width: `${most > 0 ? (ms / most) * 100 : 0}%` }} />
                )}
              </span>
              <b>{ms === null ? 'not known' : time(ms)}</b>
            </li>
          )
        })}
      </ol>
    </Figure>
  )
}

interface Row {
  readonly point: Point
  readonly streams: Streams
}

const number = (head: string, of: (streams: Streams) => number | null | undefined, words: (value: number) => string) => ({
  head,
  show: ({ streams }: Row) => {
    const value = of(streams)
    return value == null ? 'not known' : words(value)
  },
  value: ({ streams }: Row) => of(streams) ?? null,
  isNumber: true,
})

const duration = (head: string, of: (streams: Streams) => number | null | undefined) => number(head, of, time)

const COUNTED = {
  usage: 'Tokens are those that the server counts.',
  listed: 'Tokens are those that chunks list.',
  tokenizer: 'Tokens are counted by the tokenizer.',
} as const

const countedWords = ({ countedBy, goodput }: Streams): string =>
  [
    countedBy === null ? 'Nobody counts the tokens, so that the time per token is not known.' : COUNTED[countedBy],
    ...(goodput == null ? [] : [`Good requests keep ${goodput.bounds}.`]),
  ].join(' ')
