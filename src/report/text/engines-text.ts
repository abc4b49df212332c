// The engines on a terminal: those that are here with what they run on, those that are not with why and how to get them.
import type { EnginesDocument } from '../documents/engines.ts'
import { page, paper, type TerminalOptions } from './page.ts'
import { pad, wrap } from './wrap.ts'

/** Pure. */
export function renderEngines({ engines }: EnginesDocument, options: TerminalOptions): string {
  const { width, colours } = paper(options)
  const labelWidth = Math.max(...engines.map(({ id }) => id.length)) + 2
  const indent = ' '.repeat(labelWidth)
  const here = engines
    .filter((engine) => engine.here)
    .flatMap((engine) => wrap(`${engine.version} on ${engine.device}`, width, pad(engine.id, labelWidth), indent))
  const absent = engines
    .filter((engine) => !engine.here)
    .flatMap(({ id, reason, fix }) => [
      ...wrap(`${reason}`, width, pad(id, labelWidth), indent),
      ...wrap(`To get it: ${fix}`, width, indent, indent).map(colours.dim),
    ])
  return page([
    [colours.bold('Here'), ...(here.length > 0 ? here : ['none'])],
    absent.length > 0 ? [colours.bold('Not here'), ...absent] : [],
  ])
}
