// One operator, all that is known of it.
import { useEffect, useRef } from 'preact/hooks'
import { AREAS } from '../areas.ts'
import { bytes, count, known, percent, rate, sharePercent, time } from '../format.ts'
import { FactList } from '../kit/facts.tsx'
import { Name, Sentence } from '../kit/name.tsx'
import type { Report } from '../page-data.ts'
import type { Row } from './rows.ts'

const MOST_ORIGIN = 12

export function Detail({ row, report, onClose }: { row: Row; report: Report; onClose(): void }) {
  const panel = useRef<HTMLElement>(null)
  useEffect(() => {
    if (panel.current !== null) panel.current.scrollTop = 0
  }, [row])
  const { node, share, aboveMs, causes } = row
  const perSecond = node.flops !== null && node.timeMs > 0 ? rate((node.flops / node.timeMs) * 1000, 'FLOP') : null
  const facts: [string, string | null][] = [
    ['Time', `${time(node.timeMs)}, ${sharePercent(share)} of a prediction`],
    ['Floor', known(node.floorMs, (ms) => `${time(ms)} at this machine’s measured rates`)],
    ['Above its floor', known(aboveMs, time)],
    ['Bound by', node.bound ?? 'not known'],
    ['Multiply-adds', known(node.macs, count)],
    ['Work', known(node.flops, (value) => `${count(value)} FLOP`)],
    ['Bytes', known(node.bytes, bytes)],
    ['Reached', perSecond ?? 'not known'],
    ['As profiled', node.rawMs === undefined ? null : `${time(node.rawMs)}, the profiler’s own cost included`],
    [
      'Runs',
      node.runsPerPrediction === undefined || node.runsPerPrediction === 1
        ? null
        : `${count(node.runsPerPrediction)} times a prediction`,
    ],
    ['Kernel', node.kernel ?? null],
    ['Faster than its roof', node.aboveRoof ?? null],
  ]
  return (
    <aside ref={panel} class="detail-panel" aria-label="The chosen operator">
      <p class="detail-head">
        <b>
          <Name text={node.opType} most={60} />
        </b>
        <button type="button" class="button" onClick={onClose}>
          Close
        </button>
      </p>
      <FactList facts={facts} />
      {node.areasMs !== null && <Areas areasMs={node.areasMs} />}
      {causes.length > 0 && <p>{`Named by: ${causes.join(', ')}`}</p>}
      <Experiments names={node.name} report={report} />
      <h4>In your model</h4>
      {node.origin.length === 0 && <p class="soft">put in by the engine, or its origin is not known</p>}
      <ul class="names">
        {node.origin.slice(0, MOST_ORIGIN).map((name) => (
          <li key={name}>
            <Name text={name} most={400} />
          </li>
        ))}
        {node.origin.length > MOST_ORIGIN && <li>{`and ${node.origin.length - MOST_ORIGIN} more`}</li>}
      </ul>
      <h4>As the engine calls it</h4>
      <p>
        <Name text={node.name} most={400} />
      </p>
    </aside>
  )
}

function Areas({ areasMs }: { areasMs: NonNullable<Report['nodes'][number]['areasMs']> }) {
  return (
    <p>
      {AREAS.flatMap(({ key, title }) =>
        key === 'unexplained' || areasMs[key] <= 0
          ? []
          : [
              <span key={key} class="area-note">
                <span class={`swatch fill-${key}`} aria-hidden="true" /> {title} {time(areasMs[key])}
              </span>,
            ],
      )}
    </p>
  )
}

function Experiments({ names, report }: { names: string; report: Report }) {
  const row = report.operatorExperiments?.rows.find(({ nodes }) => nodes.includes(names))
  if (row === undefined) return null
  return (
    <>
      <h4>Timed alone</h4>
      <p>{`${time(row.aloneMs)} alone, ${time(row.insideMs)} within the model`}</p>
      <ul class="names">
        {row.variants.map(({ kind, detail, ratio, ratioLow, ratioHigh }) => (
          <li key={`${kind} ${detail}`}>
            <Sentence text={detail} />: {`${percent(ratio)} of the time (${percent(ratioLow)}–${percent(ratioHigh)})`}
          </li>
        ))}
      </ul>
    </>
  )
}
