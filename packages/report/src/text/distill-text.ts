// What `distill` found, for a terminal.
import type { DistillDocument } from '../documents/distill.ts'
import { wrap } from './wrap.ts'

/** Lines without a last line end. */
export function renderDistill(document: DistillDocument, width = 80): string {
  const { teacher, students, metric, rows } = document
  const held = `${metric.name} ${metric.against === 'labels' ? 'against the labels' : "against the model's own predictions"}`
  const how = `Learned from ${rows.learn} rows and ${rows.made} made of them, chosen on ${rows.choose}, shown on ${rows.test} that neither saw: ${held}.`
  const table = [
    line('', metric.name, 'µs a row', 'faster'),
    line('  the model', fixed(teacher.metric), micro(teacher.microseconds), ''),
    ...students.map((one) =>
      line(
        `${one.chosen ? '→' : one.onFront ? '·' : ' '} ${one.says}`,
        fixed(one.metric),
        micro(one.microseconds),
        `${one.speedup.toFixed(1)}×`,
      ),
    ),
  ]
  const warnings = document.warnings.flatMap((warning) => wrap(warning, width, '! '))
  const key = '→ chosen   · no other is both faster and better'
  return [...wrap(document.answer, width), '', ...wrap(how, width), '', ...table, '', key, ...warnings].join('\n')
}

const line = (name: string, ...cells: readonly string[]): string =>
  `${name.slice(0, 44).padEnd(46)}${cells.map((cell) => cell.padStart(10)).join('')}`.trimEnd()

const fixed = (value: number): string => (Number.isNaN(value) ? '–' : value.toFixed(4))
const micro = (value: number): string => value.toPrecision(3)
