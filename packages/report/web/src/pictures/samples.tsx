// Every sample in the order in which it was taken, process by process. What lies out is explained by what the system said of that process, and
// by nothing else.
import { scaleLinear, scaleLog } from 'd3-scale'
import { plural, significant, time } from '../format.ts'
import { AxisLeft } from '../kit/axis.tsx'
import { Chart } from '../kit/chart.tsx'
import { Figure } from '../kit/figure.tsx'
import { useReach } from '../kit/marks.tsx'
import type { Report } from '../page-data.ts'

type Latency = NonNullable<Report['latency']>
type Block = Latency['blocks'][number]

const MARGIN = { top: 34, right: 12, bottom: 26, left: 64 }
/** Ratio from which the largest would press the others to the floor of a linear axis. */
const LOG_FROM = 4
/** A sample this much above its process's median is spoken of. */
const OUT_FROM = 1.5
const GAP = 10

interface Sample {
  readonly ms: number
  readonly index: number
  readonly block: Block
  readonly isOwn: boolean
}

export function Samples({ report }: { report: Report }) {
  const { latency } = report
  if (latency === null) return null
  const withSamples = latency.blocks.filter(({ samplesMs }) => (samplesMs?.length ?? 0) > 0)
  return (
    <Figure
      title="Are the samples steady, and do the processes agree?"
      says={agreement(latency)}
      rows={latency.blocks}
      tableTitle="The processes as a table"
      columns={[
        { head: 'process', show: ({ process }) => process + 1, isNumber: true },
        { head: 'median', show: ({ p50Ms }) => time(p50Ms), value: ({ p50Ms }) => p50Ms, isNumber: true },
        { head: 'regime', show: ({ regime }) => regime },
        {
          head: 'handoff',
          show: ({ handoffNs }) => (handoffNs === null ? 'not known' : time(handoffNs / 1e6)),
          value: ({ handoffNs }) => handoffNs,
          isNumber: true,
        },
        {
          head: 'load',
          show: ({ loadMs }) => (loadMs === undefined ? 'not known' : time(loadMs)),
          value: ({ loadMs }) => loadMs,
          isNumber: true,
        },
        {
          head: 'first prediction',
          show: ({ firstMs }) => (firstMs === undefined ? 'not known' : time(firstMs)),
          value: ({ firstMs }) => firstMs,
          isNumber: true,
        },
        {
          head: 'warm-up',
          show: ({ warmupMs, warmupRuns }) =>
            warmupMs === undefined
              ? 'not known'
              : `${time(warmupMs)}${warmupRuns === undefined ? '' : `, ${plural(warmupRuns, 'run')}`}`,
          value: ({ warmupMs }) => warmupMs,
          isNumber: true,
        },
        { head: 'waited for a CPU', show: ({ waitedMs }) => time(waitedMs), value: ({ waitedMs }) => waitedMs, isNumber: true },
        {
          head: 'throttled',
          show: ({ throttledMs }) => time(throttledMs),
          value: ({ throttledMs }) => throttledMs,
          isNumber: true,
        },
        { head: 'stolen', show: ({ stolenMs }) => time(stolenMs), value: ({ stolenMs }) => stolenMs, isNumber: true },
        { head: 'garbage collection', show: ({ gcMs }) => time(gcMs), value: ({ gcMs }) => gcMs, isNumber: true },
        { head: 'major page faults', show: ({ majorFaults }) => majorFaults, isNumber: true },
      ]}
      note="Filled dots belong to the regime of the median, hollow ones to another. Warm-up is not drawn: it is in the table, with what each process waited for."
    >
      {withSamples.length > 0 ? <Strip latency={latency} blocks={withSamples} /> : <Plain latency={latency} />}
    </Figure>
  )
}

function agreement(latency: Latency): string {
  const { blocks, p50Ms, ciLowMs, ciHighMs, samplesMs } = latency
  const own = blocks.filter((block) => isInRegime(latency, block)).length
  const half = (ciHighMs - ciLowMs) / 2 / p50Ms
  const all = blocks.reduce((sum, block) => sum + (block.samplesMs?.length ?? 0), 0) || samplesMs.length
  return `${plural(all, 'sample')} of ${plural(blocks.length, 'process', 'processes')}: the medians of ${own} of them are within ±${significant(half * 100, 2)} % of ${time(p50Ms)}.`
}

const isInRegime = ({ ciLowMs, ciHighMs }: Latency, { p50Ms }: Block): boolean => p50Ms >= ciLowMs && p50Ms <= ciHighMs

function Strip({ latency, blocks }: { latency: Latency; blocks: readonly Block[] }) {
  const samples: Sample[] = blocks.flatMap((block) =>
    (block.samplesMs ?? []).map((ms, index) => ({ ms, index, block, isOwn: isInRegime(latency, block) })),
  )
  const reach = useReach(samples.length)
  const spoken = samples[reach.at]
  const hasRegimes = new Set(blocks.map(({ regime }) => regime)).size > 1
  return (
    <>
      <Chart
        height={260}
        label={`${samples.length} samples in order; arrow keys move between them`}
        role="group"
        {...reach.handlers}
      >
        {(width, height) => {
          const { y, isLog } = scaleFor(latency, samples, height)
          const right = width - MARGIN.right
          const step = (right - MARGIN.left - GAP * (blocks.length - 1)) / Math.max(1, samples.length)
          const places = placesOf(blocks, step)
          return (
            <>
              <AxisLeft
                scale={y}
                say={time}
                from={height - MARGIN.bottom}
                to={MARGIN.top}
                x={MARGIN.left}
                right={right}
                title={isLog ? 'time (log)' : 'time'}
              />
              <rect
                class="interval"
                x={MARGIN.left}
                width={right - MARGIN.left}
                y={y(latency.ciHighMs)}
                height={Math.max(1, y(latency.ciLowMs) - y(latency.ciHighMs))}
              />
              <line class="median" x1={MARGIN.left} x2={right} y1={y(latency.p50Ms)} y2={y(latency.p50Ms)} />
              {blocks.map((block, index) => (
                <BlockFrame
                  key={block.process}
                  block={block}
                  x={places[index]!}
                  width={step * (block.samplesMs?.length ?? 0)}
                  y={y}
                  height={height}
                  latency={latency}
                  tellsRegime={hasRegimes}
                />
              ))}
              {samples.map((sample, at) => {
                const x = places[blocks.indexOf(sample.block)]! + step * (sample.index + 0.5)
                return (
                  <circle
                    key={`${sample.block.process} ${sample.index}`}
                    class={`sample ${sample.isOwn ? 'own' : 'other'} ${at === reach.at ? 'at' : ''}`}
                    cx={x}
                    cy={y(sample.ms)}
                    r={at === reach.at ? 5 : 2.6}
                    {...reach.markProps(
                      at,
                      `process ${sample.block.process + 1}, sample ${sample.index + 1}, ${time(sample.ms)}`,
                    )}
                  />
                )
              })}
            </>
          )
        }}
      </Chart>
      <p class="spoken" aria-live="polite">
        {spoken === undefined ? (
          <span class="soft">Point at a sample, or reach it with the arrow keys.</span>
        ) : (
          <Told sample={spoken} />
        )}
      </p>
    </>
  )
}

function placesOf(blocks: readonly Block[], step: number): number[] {
  let x = MARGIN.left
  return blocks.map(({ samplesMs }) => {
    const at = x
    x += step * (samplesMs?.length ?? 0) + GAP
    return at
  })
}

function scaleFor({ p50Ms, ciLowMs }: Latency, samples: readonly Sample[], height: number) {
  const all = samples.map(({ ms }) => ms)
  const [low, high] = [Math.min(ciLowMs, ...all), Math.max(p50Ms, ...all)]
  const range: [number, number] = [height - MARGIN.bottom, MARGIN.top]
  if (high > LOG_FROM * p50Ms) return { y: scaleLog([low * 0.9, high * 1.1], range), isLog: true }
  return { y: scaleLinear([Math.max(0, low - (high - low) * 0.1), high], range).nice(5), isLog: false }
}

function BlockFrame({
  block,
  x,
  width,
  y,
  height,
  latency,
  tellsRegime,
}: {
  block: Block
  x: number
  width: number
  y: (ms: number) => number
  height: number
  latency: Latency
  tellsRegime: boolean
}) {
  const own = isInRegime(latency, block)
  return (
    <g aria-hidden="true">
      <line class="block-median" x1={x} x2={x + width} y1={y(block.p50Ms)} y2={y(block.p50Ms)} />
      <text class={own ? undefined : 'soft-text'} x={x + width / 2} y={height - 8} text-anchor="middle">
        {width > 120 ? `process ${block.process + 1}${own ? '' : ', apart'}` : block.process + 1}
      </text>
      {tellsRegime && width > 120 && (
        <text class="soft-text" x={x + width / 2} y={14} text-anchor="middle">
          {block.regime}
        </text>
      )}
    </g>
  )
}

/** What the process's own record has about it. */
function Told({ sample: { ms, index, block, isOwn } }: { sample: Sample }) {
  const causes = [
    block.waitedMs > 0 && `its threads waited ${time(block.waitedMs)} for a CPU`,
    block.throttledMs > 0 && `a quota stopped it for ${time(block.throttledMs)}`,
    block.stolenMs > 0 && `the hypervisor kept back ${time(block.stolenMs)}`,
    block.gcMs > 0 && `garbage collection took ${time(block.gcMs)}`,
    block.majorFaults > 0 && plural(block.majorFaults, 'major page fault'),
  ].filter((cause) => cause !== false)
  const isOut = ms > OUT_FROM * block.p50Ms
  return (
    <>
      <b>{time(ms)}</b> · process {block.process + 1}, sample {index + 1}
      {!isOwn && ` · of another regime (${block.regime})`}
      {isOut &&
        ` · ${significant(ms / block.p50Ms, 2)}× its process's median; over all its samples ${causes.length > 0 ? causes.join(', ') : 'nothing was seen that would explain it'}`}
    </>
  )
}

/** Documents from before the samples of each process were told. */
function Plain({ latency }: { latency: Latency }) {
  const { samplesMs } = latency
  return (
    <Chart height={220} label={`${samplesMs.length} samples in order`}>
      {(width, height) => {
        const samples = samplesMs.map((ms, index) => ({ ms, index, block: latency.blocks[0]!, isOwn: true }))
        const { y } = scaleFor(latency, samples, height)
        const x = scaleLinear([0, Math.max(1, samplesMs.length - 1)], [MARGIN.left + 4, width - MARGIN.right])
        return (
          <>
            <AxisLeft
              scale={y}
              say={time}
              from={height - MARGIN.bottom}
              to={MARGIN.top}
              x={MARGIN.left}
              right={width - MARGIN.right}
              title="time"
            />
            <line class="median" x1={MARGIN.left} x2={width - MARGIN.right} y1={y(latency.p50Ms)} y2={y(latency.p50Ms)} />
            {samples.map(({ ms, index }) => (
              <circle key={index} class="sample own" cx={x(index)} cy={y(ms)} r={2.6} />
            ))}
          </>
        )
      }}
    </Chart>
  )
}
