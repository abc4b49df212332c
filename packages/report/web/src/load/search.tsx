// How the rate was found: every run in its order, whether the objective held in it.
import { scaleLinear } from 'd3-scale'
import { percent, perSecond, plural, time } from '../format.ts'
import { AxisLeft } from '../kit/axis.tsx'
import { Chart } from '../kit/chart.tsx'
import { Figure } from '../kit/figure.tsx'
import { Sentence } from '../kit/name.tsx'
import type { Load } from '../page-data.ts'

type Search = NonNullable<Load['search']>

const MARGIN = { top: 26, right: 16, bottom: 14, left: 56 }

const STAGES: Readonly<Record<Search['runs'][number]['stage'], string>> = {
  alone: 'one request at a time',
  bracket: 'doubling',
  bisect: 'halving between',
  confirm: 'confirming',
  above: 'just above',
}

function heldWords({ held, saturated, generatorLate = false }: Search['runs'][number]): string {
  if (generatorLate) return 'not known: the generator was late'
  if (held) return 'yes'
  return saturated ? 'no: does not keep up' : 'no'
}

export function SearchRuns({ search, found }: { search: Search; found: Load['found'] }) {
  const { runs, above } = search
  const rated = runs.filter(({ ratePerSecond }) => ratePerSecond !== null)
  return (
    <Figure
      title="How was the rate found?"
      says={<Sentence text={search.ended} />}
      rows={runs.map((run, index) => ({ ...run, index }))}
      columns={[
        { head: 'run', show: ({ index }) => index + 1, isNumber: true },
        { head: 'stage', show: ({ stage }) => STAGES[stage] ?? stage },
        {
          head: 'rate /s',
          show: ({ ratePerSecond }) => (ratePerSecond === null ? '' : perSecond(ratePerSecond)),
          value: ({ ratePerSecond }) => ratePerSecond,
          isNumber: true,
        },
        {
          head: 'value',
          show: ({ valueMs }) => (valueMs === null ? 'none' : time(valueMs)),
          value: ({ valueMs }) => valueMs,
          isNumber: true,
        },
        {
          head: 'over the bound',
          show: ({ over, requests }) => `${over} of ${requests}${requests > 0 ? ` (${percent(over / requests)})` : ''}`,
          value: ({ over }) => over,
          isNumber: true,
        },
        { head: 'held', show: heldWords },
      ]}
      note={
        above === null || above.runs === 0
          ? 'A filled dot held the objective, a hollow one did not.'
          : `A filled dot held the objective, a hollow one did not. Just above, at ${perSecond(above.ratePerSecond)} requests/s, it held in ${above.held} of ${plural(above.runs, 'run')}.`
      }
    >
      <Chart
        height={240}
        label={`Runs in order: ${rated.map(({ ratePerSecond, held }) => `${perSecond(ratePerSecond!)} ${held ? 'held' : 'not held'}`).join(', ')}`}
      >
        {(width, height) => {
          const most = Math.max(found?.high ?? 0, ...rated.map(({ ratePerSecond }) => ratePerSecond!))
          const y = scaleLinear([0, most * 1.05], [height - MARGIN.bottom, MARGIN.top]).nice(5)
          const right = width - MARGIN.right
          const x = scaleLinear([0, Math.max(1, rated.length - 1)], [MARGIN.left + 12, right - 12])
          return (
            <>
              <AxisLeft
                scale={y}
                say={perSecond}
                from={height - MARGIN.bottom}
                to={MARGIN.top}
                x={MARGIN.left}
                right={right}
                title="requests a second, run after run"
              />
              {found !== null && (
                <>
                  <rect
                    class="interval"
                    x={MARGIN.left}
                    width={right - MARGIN.left}
                    y={y(found.high)}
                    height={Math.max(1, y(found.low) - y(found.high))}
                  />
                  <line class="median" x1={MARGIN.left} x2={right} y1={y(found.ratePerSecond)} y2={y(found.ratePerSecond)} />
                </>
              )}
              {rated.map(({ ratePerSecond, held }, index) => (
                <circle key={index} class={`sample ${held ? 'own' : 'other'}`} cx={x(index)} cy={y(ratePerSecond!)} r={5} />
              ))}
            </>
          )
        }}
      </Chart>
    </Figure>
  )
}
