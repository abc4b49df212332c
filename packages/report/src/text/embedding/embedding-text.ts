// What `whyslow embed` says on a terminal: the answer, ways of batching, what a text's time is made of, findings, and how it was measured.
import { bytes, percent, plural, significant, time, timeWithInterval } from '@whyslow/measure/statistics/numbers.ts'
import type { EmbeddingDocument, EmbeddingParts } from '../../documents/embedding.ts'
import { checkedLines } from '../findings/findings-text.ts'
import { nextOf } from '../generation/generation-words.ts'
import { commandWords, pad, wrap, wrapCommand } from '../wrap.ts'
import { modelWords, partRows, partsTitle, wayName } from './embedding-words.ts'

interface Width {
  readonly width: number
}

export function renderEmbedding(document: EmbeddingDocument, { width }: Width): string {
  const { oneParts, batchParts } = document
  const blocks = [
    wrap(document.answer, width),
    waysBlock(document, width),
    ...[oneParts, batchParts].flatMap((of) => (of === null ? [] : [partsBlock(partsTitle(of), of)])),
    ...findingBlocks(document, width),
    modelBlock(document, width),
    ...[checkedLines(document, width)].filter((lines) => lines.length > 0),
    measuredWith(document, width),
    ...(document.warnings.length === 0 ? [] : [document.warnings.flatMap((warning) => wrap(warning, width, 'Note: '))]),
  ]
  return `${blocks.map((lines) => lines.join('\n')).join('\n\n')}\n`
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
    ...(few ? wrap('The last row is against the one above it.', width, '  ') : []),
  ]
}

const BAR = 24

function partsBlock(title: string, of: EmbeddingParts): string[] {
  const rows = partRows(of)
  const widest = Math.max(...rows.map(({ name }) => name.length))
  const most = Math.max(...rows.map(({ ms }) => ms))
  const lines = rows.map(({ id, name, ms, share }) => {
    const block = id === 'unexplained' ? '·' : id === 'model-padding' ? '░' : '█'
    const bar = block.repeat(Math.max(0, Math.round((ms / most) * BAR)))
    return `  ${pad(name, widest)}  ${pad(time(ms), 8, 'left')}  ${pad(share, 5, 'left')}  ${bar}`.trimEnd()
  })
  return [`${title}: ${time(of.totalMs)}`, ...lines]
}

function findingBlocks({ findings }: EmbeddingDocument, width: number): string[][] {
  return findings.map(({ title, sentence, textMs, savingIs }, k) => {
    const run = nextOf(findings, k)
    const saving =
      textMs === null || textMs <= 0 ? '' : `: would save ${savingIs === 'measured' ? '' : 'about '}${time(textMs)} of a text`
    return [
      ...wrap(`${title}${saving}`, width, `${k + 1}. `),
      ...wrap(sentence, width, '   '),
      ...(run === null
        ? []
        : wrapCommand(commandWords({ command: run.command, arguments: [...run.arguments] }), width, '   ', '     ')),
    ]
  })
}

/** What the model does with a batch, another command says. */
function modelBlock({ model, setup }: EmbeddingDocument, width: number): string[] {
  const why = commandWords({ command: '', arguments: [model.modelFile] })
  const faster = commandWords({
    command: model.dtype === 'fp32' ? 'quantize' : 'fix',
    arguments: [model.modelFile, '-o', 'fast/'],
  })
  return [
    ...wrap('Why the model itself takes its time, and what makes it faster:', width),
    ...wrapCommand(why, width, '  ', '    '),
    ...wrapCommand(faster, width, '  ', '    '),
    ...(setup.from === 'user' ? [] : wrap('With your own texts, one a line: --texts FILE', width)),
  ]
}

function measuredWith(document: EmbeddingDocument, width: number): string[] {
  const { model, engine, machine, setup, lengths, openMs, firstTextMs, trust } = document
  const versions = Object.entries(engine.versions).map(([name, version]) => `${name} ${version}`)
  const threads = engine.threads === null ? "the engine's own threads" : plural(engine.threads, 'thread')
  const what = [...(model.architecture === null ? [] : [model.architecture]), model.dtype, bytes(model.sizeBytes)]
  const cut = setup.longestTokens === null ? 'nothing is cut' : `cut to ${setup.longestTokens} (${setup.longestFrom})`
  const whose = setup.from === 'user' ? 'your texts' : 'made-up texts of one sentence to sixteen'
  return [
    ...wrap(`Model: ${model.name} (${what.join(', ')}); ${modelWords(model)}.`, width),
    ...wrap(`Engine: ${[engine.title, ...versions].join(', ')}; ${threads}; ${machine.cpu}.`, width),
    ...wrap(
      `Texts: ${setup.texts}, ${whose}; tokens from ${lengths.shortest} to ${lengths.longest}, median ${Math.round(lengths.median)}, p90 ${Math.round(lengths.p90)}; ${cut}.`,
      width,
    ),
    ...wrap(
      `Measured: ${plural(setup.processes, 'fresh process', 'fresh processes')}, ${plural(setup.passesPerProcess, 'pass', 'passes')} each over the texts in every way, in turns. Opening takes ${timeWithInterval(openMs.value, openMs.low, openMs.high)}, the first text ${time(firstTextMs.value)}.`,
      width,
    ),
    ...wrap(`Trust: ${trust.grade}${trust.reasons.length === 0 ? '' : ` (${trust.reasons.join('; ')})`}.`, width),
  ]
}
