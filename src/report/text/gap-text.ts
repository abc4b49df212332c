// What `pipeline --explain-gap` says: which differences between the application and a benchmark matter, then every rung.
import type { GapDocument } from '../documents/gap.ts'
import { percent, significant, time } from './numbers.ts'
import { page, paper, type TerminalOptions, table, warningLines } from './page.ts'
import { wrap } from './wrap.ts'

const CAUSES: Readonly<Record<GapDocument['rungs'][number]['id'], string>> = {
  app: '',
  'app-again': '',
  'no-gap': 'the gap between calls',
  'same-inputs': 'fresh inputs',
  'predict-alone': 'what stands around predict',
  'one-input': 'inputs that change',
}

/** One sentence. Pure. */
export function gapAnswer({ rungs }: Pick<GapDocument, 'rungs'>): string {
  const [first, last] = [rungs[0]!.timeMs, rungs.at(-1)!.timeMs]
  const both = `A call takes ${time(first)} as an application makes it, and ${time(last)} as a benchmark does`
  const matter = rungs.filter(({ matters }) => matters).sort((a, b) => Math.abs(b.savedMs!) - Math.abs(a.savedMs!))
  if (matter.length === 0) return `${both}: no single difference between them is larger than the noise.`
  const said = matter.map(({ id, savedMs }) => `${CAUSES[id]} ${savedMs! < 0 ? 'saves' : 'costs'} ${time(Math.abs(savedMs!))}`)
  return `${both}: ${said.join(', ')}.`
}

/** Ends with a line end. Pure. */
export function renderGap(doc: GapDocument, options: TerminalOptions): string {
  const { width, colours } = paper(options)
  const { rungs } = doc
  const first = rungs[0]!.timeMs
  const rows = table(
    [
      { head: '', texts: rungs.map((_, k) => `${k}`) },
      { head: 'a call', side: 'left', texts: rungs.map(({ timeMs }) => time(timeMs)) },
      { head: 'of all', side: 'left', texts: rungs.map(({ timeMs }) => percent(timeMs / first)) },
      { head: 'saved', side: 'left', texts: rungs.map(({ savedMs }) => (savedMs === null ? '' : time(savedMs))) },
      { head: 'times', side: 'left', texts: rungs.map(({ ratio }) => (ratio === null ? '' : `${significant(ratio)}×`)) },
      {
        head: '95 %',
        texts: rungs.map(({ ratioLow, ratioHigh }) =>
          ratioLow === null ? '' : `${significant(ratioLow)}–${significant(ratioHigh!)}`,
        ),
      },
      { head: '', texts: rungs.map(({ matters }) => (matters ? 'matters' : '')) },
    ],
    colours,
  )
  return page([
    wrap(doc.answer, width),
    rows,
    rungs.flatMap(({ title }, k) => wrap(title, width, `${k}  `)),
    wrap(`${doc.processes} fresh processes on ${doc.runtime}, in each all rungs there and back again.`, width),
    warningLines(doc.warnings, width, colours),
  ])
}
