// One bar, as long as the p50, of the areas in their order. An area below zero takes no room, and the legend says its number.
import { AREAS } from '../areas.ts'
import { percent, time } from '../format.ts'
import type { Report } from '../page-data.ts'

export function AreaBar({ areas }: { areas: Report['areas'] }) {
  const shown = AREAS.filter(({ key }) => areas[key].timeMs > 0)
  if (shown.length === 0) return null
  const sum = shown.reduce((total, { key }) => total + areas[key].timeMs, 0)
  const label = AREAS.map(({ key, title }) => `${title} ${percent(areas[key].share)}`).join(', ')
  return (
    <div class="areas">
      <div class="area-bar" role="img" aria-label={label}>
        {shown.map(({ key }) => (
          <span key={key} class={`area-part fill-${key}`} style={{ flexGrow: areas[key].timeMs / sum }} />
        ))}
      </div>
      <ul class="area-legend explained">
        {AREAS.map(({ key, title, means }) => (
          <li key={key}>
            <span class="area-line">
              <span class={`swatch fill-${key}`} aria-hidden="true" />
              <span>{title}</span>
              <b>{percent(areas[key].share)}</b>
              <span class="soft">{time(areas[key].timeMs)}</span>
            </span>
            <span class="area-means">{means}</span>
          </li>
        ))}
      </ul>
      <details class="area-help">
        <summary>What these mean</summary>
        <dl class="reasons">
          {AREAS.map(({ key, title, means }) => (
            <div key={key}>
              <dt>
                {title}, {time(areas[key].timeMs)}
              </dt>
              <dd>{means}</dd>
            </div>
          ))}
        </dl>
      </details>
    </div>
  )
}
