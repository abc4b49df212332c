// The number: the median with its interval, how far it can be trusted and why, and what fix is estimated to give.

import { listOf } from '@whyslow/report/text/foretold.ts'
import { intervalOf, percent, plural, time, timeParts, timeWithInterval } from '../format.ts'
import { Reasons } from '../kit/facts.tsx'
import type { Report } from '../page-data.ts'
import { callsOf, unitOf } from '../pipeline/facts.ts'

const GRADES = {
  A: 'steady: the processes agree',
  B: 'good, with a reservation',
  C: 'use with care',
  D: 'do not rely on this number',
} as const

export function LatencyCard({ report }: { report: Report }) {
  const { latency, nodes, trace, pipeline } = report
  if (latency === null && trace?.judged) return <RecordedCard trace={trace} stepMs={trace.judged.stepMs} />
  if (latency === null) {
    const sumMs = nodes.reduce((sum, node) => sum + node.timeMs, 0)
    return (
      <section class="card number-card" aria-label="Latency">
        <p class="label">One prediction</p>
        <p class="hero soft">not known</p>
        <p>{sumMs > 0 ? `Its operators take ${time(sumMs)} together.` : 'The latency could not be measured.'}</p>
      </section>
    )
  }
  const [number, unit] = timeParts(latency.p50Ms)
  return (
    <section class="card number-card" aria-label="Latency">
      <p class="label">
        {pipeline ? unitOf(pipeline) : 'One prediction'} takes{report.fix?.proven && ', as it was given'} (median)
      </p>
      <p class="hero">
        {number} <small>{unit}</small>
      </p>
      <p class="soft">
        {intervalOf(latency.p50Ms, latency.ciLowMs, latency.ciHighMs)}, over{' '}
        {pipeline
          ? callsOf(pipeline, latency.samplesMs.length)
          : plural(latency.blocks.length, 'fresh process', 'fresh processes')}
      </p>
      <Trust latency={latency} />
      <Foretold report={report} />
    </section>
  )
}

function RecordedCard({ trace, stepMs }: { trace: NonNullable<Report['trace']>; stepMs: number }) {
  const { steps, latencyMs, judged } = trace
  const busy = judged?.deviceBusyShare ?? null
  return (
    <section class="card number-card" aria-label="Latency">
      <p class="label">
        {latencyMs !== null ? 'One prediction, as given' : steps === null ? 'The recording' : 'One step, as recorded'}
      </p>
      <p class={latencyMs === null ? 'hero soft' : 'hero'}>{time(stepMs)}</p>
      {busy !== null && <p>The device works {percent(busy)} of it.</p>}
      {latencyMs === null && (
        <p class="soft">
          Recording slows a run: shares can be trusted, milliseconds cannot. <code class="word">--latency</code> gives those of an
          unprofiled one.
        </p>
      )}
    </section>
  )
}

function Trust({ latency }: { latency: NonNullable<Report['latency']> }) {
  const { trust, reasons } = latency
  return (
    <div class="trust">
      <span class={`grade grade-${trust}`} role="img" aria-label={`Trust ${trust}`}>
        {trust}
      </span>
      <div>
        <b>Trust: {GRADES[trust]}</b>
        <Reasons reasons={reasons} />
      </div>
    </div>
  )
}

function Foretold({ report: { foretold, latency, fix } }: { report: Report }) {
  if (fix?.proven && fix.unit === 'ms') {
    return (
      <p class="foretold">
        <b>Proven:</b> {time(fix.before)} → {time(fix.after)} with {listOf(fix.kept)}
      </p>
    )
  }
  if (!foretold || foretold.remedies.length === 0 || latency === null) return null
  const share = percent(foretold.ms / latency.p50Ms)
  return (
    <p class="foretold">
      <b>whyslow fix is estimated to save {timeWithInterval(foretold.ms, foretold.low, foretold.high)}</b>, {share} of it, by{' '}
      {listOf(foretold.remedies)}{' '}
      <span class="tag">measured on {foretold.onWhole ? 'model and operators' : 'operators alone'}</span>
    </p>
  )
}
