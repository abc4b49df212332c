// The lines that take time, file by file as they stand in the source, and ranked in the table next to them.
import { percent, plural, sharePercent, time } from '../format.ts'
import { Figure } from '../kit/figure.tsx'
import { Name } from '../kit/name.tsx'
import type { Column } from '../kit/plain-table.tsx'
import { isOneRun, type Line, type Pipeline, type PipelineReport } from './facts.ts'
import { Listing } from './listing.tsx'

const MOST_FILES = 6
const MOST_RANKED = 8

export function HotLines({ report: { lines: given, pipeline } }: { report: PipelineReport }) {
  const lines = given ?? []
  const [hottest] = lines
  const files = filesOf(lines, pipeline)
  const withSource = files.filter(({ source }) => source.length > 0)
  return (
    <Figure
      title="Which lines take the time?"
      says={hottest !== undefined && <Hottest line={hottest} />}
      rows={lines}
      columns={COLUMNS}
      tableTitle="The lines ranked, as a table"
      note={noteOf(pipeline, withSource.length > 0)}
    >
      {withSource.length === 0 ? (
        <Ranked lines={lines} />
      ) : (
        withSource.slice(0, MOST_FILES).map(({ file, source, own, timeMs }) => (
          <div class="listed" key={file}>
            <h4>
              <Name text={file} /> <span class="soft">{time(timeMs)} in the lines below</span>
            </h4>
            <Listing file={file} lines={source} times={own} marked={[]} />
          </div>
        ))
      )}
      {withSource.length > MOST_FILES && (
        <p class="soft">{plural(withSource.length - MOST_FILES, 'more file')}: the table has their lines.</p>
      )}
    </Figure>
  )
}

function Hottest({ line: { file, line, function: name, timeMs, share, shareLow, shareHigh } }: { line: Line }) {
  const range = shareLow === undefined || shareHigh === undefined ? '' : ` (${percent(shareLow)} – ${percent(shareHigh)})`
  return (
    <>
      <Name text={`${file}:${line}`} most={80} />
      {name !== null && (
        <>
          {' in '}
          <Name text={name} most={60} />
        </>
      )}{' '}
      takes {time(timeMs)}, {sharePercent(share)}
      {range} of the whole.
    </>
  )
}

interface FileLines {
  readonly file: string
  readonly own: readonly Line[]
  readonly source: NonNullable<Pipeline['sources']>[number]['lines']
  readonly timeMs: number
}

/** Hottest first; of the source those lines that take time, with what stands around them. */
function filesOf(lines: readonly Line[], { sources }: Pipeline): FileLines[] {
  const names = [...new Set(lines.map(({ file }) => file))]
  return names
    .map((file) => {
      const own = lines.filter((line) => line.file === file)
      const known = sources?.find((one) => one.file === file)?.lines ?? []
      const source = known.filter(({ line }) => own.some((one) => Math.abs(one.line - line) <= 2))
      return { file, own, source, timeMs: own.reduce((sum, { timeMs }) => sum + timeMs, 0) }
    })
    .sort((a, b) => b.timeMs - a.timeMs)
}

/** Lines without their text: the document was made where the files had changed, or before it held them. */
function Ranked({ lines }: { lines: readonly Line[] }) {
  const most = Math.max(...lines.map(({ share }) => share))
  return (
    <ol class="ranked">
      {lines.slice(0, MOST_RANKED).map((line, index) => (
        <li key={index}>
          <Name text={`${line.file}:${line.line}`} most={60} />{' '}
          {line.function !== null && <Name text={line.function} most={40} />}
          <span class="meter" aria-hidden="true">
            <span class="meter-fill near-compute" style={{ width: `${most > 0 ? (line.share / most) * 100 : 0}%` }} />
          </span>
          <span>
            {time(line.timeMs)} <b>{sharePercent(line.share)}</b>
          </span>
        </li>
      ))}
    </ol>
  )
}

function noteOf(pipeline: Pipeline, hasSource: boolean): string {
  const { lineSamples, profilerOverhead } = pipeline
  const run = isOneRun(pipeline) ? 'the run that was timed' : 'a run of its own'
  const looks = lineSamples === null ? `From ${run}.` : `From ${plural(lineSamples, 'sample')} of a sampling profiler, in ${run}.`
  const cost =
    profilerOverhead === null || profilerOverhead < 0.001 ? '' : ` Looking made that run ${percent(profilerOverhead)} longer.`
  const text = hasSource
    ? ' Time in packages and native code belongs to your line that calls them; a line without a time took too little to show.'
    : ''
  return `${looks}${cost}${text}`
}

const shareOf = (value: number | null | undefined) => (value == null ? 'not known' : percent(value))

const COLUMNS: readonly Column<Line>[] = [
  {
    head: 'line',
    show: ({ file, line }) => <Name text={`${file}:${line}`} />,
    value: ({ file, line }) => `${file}:${line}`,
  },
  {
    head: 'function',
    show: (line) => (line.function === null ? '' : <Name text={line.function} />),
    value: (line) => line.function,
  },
  { head: 'stage', show: ({ stage }) => (stage == null ? '' : <Name text={stage} />), value: ({ stage }) => stage ?? null },
  { head: 'time', show: ({ timeMs }) => time(timeMs), value: ({ timeMs }) => timeMs, isNumber: true },
  { head: 'share', show: ({ share }) => sharePercent(share), value: ({ share }) => share, isNumber: true },
  {
    head: 'interval',
    show: ({ shareLow, shareHigh }) =>
      shareLow === undefined || shareHigh === undefined ? 'not known' : `${percent(shareLow)} – ${percent(shareHigh)}`,
    isNumber: true,
  },
  { head: 'native', show: ({ nativeShare }) => shareOf(nativeShare), value: ({ nativeShare }) => nativeShare, isNumber: true },
  { head: 'waiting', show: ({ waitShare }) => shareOf(waitShare), value: ({ waitShare }) => waitShare ?? null, isNumber: true },
]
