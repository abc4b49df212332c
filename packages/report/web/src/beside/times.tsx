// Times before and after, by name, with their intervals: distinguished only where these do not touch.
import { time, timeWithInterval } from '../format.ts'
import { Figure } from '../kit/figure.tsx'
import { Name } from '../kit/name.tsx'
import { type ComparedItem, changeOf, type Order, orderOf, type Pair, type TimeInterval } from './compare.ts'
import { Slopes } from './slopes.tsx'

const timedSaid = (one: TimeInterval | null, absent: string): string =>
  one === null
    ? absent
    : one.lowMs === null || one.highMs === null
      ? time(one.ms)
      : timeWithInterval(one.ms, one.lowMs, one.highMs)

const pairOf = (thing: ComparedItem): Pair => ({
  name: thing.name,
  opType: '',
  beforeMs: thing.before?.ms ?? null,
  afterMs: thing.after?.ms ?? null,
  changeMs: changeOf(thing),
})

const ORDERS: Readonly<Record<Order, string>> = {
  faster: 'faster',
  slower: 'slower',
  'no-difference': 'no difference shown',
}

interface TimesProps {
  readonly title: string
  /** 'contestant', 'stage': of what each line is. */
  readonly what: string
  readonly things: readonly ComparedItem[]
  readonly titles: readonly [string, string]
  readonly note?: string
  /** What it means that one has no time. */
  readonly absent?: string
}

export function PairedTimes({ title, what, things, titles, note, absent = 'not there' }: TimesProps) {
  const rows = [...things].sort((a, b) => Math.abs(changeOf(b)) - Math.abs(changeOf(a)))
  const count = (order: Order) => rows.filter((row) => orderOf(row) === order).length
  const drawn = rows.filter(({ before, after }) => before !== null || after !== null)
  const both = drawn.filter(({ before, after }) => before !== null && after !== null)
  const gone = drawn.filter(({ after }) => after === null).length
  const come = drawn.filter(({ before }) => before === null).length
  const hasIntervals = both.some((row) => orderOf(row) !== null)
  const unranked = hasIntervals ? both.filter((row) => orderOf(row) === null).length : 0
  const said = [
    ...(hasIntervals
      ? [`${count('faster')} faster, ${count('slower')} slower, ${count('no-difference')} with no difference shown`]
      : []),
    ...(unranked > 0 ? [`${unranked} cannot be ranked, because an interval has no known end`] : []),
    ...(gone > 0 ? [`${gone} ${absent} in the second`] : []),
    ...(come > 0 ? [`${come} ${absent} in the first`] : []),
  ]
  return (
    <Figure
      title={title}
      says={said.length > 0 ? `${said.join('; ')}.` : 'The largest change comes first.'}
      rows={rows}
      tableTitle="Every one, largest change first"
      columns={[
        { head: what, show: ({ name }) => <Name text={name} most={100} />, value: ({ name }) => name },
        {
          head: 'before',
          show: ({ before }) => timedSaid(before, absent),
          value: ({ before }) => before?.ms ?? null,
          isNumber: true,
        },
        { head: 'after', show: ({ after }) => timedSaid(after, absent), value: ({ after }) => after?.ms ?? null, isNumber: true },
        {
          head: 'change',
          show: (row) =>
            row.before === null || row.after === null ? '' : `${changeOf(row) > 0 ? '+' : ''}${time(changeOf(row))}`,
          value: (row) => (row.before === null || row.after === null ? null : changeOf(row)),
          isNumber: true,
        },
        {
          head: 'verdict',
          show: (row) => {
            const order = orderOf(row)
            return order === null ? (row.before === null || row.after === null ? '' : 'no difference') : ORDERS[order]
          },
        },
      ]}
      {...(note === undefined ? {} : { note })}
    >
      <Slopes pairs={drawn.map(pairOf)} titles={titles} what={what} />
    </Figure>
  )
}
