// What was tried: before and after, with the interval of the ratio; what was rejected, failed or showed nothing stands with its reason.
import { bytes, factor, factorRange, percent, plural, significant, time } from '../format.ts'
import { Figure } from '../kit/figure.tsx'
import { Name, Sentence } from '../kit/name.tsx'
import type { Report, Trial } from '../page-data.ts'
import { RatioRows } from './ratio-rows.tsx'

/** Fewest pairs of which an interval says something. */
const LEAST_PAIRS = 3
const MOST_DRAWN = 24

const nameOf = ({ name, remedies }: Trial): string => name ?? remedies.join(' + ')
const whyOf = ({ reason, changes }: Trial): string => [reason, ...changes].filter((one) => one !== null).join('; ')
const isSure = ({ pairs, speedupLow, speedupHigh }: Trial): boolean =>
  (pairs === undefined || (pairs ?? 0) >= LEAST_PAIRS) && speedupLow !== null && speedupHigh !== null

export function Trials({ report }: { report: Report }) {
  const { trials } = report
  const judged = trials.filter(({ speedup }) => speedup !== null).sort((a, b) => b.speedup! - a.speedup!)
  const kept = trials.filter(({ kept, outcome }) => kept ?? outcome === 'faster')
  return (
    <Figure
      title="What was tried, and what did it give?"
      says={`${plural(trials.length, 'trial')}; kept: ${kept.length === 0 ? 'none' : kept.map(nameOf).slice(0, 4).join(', ')}${kept.length > 4 ? ` and ${kept.length - 4} more` : ''}.`}
      rows={trials}
      tableTitle="Every trial, with its reason"
      columns={[
        { head: 'trial', show: (trial) => <Name text={nameOf(trial)} />, value: nameOf },
        { head: 'outcome', show: ({ outcome, kept: isKept }) => (isKept ? 'kept' : outcome) },
        {
          head: 'before',
          show: ({ beforeMs }) => (beforeMs === null ? '' : time(beforeMs)),
          value: ({ beforeMs }) => beforeMs,
          isNumber: true,
        },
        {
          head: 'after',
          show: ({ afterMs }) => (afterMs === null ? '' : time(afterMs)),
          value: ({ afterMs }) => afterMs,
          isNumber: true,
        },
        {
          head: 'times as fast',
          show: (trial) =>
            isSure(trial)
              ? factorRange(trial.speedupLow!, trial.speedupHigh!)
              : trial.speedup !== null
                ? factor(trial.speedup)
                : trial.lookedSpeedup != null
                  ? `looked: ${factor(trial.lookedSpeedup)}`
                  : '',
          value: ({ speedup }) => speedup,
          isNumber: true,
        },
        { head: 'outputs', show: ({ agreement }) => agreementSaid(agreement) },
        {
          head: 'why, and what changed',
          show: (trial) => <Sentence text={whyOf(trial)} />,
          value: whyOf,
        },
      ]}
      note="A point is the ratio over pairs of fresh processes that took turns, the line its 95 % interval. Where it holds 1×, no difference is shown."
    >
      {judged.length === 0 ? (
        <p class="soft">None of them reached a measured ratio; the table has the reasons.</p>
      ) : (
        <RatioRows
          rows={judged.slice(0, MOST_DRAWN).map((trial) => ({
            name: nameOf(trial),
            note: besideOf(trial),
            ratio: trial.speedup!,
            low: isSure(trial) ? trial.speedupLow : null,
            high: isSure(trial) ? trial.speedupHigh : null,
            outcome: trial.outcome === 'faster' ? 'better' : trial.outcome === 'slower' ? 'worse' : 'same',
          }))}
          label={`Speed-ups: ${judged
            .slice(0, 8)
            .map((trial) => `${nameOf(trial)} ${factor(trial.speedup!)}`)
            .join(', ')}`}
          left="slower"
          right="faster"
        />
      )}
    </Figure>
  )
}

/** Relative to its own baseline: each trial has one, measured in turns with it, and machines change speed between trials. */
function besideOf({ beforeMs, afterMs, kept, reason, outcome }: Trial): string {
  const change = beforeMs === null || afterMs === null ? 0 : afterMs / beforeMs - 1
  const relative = Math.abs(change) < 0.005 ? '' : `${percent(Math.abs(change))} ${change < 0 ? 'less' : 'more'}, `
  return `${relative}${kept ? 'kept' : (reason ?? outcome)}`
}

export function agreementSaid(agreement: Trial['agreement']): string {
  if (agreement === null) return ''
  const { equal, maxAbs, top1, sqnrDb, metric, weak } = agreement
  if (metric !== null) return `${metric.name} ${significant(metric.before)} → ${significant(metric.after)}`
  if (equal) return 'equal'
  const parts = [
    `±${significant(maxAbs, 1)}`,
    ...(sqnrDb === null ? [] : [`${significant(sqnrDb, 2)} dB`]),
    ...(top1 === null ? [] : [`${percent(top1)} same decision`]),
    ...(weak === undefined ? [] : ['weak comparison']),
  ]
  return parts.join(', ')
}

/** Before and after of `fix`, where something is proven. */
export function FixResult({ report }: { report: Report }) {
  const { fix } = report
  if (!fix) return null
  const say = (value: number) => (fix.unit === 'ms' ? time(value) : bytes(value))
  return (
    <div class="card fix-result">
      <p class="label">{fix.proven ? 'Proven' : 'Nothing is proven better'}</p>
      <p class="hero-line">
        {say(fix.before)} {fix.proven && `→ ${say(fix.after)}`}
      </p>
      {fix.proven && (
        <p>
          {factorRange(fix.speedupLow, fix.speedupHigh)}, <Sentence text={fix.outputs} />
        </p>
      )}
      {fix.changes.length > 0 && (
        <ul>
          {fix.changes.map((change) => (
            <li key={change}>
              <Sentence text={change} />
            </li>
          ))}
        </ul>
      )}
      {fix.untried.length > 0 && <p class="soft">No time was left for: {fix.untried.join(', ')}.</p>}
      {fix.shipped !== null && (
        <p class="soft">
          Written: <Name text={fix.shipped} />
        </p>
      )}
    </div>
  )
}
