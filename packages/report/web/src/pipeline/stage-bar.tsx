// One bar, as long as the p50, of the stages in their order. A stage that the document gives less than nothing takes no room, and the legend
// says its number.
import { sharePercent, time } from '../format.ts'
import { Name, shownName } from '../kit/name.tsx'
import { longestOf, type Stage, UNEXPLAINED } from './facts.ts'

/** More have their numbers in the waterfall below. */
const MOST_NAMED = 8

export function StageBar({ stages }: { stages: readonly Stage[] }) {
  const shown = stages.filter(({ timeMs }) => timeMs > 0)
  if (shown.length === 0) return null
  const sum = shown.reduce((total, { timeMs }) => total + timeMs, 0)
  const longest = longestOf(stages)
  const label = stages.map(({ name, share }) => `${shownName(name, 40)} ${sharePercent(share)}`).join(', ')
  const fill = (stage: Stage) =>
    stage.name === UNEXPLAINED ? 'fill-unexplained' : stage === longest ? 'fill-longest' : 'fill-stage'
  const named = [...stages].sort((a, b) => b.timeMs - a.timeMs).slice(0, MOST_NAMED)
  return (
    <div class="areas">
      <div class="area-bar" role="img" aria-label={label}>
        {shown.map((stage, index) => (
          <span key={index} class={`area-part ${fill(stage)}`} style={{ flexGrow: stage.timeMs / sum }} />
        ))}
      </div>
      <ul class="area-legend">
        {stages
          .filter((stage) => named.includes(stage))
          .map((stage, index) => (
            <li key={index}>
              <span class="area-line">
                <span class={`swatch ${fill(stage)}`} aria-hidden="true" />
                <Name text={stage.name} most={28} /> <b>{sharePercent(stage.share)}</b>{' '}
                <span class="soft">{time(stage.timeMs)}</span>
              </span>
              {stage.name === UNEXPLAINED && <span class="area-means">between the stages, and in none of them</span>}
            </li>
          ))}
      </ul>
      {stages.length > MOST_NAMED && <p class="soft">{stages.length - MOST_NAMED} more stages are in the waterfall below.</p>}
    </div>
  )
}
