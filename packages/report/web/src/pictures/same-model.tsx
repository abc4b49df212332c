// The model that was recorded elsewhere, node by node: what each took in the recording, and what the same takes on this machine.
import { listOf } from '@whyslow/report/text/foretold.ts'
import { namesOf } from '@whyslow/report/text/trace-text.ts'
import { count, factor, known, percent, plural, time } from '../format.ts'
import { Command } from '../kit/copy.tsx'
import { type Fact, Facts } from '../kit/facts.tsx'
import { Name, Sentence } from '../kit/name.tsx'
import { type Column, PlainTable } from '../kit/plain-table.tsx'
import type { Report } from '../page-data.ts'

type Trace = NonNullable<Report['trace']>
type Model = NonNullable<Trace['model']>
type Row = Model['rows'][number]

/** Share from which operators without a node are shown. */
const SEEN = 0.005
const MOST_LISTED = 20

export function SameModel({ trace, model }: { trace: Trace; model: Model }) {
  return (
    <div class="same-model">
      <p class="soft">
        <Sentence text={captionOf(trace, model)} />
      </p>
      {model.here === null && (
        <>
          <p>Compared with this machine:</p>
          <Command text="whyslow MODEL --json here.json" />
          <p class="soft">
            and then explain with <code>--here here.json</code>
          </p>
        </>
      )}
      <PlainTable title="The same model" rows={model.rows} columns={columnsOf(trace, model)} />
      <Facts title="What was joined" facts={joinFacts(model)} />
    </div>
  )
}

/** Shares unless the recording's own latency was given: its times are of a slowed run. */
function captionOf({ latencyMs }: Trace, { here }: Model): string {
  const told =
    latencyMs === null ? 'shares of a recorded step' : `times of the ${time(latencyMs)} that were given, and shares of them`
  if (here === null) return `In the model's order. Recorded: ${told}.`
  const ratio =
    latencyMs === null
      ? 'The last column is the share here over the share recorded: if it is far from 1×, the two machines differ in what is slow'
      : 'The last column is the time here over the time recorded'
  return `In the model's order. Recorded: ${told}; here: ${here.cpu}, ${here.engine ?? 'no engine'}, of ${time(here.p50Ms)}. ${ratio}.`
}

function columnsOf({ latencyMs }: Trace, { here }: Model): Column<Row>[] {
  const isTimed = latencyMs !== null
  return [
    {
      head: 'Nodes',
      show: ({ nodes, opType }) => <Name text={nodesSaid(nodes, opType)} />,
      value: ({ nodes }) => nodes.join(' '),
    },
    {
      head: 'Recorded as',
      show: ({ operators }) => <Name text={namesOf(operators)} />,
      value: ({ operators }) => operators.join(' '),
    },
    ...(isTimed ? [numbers('Recorded, time', ({ timeMs }: Row) => timeMs, time)] : []),
    numbers('Recorded', ({ share }) => share, percent),
    ...(here === null
      ? []
      : [
          numbers('Here, time', (row) => row.here?.timeMs ?? null, time),
          numbers('Here', (row) => row.here?.share ?? null, percent),
          numbers(isTimed ? 'Times as long here' : 'Share here ÷ recorded', (row) => ratioOf(row, isTimed), factor),
        ]),
    numbers('FLOPs', ({ flops }) => flops, count),
  ]
}

const numbers = (head: string, value: (row: Row) => number | null, say: (value: number) => string): Column<Row> => ({
  ...{ head, value, isNumber: true },
  show: (row) => known(value(row), say),
})

/** null: it was not measured here, or took no time there. */
function ratioOf({ timeMs, share, here }: Row, isTimed: boolean): number | null {
  if (here === null) return null
  const [there, own] = isTimed ? [timeMs, here.timeMs] : [share, here.share]
  return there > 0 ? own / there : null
}

function nodesSaid([first = '', ...more]: readonly string[], opType: string): string {
  const told = first.includes(opType) ? first : `${first} ${opType}`
  return more.length === 0 ? told : `${told} +${more.length}`
}

/** 'aten::conv2d, aten::relu'; the same one after the other once. */

function joinFacts({ file, nodes, joinedNodes, joinedShare, runs, sizes, notJoined, operatorsNotJoined, here }: Model): Fact[] {
  const others = operatorsNotJoined.filter(({ share }) => share >= SEEN)
  const symbols = Object.entries(sizes).map(([symbol, size]) => `${symbol} = ${size}`)
  return [
    ['the model', file],
    ['joined', `${joinedNodes} of ${plural(nodes, 'node')}, ${percent(joinedShare)} of the operators' time`],
    ['predictions', `the mean of ${count(runs)}`],
    ...(symbols.length === 0 ? [] : [['sizes', symbols.join(', ')] as const]),
    ...(notJoined.length === 0
      ? []
      : [['nodes without an operator', listed(notJoined.map(({ node, opType }) => `${node} (${opType})`))] as const]),
    ...(others.length === 0
      ? []
      : [['operators without a node', listed(others.map(({ name, share }) => `${name} (${percent(share)})`))] as const]),
    ...(here === null ? [] : [['here, in nodes that none was joined with', time(here.otherMs)] as const]),
  ]
}

const listed = (names: readonly string[]): string => (names.length > MOST_LISTED ? listOf(names, MOST_LISTED) : names.join(', '))
