// Other set-ups of the server, asked the same as the command's own, which ran before and after them.
import { plural, time } from '../format.ts'
import { Figure } from '../kit/figure.tsx'
import type { Load } from '../page-data.ts'
import { type Point, requestedLoadText } from './points.ts'

type Alternative = NonNullable<Load['alternatives']>[number]

export function Alternatives({ alternatives }: { alternatives: readonly Alternative[] }) {
  const [first] = alternatives
  if (first === undefined) return null
  const rows = [
    { name: 'unchanged', point: first.before },
    ...alternatives.map(({ setup, point }) => ({ name: nameOf(setup), point })),
    { name: 'unchanged, again', point: first.after },
  ]
  const most = Math.max(...rows.map(({ point }) => (point.saturated ? 0 : (point.meanMs ?? 0))))
  return (
    <Figure
      title="Would another set-up of the server answer sooner?"
      says={`All got the same requests, at ${requestedLoadText(first.before)}.`}
      rows={rows}
      columns={[
        { head: 'set-up', show: ({ name }) => name },
        { head: 'mean', show: ({ point }) => said(point, point.meanMs), value: ({ point }) => point.meanMs, isNumber: true },
        { head: 'p99', show: ({ point }) => said(point, point.p99Ms), value: ({ point }) => point.p99Ms, isNumber: true },
      ]}
      note="Bars are means. A difference that is no larger than the one between the two unchanged runs does not count."
    >
      <ol class="ranked">
        {rows.map(({ name, point }, index) => (
          <li key={index}>
            <span>{name}</span>
            <span class="meter" aria-hidden="true">
              {!point.saturated && point.meanMs !== null && (
                <span class="meter-fill near-compute" style={{ width: `${most > 0 ? (point.meanMs / most) * 100 : 0}%` }} />
              )}
            </span>
            <b>{said(point, point.meanMs)}</b>
          </li>
        ))}
      </ol>
    </Figure>
  )
}

const said = ({ saturated }: Point, ms: number | null): string =>
  saturated ? 'does not keep up' : ms === null ? 'not known' : time(ms)

function nameOf({ workers, threadsPerWorker, maxBatch }: Alternative['setup']): string {
  const threads = threadsPerWorker === null ? '' : ` × ${plural(threadsPerWorker, 'thread')}`
  return `${plural(workers, 'worker')}${threads}${maxBatch === 1 ? '' : `, up to ${maxBatch} rows together`}`
}
