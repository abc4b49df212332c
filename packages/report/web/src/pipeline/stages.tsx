// The user's own stages one after the other: with what is unexplained they add up to the median.
import { bytes, percent, sharePercent, time, timeOr } from '../format.ts'
import { Figure } from '../kit/figure.tsx'
import { Name } from '../kit/name.tsx'
import type { Column } from '../kit/plain-table.tsx'
import { WaterfallBars } from '../pictures/waterfall-bars.tsx'
import { longestOf, ownStages, type PipelineReport, type Stage, UNEXPLAINED, unitOf } from './facts.ts'

export function Stages({ report: { stages: given, latency, pipeline } }: { report: PipelineReport }) {
  const stages = given ?? []
  const longest = longestOf(stages)
  // Not what a sum of floating-point numbers leaves over.
  const drawn = stages.filter(({ name, share }) => name === UNEXPLAINED || Math.abs(share) > 1e-9)
  const unexplained = stages.find(({ name }) => name === UNEXPLAINED)
  const p50Ms = latency?.p50Ms ?? null
  return (
    <Figure
      title="Which stage of your code takes the time?"
      says={
        longest !== undefined && (
          <>
            <Name text={longest.name} most={60} /> takes {time(longest.timeMs)}, {sharePercent(longest.share)}
            <NativeWords stage={longest} />.
          </>
        )
      }
      rows={stages}
      columns={columnsOf(stages)}
      tableTitle="The numbers as a table, with CPU, memory and waiting"
      note={
        <>
          Stages are means of the calls nearest to the median
          {p50Ms !== null && ` and add up to it, ${time(p50Ms)}`}
          {unexplained !== undefined &&
            (unexplained.timeMs < 0
              ? `; they add up to ${percent(-unexplained.share)} more than it, which is within measurement error`
              : `; ${time(unexplained.timeMs)} (${sharePercent(unexplained.share)}) of it is in none of them`)}
          .
        </>
      }
    >
      <WaterfallBars
        parts={drawn.map((stage) => ({
          name: stage.name,
          kind: stage.name === UNEXPLAINED ? 'unexplained' : stage === longest ? 'longest' : 'stage',
          timeMs: stage.timeMs,
        }))}
        wholeMs={p50Ms}
        wholeName={unitOf(pipeline).toLowerCase()}
      />
    </Figure>
  )
}

/** What of a stage runs in engines, add-ons, NumPy: code that is not the user's to change. */
function NativeWords({ stage: { nativeMs, timeMs } }: { stage: Stage }) {
  if (nativeMs == null || timeMs <= 0) return null
  const share = Math.min(1, nativeMs / timeMs)
  if (share >= 0.5) return <>, of it {percent(share)} in native code</>
  return <>, nearly all of it in interpreted code</>
}

function columnsOf(stages: readonly Stage[]): Column<Stage>[] {
  const number = (
    head: string,
    of: (stage: Stage) => number | null | undefined,
    say: (value: number) => string = time,
  ): Column<Stage> => ({
    head,
    show: (stage) => {
      const value = of(stage)
      return value == null ? 'not known' : say(value)
    },
    value: (stage) => of(stage) ?? null,
    isNumber: true,
  })
  const told = (of: (stage: Stage) => unknown) => ownStages(stages).some((stage) => of(stage) != null)
  const all: (Column<Stage> & { readonly isTold: boolean })[] = [
    { head: 'stage', show: ({ name }) => <Name text={name} />, value: ({ name }) => name, isTold: true },
    { head: 'time', show: ({ timeMs }) => time(timeMs), value: ({ timeMs }) => timeMs, isNumber: true, isTold: true },
    { head: 'share', show: ({ share }) => sharePercent(share), value: ({ share }) => share, isNumber: true, isTold: true },
    { ...number('p50 alone', ({ p50Ms }) => p50Ms), isTold: told(({ p50Ms }) => p50Ms) },
    { ...number('p99', ({ p99Ms }) => p99Ms, timeOr), isTold: told(({ p99Ms }) => p99Ms) },
    { ...number('CPU, all threads', ({ cpuMs }) => cpuMs), isTold: told(({ cpuMs }) => cpuMs) },
    { ...number('in native code', ({ nativeMs }) => nativeMs), isTold: told(({ nativeMs }) => nativeMs) },
    { ...number('waiting', ({ waitMs }) => waitMs), isTold: told(({ waitMs }) => waitMs) },
    { ...number('garbage collection', ({ gcMs }) => gcMs), isTold: told(({ gcMs }) => gcMs) },
    {
      ...number('allocates', ({ allocatedBytes }) => allocatedBytes, bytes),
      isTold: told(({ allocatedBytes }) => allocatedBytes),
    },
    {
      ...number('holds the event loop', ({ eventLoopDelayMs }) => eventLoopDelayMs),
      isTold: told(({ eventLoopDelayMs }) => eventLoopDelayMs),
    },
    {
      head: 'begins at',
      show: ({ file, line }) => (file == null ? 'not known' : <Name text={line == null ? file : `${file}:${line}`} />),
      value: ({ file, line }) => (file == null ? null : `${file}:${line ?? ''}`),
      isTold: told(({ file }) => file),
    },
  ]
  return all.filter(({ isTold }) => isTold)
}
