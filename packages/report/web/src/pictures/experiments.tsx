// Operators taken out of the model and timed alone: as each is, and with one thing changed.
import { factor, percent, plural, time } from '../format.ts'
import { Figure } from '../kit/figure.tsx'
import { Name, nodeTitle, Sentence, shownName } from '../kit/name.tsx'
import type { Report } from '../page-data.ts'
import { RatioRows } from './ratio-rows.tsx'

type Experiments = NonNullable<Report['operatorExperiments']>
type Variant = Experiments['rows'][number]['variants'][number]

const MOST_DRAWN = 16

export function OperatorExperiments({ report }: { report: Report }) {
  const { rows, left, coveredShare } = report.operatorExperiments!
  const byName = new Map(report.nodes.map((node) => [node.name, node]))
  const titleOf = (nodes: readonly string[]) => nodeTitle(byName.get(nodes[0] ?? '') ?? { name: nodes[0] ?? '', origin: [] }, 60)
  const pairs = rows.flatMap((row) => row.variants.map((variant) => ({ row, variant, insideMs: row.copies * row.insideMs })))
  // What would change most comes first: the operator's own time, times how far the ratio is from 1.
  const ranked = [...pairs].sort(
    (a, b) => b.insideMs * Math.abs(1 - b.variant.ratio) - a.insideMs * Math.abs(1 - a.variant.ratio),
  )
  return (
    <Figure
      title="What do operators take alone, unchanged and changed?"
      says={`${plural(rows.length, 'operator')} timed alone, ${percent(coveredShare)} of the time that operators take above their floors.${left.length > 0 ? ` ${plural(left.length, 'other')} could not be timed alone.` : ''}`}
      rows={pairs}
      columns={[
        {
          head: 'operator',
          show: ({ row }) => <Name text={`${row.opTypes.join(' + ')} ${titleOf(row.nodes)}`} most={80} />,
          value: ({ row }) => titleOf(row.nodes),
        },
        { head: 'on', show: ({ row }) => <Name text={row.shapes} most={60} />, value: ({ row }) => row.shapes },
        { head: 'places', show: ({ row }) => row.copies, isNumber: true },
        { head: 'alone', show: ({ row }) => time(row.aloneMs), value: ({ row }) => row.aloneMs, isNumber: true },
        { head: 'in the model', show: ({ row }) => time(row.insideMs), value: ({ row }) => row.insideMs, isNumber: true },
        { head: 'changed', show: ({ variant }) => <Sentence text={variant.detail} />, value: ({ variant }) => variant.detail },
        {
          head: 'its time over that unchanged',
          show: ({ variant: { ratio, ratioLow, ratioHigh } }) => `${factor(ratio)} (${factor(ratioLow)}–${factor(ratioHigh)})`,
          value: ({ variant }) => variant.ratio,
          isNumber: true,
        },
      ]}
      note="Left of 1× the changed operator takes less time. A change with other results (a Relu, int8) shows what this machine could do, and is not a proposal: fix tries what can be proven."
    >
      {ranked.length === 0 ? (
        <p class="soft">No variant of them was timed.</p>
      ) : (
        <RatioRows
          rows={ranked.slice(0, MOST_DRAWN).map(({ row, variant }) => ({
            name: shownName(variant.detail, 120),
            note: `${row.copies > 1 ? `${row.copies} × ` : ''}${row.opTypes.join(' + ')} ${titleOf(row.nodes)}`,
            ratio: variant.ratio,
            low: variant.ratioLow,
            high: variant.ratioHigh,
            outcome: outcomeOf(variant),
          }))}
          label="Operators with one thing changed: their time over that unchanged"
          left="less time"
          right="more time"
        />
      )}
      {left.length > 0 && (
        <details>
          <summary>What could not be timed alone</summary>
          <ul>
            {left.slice(0, 40).map(({ nodes, opTypes, reason }) => (
              <li key={nodes.join()}>
                <Name text={`${opTypes.join(' + ')} ${titleOf(nodes)}`} most={90} />: <Sentence text={reason} />
              </li>
            ))}
          </ul>
        </details>
      )}
    </Figure>
  )
}

const outcomeOf = ({ ratioLow, ratioHigh }: Variant) => (ratioHigh < 1 ? 'better' : ratioLow > 1 ? 'worse' : 'same')
