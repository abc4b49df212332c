// Parts of texts that a model encodes for a pull request: ways of batching, findings, what a text's time is made of folded.
import { percent, plural, significant, time } from '@whyslow/measure/statistics/numbers.ts'
import type { EmbeddingDocument } from '../documents/embedding.ts'
import { partRows, partsTitle, wayName } from '../text/embedding/embedding-words.ts'
import { type Part, table, text } from './blocks.ts'
import { findingBlocks, measuringFacts, partTable } from './divided-parts.ts'

/** After the sentences. */
export function embeddingParts(document: EmbeddingDocument): Part[] {
  const { ways, setup, oneParts, batchParts, findings, engine, machine, trust } = document
  return [
    table([
      { head: 'way', cells: ways.map((way) => text(wayName(way, document))) },
      { head: 'a text', isNumber: true, cells: ways.map(({ msPerText }) => time(msPerText.value)) },
      { head: 'padding', isNumber: true, cells: ways.map(({ paddedShare }) => percent(paddedShare)) },
      {
        head: 'as fast',
        isNumber: true,
        cells: ways.map(({ ratio }) => (ratio === null ? '' : `${significant(1 / ratio.value, 2)}×`)),
      },
    ]),
    ...findingBlocks(findings),
    ...[oneParts, ...(batchParts === null ? [] : [batchParts])].map((of) => ({
      summary: `${partsTitle(of)}: ${time(of.totalMs)}`,
      blocks: [partTable(partRows(of))],
    })),
    measuringFacts(
      [
        `${plural(setup.texts, 'text')}, ${setup.from === 'user' ? 'your own' : 'made up'}`,
        `${text(engine.title)}, ${text(machine.cpu)}, ${plural(machine.usableCpus, 'usable CPU')}`,
      ],
      trust,
    ),
  ]
}
