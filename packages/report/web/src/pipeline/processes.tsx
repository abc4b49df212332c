// Whether the processes agree, and every call in the order in which it was timed.
import { scaleLinear, scaleLog } from 'd3-scale'
import { significant, time } from '../format.ts'
import { AxisLeft } from '../kit/axis.tsx'
import { Chart } from '../kit/chart.tsx'
import { Figure } from '../kit/figure.tsx'
import { callsOf, type PipelineReport } from './facts.ts'

const MARGIN = { top: 24, right: 12, bottom: 12, left: 64 }
/** Ratio from which the largest would press the others to the floor of a linear axis. */
const LOG_FROM = 4
const HEIGHT = 220

export function Processes({ report: { latency, pipeline } }: { report: PipelineReport }) {
  if (latency === null) return null
  const { samplesMs, p50Ms, ciLowMs, ciHighMs } = latency
  const { processesMs } = pipeline
  const half = p50Ms > 0 ? (ciHighMs - ciLowMs) / 2 / p50Ms : 0
  return (
    <Figure
      title="Are the calls steady, and do the processes agree?"
      says={`${callsOf(pipeline, samplesMs.length)}: ${processesMs.length > 1 ? 'their medians' : 'the middle half of them'} lie within ±${significant(half * 100, 2)} % of ${time(p50Ms)}.`}
      rows={processesMs.map((ms, index) => ({ process: index + 1, ms }))}
      tableTitle="The processes as a table"
      columns={[
        { head: 'process', show: ({ process }) => process, isNumber: true },
        { head: 'median', show: ({ ms }) => time(ms), value: ({ ms }) => ms, isNumber: true },
      ]}
      note="Calls in the order in which they were timed, process after process. The line is the median, the band from the fastest to the slowest process."
    >
      <Chart height={HEIGHT} label={`${samplesMs.length} calls in order, median ${time(p50Ms)}`}>
        {(width, height) => {
          const [low, high] = [Math.min(ciLowMs, ...samplesMs), Math.max(ciHighMs, ...samplesMs)]
          const range: [number, number] = [height - MARGIN.bottom, MARGIN.top]
          const isLog = high > LOG_FROM * p50Ms && low > 0
          const y = isLog
            ? scaleLog([low * 0.9, high * 1.1], range)
            : scaleLinear([Math.max(0, low - (high - low) * 0.1), high], range).nice(5)
          const right = width - MARGIN.right
          const x = scaleLinear([0, Math.max(1, samplesMs.length - 1)], [MARGIN.left + 6, right - 6])
          return (
            <>
              <AxisLeft
                scale={y}
                say={time}
                from={range[0]}
                to={range[1]}
                x={MARGIN.left}
                right={right}
                title={isLog ? 'time (log)' : 'time'}
              />
              <rect
                class="interval"
                x={MARGIN.left}
                width={right - MARGIN.left}
                y={y(ciHighMs)}
                height={Math.max(1, y(ciLowMs) - y(ciHighMs))}
              />
              <line class="median" x1={MARGIN.left} x2={right} y1={y(p50Ms)} y2={y(p50Ms)} />
              {samplesMs.map((ms, index) => (
                <circle key={index} class="sample own" cx={x(index)} cy={y(ms)} r={2.6} />
              ))}
            </>
          )
        }}
      </Chart>
    </Figure>
  )
}
