// The engines on a terminal: those that are installed with what they run on, those that are not with why and how to get them.
import type { EngineRow, EnginesDocument } from '../documents/engines.ts'
import { page, paper, type TerminalOptions } from './page.ts'
import { pad, wrap } from './wrap.ts'

/** Pure. */
export function renderEngines({ engines }: EnginesDocument, options: TerminalOptions): string {
  return page(engineSections(engines, options))
}

/** Those that are installed, and those that are not. */
export function engineSections(engines: readonly EngineRow[], options: TerminalOptions): string[][] {
  const { width, colours } = paper(options)
  const labelWidth = Math.max(...engines.map(({ id }) => id.length)) + 2
  const indent = ' '.repeat(labelWidth)
  const here = engines
    .filter((engine) => engine.here)
    .flatMap(({ id, version, device, precision, passedOver }) => {
      const computes = precision === undefined ? '' : ` in ${precision}`
      return [
        ...wrap(`${version} on ${device}${computes}`, width, pad(id, labelWidth), indent),
        ...(passedOver === undefined ? [] : wrap(passedOver, width, indent, indent).map(colours.dim)),
      ]
    })
  const absent = alike(engines.filter((engine) => !engine.here)).flatMap((all) => {
    const { id, reason, fix } = all.at(-1)!
    return [
      ...all.slice(0, -1).map((one) => one.id),
      ...wrap(`${reason}`, width, pad(id, labelWidth), indent),
      ...wrap(`To get it: ${fix}`, width, indent, indent).map(colours.dim),
    ]
  })
  return [
    [colours.bold('Engines installed'), ...(here.length > 0 ? here : ['none'])],
    absent.length > 0 ? [colours.bold('Engines not installed'), ...absent] : [],
  ]
}

/** Neighbours that are absent for one reason: a runtime that is several engines. */
function alike(rows: readonly EngineRow[]): EngineRow[][] {
  const groups: EngineRow[][] = []
  for (const row of rows) {
    const group = groups.at(-1)
    const before = group?.[0]
    if (group !== undefined && before?.reason === row.reason && before.fix === row.fix) group.push(row)
    else groups.push([row])
  }
  return groups
}
