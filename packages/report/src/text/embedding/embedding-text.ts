// What `whyslow embed` says on a terminal: the answer, ways of batching, what a text's time is made of, findings, and how it was measured.
import { bytes, percent, plural, significant, time } from '@whyslow/measure/statistics/numbers.ts'
import type { EmbeddingDocument, EmbeddingPart, EmbeddingParts } from '../../documents/embedding.ts'
import { findingBlocks, noteLines, partLines, savedTime, trustLines } from '../divided/divided-text.ts'
import { engineWords, measured } from '../divided/divided-words.ts'
import { checkedLines } from '../findings/findings-text.ts'
import { page } from '../page.ts'
import { commandWords, pad, wrap, wrapCommand } from '../wrap.ts'
import { LAST_ROW, modelWords, partRows, partsTitle, wayName } from './embedding-words.ts'

interface Width {
  readonly width: number
  /** What its reader types for `whyslow`. */
  readonly command?: string | undefined
}

export function renderEmbedding(document: EmbeddingDocument, { width, command }: Width): string {
  const { oneParts, batchParts } = document
  return page([
    wrap(document.answer, width),
    waysBlock(document, width),
    ...[oneParts, batchParts].flatMap((of) => (of === null ? [] : [partsBlock(of)])),
    ...findingBlocks(document.findings, ({ textMs }) => savedTime(textMs, 'a text'), { width, command }),
    modelBlock(document, { width, command }),
    checkedLines(document, width),
    measuredWith(document, width),
    noteLines(document.warnings, width),
  ])
}

function waysBlock({ ways, setup }: EmbeddingDocument, width: number): string[] {
  const names = ways.map((way) => wayName(way, { ways, setup }))
  const widest = Math.max(...names.map((name) => name.length))
  const rows = ways.map(({ msPerText, paddedShare, ratio }, at) => {
    const faster = ratio === null ? '' : `  ${pad(`${significant(1 / ratio.value, 2)}×`, 6, 'left')}`
    return `  ${pad(names[at]!, widest)}  ${pad(time(msPerText.value), 8, 'left')}  ${pad(percent(paddedShare), 5, 'left')} padding${faster}`
  })
  const few = ways.some(({ padding }) => padding === 'maximum')
  return [
    `A text in each way of batching${ways.length > 1 ? ', and how many times as fast as one at a time' : ''}`,
    ...rows,
    ...(few ? wrap(LAST_ROW, width, '  ') : []),
  ]
}

const BLOCKS: Readonly<Partial<Record<EmbeddingPart['id'], string>>> = { unexplained: '·', 'model-padding': '░' }

const partsBlock = (of: EmbeddingParts): string[] => [
  `${partsTitle(of)}: ${time(of.totalMs)}`,
  ...partLines(partRows(of), (id) => BLOCKS[id] ?? '█'),
]

/** What the model does with a batch, another command says. */
function modelBlock({ model, setup }: EmbeddingDocument, { width, command }: Width): string[] {
  const why = commandWords({ command: '', arguments: [model.modelFile] }, command)
  const faster = commandWords(
    { command: model.dtype === 'fp32' ? 'quantize' : 'fix', arguments: [model.modelFile, '-o', 'fast/'] },
    command,
  )
  return [
    ...wrap('Why the model itself takes its time, and what makes it faster:', width),
    ...wrapCommand(why, width, '  ', '    '),
    ...wrapCommand(faster, width, '  ', '    '),
    ...(setup.from === 'user' ? [] : wrap('With your own texts, one per line: --texts FILE', width)),
  ]
}

function measuredWith(document: EmbeddingDocument, width: number): string[] {
  const { model, engine, machine, setup, lengths, openMs, firstTextMs, trust } = document
  const threads = engine.threads === null ? "the engine's own threads" : plural(engine.threads, 'thread')
  const what = [...(model.architecture === null ? [] : [model.architecture]), model.dtype, bytes(model.sizeBytes)]
  const cut = setup.longestTokens === null ? 'nothing is cut' : `cut to ${setup.longestTokens} (${setup.longestFrom})`
  const whose = setup.from === 'user' ? 'your texts' : 'made-up texts of one sentence to sixteen'
  return [
    ...wrap(`Model: ${model.name} (${what.join(', ')}); ${modelWords(model)}.`, width),
    ...wrap(`Engine: ${engineWords(engine)}; ${threads}; ${machine.cpu}.`, width),
    ...wrap(
      `Texts: ${setup.texts}, ${whose}; tokens from ${lengths.shortest} to ${lengths.longest}, median ${Math.round(lengths.median)}, p90 ${Math.round(lengths.p90)}; ${cut}.`,
      width,
    ),
    ...wrap(
      `Measured: ${plural(setup.processes, 'fresh process', 'fresh processes')}, ${plural(setup.passesPerProcess, 'pass', 'passes')} each over the texts in every way, in turns. Opening takes ${measured(openMs)}, the first text ${time(firstTextMs.value)}.`,
      width,
    ),
    ...trustLines(trust, width),
  ]
}
