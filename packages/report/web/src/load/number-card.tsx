// The number of a load run: the rate that holds what was requested, or else what the highest rate that the server keeps up with takes.
import { percent, perSecond, plural, time } from '../format.ts'
import { Reasons } from '../kit/facts.tsx'
import { Sentence } from '../kit/name.tsx'
import type { Load } from '../page-data.ts'
import { inOrder, isConfirmed, PERCENTILES, type Point, requestedLoadText } from './points.ts'

/** Below, lateness is nothing that a number shows; the terminal has the same bound. */
const OWN_SHARE = 0.05

const latenessOf = ({ name, share, ms, offeredPerSecond }: NonNullable<Load['audit']['ownLateness']>): string =>
  `${percent(share)} of the ${name.replace('Ms', '').replace('p999', 'p99.9')} at ${perSecond(offeredPerSecond)} requests/s, ${time(ms)}`

export function NumberCard({ load }: { load: Load }) {
  const { found, search, points, audit } = load
  const kept = inOrder(points).filter(
    ({ saturated, generatorLimit = null }) => !saturated && (generatorLimit === null || generatorLimit === 'sends-late'),
  )
  const own = audit.ownLateness != null && audit.ownLateness.share > OWN_SHARE ? audit.ownLateness : null
  const keptUp = `The generator kept up: the times are ${own === null ? 'the server’s' : 'the server’s but for its own lateness'}`
  const isSure = isConfirmed(load)
  return (
    <section class="card number-card" aria-label="The number">
      {search !== null ? (
        <>
          <p class="label">
            Holds <Sentence text={search.objective} /> up to
          </p>
          {found === null ? (
            <p class="hero soft">no rate that was tried</p>
          ) : (
            <>
              <p class="hero">
                {found.atLeast && isSure ? <small>at least </small> : null}
                {perSecond(found.ratePerSecond)} <small>requests/s{isSure ? '' : ', not confirmed'}</small>
              </p>
              <p class="soft">
                {found.atLeast ? '' : `${perSecond(found.low)}–${perSecond(found.high)} requests/s; `}it held in {found.confirmed}{' '}
                of {plural(search.confirmingRuns, 'confirming run')}
              </p>
            </>
          )}
        </>
      ) : (
        <Highest point={kept.at(-1)} isOne={points.length === 1} />
      )}
      <div class="trust">
        <span class={`grade grade-${audit.ok ? 'A' : 'C'}`} role="img" aria-label={audit.ok ? 'Sound' : 'With care'}>
          {audit.ok ? '✓' : '!'}
        </span>
        <div>
          <b>{audit.ok ? keptUp : 'The generator did not always keep up'}</b>
          <Reasons reasons={own === null ? audit.reasons : [...audit.reasons, latenessOf(own)]} />
        </div>
      </div>
    </section>
  )
}

function Highest({ point, isOne }: { point: Point | undefined; isOne: boolean }) {
  if (point === undefined) {
    return (
      <>
        <p class="label">The server keeps up with</p>
        <p class="hero soft">nothing that was asked</p>
      </>
    )
  }
  const told = [...PERCENTILES].reverse().find(({ key }) => point[key] !== null)
  if (told === undefined)
    return <p class="label">At {requestedLoadText(point)} there are no percentiles: too few requests, or sent too late.</p>
  const interval = point.intervals[told.key]
  return (
    <>
      <p class="label">
        {told.title} at {requestedLoadText(point)}
        {isOne ? '' : ', the most that it keeps up with'}
      </p>
      <p class="hero">{time(point[told.key]!)}</p>
      {interval !== null && (
        <p class="soft">
          95 %: {time(interval.low)} – {interval.high === null ? 'not known how high' : time(interval.high)}
        </p>
      )}
    </>
  )
}
