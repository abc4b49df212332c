// What `quantize` found, for the terminal: the sentence, a table of layers, where it lies. Pure.

import { bytes, time } from '@whyslow/measure/statistics/numbers.ts'
import type { ReportDocument } from '../documents/report.ts'
import type { ReportQuantization } from '../documents/report-fix.ts'
import { madeUpInputs } from './answers/likeness.ts'
import { type Colours, type Column, page, paper, type TerminalOptions, table, warningLines, widthOf } from './page.ts'
import { untriedLines } from './trials.ts'
import { nextWords, printable, shorten, wrap, wrapCommand, wrapHanging } from './wrap.ts'

type Quantization = ReportQuantization
type Layer = Quantization['layers'][number]

/** What there is to say where no inputs were given: at the beginning and at the end. */
export function syntheticNote({ allowSynthetic }: { readonly allowSynthetic: boolean }, inputs = 'made-up inputs'): string {
  const ranges = allowSynthetic
    ? `ranges of activations are found on ${inputs}`
    : 'static int8, which needs real inputs, is not tried'
  return `Without --data ${ranges}, and the agreement is agreement on ${inputs}.`
}

/** Layers shown, those with the largest times. */
const MOST_LAYERS = 12

/** Ends with a line end. */
export function renderQuantized(
  doc: ReportDocument,
  options: TerminalOptions,
  constraints: { readonly allowSynthetic: boolean },
): string {
  const { width, colours } = paper(options)
  const { quantization, fix } = doc
  return page([
    wrap(doc.answer, width).map(colours.bold),
    ...(quantization ? layersAndSize(quantization, width, colours) : []),
    untriedLines(fix, width),
    quantization ? otherEngine(quantization, width, colours, options.command) : [],
    fix?.shipped ? wrapHanging(`Written: ${fix.shipped}`, width) : [],
    ...doc.warnings.map((warning) => warningLines([warning], width, colours)),
    quantization?.inputs === 'synthetic'
      ? wrapHanging(syntheticNote(constraints, madeUpInputs(doc.model?.inputs ?? [])), width)
      : [],
  ])
}

/** What another engine would give in addition. */
function otherEngine({ otherEngine: other }: Quantization, width: number, { cyan }: Colours, command?: string): string[] {
  if (other === undefined) return []
  const outputs = other.cosine === null ? '' : `, outputs of cosine ${Number(other.cosine.toFixed(6))} with the original's`
  return [
    ...wrapHanging(
      `Another engine: ${other.change} was ${other.lookedSpeedup.toFixed(2)} times as fast in a first look${outputs}.`,
      width,
    ),
    ...wrapCommand(nextWords(other, command), width, '  Next: ').map(cyan),
  ]
}

function layersAndSize(quantization: Quantization, width: number, colours: Colours): string[][] {
  const { layers, notTried, sizeBeforeBytes, sizeAfterBytes } = quantization
  const used = layers.filter(({ kernel, precision }) => kernel !== null || precision !== 'float32')
  return [
    used.length > 0 ? layerTable(used, width, colours) : [],
    sizeAfterBytes !== null ? [`On disk: ${bytes(sizeBeforeBytes)} to ${bytes(sizeAfterBytes)}`] : [],
    ...notTried.map(({ method, reason }) => wrapHanging(`${method}: ${reason}`, width)),
  ]
}

function layerTable(layers: readonly Layer[], width: number, colours: Colours): string[] {
  const ranked = layers.toSorted((a, b) => (b.beforeMs ?? 0) - (a.beforeMs ?? 0))
  const top = ranked.slice(0, MOST_LAYERS)
  const left = ranked.length - top.length
  const timeOrNone = (ms: number | null) => (ms === null ? '' : time(ms))
  const all: Column[] = [
    { head: 'operator', texts: top.map(({ opType }) => shorten(printable(opType), 14)) },
    { head: 'now', texts: top.map(({ precision }) => precision) },
    { head: 'float', side: 'left', texts: top.map(({ beforeMs }) => timeOrNone(beforeMs)) },
    { head: 'then', side: 'left', texts: top.map(({ afterMs }) => timeOrNone(afterMs)) },
    { head: 'kernel', texts: top.map(({ kernel }) => shorten(printable(kernel ?? ''), 20)) },
  ]
  // On another engine than the measured one no layer was timed alone.
  const columns = all.filter(({ texts }) => texts.some((text) => text !== ''))
  const room = Math.max(8, width - widthOf(columns))
  const names = { head: 'Layer', texts: top.map(({ node }) => shorten(printable(node), room)) }
  return [...table([names, ...columns], colours), ...(left > 0 ? [`and ${left} more, in the report document`] : [])]
}
