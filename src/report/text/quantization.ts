// What `quantize` found, for the terminal: the sentence, a table of layers, where it lies. Pure.
import picocolors from 'picocolors'
import type { ReportDocument } from '../documents/report.ts'
import type { TerminalOptions } from './colours.ts'
import { bytes, time } from './numbers.ts'
import { cells, pad, printable, shorten, wrap } from './wrap.ts'

type Quantization = NonNullable<ReportDocument['quantization']>
type Layer = Quantization['layers'][number]

/** What there is to say where no inputs were given: at the beginning and at the end. */
export function syntheticNote({ allowSynthetic }: { readonly allowSynthetic: boolean }): string {
  const ranges = allowSynthetic
    ? 'ranges of activations are found on synthetic inputs'
    : 'static int8, which needs real inputs, is not tried'
  return `Without --data ${ranges}, and the agreement is agreement on synthetic inputs.`
}

/** Layers shown, those with the largest times. */
const MOST_LAYERS = 12

/** Ends with a line end. */
export function renderQuantized(
  doc: ReportDocument,
  { width: given, colour }: TerminalOptions,
  constraints: { readonly allowSynthetic: boolean },
): string {
  const width = Math.max(40, given)
  const colours = picocolors.createColors(colour)
  const { quantization, fix } = doc
  const lines = wrap(doc.answer, width).map(colours.bold)
  if (quantization) {
    const { layers, notTried, sizeBeforeBytes, sizeAfterBytes } = quantization
    const used = layers.filter(({ kernel, precision }) => kernel !== null || precision !== 'float32')
    if (used.length > 0) lines.push('', ...layerTable(used, width, colours.bold))
    if (sizeAfterBytes !== null) lines.push('', `On disk: ${bytes(sizeBeforeBytes)} to ${bytes(sizeAfterBytes)}`)
    for (const { method, reason } of notTried) lines.push('', ...wrap(`${method}: ${reason}`, width, '', '  '))
  }
  if (fix?.shipped) lines.push('', ...wrap(`Written: ${fix.shipped}`, width, '', '  '))
  for (const warning of doc.warnings) lines.push('', ...wrap(`Warning: ${warning}`, width, '', '  ').map(colours.yellow))
  if (quantization?.inputs === 'synthetic') lines.push('', ...wrap(syntheticNote(constraints), width, '', '  '))
  return `${lines.join('\n')}\n`
}

function layerTable(layers: readonly Layer[], width: number, bold: (text: string) => string): string[] {
  const ranked = [...layers].sort((a, b) => (b.beforeMs ?? 0) - (a.beforeMs ?? 0))
  const top = ranked.slice(0, MOST_LAYERS)
  const rest = ranked.slice(MOST_LAYERS)
  const columns = [
    { head: 'operator', side: 'right', cell: ({ opType }: Layer) => shorten(printable(opType), 14) },
    { head: 'now', side: 'right', cell: ({ precision }: Layer) => precision },
    { head: 'float', side: 'left', cell: ({ beforeMs }: Layer) => (beforeMs === null ? '' : time(beforeMs)) },
    { head: 'then', side: 'left', cell: ({ afterMs }: Layer) => (afterMs === null ? '' : time(afterMs)) },
    { head: 'kernel', side: 'right', cell: ({ kernel }: Layer) => shorten(printable(kernel ?? ''), 20) },
  ] as const
  const widths = columns.map(({ head, cell }) => Math.max(cells(head), ...top.map((layer) => cells(cell(layer)))))
  const room = Math.max(8, width - widths.reduce((sum, one) => sum + one + 2, 0))
  const title = 'Layer'
  const names = top.map(({ node }) => shorten(printable(node), room))
  const nameWidth = Math.max(cells(title), ...names.map(cells))
  const row = (name: string, texts: readonly string[]) =>
    [pad(name, nameWidth), ...texts.map((text, k) => pad(text, widths[k]!, columns[k]!.side))].join('  ').trimEnd()
  return [
    bold(
      row(
        title,
        columns.map(({ head }) => head),
      ),
    ),
    ...top.map((layer, k) =>
      row(
        names[k]!,
        columns.map(({ cell }) => cell(layer)),
      ),
    ),
    ...(rest.length === 0 ? [] : [`and ${rest.length} more, in the report document`]),
  ]
}
