// Sliders over the modelled latency. Nothing here was measured but the parts that it starts from, and it says so.
import { useState } from 'preact/hooks'
import { factor, percent, time } from '../format.ts'
import { Figure } from '../kit/figure.tsx'
import type { Report } from '../page-data.ts'
import { int8Gain, modelledMs, UNCHANGED, type WhatIf } from './what-if.ts'

interface Slider {
  readonly key: keyof WhatIf
  readonly title: string
  readonly min: number
  readonly max: number
  readonly step: number
  readonly say: (value: number) => string
}

/** Sliders, logarithmic: -2..3 is ¼× to 8×. */
const SLIDERS: readonly Slider[] = [
  { key: 'peak', title: 'Arithmetic rate', min: -2, max: 3, step: 0.25, say: (value) => factor(value) },
  { key: 'bandwidth', title: 'Memory bandwidth', min: -2, max: 3, step: 0.25, say: (value) => factor(value) },
  { key: 'overhead', title: 'Cost of the call and of starting operators', min: 0, max: 2, step: 0.05, say: percent },
  { key: 'int8', title: 'Arithmetic done in int8', min: 0, max: 1, step: 0.05, say: percent },
]

const isLog = (key: keyof WhatIf): boolean => key === 'peak' || key === 'bandwidth'

export function WhatIfFigure({ report }: { report: Report }) {
  const [what, set] = useState<WhatIf>(UNCHANGED)
  const gain = int8Gain(report)
  const now = report.latency!.p50Ms
  const then = modelledMs(report, what)
  const most = Math.max(now, then)
  return (
    <Figure
      title="What if the machine, or the arithmetic, were another?"
      rows={[]}
      columns={[]}
      says={
        <>
          A formula over the measured parts: <span class="tag modelled">modelled</span>, not measured. Time of kernels above their
          floor, waiting and what is unexplained stay as they are.
        </>
      }
      note={
        gain === null
          ? 'What int8 would give is not known: no int8 rate above the float32 rate was measured here.'
          : `int8 kernels were measured at ${factor(gain)} the float32 rate here.`
      }
    >
      <div class="what-if">
        <div class="sliders">
          {SLIDERS.filter(({ key }) => key !== 'int8' || gain !== null).map(({ key, title, min, max, step, say }) => (
            <label key={key}>
              <span>
                {title}: <b>{say(what[key])}</b>
              </span>
              <input
                type="range"
                min={min}
                max={max}
                step={step}
                value={isLog(key) ? Math.log2(what[key]) : what[key]}
                aria-valuetext={say(what[key])}
                onInput={(event) => {
                  const value = Number(event.currentTarget.value)
                  set({ ...what, [key]: isLog(key) ? 2 ** value : value })
                }}
              />
            </label>
          ))}
          <button type="button" class="button" onClick={() => set(UNCHANGED)}>
            As it is
          </button>
        </div>
        <div class="what-if-bars" aria-live="polite">
          <p>
            <span class="bar-name">measured</span>
            <span class="bar solid" style={{ width: `${(now / most) * 100}%` }} />
            <b>{time(now)}</b>
          </p>
          <p>
            <span class="bar-name">modelled</span>
            <span class="bar modelled" style={{ width: `${(Math.max(0, then) / most) * 100}%` }} />
            <b>{time(then)}</b> <span class="soft">{factor(now / then)} as fast</span>
          </p>
        </div>
      </div>
    </Figure>
  )
}
