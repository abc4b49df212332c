// Parts of texts that a model encodes for a pull request: ways of batching, findings, what a text's time is made of folded.
import { percent, plural, significant, time } from '@whyslow/measure/statistics/numbers.ts'
import type { EmbeddingDocument, EmbeddingParts } from '../documents/embedding.ts'
import { partRows, partsTitle, wayName } from '../text/embedding/embedding-words.ts'
import { code, type Part, table, text } from './blocks.ts'

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
    ...findings.map(
      ({ title, sentence, rule }, index) => `**${index + 1}. ${text(title)}** (${code(rule)})\n\n${text(sentence)}`,
    ),
    ...[oneParts, ...(batchParts === null ? [] : [batchParts])].map((of) => ({
      summary: `${partsTitle(of)}: ${time(of.totalMs)}`,
      blocks: [partTable(of)],
    })),
    {
      summary: 'How it was measured',
      blocks: [
        [
          `- ${plural(setup.texts, 'text')}, ${setup.from === 'user' ? 'your own' : 'made up'}`,
          `- ${text(engine.title)}, ${text(machine.cpu)}, ${plural(machine.usableCpus, 'usable CPU')}`,
          `- trust ${trust.grade}`,
          ...trust.reasons.map((reason) => `- ${text(reason)}`),
        ].join('\n'),
      ],
    },
  ]
}

function partTable(of: EmbeddingParts): string {
  const rows = partRows(of)
  return table([
    { head: 'part', cells: rows.map(({ name }) => text(name)) },
    { head: 'time', isNumber: true, cells: rows.map(({ ms }) => time(ms)) },
    { head: 'share', isNumber: true, cells: rows.map(({ share }) => share) },
  ])
}
