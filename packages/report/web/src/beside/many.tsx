// Two comparisons, or two studies, side by side: contestant by contestant, cell by cell.
import { plural } from '../format.ts'
import { Sentence } from '../kit/name.tsx'
import type { Comparison, Study } from '../page-data.ts'
import type { Part } from '../parts.tsx'
import { type ComparedItem, orderOf, thingsOf, timeInterval } from './compare.ts'
import { type Condition, Conditions } from './conditions.tsx'
import { BesideFrame, titlesOf } from './frame.tsx'
import { PairedTimes } from './times.tsx'

interface Props<One> {
  readonly before: One
  readonly after: One
  readonly names: readonly string[]
}

export function PairedComparisons({ before, after, names }: Props<Comparison>) {
  const things = thingsOf(
    before.contestants,
    after.contestants,
    ({ id }) => id,
    ({ p50Ms, ciLowMs, ciHighMs }) => timeInterval(p50Ms, ciLowMs, ciHighMs),
  )
  return (
    <ManyBeside
      names={names}
      what="contestant"
      things={things}
      answers={[before.answer, after.answer]}
      conditions={[
        { name: 'of', before: before.of, after: after.of },
        ...machinesOf(before.reports, after.reports),
        { name: 'whyslow', before: before.tool.version, after: after.tool.version },
      ]}
    />
  )
}

export function PairedStudies({ before, after, names }: Props<Study>) {
  const cells = ({ table }: Study) =>
    table.rows.flatMap(({ model, engine, batch, inputs, cells: all }) =>
      all.map((cell) => ({
        ...cell,
        name: `${model} on ${engine}${batch === null ? '' : `, batch ${batch}`}, ${inputs}, ${cell.machine}`,
      })),
    )
  const things = thingsOf(
    cells(before),
    cells(after),
    ({ name }) => name,
    ({ p50Ms, ciLowMs, ciHighMs }) => timeInterval(p50Ms, ciLowMs, ciHighMs),
  )
  const ids = ({ machines }: Study) => machines.map(({ id }) => id).join(', ') || 'none'
  return (
    <ManyBeside
      names={names}
      what="cell"
      things={things.filter(({ before: a, after: b }) => a !== null || b !== null)}
      answers={[before.answer, after.answer]}
      conditions={[
        { name: 'machines', before: ids(before), after: ids(after) },
        { name: 'reference', before: before.table.reference ?? 'none', after: after.table.reference ?? 'none' },
        { name: 'whyslow', before: before.tool.version, after: after.tool.version },
      ]}
    />
  )
}

function machinesOf(before: Comparison['reports'], after: Comparison['reports']): Condition[] {
  const of = (reports: Comparison['reports']) => [...new Set(reports.map(({ machine }) => machine.cpu))].join(', ') || 'not known'
  return [{ name: 'processor', before: of(before), after: of(after) }]
}

interface ManyProps {
  readonly names: readonly string[]
  readonly what: string
  readonly things: readonly ComparedItem[]
  readonly answers: readonly [string, string]
  readonly conditions: readonly Condition[]
}

function ManyBeside({ names, what, things, answers, conditions }: ManyProps) {
  const titles = titlesOf(names)
  const parts: Part[] = [
    {
      id: 'each-beside',
      title: `Each ${what}`,
      draw: () =>
        things.length === 0 ? (
          <p class="soft">Nothing was measured in either.</p>
        ) : (
          <PairedTimes
            title={`Which ${what} changed most?`}
            what={what}
            things={things}
            titles={titles}
            note="Two runs one after the other: the machine may have changed between them. In turns: whyslow compare, or whyslow check with a --baseline."
          />
        ),
    },
    { id: 'conditions', title: 'Measured how', draw: () => <Conditions rows={conditions} /> },
  ]
  return (
    <BesideFrame
      titles={titles}
      sentence={sentenceOf(things, what)}
      cards={[<Answer key="a" text={answers[0]} />, <Answer key="b" text={answers[1]} />]}
      below={
        <p class="says-line">
          Each by itself: <code>whyslow view</code> with its file alone
        </p>
      }
      parts={parts}
    />
  )
}

const Answer = ({ text }: { text: string }) => (
  <p>
    <Sentence text={text} />
  </p>
)

function sentenceOf(things: readonly ComparedItem[], what: string): string {
  const both = things.filter(({ before, after }) => before !== null && after !== null)
  if (both.length === 0) return `They have no ${what} in common.`
  const at = (order: string) => both.filter((thing) => orderOf(thing) === order).length
  const [faster, slower] = [at('faster'), at('slower')]
  const of = `of ${plural(both.length, what)} in both`
  if (faster + slower === 0) return `No difference is shown: ${of}, none lies beyond its interval.`
  return `${of[0]!.toUpperCase()}${of.slice(1)}, ${faster} ${faster === 1 ? 'is' : 'are'} faster and ${slower} slower, as far as two runs, one after the other, can show.`
}
