// One bar, as long as the p50, of the areas in their order. An area below zero takes no room, and a note says why the others exceed the p50.
import { excessNote } from '@whyslow/report/text/answers/parts-above-whole.ts'
import { AREAS } from '../areas.ts'
import { sharePercent, time } from '../format.ts'
import type { Report } from '../page-data.ts'

export function AreaBar({ areas }: { areas: Report['areas'] }) {
  const shown = AREAS.filter(({ key }) => areas[key].timeMs > 0)
  if (shown.length === 0) return null
  const sum = shown.reduce((total, { key }) => total + areas[key].timeMs, 0)
  const label = AREAS.map(({ key, title }) => `${title} ${sharePercent(areas[key].share)}`).join(', ')
  const note = excessNote(areas)
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
              <b>{sharePercent(areas[key].share)}</b>
              <span class="soft">{time(Math.max(0, areas[key].timeMs))}</span>
            </span>
            <span class="area-means">{means}</span>
          </li>
        ))}
      </ul>
      {note !== null && <p class="soft after-sentence">{note}</p>}
      <details class="area-help">
        <summary>What these mean</summary>
        <dl class="reasons">
          {AREAS.map(({ key, title, means }) => (
            <div key={key}>
              <dt>
                {title}, {time(Math.max(0, areas[key].timeMs))}
              </dt>
              <dd>{means}</dd>
            </div>
          ))}
        </dl>
      </details>
    </div>
  )
}
